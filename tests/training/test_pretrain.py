"""Pre-training: what it trains, what it leaves alone, and that it learns."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from reprompt.clip.backbones import Backbone
from reprompt.clip.weights import build
from reprompt.training.checkpoint import Checkpoint
from reprompt.training.pretrain import PretrainingSchedule, pretrain

CAPTIONS = [f"a photo of a {colour} {thing}" for colour in ("red", "blue", "green") for thing in ("cat", "dog")] * 4


def images() -> torch.Tensor:
    """A noisy picture per caption: equal captions, equal ground."""
    rng = np.random.default_rng(0)
    grounds = rng.integers(0, 255, (6, 1, 1, 3)).repeat(40, axis=1).repeat(40, axis=2)
    return torch.from_numpy((np.tile(grounds, (4, 1, 1, 1)) + rng.integers(0, 20, (24, 40, 40, 3))).clip(0, 255)).byte()


def untrained() -> Backbone:
    torch.manual_seed(0)
    model = build(
        {"image_size": 40, "patch_size": 8, "width": 32, "layers": 3, "head_width": 16},
        {"width": 32, "heads": 2, "layers": 2},
        joint_width=16,
    )
    return Backbone("small", model, 40, (0.5,) * 3, (0.25,) * 3, weights_sha256="")


def moved(locked_text: bool, steps: int = 3) -> tuple[dict[str, bool], torch.Tensor]:
    """Which weights change, and the ids of the tokens that occur."""
    backbone = untrained()
    before = {name: tensor.clone() for name, tensor in backbone.model.named_parameters()}
    schedule = PretrainingSchedule(steps, batch=12, warmup=1, locked_text=locked_text)
    ids = pretrain(backbone.model, images(), CAPTIONS, schedule)
    return {name: not torch.equal(before[name], p) for name, p in backbone.model.named_parameters()}, ids


def test_every_weight_of_both_towers_is_trained() -> None:
    """The towers name their blocks alike; both have to be in the optimiser."""
    changed, _ = moved(locked_text=False)
    assert not [name for name, is_changed in changed.items() if not is_changed]


def test_a_locked_text_tower_keeps_its_weights() -> None:
    changed, _ = moved(locked_text=True)
    assert {name for name, is_changed in changed.items() if is_changed} == {
        name for name in changed if name.startswith(("visual.", "logit_scale"))
    }


def test_only_tokens_that_occur_are_trained() -> None:
    backbone = untrained()
    before = backbone.model.token_embedding.weight.clone()
    ids = pretrain(backbone.model, images(), CAPTIONS, PretrainingSchedule(2, batch=12, warmup=1))
    rows = (before != backbone.model.token_embedding.weight).any(dim=1).nonzero().flatten()
    assert set(rows.tolist()) <= set(ids.tolist())


@pytest.mark.parametrize("locked_text", [False, True])
def test_matching_pairs_come_together(locked_text: bool) -> None:
    from reprompt.clip.features import encode_images
    from reprompt.clip.text import encode_texts

    backbone = untrained()
    schedule = PretrainingSchedule(60, batch=24, rate=3e-3, warmup=5, locked_text=locked_text)
    pretrain(backbone.model, images(), CAPTIONS, schedule)
    backbone.model.eval()
    with torch.no_grad():
        similarity = encode_images(backbone, images().numpy()) @ encode_texts(backbone.model, CAPTIONS[:6]).T
    assert (similarity.argmax(dim=1) == torch.arange(24) % 6).float().mean() > 0.9


@pytest.mark.parametrize("locked_text", [False, True])
def test_a_killed_training_ends_with_the_same_bits(locked_text: bool, tmp_path: Path) -> None:
    schedule = PretrainingSchedule(7, batch=10, rate=3e-3, warmup=2, locked_text=locked_text)
    undisturbed, killed, restarted = untrained(), untrained(), untrained()
    pretrain(undisturbed.model, images(), CAPTIONS, schedule)
    kept = Checkpoint(tmp_path / "state", every=0)
    pretrain(killed.model, images(), CAPTIONS, replace(schedule, stop_after=4), checkpoint=kept)
    steps: list[int] = []
    pretrain(restarted.model, images(), CAPTIONS, schedule, steps.append, kept)
    assert steps == [4, 1, 1, 1]
    for name, tensor in undisturbed.model.state_dict().items():
        assert torch.equal(tensor, restarted.model.state_dict()[name]), name


def test_the_rate_warms_up_and_ends_near_zero() -> None:
    schedule = PretrainingSchedule(steps=1000, warmup=100)
    assert schedule.rate_at(0) == pytest.approx(schedule.rate / 100, rel=1e-3)
    assert schedule.rate_at(999) < schedule.rate * 1e-4
