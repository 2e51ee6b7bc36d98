"""The teacher behind distillation and ProGrad's general direction: templates, or a prompt tuned on all images."""

from torch import Tensor

from reprompt.cells.cell import Cell
from reprompt.clip.backbones import Backbone
from reprompt.evaluation.task_data import TaskData
from reprompt.learners.templates import class_features, teacher_templates
from reprompt.training.oracle import oracle


def teacher(cell: Cell, data: TaskData, backbone: Backbone) -> Tensor:
    """Class features (K, E), normalised, of the teacher that a cell's settings name, among the classes it learns."""
    split, kind = data.split, cell.taught.teacher
    if kind == "oracle":
        return oracle(cell, data, backbone)
    templates = teacher_templates(kind, split.task, split.template)
    return class_features(backbone, split.names(cell.learns), templates)
