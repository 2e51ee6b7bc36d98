"""A meta-learned start as a cell: the corpus that its experiment names, its settings, and what the loop leaves."""

from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np

from reprompt.cells.cell import Cell
from reprompt.cells.fleets import SCHEDULE
from reprompt.cells.members import AXES
from reprompt.cells.tuning import Episodes
from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.evaluation.task_data import TaskData, Tasks
from reprompt.foundation.arrays import Arrays
from reprompt.foundation.streams import torch_stream
from reprompt.gradients.gram import REGULATOR
from reprompt.learners.learner import Learner
from reprompt.training.loop import Schedule
from reprompt.training.meta.bilevel import widths
from reprompt.training.meta.corpus import Corpus
from reprompt.training.meta.episodes import Sampler
from reprompt.training.meta.train import Outer, arrays_of, meta_train


def learned(
    cell: Cell, tasks: Tasks, backbone: Backbone, unfinished: Path, steps: int | None = None
) -> tuple[Params, Arrays]:
    """Prompts and regulators that a cell meta-learns, as named tensors, and the trace of its meta-training.

    `unfinished` is where the state of a killed run lies; `steps` stops after the first so many.
    """
    (task,) = cell.together
    tuned, inner = cell.tuned, Episodes.of(cell.resolved)
    learner_among = partial(_learner, cell, backbone)
    stream = torch_stream(cell.seed, "start", "meta")
    prompts = _member(cell, "start").start(learner_among(["a"]), tuned.initialisation, stream, {})
    prompts = {name: tensor.to(backbone.device) for name, tensor in prompts.items()}
    outer = Outer(
        Schedule(**{name: getattr(tuned, name) for name in SCHEDULE}),
        inner.inner_rate,
        first_order=inner.order == "first",
        clip_norm=inner.clip_norm,
        adam=tuned.optimiser == "adam",
    )
    regulators, rule = None, cell.settings_of("gradient")
    if rule.regulated:
        kind = REGULATOR[rule.regulator_input]
        regulators = {of: kind.scaling(width, rule.regulator_start) for of, width in widths(prompts).items()}
        outer = replace(outer, regulator_rate=rule.regulator_rate, kind=kind)
    corpus = _corpus(tasks[task], cell, backbone, learner_among)
    params, trace = meta_train(prompts, regulators, corpus, outer, cell.seed, unfinished, steps)
    return params, arrays_of(trace)


def _learner(cell: Cell, backbone: Backbone, names: list[str]) -> Learner:
    return _member(cell, "learner").Learner(backbone, names, cell.learner)


def _member(cell: Cell, axis: str) -> ModuleType:
    return import_module(f"reprompt.{AXES[axis]}.{cell.method.members[axis]}")


def _corpus(data: TaskData, cell: Cell, backbone: Backbone, learner_among) -> Corpus:
    """A task as what episodes are made of; one without domains has one domain per topic."""
    inner, labels = Episodes.of(cell.resolved), np.asarray(data.split.train_labels)
    domains = np.zeros_like(labels) if data.split.domains is None else np.asarray(data.split.domains)
    one_domain = inner.support_from == "one_domain"
    sampler = Sampler(labels, domains, inner.ways, cell.shots, inner.queries, one_domain)
    objective = _member(cell, "objective").objective([cell.settings_of("objective")])
    images = data.training_images(backbone, cell.tuned.augmentation)
    return Corpus(images, data.split.class_names, sampler, learner_among, objective)
