"""The loop: what it trains is what each run would train alone."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from reprompt.clip.savings import ALL_SAVINGS, NO_SAVINGS
from reprompt.data.pictures import Pictures
from reprompt.evaluation.images import Images
from reprompt.gradients import plain, prograd
from reprompt.learners import coop, ivlp
from reprompt.objectives import cross_entropy, lwf, multitask
from reprompt.training.loop import NO_CLASSES, Batches, FrozenClasses, train
from reprompt.training.run import NO_IMAGE, Run, Sampling
from reprompt.training.schedule import Schedule
from reprompt.training.step import TrainingMethod

NAMES = ["cat", "a dog of some kind", "tree", "old car"]
CONTEXT = coop.Settings(context_length=3)
BOTH = ivlp.Settings(context_length=2, text_depth=2, visual_depth=2, visual_length=2)


def with_strength(strength):
    settings = {"lambda": strength, "temperature": 1.0, "projection": "per_tensor", "teacher": "template", "floor": 0.0}
    return prograd.Settings(**settings)


def schedule(**changes):
    settings = {"rate": 0.05, "warmup_rate": 1e-5, "epochs": 4, "steps_per_epoch": None, "batch": 4}
    return Schedule(**{**settings, "momentum": 0.9, "weight_decay": 5e-4, **changes})


def run(seed, images=8, start=None, **changes):
    stream = torch.Generator().manual_seed(seed)
    return Run(
        torch.randperm(16, generator=stream)[:images],
        torch.arange(images) % len(NAMES),
        start(stream) if start else {"context": 0.02 * torch.randn(3, 32, generator=stream)},
        schedule(**changes),
        Sampling(torch.Generator().manual_seed(100 + seed), torch.Generator().manual_seed(200 + seed)),
    )


@pytest.fixture(scope="module")
def images(tiny):
    """Sixteen images in two views, as pixels and as the frozen tower's features."""
    pixels = torch.randint(256, (2, 16, 40, 40, 3), generator=torch.Generator().manual_seed(5), dtype=torch.uint8)
    features = tiny.model.visual(tiny.normalise(pixels).flatten(0, 1)).unflatten(0, (2, 16))
    return Images(F.normalize(features, dim=-1), Pictures.of(pixels), tiny.normalise)


@pytest.fixture
def teacher():
    return F.normalize(torch.randn(4, 24, generator=torch.Generator().manual_seed(9)), dim=-1)


def fit(tiny, images, runs, savings=ALL_SAVINGS, objective=cross_entropy.loss, rule=plain.gradients, frozen=NO_CLASSES):
    """The tuned contexts (R, M, D), and the learner."""
    learner = coop.Learner(tiny, NAMES, CONTEXT, savings)
    return train(runs, images, TrainingMethod(learner, objective, rule), frozen)["context"], learner


def plainly(learner) -> TrainingMethod:
    return TrainingMethod(learner, cross_entropy.loss, plain.gradients)


def independent(tiny, savings=ALL_SAVINGS):
    return ivlp.Learner(tiny, NAMES, BOTH, savings)


def visual_run(tiny, seed, images=8):
    return run(seed, images, start=lambda stream: independent(tiny).start("random", stream), epochs=2)


def test_padding_has_no_weight_and_real_images_sum_to_one():
    batches = Batches.of([run(1, images=8), run(2, images=3)], views=2)
    assert torch.allclose(batches.weights.sum(dim=2)[:4], torch.ones(4, 2))
    assert (batches.weights[:4, 1, 3:] == 0).all()
    assert (batches.weights[4:, 1] == 0).all(), "the shorter run has ended"


def test_a_learner_gets_what_it_sees_of_an_image_in_its_view(tiny, images):
    views, chosen = torch.tensor([[1, 0]]), torch.tensor([[7, 3]])
    features, pixels = (images.batch(sees, views, chosen) for sees in ("features", "pixels"))
    assert torch.equal(features[0, 0], images.features[1, 7]) and pixels.shape == (1, 2, 3, 40, 40)
    assert (F.normalize(tiny.model.visual(pixels[0]), dim=-1) - features[0]).abs().max() < 1e-5


