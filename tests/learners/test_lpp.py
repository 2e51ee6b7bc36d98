"""LP++: its start and step sizes from the data, its logits, and its steps block by block."""

import numpy as np
import pytest
import torch

from reprompt.learners import lpp
from reprompt.learners.learner import Shown
from reprompt.learners.templates import class_features

LABELS = [0, 0, 1, 2, 3, 3]


@pytest.fixture
def shown() -> Shown:
    plain = torch.randn(6, 32, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    return Shown(plain, plain[None], torch.tensor(LABELS), 4, shots=2)


def test_start_and_step_sizes_are_of_the_few_shot_set(kind_of, exact, names, shown):
    made = kind_of("LP++").learner().of_images(shown)
    f = shown.plain.numpy()
    f = f / np.linalg.norm(f, axis=1, keepdims=True)
    cosines = f @ class_features(exact, names, ("a photo of a {}.",)).numpy().T
    sums = np.stack([f[[n for n, label in enumerate(LABELS) if label == k]].sum(axis=0) for k in range(4)])
    own = np.mean([np.mean([cosines[n, k] for n, label in enumerate(LABELS) if label == k]) for k in range(4)])
    assert np.abs(made["weight"].numpy() - sums).max() < 1e-12
    assert np.abs(made["alpha"].numpy() - 250 * own).max() < 1e-10
    assert float(made["weight_step"]) == pytest.approx(4 * 6 / np.linalg.svd(f, compute_uv=False)[0] ** 2)
    assert float(made["alpha_step"]) == pytest.approx(6 / (4 * (cosines**2).sum(axis=0).max()))


def test_logits_have_no_temperature(kind_of, exact, pixels, names):
    kind = kind_of("LP++")
    params, output = kind.params(), kind.output(kind.params(), pixels)
    texts = class_features(exact, names, ("a photo of a {}.",)).numpy()
    for run in range(2):
        weight, alpha, bias = (params[name][run].numpy() for name in ("weight", "alpha", "bias"))
        f = output.images[run].numpy()
        expected = f @ weight.T + bias + alpha * (f @ texts.T)
        assert np.abs(output.logits[run].numpy() - expected).max() < 1e-10


@pytest.mark.parametrize("accumulate", [True, False])
def test_alpha_is_stepped_now_and_then_by_the_sum_of_gradients_or_by_the_last(kind_of, accumulate):
    settings = {"alpha_every": 2, "accumulate": accumulate}
    learner = kind_of(module=lpp, settings=settings).learner()
    params = {
        "weight": torch.zeros(1, 4, 32),
        "bias": torch.zeros(1, 4),
        "alpha": torch.zeros(1, 4),
        "weight_step": torch.tensor([0.5]),
        "alpha_step": torch.tensor([0.1]),
    }
    steps, alphas, biases = learner.optimiser(params, torch.tensor([0.9])), [], []
    for number in range(1, 5):
        gradients = {name: torch.full_like(params[name], float(number)) for name in ("weight", "bias", "alpha")}
        steps.step(gradients, torch.arange(1), torch.ones(1))
        alphas.append(float(params["alpha"][0, 0]))
        biases.append(float(params["bias"][0, 0]))
    second, fourth = (3, 10) if accumulate else (2, 4)
    assert alphas == pytest.approx([0, -0.1 * second, -0.1 * second, -0.1 * (second + fourth)])
    velocities = [1, 2.9, 5.61, 9.049]  # momentum 0.9, gradients 1, 2, 3, 4
    assert biases == pytest.approx([-0.5 * sum(velocities[:n]) for n in range(1, 5)])
