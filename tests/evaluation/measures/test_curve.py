"""Right test images after every epoch: of the prompts that the runs have then."""

import numpy as np
import torch

from reprompt.cells.cell import TestSet as JudgedOn  # by its own name pytest would collect it
from reprompt.evaluation.measures.curve import Curves

TARGETS = {JudgedOn("dtd", "base"): torch.arange(8) % 3, JudgedOn("dtd", "new"): torch.arange(6) % 2}


class Kept:
    """Copies of all prompts at the end of every run's epoch."""

    def __init__(self):
        self.prompts = {}

    def after_step(self, state):
        for run in state.ends_epoch.nonzero().flatten().tolist():
            copies = {name: tensor[run : run + 1].clone() for name, tensor in state.params.items()}
            self.prompts[run, int(state.epoch[run])] = copies

    def arrays(self):
        return []


def test_every_point_is_the_accuracy_of_that_epochs_prompt(fit, learner, images):
    """The shorter run ends after two epochs of one step, the longer after four of two."""

    @torch.no_grad()
    def predict(params, test):
        shown = images.normalise(images.pixels.plain(range(len(TARGETS[test]))))
        return learner.forward(params, shown[None]).logits.argmax(dim=-1)

    hook, kept = Curves([2, 4], TARGETS, predict), Kept()
    final = fit(hooks=[hook, kept])
    assert set(kept.prompts) == {(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (1, 3)}
    for run, epochs in ((0, 2), (1, 4)):
        assert all(torch.equal(final[name][run], tensor[0]) for name, tensor in kept.prompts[run, epochs - 1].items())
        for test, targets in TARGETS.items():
            curve = hook.arrays()[run][test]["curve"]
            expected = [int((predict(kept.prompts[run, e], test)[0] == targets).sum()) for e in range(epochs)]
            assert curve.tolist() == expected
    assert np.ptp([right for curves in hook.right.values() for right in curves.flatten().tolist()]) > 0


def test_watching_leaves_training_as_it_is(fit):
    def predict(params, test):
        return torch.zeros(len(next(iter(params.values()))), len(TARGETS[test]))

    plainly, watched = fit(), fit(hooks=[Curves([2, 4], TARGETS, predict)])
    assert all(torch.equal(plainly[name], tensor) for name, tensor in watched.items())
