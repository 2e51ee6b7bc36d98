"""What is kept of the cosines between classes, and of images with their own class."""

import numpy as np
import torch
import torch.nn.functional as F

from reprompt.evaluation.images import EvaluationBatch
from reprompt.evaluation.measures.collapse import Cosines
from reprompt.learners.output import LearnerOutput

STREAM = torch.Generator().manual_seed(0)


def unit(*shape):
    return F.normalize(torch.randn(*shape, 8, generator=STREAM), dim=-1)


def show(hook, images, classes, labels):
    """One batch of a learner with these features."""
    batch = EvaluationBatch(images, torch.arange(len(labels)), labels)
    hook.after_batch(LearnerOutput(images, classes, torch.tensor(10.0)), batch)


def test_pairs_come_in_the_order_of_the_upper_triangle():
    classes, labels = unit(1, 4), torch.arange(4)
    hook = Cosines(1, 4)
    show(hook, unit(1, 4), classes, labels)
    (measured,) = hook.arrays()
    rows, columns = np.triu_indices(4, 1)
    expected = [float(classes[0, i] @ classes[0, j]) for i, j in zip(rows, columns, strict=True)]
    assert np.abs(measured["text_cosines"] - expected).max() < 1e-3
    assert measured["text_cosines"].dtype == measured["own_cosines"].dtype == np.float16


def test_own_cosines_are_means_over_each_classs_images():
    images, classes, labels = unit(1, 5), unit(1, 2), torch.tensor([1, 0, 1, 1, 0])
    hook = Cosines(1, 2)
    show(hook, images, classes, labels)
    (measured,) = hook.arrays()
    for k in range(2):
        mean = np.mean([float(images[0, i] @ classes[0, k]) for i in range(5) if labels[i] == k])
        assert abs(measured["own_cosines"][k] - mean) < 1e-3


def test_every_run_has_its_own():
    images, classes, labels = unit(1, 6), unit(3, 2), torch.arange(6) % 2
    hook = Cosines(3, 2)
    show(hook, images, classes, labels)
    for run, measured in enumerate(hook.arrays()):
        alone = Cosines(1, 2)
        show(alone, images, classes[run : run + 1], labels)
        for name, array in alone.arrays()[0].items():
            assert np.array_equal(array, measured[name]), name
