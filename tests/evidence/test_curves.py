"""Whether a curve that was logged step by step rises."""

import numpy as np
import pytest

from reprompt.evidence.curves import FEWEST, rise
from reprompt.evidence.lookup import Missing


def correlated(random, steps, memory):
    """A stationary series in which each step remembers this share of the one before."""
    noise = random.normal(size=steps)
    for step in range(1, steps):
        noise[step] += memory * noise[step - 1]
    return noise


@pytest.mark.parametrize(("memory", "at_most"), [(0.0, 0.08), (0.8, 0.12)])
def test_a_series_that_only_wanders_seldom_rises(memory, at_most):
    random = np.random.default_rng(1)
    p = [rise([correlated(random, 300, memory)]).p for _ in range(400)]
    assert np.mean(np.array(p) < 0.05) < at_most


def test_a_steady_rise_is_found_and_measured():
    random = np.random.default_rng(2)
    series = [np.linspace(0, 3, 300) + 0.3 * correlated(random, 300, 0.8) for _ in range(2)]
    risen = rise(series)
    assert risen.mean == pytest.approx(2, abs=0.5)  # the middles of first and last third lie two thirds apart
    assert risen.low > 0 and risen.p < 0.001 and risen.seeds == 2
    with pytest.raises(Missing, match=f"only {FEWEST - 1} steps were logged"):
        rise([np.arange(FEWEST - 1.0)])
