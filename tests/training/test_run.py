"""A run's batches: which images of its few-shot set, and in which views."""

import pytest
import torch

from reprompt.training.run import Run, Sampling
from reprompt.training.schedule import Schedule

SCHEDULE = Schedule(0.05, 1e-5, epochs=4, steps_per_epoch=None, batch=4, momentum=0.9, weight_decay=5e-4)


def sampling(**changes) -> Sampling:
    return Sampling(*(torch.Generator().manual_seed(seed) for seed in (1, 2)), **changes)


def run(schedule=SCHEDULE) -> Run:
    return Run(torch.arange(8), torch.arange(8) % 4, {}, schedule, sampling())


def test_batches_are_permutations_without_repeats():
    plan, _ = run().batch_plan(views=2)
    for first, second in zip(plan[::2], plan[1::2], strict=True):
        assert len({*first.tolist(), *second.tolist()}) == 8


def test_there_is_a_batch_and_a_view_of_each_image_for_every_step():
    three = Schedule(0.05, 1e-5, epochs=3, steps_per_epoch=3, batch=4, momentum=0.9, weight_decay=5e-4)
    batches, views = run(three).batch_plan(views=2)
    assert batches.shape == views.shape == (9, 4)
    assert set(views.unique().tolist()) == {0, 1}


def run_by(by: str) -> Run:
    schedule = Schedule(0.1, 0.1, epochs=50, steps_per_epoch=4, batch=8, momentum=0.9, weight_decay=0.0)
    two_tasks = sampling(by=by, task_of=torch.tensor([0] * 40 + [1] * 10))
    return Run(torch.arange(50), torch.zeros(50), {}, schedule, two_tasks)


@pytest.mark.parametrize(("by", "share"), [("image", 0.2), ("task", 0.5)])
def test_tasks_are_weighed_by_their_images_or_equally(by, share):
    run = run_by(by)
    indices, _ = run.batch_plan(1)
    assert indices.shape == (200, 8)
    assert run.sampling.task_of[indices].float().mean() == pytest.approx(share, abs=0.03)
    assert len(indices.unique()) == 50, "every image is seen"


def test_in_order_is_the_same_in_every_epoch():
    indices, _ = run_by("in_order").batch_plan(1)
    assert indices[:6].flatten().tolist() == list(range(48))
    assert torch.equal(indices[6:12], indices[:6])
