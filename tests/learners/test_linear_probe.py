"""The linear probe: a search for C on validation images."""

import numpy as np
import pytest

from reprompt.learners.linear_probe import Settings, solve

SETTINGS = Settings(largest_c=1e4, smallest_c=1e-4, coarse=5, bisections=4, iterations=200)


def clouds(per_class, spread, seed):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(3), per_class)
    return (10 * np.eye(3, 8)[labels] + spread * rng.standard_normal((len(labels), 8))).astype(np.float32), labels


def test_separable_classes_are_separated():
    assert solve(clouds(4, 1, 0), clouds(4, 1, 1), SETTINGS).score(*clouds(50, 1, 2)) == 1


def test_c_is_chosen_on_validation_not_on_training():
    """Noisy labels: the largest C fits the training set best, validation prefers a smaller one."""
    train, held_out = clouds(8, 9, 0), clouds(60, 9, 1)
    chosen = solve(train, held_out, SETTINGS)
    assert chosen.C < 1e3
    for c in (1e-4, 1e4):
        at_once = SETTINGS.model_copy(update={"largest_c": c, "smallest_c": c, "coarse": 1, "bisections": 0})
        assert chosen.score(*held_out) >= solve(train, held_out, at_once).score(*held_out)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_same_images_give_the_same_probe(seed):
    one, two = (solve(clouds(4, 5, seed), clouds(4, 5, 9), SETTINGS) for _ in range(2))
    assert np.array_equal(one.coef_, two.coef_)


def test_without_validation_images_there_is_no_choice():
    nothing = np.zeros((0, 8), np.float32), np.zeros(0, int)
    with pytest.raises(ValueError, match="validation images"):
        solve(clouds(4, 1, 0), nothing, SETTINGS)
