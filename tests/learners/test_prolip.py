"""ProLIP: the projection of the image tower, on what the tower has before it."""

import numpy as np
import pytest
import torch

from reprompt.clip.unprojected import projection_of, unprojected_features
from reprompt.learners import prolip
from reprompt.learners.learner import Shown

EMPTY = torch.empty(0)


@pytest.mark.parametrize("tower", ["exact", "resnet"])
def test_what_is_before_the_projection_times_it_is_the_towers_feature(request, pixels, tower):
    model = request.getfixturevalue(tower).model
    projection = projection_of(model, torch.float64)
    ours = unprojected_features(model, pixels) @ projection.weight + projection.bias
    assert (ours - model.visual(pixels.flatten(0, 1)).unflatten(0, (2, 3))).abs().max() < 1e-10


def test_features_are_projected_anew_and_the_penalty_is_a_sum_of_squares(kind_of, exact, pixels):
    kind = kind_of("ProLIP")
    params = kind.params()
    output = kind.output(params, pixels)
    before, frozen = unprojected_features(exact.model, pixels).numpy(), exact.model.visual.proj.detach().numpy()
    for run in range(2):
        projection = params["projection"][run].numpy()
        expected = before[run] @ projection
        expected /= np.linalg.norm(expected, axis=1, keepdims=True)
        assert np.abs(output.images[run].numpy() - expected).max() < 1e-12
        pulled = float(params["pull"][run]) * ((projection - frozen) ** 2).sum()
        assert abs(float(output.penalty[run]) - pulled) < 1e-9 * pulled


@pytest.mark.parametrize(("rule", "expected"), [("1/N", 0.25), ("1/N^2", 0.0625), (0.3, 0.3)])
def test_lambda_follows_from_the_shots(kind_of, rule, expected):
    made = kind_of(module=prolip, settings={"pull": rule}).learner().of_images(Shown(EMPTY, EMPTY, EMPTY, 4, shots=4))
    assert float(made["pull"]) == pytest.approx(expected)


def test_nothing_is_pulled_where_it_is_evaluated(kind_of, pixels):
    kind = kind_of("ProLIP")
    assert kind.output({"projection": kind.params()["projection"]}, pixels).penalty is None