@pytest.mark.parametrize("sees", ["features", "pixels"])
def test_batches_in_turn_are_those_that_are_asked_for_one_by_one(images, sees):
    """Read ahead or not: what the loop is given is what `batch` gives, of runs that end at different times."""
    batches = Batches.of([run(1, images=8), run(2, images=3, epochs=2), run(3, images=6)], views=2)
    in_turn = list(images.batches(sees, batches.shown()))
    assert len(in_turn) == len(batches.indices)
    for step, seen in enumerate(in_turn):
        chosen, views, _ = batches.batch(step, batches.active(step))
        assert torch.equal(seen, images.batch(sees, views, chosen))


def test_a_picture_that_cannot_be_read_stops_training_with_its_own_error(tiny, images):
    def read(views, indices):
        if 5 in indices:
            raise ValueError("5.jpg: not a readable picture")
        return np.zeros((len(indices), 40, 40, 3), np.uint8)

    broken = replace(images, pixels=Pictures(read, 16))
    with pytest.raises(ValueError, match=r"5.jpg: not a readable picture"):
        train([visual_run(tiny, 1, 16)], broken, plainly(independent(tiny)))


def test_a_run_alone_equals_the_same_run_in_a_fleet_of_fifteen(tiny, images):
    runs = [run(seed, images=4 + seed % 5) for seed in range(15)]
    together, learner = fit(tiny, images, runs)
    for r in (0, 7, 14):
        alone, _ = fit(tiny, images, [run(r, images=4 + r % 5)])
        seen = images.features[:1]
        logits = [learner.forward({"context": c}, seen).logits[0] for c in (together[r : r + 1], alone)]
        assert (logits[0] - logits[1]).abs().max() < 1e-4


def test_a_run_with_visual_prompts_alone_equals_the_same_run_in_a_fleet_of_three(tiny, images):
    sizes = (8, 3, 5)
    learner = independent(tiny)
    runs = [visual_run(tiny, seed, size) for seed, size in enumerate(sizes)]
    together = train(runs, images, plainly(learner))
    for r, size in enumerate(sizes):
        start = visual_run(tiny, r, size).start
        alone = train([visual_run(tiny, r, size)], images, plainly(learner))
        for name, tensor in alone.items():
            moved = (tensor[0] - start[name]).abs().max()
            assert moved > 0 and (together[name][r] - tensor[0]).abs().max() < 1e-3 * moved + 1e-7


@pytest.mark.parametrize("slower", [NO_SAVINGS, replace(ALL_SAVINGS, recompute_above=0)])
def test_fast_and_slow_train_to_the_same_prompt(tiny, images, slower):
    """Without savings the text learner is given pixels, and goes through both towers in full."""
    fast, _ = fit(tiny, images, [run(1)])
    slow, _ = fit(tiny, images, [run(1)], slower)
    assert (fast - slow).abs().max() < 1e-5


@pytest.mark.parametrize("slower", [NO_SAVINGS, replace(ALL_SAVINGS, recompute_above=0)])
def test_fast_and_slow_train_to_the_same_visual_prompt(tiny, images, slower):
    fast, slow = (
        train([visual_run(tiny, 1)], images, plainly(independent(tiny, savings))) for savings in (ALL_SAVINGS, slower)
    )
    for name, tensor in fast.items():
        assert (tensor - slow[name]).abs().max() < 1e-5


def test_the_loop_equals_torch_sgd_written_out(tiny, images):
    """The slow, obvious version: one run, torch.optim.SGD, one image batch at a time."""
    one = run(3)
    plan, views = run(3).batch_plan(2)
    context = one.start["context"].clone().requires_grad_(True)
    optimiser = torch.optim.SGD([context], lr=1.0, momentum=0.9, weight_decay=5e-4)
    learner = coop.Learner(tiny, NAMES, CONTEXT)
    for batch, view, rate in zip(plan, views, one.schedule.rates(8), strict=True):
        optimiser.param_groups[0]["lr"] = rate
        logits = learner.forward({"context": context[None]}, images.features[view, one.images[batch]][None]).logits[0]
        optimiser.zero_grad()
        F.cross_entropy(logits, one.labels[batch]).backward()
        optimiser.step()
    ours, _ = fit(tiny, images, [run(3)])
    assert (ours[0] - context.detach()).abs().max() < 1e-6


