"""The full-data oracle of ProGrad's Figure 7, one of its teachers. arXiv:2205.14865."""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from reprompt.cells.cell import Cell
from reprompt.clip.backbones import Backbone
from reprompt.evaluation.task_data import TaskData
from reprompt.foundation.streams import torch_stream
from reprompt.training.axes import learner_of_cell, training_method_of
from reprompt.training.loop import train
from reprompt.training.run import Run, Sampling
from reprompt.training.schedule import schedule_of


def oracle(cell: Cell, data: TaskData, backbone: Backbone) -> Tensor:
    """Class features (K, E) of a CoOp prompt tuned on all training images of the classes that a cell learns.

    These are the images whose features are kept: of real data at most `data.pool` of a class. It has the cell's context
    and start, epochs of its own, and streams of its own: one oracle teaches all shots and seeds. The features are
    normalised and on the backbone's device.
    """
    split, part, tuned = data.split, cell.learns, cell.oracle
    coop = replace(cell, recipe="coop")
    learner = learner_of_cell(coop, split.names(part), backbone)
    labels = np.asarray(split.train_labels)
    images = np.flatnonzero(np.isin(labels, split.classes(part)))
    streams = (
        torch_stream(0, "oracle", purpose, cell.protocol, cell.task) for purpose in ("start", "batches", "views")
    )
    start = learner.start(tuned.initialisation, next(streams))
    run = Run(
        torch.from_numpy(images),
        torch.from_numpy(labels[images] - split.classes(part)[0]),
        start,
        schedule_of(tuned),
        Sampling(*streams, fresh=tuned.augmentation == "fresh"),
    )
    params = train([run], data.training_images(backbone, tuned.augmentation), training_method_of([coop], learner))
    with torch.no_grad():  # of any image: a CoOp prompt is the same for all
        return learner.forward(params, data.features.normalised_test[:1][None].to(backbone.device)).classes[0]
