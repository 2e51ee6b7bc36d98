"""The angle between two gradients: against a slow computation, and where it is known."""

import numpy as np
import pytest
import torch

from reprompt.cells.cell import TestSet as JudgedOn  # by its own name pytest would collect it
from reprompt.evaluation.measures.angle import Angles
from reprompt.gradients import plain
from reprompt.objectives import cross_entropy, lwf

TEST, TEMPERATURE = JudgedOn("dtd", "all"), 2.0
HALF_PRECISION = 0.07  # degrees, of numbers around 100


def watching(runs=2, epochs=(2, 4)) -> Angles:
    return Angles(list(epochs[:runs]), TEMPERATURE, [TEST] * runs)


def general(output, batch):
    return lwf.divergence(output, batch, TEMPERATURE)


def slowly(fit, index: int, steps_per_epoch: int) -> list[float]:
    """Of one run alone: both losses by backward, the angle from the law of cosines, means over an epoch's steps."""
    angles = []

    def gradient(step, loss) -> torch.Tensor:
        for tensor in step.params.values():
            tensor.grad = None
        loss(step.forward(), step.batch).sum().backward()
        return torch.cat([tensor.grad.flatten() for tensor in step.params.values()]).double()

    def rule(step):
        a, b = (gradient(step, loss) for loss in (cross_entropy.loss, general))
        third = (a - b).norm() ** 2
        cosine = (a.norm() ** 2 + b.norm() ** 2 - third) / (2 * a.norm() * b.norm())
        angles.append(float(torch.rad2deg(torch.arccos(cosine))))
        return plain.gradients(step)

    fit([index], rule=rule)
    return np.reshape(angles, (-1, steps_per_epoch)).mean(axis=1).tolist()


def test_it_agrees_with_a_slow_computation_run_by_run(fit):
    """The first run is shorter and leaves the fleet."""
    hook = watching()
    fit(hooks=[hook])
    for index, steps_per_epoch, measured in zip((0, 1), (1, 2), hook.arrays(), strict=True):
        expected = slowly(fit, index, steps_per_epoch)
        assert measured[TEST]["angle"].shape == (len(expected),)
        assert measured[TEST]["angle"].tolist() == pytest.approx(expected, abs=HALF_PRECISION)
        assert max(expected) - min(expected) > 3 * HALF_PRECISION, "a constant shows nothing"


@pytest.mark.parametrize(("sign", "degrees"), [(1, 0), (-1, 180)])
def test_it_is_zero_where_both_gradients_are_one_and_180_where_they_are_opposed(fit, sign, degrees):
    hook = watching()
    fit(objective=lambda output, batch: sign * general(output, batch), hooks=[hook])
    for measured in hook.arrays():
        assert np.abs(measured[TEST]["angle"] - degrees).max() < 0.1


def test_an_epoch_without_a_gradient_has_no_angle(fit):
    hook = watching()
    fit(objective=lambda output, batch: 0 * general(output, batch), hooks=[hook])
    assert all(np.isnan(measured[TEST]["angle"]).all() for measured in hook.arrays())


def test_watching_leaves_training_as_it_is(fit):
    plainly, watched = fit(), fit(hooks=[watching()])
    assert all(torch.equal(plainly[name], tensor) for name, tensor in watched.items())
