"""CLAP: prototypes, the multipliers that hold them, and ZS-LP with none."""

import numpy as np
import pytest
import torch

from reprompt.clip.text import projected_texts
from reprompt.learners import clap
from reprompt.learners.learner import Shown


@pytest.fixture
def raw(exact, names) -> np.ndarray:
    return projected_texts(exact.model, [f"a photo of a {name.replace('_', ' ')}." for name in names]).numpy()


def unit(x: np.ndarray) -> np.ndarray:
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def test_multipliers_are_the_mean_zero_shot_probabilities_of_all_views(kind_of, exact, raw):
    views = torch.randn(3, 5, 32, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    labels = [0, 0, 1, 2, 3]
    made = kind_of("CLAP").learner().of_images(Shown(views[0], views, torch.tensor(labels), 4, shots=2))
    logits = float(exact.scale) * unit(views.numpy()) @ unit(raw).T
    exp = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares = exp / exp.sum(axis=-1, keepdims=True)
    expected = [np.mean([shares[v, n, k] for v in range(3) for n in range(5) if labels[n] == k]) for k in range(4)]
    assert np.abs(made["multipliers"].numpy() - expected).max() < 1e-12


def test_the_penalty_is_the_mean_over_classes_of_weighed_squared_distances(kind_of, pixels, raw):
    kind = kind_of("CLAP")
    params, output = kind.params(), kind.output(kind.params(), pixels)
    for run in range(2):
        prototypes, multipliers = (params[name][run].numpy() for name in ("prototypes", "multipliers"))
        expected = np.mean(multipliers * ((prototypes - raw) ** 2).sum(axis=1))
        assert float(output.penalty[run]) == pytest.approx(expected)
        assert np.abs(output.classes[run].numpy() - unit(prototypes)).max() < 1e-12


def test_without_a_constraint_nothing_holds_them(kind_of, pixels):
    kind = kind_of(module=clap, settings={"constraint": "none"})
    assert kind.output(kind.params(), pixels).penalty is None
