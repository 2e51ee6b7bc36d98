"""Class features with nothing learned: zero-shot CLIP and the prompt ensemble."""

from dataclasses import dataclass

from torch import Tensor

from reprompt.cells.cell import Cell, TestSet
from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.evaluation.evaluate import Results, results_of
from reprompt.evaluation.task_data import Tasks
from reprompt.learners.output import LearnerOutput
from reprompt.training.axes import member


@dataclass(frozen=True)
class Fixed:
    """A learner with nothing to learn: class features (K, E)."""

    backbone: Backbone
    classes: Tensor
    sees = "features"
    images_at_once = None

    def forward(self, params: Params, images: Tensor) -> LearnerOutput:
        """Image features (1, B, E), normalised -> features and logits; there are no learned tensors."""
        return LearnerOutput(images, self.classes[None], self.backbone.scale)


def fixed(cell: Cell, tasks: Tasks, backbone: Backbone) -> Results:
    """Results by test set of class features with nothing learned."""
    classes = member("learner", cell.method).classes

    def learner(test: TestSet) -> Fixed:
        split = tasks[test.task].split
        return Fixed(backbone, classes(backbone, split.task, split.template, split.names(test.split)))

    (results,) = results_of([cell], tasks, learner, {})
    return results