def test_a_last_batch_that_is_not_full_weighs_its_own_images_alone(tiny, images):
    """Eight images in batches of three, by torch's SGD on the images that are there."""
    changes = {"batch": 3, "last_batch": "kept", "epochs": 3}
    one = run(4, **changes)
    context = one.start["context"].clone().requires_grad_(True)
    optimiser = torch.optim.SGD([context], lr=1.0, momentum=0.9, weight_decay=5e-4)
    learner = coop.Learner(tiny, NAMES, CONTEXT)
    for batch, view, rate in zip(*run(4, **changes).batch_plan(2), one.schedule.rates(8), strict=True):
        there = batch != NO_IMAGE
        optimiser.param_groups[0]["lr"] = rate
        seen = images.features[view[there], one.images[batch[there]]]
        optimiser.zero_grad()
        logits = learner.forward({"context": context[None]}, seen[None]).logits[0]
        F.cross_entropy(logits, one.labels[batch[there]]).backward()
        optimiser.step()
    ours, _ = fit(tiny, images, [run(4, **changes), run(5)])
    assert (ours[0] - context.detach()).abs().max() < 1e-5


def test_adam_is_torchs_for_every_run(tiny, images):
    """Also where a run of another length has left the fleet; each with its own epsilon."""
    learner = coop.Learner(tiny, NAMES, CONTEXT)
    runs = [run(1, images=8), run(2, images=4, epsilon=1e-3)]
    together = train(runs, images, plainly(learner), optimiser="adam")["context"]
    for index, (seed, count, epsilon) in enumerate([(1, 8, 1e-8), (2, 4, 1e-3)]):
        one = run(seed, images=count)
        context = one.start["context"][None].clone().requires_grad_(True)
        optimiser = torch.optim.Adam([context], eps=epsilon, weight_decay=one.schedule.weight_decay)
        rates = one.schedule.rates(count)
        for rate, indices, views in zip(rates, *one.batch_plan(2), strict=True):
            for group in optimiser.param_groups:
                group["lr"] = rate
            optimiser.zero_grad()
            output = learner.forward({"context": context}, images.features[views, one.images[indices]][None])
            F.cross_entropy(output.logits[0], one.labels[indices]).backward()
            optimiser.step()
        assert (together[index] - context[0]).abs().max() < 1e-5


def test_the_same_run_twice_gives_the_same_bits(tiny, images):
    assert torch.equal(fit(tiny, images, [run(1), run(2)])[0], fit(tiny, images, [run(1), run(2)])[0])


def test_training_leaves_the_start_as_it_was(tiny, images):
    one = run(1)
    tuned, _ = fit(tiny, images, [one])
    assert torch.equal(one.start["context"], run(1).start["context"]) and not torch.equal(
        tuned[0], one.start["context"]
    )


def test_lambda_zero_is_coop(tiny, images, teacher):
    rule = prograd.rule([with_strength(0.0)])
    prograd_context, _ = fit(tiny, images, [run(1)], rule=rule, frozen=FrozenClasses(teacher))
    coop_context, _ = fit(tiny, images, [run(1)])
    assert (prograd_context - coop_context).abs().max() < 1e-6


def test_each_run_of_a_fleet_has_its_own_lambda(tiny, images, teacher):
    both = prograd.rule([with_strength(s) for s in (0.0, 1.0)])
    together, _ = fit(tiny, images, [run(1), run(1)], rule=both, frozen=FrozenClasses(teacher))
    for r, strength in enumerate((0.0, 1.0)):
        rule = prograd.rule([with_strength(strength)])
        alone, _ = fit(tiny, images, [run(1)], rule=rule, frozen=FrozenClasses(teacher))
        assert (together[r] - alone[0]).abs().max() < 1e-5
    assert (together[0] - together[1]).abs().max() > 1e-4


def test_each_run_of_a_fleet_can_have_its_own_weight_and_teacher(tiny, images, teacher):
    """The first run is shorter and leaves: the second must keep its own settings."""
    settings = [lwf.Settings(distillation=weight, temperature=1.0, teacher="template") for weight in (0.0, 2.0)]
    teachers = torch.stack([teacher.flip(0), teacher])
    runs = [run(1, images=4), run(2)]
    together, _ = fit(tiny, images, runs, objective=lwf.objective(settings), frozen=FrozenClasses(teachers))
    for r, (setting, size) in enumerate(zip(settings, (4, 8), strict=True)):
        objective = lwf.objective([setting])
        alone, _ = fit(tiny, images, [run(r + 1, images=size)], objective=objective, frozen=FrozenClasses(teachers[r]))
        assert (together[r] - alone[0]).abs().max() < 1e-5


