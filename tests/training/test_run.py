"""A run's batches: which images of its few-shot set, and in which views."""

from dataclasses import replace

import pytest
import torch

from reprompt.training.run import NO_IMAGE, Run, Sampling
from reprompt.training.schedule import Schedule

SCHEDULE = Schedule(0.05, 1e-5, epochs=4, steps_per_epoch=None, batch=4, momentum=0.9, weight_decay=5e-4)


def sampling(**changes) -> Sampling:
    return Sampling(*(torch.Generator().manual_seed(seed) for seed in (1, 2)), **changes)


def run(schedule=SCHEDULE) -> Run:
    return Run(torch.arange(8), torch.arange(8) % 4, {}, schedule, sampling())


@pytest.mark.parametrize("last_batch", ["dropped", "kept"])
def test_a_fresh_view_is_seen_at_every_visit_and_none_twice(last_batch):
    schedule = replace(SCHEDULE, epochs=5, batch=3, last_batch=last_batch)
    images = torch.arange(8)
    indices, views = Run(images, images, {}, schedule, sampling(fresh=True)).batch_plan(views=5)
    for image in images:
        seen = views[indices == image].tolist()  # step by step
        assert seen == list(range(len(seen)))
    assert (indices == NO_IMAGE).any() == (last_batch == "kept")
    assert torch.equal(indices, Run(images, images, {}, schedule, sampling()).batch_plan(views=5)[0])


def test_fresh_views_of_which_there_are_too_few_are_refused():
    images = torch.arange(4)
    with pytest.raises(ValueError, match=r"fresh takes 4 views of an image.* there are 3: set views\.count to 4"):
        Run(images, images, {}, SCHEDULE, sampling(fresh=True)).batch_plan(views=3)


def test_batches_are_permutations_without_repeats():
    plan, _ = run().batch_plan(views=2)
    for first, second in zip(plan[::2], plan[1::2], strict=True):
        assert len({*first.tolist(), *second.tolist()}) == 8


def test_there_is_a_batch_and_a_view_of_each_image_for_every_step():
    three = Schedule(0.05, 1e-5, epochs=3, steps_per_epoch=3, batch=4, momentum=0.9, weight_decay=5e-4)
    batches, views = run(three).batch_plan(views=2)
    assert batches.shape == views.shape == (9, 4)
    assert set(views.unique().tolist()) == {0, 1}


@pytest.mark.parametrize("by", ["image", "in_order"])
def test_a_kept_last_batch_has_the_rest_of_the_epochs_images(by):
    schedule = replace(SCHEDULE, batch=3, epochs=2, last_batch="kept")
    run = Run(torch.arange(8), torch.arange(8), {}, schedule, sampling(by=by))
    batches, _ = run.batch_plan(views=2)
    assert (batches == NO_IMAGE).sum(dim=1).tolist() == [0, 0, 1] * 2
    for epoch in batches.split(3):
        assert sorted(epoch[epoch != NO_IMAGE].tolist()) == list(range(8))


def test_what_is_kept_does_not_move_the_batches_before_it():
    whole, _ = run(replace(SCHEDULE, batch=3, epochs=1)).batch_plan(views=2)
    kept, _ = run(replace(SCHEDULE, batch=3, epochs=1, last_batch="kept")).batch_plan(views=2)
    assert torch.equal(kept[:2], whole)


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
