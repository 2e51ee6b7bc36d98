"""The class features of the untouched CLIP that an objective holds on to: KgCoOp's, PromptSRC's.

K classes of all tasks together, E joint width
"""

import torch
from torch import Tensor

from reprompt.cells.cell import Cell
from reprompt.clip.backbones import Backbone
from reprompt.learners.templates import reference_features, reference_templates
from reprompt.training.training_set import TrainingSet


def reference(cell: Cell, training: TrainingSet, backbone: Backbone) -> Tensor:
    """Class features (K, E), normalised, by the texts that the cell's objective names; of each task by its own."""
    settings = cell.referenced
    of_tasks = []
    for data in training.tasks:
        template = settings.reference_template or data.split.template
        templates = reference_templates(settings.reference, template)
        of_tasks.append(reference_features(backbone, data.split.names(training.part), templates))
    return torch.cat(of_tasks)