def test_a_reference_is_of_the_images_of_the_step_in_their_views_whatever_the_learner_sees(tiny, images, teacher):
    """The second run is longer: at its last steps it is alone."""
    seen = []

    def objective(output, batch):
        seen.append(batch)
        return cross_entropy.loss(output, batch)

    runs = [replace(visual_run(tiny, seed, size), schedule=schedule(epochs=1)) for seed, size in ((1, 4), (2, 8))]
    planned = Batches.of([replace(visual_run(tiny, s, n), schedule=schedule(epochs=1)) for s, n in ((1, 4), (2, 8))], 2)
    method = TrainingMethod(independent(tiny), objective, plain.gradients)
    train(runs, images, method, FrozenClasses(reference=teacher))
    assert [len(batch.runs) for batch in seen] == [2, 1]
    for step, batch in enumerate(seen):
        shown, views, _ = planned.batch(step, batch.runs)
        assert torch.equal(batch.reference.classes, teacher)
        assert torch.equal(batch.reference.images, images.features[views, shown])


def test_each_run_of_a_fleet_has_its_own_schedule(tiny, images):
    """Rate, momentum and decay; the first run leaves before the others end."""
    changes = ({"epochs": 2}, {"rate": 0.2, "momentum": 0.0}, {"momentum": 0.5, "weight_decay": 0.1})
    together, _ = fit(tiny, images, [run(r, **changed) for r, changed in enumerate(changes)])
    for r, changed in enumerate(changes):
        alone, _ = fit(tiny, images, [run(r, **changed)])
        assert (together[r] - alone[0]).abs().max() < 1e-6


def test_weight_decay_and_momentum_act_after_the_rule(tiny, images):
    """With a gradient of nothing, what is left is decay: v = 0.9 v + 5e-4 w, w = w - rate v."""

    def nothing(step):
        losses, gradients = plain.gradients(step)
        return losses, {name: torch.zeros_like(tensor) for name, tensor in gradients.items()}

    tuned, _ = fit(tiny, images, [run(1)], rule=nothing)
    shrunk, velocity = 1.0, 0.0
    for rate in schedule().rates(8):
        velocity = 0.9 * velocity + 5e-4 * shrunk
        shrunk -= rate * velocity
    assert torch.allclose(tuned[0], shrunk * run(1).start["context"], rtol=1e-5, atol=0)


def test_a_loss_that_is_not_finite_stops_with_the_remedy(tiny, images):
    with pytest.raises(FloatingPointError, match="lower the learning rate"):
        fit(tiny, Images(images.features * math.nan), [run(1)])


def soft(one: Run) -> Run:
    """The same run with its labels as rows."""
    return replace(one, labels=F.one_hot(one.labels, len(NAMES)).float())


def test_labels_of_one_class_train_alike_as_indices_and_as_rows(tiny, images):
    runs = [(1, 8), (2, 3)]
    hard, _ = fit(tiny, images, [run(*values) for values in runs])
    rows, _ = fit(tiny, images, [soft(run(*values)) for values in runs])
    assert (hard - rows).abs().max() < 1e-6


@pytest.mark.parametrize("class_mask", ["zero", "exclude"])
def test_several_tasks_train_together_under_a_class_mask(tiny, images, class_mask):
    """Classes 0 and 1 are one task, 2 and 3 another; a foreign class's own context must not move but by decay."""
    own = torch.tensor([[1, 1, 0, 0], [0, 0, 1, 1]]).bool()

    def multitask_run(seed: int, count: int, first_task_only: bool = False) -> Run:
        one = run(seed, count, start=lambda s: {"context": 0.02 * torch.randn(4, 3, 32, generator=s)}, weight_decay=0.0)
        labels = one.labels % 2 if first_task_only else one.labels
        return replace(one, labels=labels, allowed=own[labels // 2])

    objective = multitask.objective([multitask.Settings(class_mask=class_mask, sampling="image")] * 2)
    runs = [multitask_run(1, 8), multitask_run(2, 6, first_task_only=True)]
    starts = torch.stack([one.start["context"] for one in runs])
    tuned, _ = fit(tiny, images, runs, objective=objective)
    moved = (tuned - starts).abs().amax(dim=(2, 3))
    assert (moved[0] > 0).all()
    assert (moved[1, :2] > 0).all()
    assert (moved[1, 2:] == 0).all()
