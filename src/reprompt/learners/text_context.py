"""CoOp: learnable context vectors before the class name. Zhou et al., IJCV 2022, arXiv:2109.01134.

    paper     here       meaning
    [V]_m     context    M learnable vectors of the text tower's width, shared by all classes      eq. 2
    g(t_k)    classes    normalised feature of "[start] [V]_1 ... [V]_M name . [end]"
    f         images     normalised image feature, frozen (and cached)

A context equal to the token embeddings of "a photo of a" is zero-shot CLIP with the template "a photo of a {}.".
"""

from torch import Tensor

from reprompt.clip.backbones import Backbone
from reprompt.clip.text import ALL_SAVINGS, NamePrompts, Savings
from reprompt.learners.outcome import Outcome

Params = dict[str, Tensor]


class Learner:
    """Classifies among `class_names` by prompts with a learned context."""

    def __init__(self, backbone: Backbone, class_names: list[str], savings: Savings = ALL_SAVINGS):
        self.backbone, self.savings = backbone, savings
        self.prompts = NamePrompts.of(backbone.model, class_names)

    def forward(self, params: Params, images: Tensor) -> Outcome:
        """`params["context"]` (R, M, D) and normalised image features (R or 1, B, E) -> features and logits."""
        classes = self.prompts.encode(self.backbone.model, params["context"], self.savings)
        return Outcome(images, classes, self.backbone.scale)
