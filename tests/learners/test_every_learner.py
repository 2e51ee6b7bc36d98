"""What holds for every learner: exact savings, independent runs, no order among classes, single precision outside."""

from dataclasses import replace

import pytest
import torch

from reprompt.clip.savings import ALL_SAVINGS, NO_SAVINGS, SWITCHES

SLOWER = {
    **{f"without {name}": replace(ALL_SAVINGS, **{name: False}) for name in SWITCHES},
    "without any": NO_SAVINGS,
    "all recomputed": replace(ALL_SAVINGS, recompute_above=0),
    "without any, all recomputed": replace(NO_SAVINGS, recompute_above=0),
}


@pytest.mark.parametrize("slower", SLOWER)
def test_every_saving_is_exact_in_logits_and_gradients(kind, pixels, assert_equal, slower):
    params = kind.params()
    fast = kind.logits_and_gradients(params, pixels)
    assert_equal(kind.logits_and_gradients(params, pixels, savings=SLOWER[slower]), fast)


def test_a_fleet_of_three_equals_its_runs_alone(kind, assert_equal):
    params = kind.params(runs=3)
    pixels = torch.randn(3, 2, 3, 40, 40, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    together = kind.logits_and_gradients(params, pixels)
    for r in range(3):
        alone = kind.logits_and_gradients({name: t[r : r + 1] for name, t in params.items()}, pixels[r : r + 1])
        assert_equal({name: tensor[r : r + 1] for name, tensor in together.items()}, alone)


def test_images_shared_by_all_runs_equal_a_copy_for_each(kind, pixels, assert_equal):
    params, shared = kind.params(), pixels[:1]
    copies = shared.expand(2, -1, -1, -1, -1)
    assert_equal(kind.logits_and_gradients(params, shared), kind.logits_and_gradients(params, copies))


def test_permuting_classes_permutes_logits(kind, pixels, names):
    order = [2, 0, 3, 1]
    params = kind.params()
    specific = {"weight", "residual", "prototypes", "multipliers", "bias", "alpha"}
    specific |= {"context"} if kind.settings.get("class_specific") else set()
    permuted = {name: t[:, order] if name in specific else t for name, t in params.items()}
    if "values" in params:
        permuted["values"] = params["values"][..., order]
    expected = kind.output(params, pixels).logits[..., order]
    actual = kind.output(permuted, pixels, names=[names[k] for k in order]).logits
    assert (actual - expected).abs().max() < 1e-10


def test_a_learner_starts_the_same_from_the_same_stream_and_in_single_precision(kind):
    one, two = (kind.learner().start("random", torch.Generator().manual_seed(4)) for _ in range(2))
    assert all(torch.equal(one[name], two[name]) and one[name].dtype == torch.float32 for name in one)


def test_features_are_normalised_and_logits_are_scaled_cosines(kind, pixels, exact):
    output = kind.output(kind.params(), pixels)
    assert torch.equal(output.logits, output.scaled_cosines + (0 if output.beside is None else output.beside))
    for features in (output.images, output.classes):
        assert (features.norm(dim=-1) - 1).abs().max() < 1e-12
    assert output.logits.shape == (2, 3, 4)
    assert output.scaled_cosines.abs().max() <= exact.scale


def test_towers_in_bfloat16_leave_everything_learned_in_single_precision(kind, kind_of, exact, pixels):
    single, half = (replace(kind, backbone=exact.to("cpu", dtype)) for dtype in (torch.float32, torch.bfloat16))
    params, pixels = single.params(), pixels.float()
    expected, actual = (one.logits_and_gradients(params, pixels) for one in (single, half))
    assert {tensor.dtype for tensor in actual.values()} == {torch.float32}
    output = half.output(params, pixels)
    assert output.images.dtype == output.classes.dtype == output.scale.dtype == torch.float32
    assert (actual["logits"] - expected["logits"]).abs().max() < 0.08 * expected["logits"].abs().max()
