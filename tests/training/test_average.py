"""The average of prompts over epochs: its weights, and whose epochs it sums."""

import math

import pytest
import torch

from reprompt.evaluation.measures.measure import TrainingState
from reprompt.training.average import GaussianAverage, gaussian_weights


@pytest.mark.parametrize(("epochs", "mean", "std"), [(20, 15, 1), (20, 6, 10), (50, 30, 30), (1, 9, 2)])
def test_weights_are_a_gaussian_over_epochs_from_one_that_sums_to_one(epochs, mean, std):
    density = [math.exp(-((e - mean) ** 2) / (2 * std**2)) for e in range(1, epochs + 1)]
    expected = torch.tensor([value / sum(density) for value in density], dtype=torch.float64)
    assert torch.allclose(gaussian_weights(epochs, mean, std), expected, rtol=1e-12, atol=1e-15)


def test_the_published_base_to_new_weights_lie_on_epochs_13_to_17():
    weights = gaussian_weights(20, 15, 1)
    assert weights[12:17].tolist() == pytest.approx([0.054, 0.242, 0.399, 0.242, 0.054], abs=5e-4)


def test_a_mean_far_from_all_epochs_leaves_the_nearest():
    assert gaussian_weights(3, 1000, 1).tolist() == pytest.approx([0, 0, 1])


def test_each_run_is_summed_over_its_own_epochs_and_no_step_between():
    """Two runs of three and two epochs, of two steps each and of one; by a loop over what they were."""
    average = GaussianAverage([3, 2], mean=2, std=1.5)
    stream = torch.Generator().manual_seed(0)
    params = {"context": torch.zeros(2, 4), "visual": torch.zeros(2, 3, 2)}
    expected = {name: torch.zeros_like(tensor) for name, tensor in params.items()}
    for step in range(6):
        for tensor in params.values():  # in place, as the optimiser steps
            tensor += torch.randn(tensor.shape, generator=stream)
        ends = torch.tensor([step % 2 == 1, step < 2])
        epoch = torch.tensor([step // 2, step])
        average.after_step(TrainingState(torch.arange(2), None, ends, epoch, params))
        for run, (count, ended) in enumerate(zip((3, 2), ends.tolist(), strict=True)):
            if ended:
                weight = gaussian_weights(count, 2, 1.5)[epoch[run]].item()
                for name, tensor in params.items():
                    expected[name][run] += weight * tensor[run]
    for name, tensor in average.params.items():
        assert torch.allclose(tensor, expected[name], atol=1e-6) and tensor.abs().max() > 0.1
