"""GRAM's regulator: its special cases, a case worked by hand, and what it leaves alone."""

import math

import pytest
import torch
from safetensors.torch import save_file

from reprompt.gradients import plain, regulated
from reprompt.gradients.regulated import Regulator, load_regulators, regulate, regulated_by


def random_regulator(seed, width=32):
    stream = torch.Generator().manual_seed(seed)
    shapes = ((width, width), (width,), (width, width), (width,))
    return Regulator(*(torch.randn(*shape, generator=stream, dtype=torch.float64) for shape in shapes))


def test_the_identity_is_the_plain_step_to_the_last_bit(step):
    identity = Regulator.identity(32, torch.float64)
    losses, found = regulated_by({"text": identity, "visual": identity})(step())
    expected_losses, expected = plain.gradients(step())
    assert torch.equal(losses, expected_losses)
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())
    single = torch.randn(5, 32)
    assert torch.equal(Regulator.identity(32)(single), single)


def test_a_regulator_of_zeros_stops_all_prompts(step):
    zero = Regulator(*(torch.zeros(shape).double() for shape in ((32, 32), (32,), (32, 32), (32,))))
    _, found = regulated_by({"text": zero, "visual": zero})(step())
    assert (found["context"] == 0).all() and (found["deep_context"] == 0).all()


def test_a_case_worked_by_hand():
    """W_gamma = [[1, 2], [0, 1]], b_gamma = (0, 1), W_beta = [[0, 0], [3, 0]], b_beta = (1, 0), g = (1/2, -1)."""
    phi = ([[1.0, 2], [0, 1]], [0.0, 1], [[0.0, 0], [3, 0]], [1.0, 0])
    regulator = Regulator(*map(torch.tensor, phi))
    found = regulator(torch.tensor([[0.5, -1.0], [0.0, 0.0]]))
    assert found[0].tolist() == pytest.approx(
        [math.tanh(0.5 - 2) * 0.5 + math.tanh(1), math.tanh(-1 + 1) * -1 + math.tanh(1.5)]
    )
    assert found[1].tolist() == pytest.approx([math.tanh(1), 0]), "without a gradient the shift remains"


def test_every_token_is_regulated_by_itself():
    regulator, gradient = random_regulator(1), torch.randn(2, 3, 4, 32, dtype=torch.float64)
    assert torch.allclose(regulator(gradient)[1, 2, 3], regulator(gradient[1, 2, 3]))


def test_text_and_visual_prompts_have_a_regulator_each_and_nothing_else_has_one():
    text, visual = random_regulator(1), random_regulator(2)
    names = ("context", "deep_context", "visual", "coupling_weight", "coupling_bias", "meta_in_weight", "text_in_bias")
    gradients = {name: torch.randn(2, 3, 32, dtype=torch.float64) for name in names}
    found = regulate({"text": text, "visual": visual}, gradients)
    for name, by in (("context", text), ("deep_context", text), ("visual", visual)):
        assert torch.equal(found[name], by(gradients[name]))
    assert all(found[name] is gradients[name] for name in names[3:])


def test_in_maple_the_couplings_keep_their_plain_gradient(step):
    _, found = regulated_by({"text": random_regulator(1)})(step())
    _, expected = plain.gradients(step())
    for name in ("coupling_weight", "coupling_bias"):
        assert torch.equal(found[name], expected[name])
    assert not torch.equal(found["context"], expected["context"])


def test_the_rule_reads_the_regulator_that_meta_training_stored(step, tmp_path):
    text, visual, path = random_regulator(1), random_regulator(2, 16), tmp_path / "regulator.safetensors"
    tensors = {f"text.{name}": tensor for name, tensor in vars(text).items()}
    tensors |= {f"visual.{name}": tensor for name, tensor in vars(visual).items()} | {"context": torch.zeros(2)}
    save_file(tensors, path)
    stored = load_regulators(path)
    assert stored.keys() == {"text", "visual"} and torch.equal(stored["visual"].beta_bias, visual.beta_bias)
    _, found = regulated.rule([{"regulator": str(path)}] * 2)(step())
    _, expected = regulated_by({"text": text})(step())
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())


def test_a_missing_regulator_names_the_remedy(tmp_path):
    with pytest.raises(FileNotFoundError, match="meta-training makes it"):
        load_regulators(tmp_path / "none.safetensors")
