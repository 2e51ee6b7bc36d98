"""The teachers of ProGrad and distillation: hand-written templates, and a prompt tuned on the whole training set."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import yaml

from project import PROJECT
from reprompt.cells.cell import Cell
from reprompt.clip.features import TaskFeatures
from reprompt.data.draws import draw
from reprompt.data.splits import Split
from reprompt.evaluation.task_data import TaskData
from reprompt.foundation.digests import canonical
from reprompt.foundation.streams import torch_stream
from reprompt.learners.templates import class_features
from reprompt.planning.parameters import parse_parameters
from reprompt.planning.plan import make_plan
from reprompt.training.axes import learner_of_cell
from reprompt.training.oracle import oracle
from reprompt.training.teacher import teacher

FILE = PROJECT / "params.yaml"
NAMES = ["cat", "dog of some kind", "tree", "old car"]
SHORT = {"context_length": 3, "initialisation": "random", "rate": 0.3, "epochs": {2: 3, 4: 5}, "steps_per_epoch": 2}


def cells_of(recipe: str, shots: tuple[int, ...] = (2,)) -> list[Cell]:
    """The cells of one recipe on the task of four classes."""
    raw = yaml.safe_load(FILE.read_text())
    del raw["scales"]["smoke"]["experiments"]
    raw["tuning"]["short"] = SHORT
    block = {
        "protocol": "few_shot",
        "tuning": "short",
        "methods": [recipe],
        "shots": list(shots),
        "tasks": ["imagenet"],
    }
    raw["experiments"] = {"one": block}
    return list(make_plan(parse_parameters(raw, "smoke")).cells)


def with_settings(cell: Cell, **changes) -> Cell:
    return replace(cell, settings=canonical(cell.resolved | changes))


@pytest.fixture(scope="module")
def data(tiny):
    """Forty training images around the next class's text, so that labels and CLIP conflict."""
    stream, labels = torch.Generator().manual_seed(0), np.arange(40) % 4
    centres = class_features(tiny, NAMES, ("a photo of a {}.",)).roll(1, dims=0)
    images = centres[torch.from_numpy(labels)] + 0.2 * torch.randn(40, 24, generator=stream)
    draws = {str(seed): draw(labels, 4, "imagenet", seed, 4) for seed in (1, 2)}
    split = Split("imagenet", NAMES, "a photo of a {}.", labels.tolist(), labels.tolist(), draws, 4)
    return TaskData(split, TaskFeatures(images, torch.stack([images, images + 0.1]), images))


@pytest.fixture(scope="module")
def taught() -> list[Cell]:
    """Two shots train for three epochs of two steps, four for five."""
    return cells_of("coop+prograd_oracle", shots=(2, 4))


def test_one_oracle_teaches_every_seed_and_number_of_shots(taught, data, tiny):
    assert {(cell.shots, cell.tuned.epochs) for cell in taught} == {(2, 3), (4, 5)}
    first, *others = (teacher(with_settings(cell, oracle_epochs=2), data, tiny) for cell in taught)
    assert all(torch.equal(features, first) for features in others)


def test_its_epochs_go_over_the_whole_training_set(taught, data, tiny):
    """By hand, step by step: plain gradients of all 40 images in batches of eight, at the schedule's rates."""
    cell = with_settings(taught[0], oracle_epochs=3, batch=8, augmentation="none", momentum=0.0, weight_decay=0.0)
    labels = torch.tensor(data.split.train_labels)
    assert len(labels) == 40
    start, batches = (torch_stream(0, "oracle", purpose, "few_shot", "imagenet") for purpose in ("start", "batches"))
    coop = learner_of_cell(replace(cell, recipe="coop"), data.split.names("all"), tiny)
    params = {name: tensor[None] for name, tensor in coop.start("random", start).items()}
    images = F.normalize(data.features.plain, dim=-1)
    seen = []
    for epoch in range(3):
        rate = 1e-5 if epoch == 0 else 0.3 / 2 * (1 + np.cos(np.pi * (epoch - 1) / 3))
        for chosen in torch.randperm(40, generator=batches).view(5, 8):
            seen += chosen.tolist()
            leaves = {name: tensor.detach().requires_grad_() for name, tensor in params.items()}
            loss = F.cross_entropy(coop.forward(leaves, images[chosen][None]).logits[0], labels[chosen])
            gradients = torch.autograd.grad(loss, list(leaves.values()))
            params = {name: leaf - rate * g for (name, leaf), g in zip(leaves.items(), gradients, strict=True)}
    assert sorted(seen) == sorted([*range(40)] * 3)
    with torch.no_grad():
        expected = coop.forward(params, images[:1][None]).classes[0]
    features = oracle(cell, data, tiny)
    assert torch.allclose(features, expected, atol=1e-5)
    assert (features - oracle(with_settings(cell, oracle_epochs=1), data, tiny)).abs().max() > 1e-3


@pytest.mark.parametrize(
    ("template", "expected"), [("", "a photo of a {}."), ("a type of thing, a photo of a {}.", None)]
)
def test_a_template_of_the_cell_s_own_stands_before_the_task_s(data, tiny, template, expected):
    cell = with_settings(cells_of("coop+prograd")[0], template=template)
    of_template = class_features(tiny, NAMES, (expected or template,))
    assert torch.equal(teacher(cell, data, tiny), of_template)


def test_an_oracle_without_epochs_is_refused_by_the_key():
    raw = yaml.safe_load(FILE.read_text())
    del raw["gradients"]["prograd_oracle"]["oracle_epochs"]
    with pytest.raises(ValueError, match=r"gradients.prograd_oracle.oracle_epochs: missing; experiments.few_shot runs"):
        parse_parameters(raw, "paper")
