"""The one forward loop of evaluation: every image once, in batches that a learner can take, seen by every hook."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from reprompt.cells.cell import Cell
from reprompt.cells.cell import TestSet as JudgedOn  # by its own name pytest would collect it
from reprompt.clip.features import TaskFeatures
from reprompt.data.splits import Split
from reprompt.evaluation.evaluate import Logits, Predictions, evaluate, results_of
from reprompt.evaluation.metrics import ranked
from reprompt.evaluation.task_data import TaskData
from reprompt.learners.output import LearnerOutput

NAMES = ["cat", "dog", "tree", "car"]
LABELS = np.arange(11) % 4
FEATURES = torch.randn(11, 8, generator=torch.Generator().manual_seed(0))
CLASSES = F.normalize(torch.randn(2, 4, 8, generator=torch.Generator().manual_seed(1)), dim=-1)


class Pointing:
    """A learner whose class features (R, K, E) are its parameters; it counts what it is shown."""

    sees = "features"

    def __init__(self, backbone, images_at_once):
        self.backbone, self.images_at_once, self.shown = backbone, images_at_once, []

    def forward(self, params, images):
        assert not torch.is_grad_enabled()
        self.shown.append(images.shape[1])
        return LearnerOutput(images, params["classes"], torch.tensor(10.0))


class Indices:
    def __init__(self):
        self.seen = []

    def after_batch(self, output, batch):
        assert output.logits.shape[1] == len(batch.indices) == len(batch.targets)
        self.seen += zip(batch.indices.tolist(), batch.targets.tolist(), strict=True)


@pytest.fixture
def data():
    split = Split("dtd", NAMES, "{}.", LABELS.tolist(), LABELS.tolist(), {}, 4)
    return TaskData(split, TaskFeatures(FEATURES, FEATURES[None], FEATURES))


def cell(metric="accuracy", **changes):
    made = Cell("x", "elevater", "coop", "tiny", "dtd", 1, 1.0, 1, "", "{}", metrics=(("dtd", metric),))
    return replace(made, **changes)


@pytest.mark.parametrize("images_at_once, sizes", [(None, [11]), (4, [4, 4, 3]), (20, [11])])
def test_every_test_image_is_shown_once_in_batches_that_the_learner_can_take(tiny, data, images_at_once, sizes):
    learner, logits, indices = Pointing(tiny, images_at_once), Logits(), Indices()
    evaluate(learner, {"classes": CLASSES}, data.test_batches(learner, "all"), [logits, indices])
    assert learner.shown == sizes
    assert indices.seen == list(enumerate(LABELS.tolist()))
    expected = 10 * F.normalize(FEATURES, dim=-1) @ CLASSES.mT
    assert torch.allclose(logits.joined, expected, atol=1e-5)


def test_targets_are_among_the_classes_of_the_split(tiny, data):
    learner, indices = Pointing(tiny, 3), Indices()
    evaluate(learner, {"classes": CLASSES[:, 2:]}, data.test_batches(learner, "new"), [indices])
    assert indices.seen == [(image, label - 2) for image, label in enumerate(LABELS.tolist()) if label >= 2]


@pytest.mark.parametrize("images_at_once", [None, 4])
def test_results_are_each_runs_own_best_classes(tiny, data, images_at_once):
    cells = [cell(), cell(seed=2)]
    results = results_of(cells, {"dtd": data}, lambda test: Pointing(tiny, images_at_once), {"classes": CLASSES})
    for run, of_run in enumerate(results):
        (result,) = of_run.values()
        best = (F.normalize(FEATURES, dim=-1) @ CLASSES[run].T).argmax(dim=1)
        assert list(of_run) == [JudgedOn("dtd", "all")]
        assert result.predictions.tolist() == best.tolist() and result.measured == {}


def test_where_a_metric_ranks_the_places_of_right_images_are_kept(tiny, data):
    cells = [cell("mean_average_precision"), cell("mean_average_precision", seed=2)]
    results = results_of(cells, {"dtd": data}, lambda test: Pointing(tiny, 4), {"classes": CLASSES})
    for run, of_run in enumerate(results):
        (result,) = of_run.values()
        probabilities = (10 * F.normalize(FEATURES, dim=-1) @ CLASSES[run].T).softmax(dim=1)
        expected = ranked(probabilities.numpy(), LABELS)
        assert result.measured.keys() == expected.keys()
        assert all(np.array_equal(result.measured[name], array) for name, array in expected.items())


def test_nothing_is_kept_for_ranking_where_nothing_is_ranked(tiny, data):
    learner, predictions = Pointing(tiny, 4), Predictions()
    evaluate(learner, {"classes": CLASSES}, data.test_batches(learner, "all", at_most=5), [predictions])
    assert predictions.joined.shape == (2, 5) and predictions.probabilities == []
