"""One training step, as `reprompt.training.loop` takes it, in the two ways that are compared.

Released: what the papers' own code computes. 77 tokens of every class go through the text tower, the image tower runs
in the loop, fixed class texts are encoded again in every step (MVLPT), and ProGrad's zero-shot teacher has an image
tower of its own. Its two gradients come from one forward pass there too (`loss.backward(retain_graph=True)`), so that
saving is not counted as ours.

    B images, K classes
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from reprompt.benchmarks.steps.class_names import class_names
from reprompt.benchmarks.steps.settings import PROGRAD, Setting
from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.clip.savings import ALL_SAVINGS, NO_SAVINGS, Savings
from reprompt.foundation.streams import torch_stream
from reprompt.gradients import plain, prograd
from reprompt.gradients.step import Rule, Step
from reprompt.learners.learner import Learner, frozen_image_features
from reprompt.learners.templates import class_features
from reprompt.objectives import cross_entropy
from reprompt.objectives.batch import Batch
from reprompt.training.loop import sgd_step

RELEASED = replace(NO_SAVINGS, one_forward=True)
FAST = ALL_SAVINGS
RATE, MOMENTUM, DECAY = 0.002, 0.9, 5e-4


@dataclass(frozen=True)
class TrainingStep:
    """A step of one run on the same random images every time; calling it steps `params` and tells what it computed."""

    learner: Learner
    rule: Rule
    images: Tensor
    labels: Tensor
    teach: Callable[[], Tensor | None]
    params: Params
    velocity: Params

    def __call__(self) -> tuple[Tensor, Params]:
        """The losses (1,) and the gradients, each (1, ...), before the step."""
        place = {"device": self.labels.device, "dtype": self.learner.backbone.learned_dtype}
        active = torch.tensor([0], device=self.labels.device)
        rate, momentum, decay = torch.tensor([[RATE], [MOMENTUM], [DECAY]], **place)
        leaves = {name: tensor[active].requires_grad_(True) for name, tensor in self.params.items()}
        weights = torch.full(self.labels.shape, 1 / self.labels.shape[1], **place)
        batch = Batch(self.labels, weights, active, self.teach())
        forward = partial(self.learner.forward, leaves, self.images)
        losses, gradients = self.rule(Step(leaves, forward, cross_entropy.loss, batch))
        if not torch.isfinite(losses).all():
            raise FloatingPointError(f"the loss is {losses.tolist()}")
        sgd_step(self.params, self.velocity, gradients, active, rate, momentum, decay)
        return losses.detach(), gradients


def training_step(backbone: Backbone, setting: Setting, savings: Savings) -> TrainingStep:
    """The step of a setting, its images, labels and start the same whatever the savings."""
    names, device = class_names(setting.classes), backbone.device
    learner = setting.learner.Learner(backbone, names, setting.settings, savings)
    stream = torch_stream(0, "bench steps", setting.title, setting.classes)
    size = backbone.image_size
    images = torch.randn(1, setting.batch, 3, size, size, generator=stream).to(device)
    labels = torch.randint(setting.classes, (1, setting.batch), generator=stream).to(device)
    start = learner.start(setting.initialisation, stream)
    params = {name: tensor[None].to(device, backbone.learned_dtype) for name, tensor in start.items()}
    if learner.sees == "features":
        images = frozen_image_features(backbone, images)
    return TrainingStep(
        learner=learner,
        rule=_rule(setting),
        images=images,
        labels=labels,
        teach=_teacher(backbone, names, images) if setting.rule == PROGRAD else lambda: None,
        params=params,
        velocity={name: torch.zeros_like(tensor) for name, tensor in params.items()},
    )


def _rule(setting: Setting) -> Rule:
    if setting.rule == PROGRAD:
        settings = {"lambda": 1.0, "projection": "per_tensor", "temperature": 1.0, "teacher": "template"}
        return prograd.rule([prograd.Settings(**settings)])
    return plain.gradients


def _teacher(backbone: Backbone, names: list[str], images: Tensor) -> Callable[[], Tensor]:
    """Zero-shot CLIP's logits (1, B, K) of features, or of pixels, which it then encodes in every step by itself."""
    with torch.no_grad():
        classes = class_features(backbone, names, ("a photo of a {}.",))
    return lambda: backbone.scale * frozen_image_features(backbone, images) @ classes.T


def apart(one: tuple[Tensor, Params], other: tuple[Tensor, Params]) -> float:
    """The largest relative difference of two steps' losses and gradients, tensor by tensor (norms)."""
    (one_losses, one_gradients), (other_losses, other_gradients) = one, other
    pairs = [(one_losses, other_losses), *((one_gradients[name], other_gradients[name]) for name in one_gradients)]
    return max(float((a - b).norm() / b.norm().clamp(min=torch.finfo(b.dtype).tiny)) for a, b in pairs)
