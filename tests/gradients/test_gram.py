"""GRAM's regulator: its special cases, a case worked by hand, and what it leaves alone."""

import math

import pytest
import torch

from reprompt.gradients import gram, plain
from reprompt.gradients.gram import (
    DirectionRegulator,
    Regulator,
    regulate,
    regulated_by,
    regulator_tensors,
    regulators_in,
)


def random_regulator(seed, width=32):
    stream = torch.Generator().manual_seed(seed)
    shapes = ((width, width), (width,), (width, width), (width,))
    return Regulator(*(torch.randn(*shape, generator=stream, dtype=torch.float64) for shape in shapes))


def test_the_identity_is_the_plain_step_to_the_last_bit(step):
    identity = Regulator.identity(32, torch.float64)
    losses, regulated = regulated_by({"text": identity, "visual": identity})(step())
    expected_losses, expected = plain.gradients(step())
    assert torch.equal(losses, expected_losses)
    assert all(torch.equal(regulated[name], tensor) for name, tensor in expected.items())
    single = torch.randn(5, 32)
    assert torch.equal(Regulator.identity(32)(single), single)


def test_a_regulator_of_zeros_stops_all_prompts(step):
    zero = Regulator(*(torch.zeros(shape).double() for shape in ((32, 32), (32,), (32, 32), (32,))))
    _, regulated = regulated_by({"text": zero, "visual": zero})(step())
    assert (regulated["context"] == 0).all() and (regulated["deep_context"] == 0).all()


def test_a_case_worked_by_hand():
    """W_gamma = [[1, 2], [0, 1]], b_gamma = (0, 1), W_beta = [[0, 0], [3, 0]], b_beta = (1, 0), g = (1/2, -1)."""
    phi = ([[1.0, 2], [0, 1]], [0.0, 1], [[0.0, 0], [3, 0]], [1.0, 0])
    regulator = Regulator(*map(torch.tensor, phi))
    regulated = regulator(torch.tensor([[0.5, -1.0], [0.0, 0.0]]))
    assert regulated[0].tolist() == pytest.approx(
        [math.tanh(0.5 - 2) * 0.5 + math.tanh(1), math.tanh(-1 + 1) * -1 + math.tanh(1.5)]
    )
    assert regulated[1].tolist() == pytest.approx([math.tanh(1), 0]), "without a gradient the shift remains"


def test_every_token_is_regulated_by_itself():
    regulator, gradient = random_regulator(1), torch.randn(2, 3, 4, 32, dtype=torch.float64)
    assert torch.allclose(regulator(gradient)[1, 2, 3], regulator(gradient[1, 2, 3]))


def test_text_and_visual_prompts_have_a_regulator_each_and_nothing_else_has_one():
    text, visual = random_regulator(1), random_regulator(2)
    names = ("context", "deep_context", "visual", "coupling_weight", "coupling_bias", "meta_in_weight", "text_in_bias")
    gradients = {name: torch.randn(2, 3, 32, dtype=torch.float64) for name in names}
    regulated = regulate({"text": text, "visual": visual}, gradients)
    for name, by in (("context", text), ("deep_context", text), ("visual", visual)):
        assert torch.equal(regulated[name], by(gradients[name]))
    assert all(regulated[name] is gradients[name] for name in names[3:])


def test_in_maple_the_couplings_keep_their_plain_gradient(step):
    _, regulated = regulated_by({"text": random_regulator(1)})(step())
    _, expected = plain.gradients(step())
    for name in ("coupling_weight", "coupling_bias"):
        assert torch.equal(regulated[name], expected[name])
    assert not torch.equal(regulated["context"], expected["context"])


def test_every_run_has_the_regulator_that_came_with_its_start(step):
    ours, others = random_regulator(1), random_regulator(4)
    starts = [regulator_tensors({"text": regulator, "visual": random_regulator(2)}) for regulator in (ours, others)]
    beside = {"context": torch.zeros(2, 32)}  # the prompt that each came with
    settings = [gram.Settings(regulator_input="gradient")] * 2
    _, regulated = gram.rule(settings, [beside | start for start in starts])(step())
    for run, regulator in enumerate((ours, others)):
        _, expected = regulated_by({"text": regulator, "visual": random_regulator(2)})(step())
        for name, tensor in expected.items():
            assert torch.allclose(regulated[name][run], tensor[run], atol=1e-12)


def test_regulators_come_back_from_among_named_tensors():
    both = {"text": random_regulator(1), "visual": random_regulator(2, 16)}
    regulators = regulators_in({**regulator_tensors(both), "context": torch.zeros(2)})
    assert regulators.keys() == {"text", "visual"}
    assert torch.equal(regulators["visual"].beta_bias, both["visual"].beta_bias)


def test_a_start_without_a_regulator_is_refused():
    with pytest.raises(ValueError, match="what meta-training leaves behind"):
        gram.rule([gram.Settings(regulator_input="gradient")], [{"context": torch.zeros(2, 32)}])


def of_direction(regulator):
    return DirectionRegulator(*regulator.tensors.values())


def test_a_regulator_of_directions_gives_a_gradient_its_length_back():
    regulator, gradient = of_direction(random_regulator(1)), torch.randn(2, 3, 32, dtype=torch.float64)
    assert torch.allclose(regulator(1e-4 * gradient), 1e-4 * regulator(gradient))
    signs = gradient.sign()  # of root mean square 1, so that it sees what equation 5 sees
    assert torch.allclose(regulator(signs), random_regulator(1)(signs))
    assert torch.allclose(DirectionRegulator.scaling(32, 0.9)(gradient.float()), 0.9 * gradient.float(), atol=1e-6)


def test_without_a_gradient_a_regulator_of_directions_does_nothing_and_has_finite_derivatives():
    nothing = torch.zeros(2, 32, dtype=torch.float64, requires_grad=True)
    regulated = of_direction(random_regulator(1))(nothing)
    assert (regulated == 0).all()
    assert torch.autograd.grad(regulated.sum(), nothing)[0].isfinite().all()


def test_the_rule_takes_the_kind_that_the_settings_name(step):
    start = regulator_tensors({"text": random_regulator(1), "visual": random_regulator(2)})
    _, regulated = gram.rule([gram.Settings(regulator_input="direction")] * 2, [start] * 2)(step())
    _, expected = regulated_by({"text": of_direction(random_regulator(1)), "visual": random_regulator(2)})(step())
    assert torch.allclose(regulated["context"], expected["context"], atol=1e-12)


def test_meta_training_starts_at_a_factor():
    gradient = torch.randn(2, 5, 32)
    assert torch.allclose(Regulator.scaling(32, 0.9)(gradient), 0.9 * gradient, atol=1e-6)
