"""A meta-learned start as a cell: the corpus that its experiment names, its settings, and what the loop leaves."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from reprompt.cells.cell import Cell
from reprompt.cells.tuning import Episodes
from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.evaluation.task_data import TaskData, Tasks
from reprompt.foundation.arrays import Arrays
from reprompt.foundation.streams import numpy_stream, torch_stream
from reprompt.gradients.gram import REGULATOR
from reprompt.training.axes import learner_of_cell, member
from reprompt.training.meta.agreement import HeldOut
from reprompt.training.meta.bilevel import Outer, widths
from reprompt.training.meta.corpus import LearnerAmong, MetaTrainingSet, TopicImages
from reprompt.training.meta.episodes import EpisodeSampler
from reprompt.training.meta.train import arrays_of, meta_train
from reprompt.training.schedule import schedule_of

HELD_OUT_BATCHES = 2  # meta-batches of held-out episodes: eight where four make an outer step


def learned(
    cell: Cell, tasks: Tasks, backbone: Backbone, unfinished: Path, steps: int | None = None
) -> tuple[Params, Arrays]:
    """Prompts and regulators that a cell meta-learns, as named tensors, and the trace of its meta-training.

    Tensors have no run axis and are on the backbone's device. `unfinished` is where the state of a killed run lies;
    `steps` stops after the first so many outer steps.
    """
    (task,) = cell.together
    tuned, episodes = cell.tuned, Episodes.of(cell.resolved)
    learner_among = partial(learner_of_cell, cell, backbone=backbone, templates=[tasks[task].split.template])
    stream = torch_stream(cell.seed, "start", "meta")
    phrase = "random" if episodes.begins_at == "random" else tuned.initialisation
    prompts = member("start", cell.method).start(learner_among(["a"]), phrase, stream, {})
    prompts = {name: tensor.to(backbone.device) for name, tensor in prompts.items()}
    outer = Outer(
        schedule_of(tuned),
        inner_rate=episodes.inner_rate,
        first_order=episodes.order == "first",
        clip_norm=episodes.clip_norm,
        adam=tuned.optimiser == "adam",
        stop_after=steps,
    )
    regulators, rule = None, cell.settings_of("gradient")
    if rule.regulated:
        kind = REGULATOR[rule.regulator_input]
        regulators = {
            modality: kind.scaling(width, rule.regulator_start) for modality, width in widths(prompts).items()
        }
        outer = replace(outer, regulator_rate=rule.regulator_rate, kind=kind)
    training_set = _training_set(tasks[task], cell, backbone, learner_among)
    params, trace = meta_train(prompts, regulators, training_set, outer, cell.seed, unfinished)
    return params, arrays_of(trace)


def _training_set(data: TaskData, cell: Cell, backbone: Backbone, learner_among: LearnerAmong) -> MetaTrainingSet:
    """A task as what episodes are made of, and fixed ones of its test images, on which nothing is trained.

    Those are drawn once, by a stream of their own: the same for all learners and at all seeds. Their topics are those
    of meta-training, as their pictures are not. A task without domains has one domain per topic.
    """
    split, batch = data.split, cell.tuned.batch
    if (split.domains is None) != (split.test_domains is None):
        raise ValueError(
            f"the split of {split.task} knows no domains of its test images: `reprompt corpus` writes it anew"
        )
    objective = member("objective", cell.method).objective([cell.settings_of("objective")])
    train, test = (
        TopicImages(images, split.class_names, learner_among, objective)
        for images in (data.training_images(backbone, cell.tuned.augmentation), data.test_images(backbone))
    )
    stream = numpy_stream(0, "held-out episodes", split.task)
    try:
        held_out = _sampler(cell, split.test_labels, split.test_domains)
    except ValueError as few:
        raise ValueError(f"{split.task}: of its test images, from which episodes are held out: {few}") from None
    fixed = [test.losses(held_out.episodes(batch, stream)) for _ in range(HELD_OUT_BATCHES)]
    return MetaTrainingSet(train, _sampler(cell, split.train_labels, split.domains), HeldOut(fixed, batch))


def _sampler(cell: Cell, labels: list[int], domains: list[int] | None) -> EpisodeSampler:
    """What draws the episodes of a cell from images with these labels and domains."""
    episodes, labels = Episodes.of(cell.resolved), np.asarray(labels)
    domains = np.zeros_like(labels) if domains is None else np.asarray(domains)
    one_domain = episodes.support_from == "one_domain"
    return EpisodeSampler(labels, domains, episodes.ways, cell.shots, episodes.queries, one_domain)
