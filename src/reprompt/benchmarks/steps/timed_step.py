"""One training step, the loop's own, in the two ways that are compared.

Released: what the papers' own code computes. 77 tokens of every class go through the text tower, the image tower runs
in the loop, fixed class texts are encoded again in every step (MVLPT), and ProGrad's zero-shot teacher has an image
tower of its own. Its two gradients come from one forward pass there too (`loss.backward(retain_graph=True)`), so that
saving is not counted as ours.

    B images, K classes
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from reprompt.benchmarks.steps.class_names import class_names
from reprompt.benchmarks.steps.workloads import PROGRAD, Workload
from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.clip.savings import ALL_SAVINGS, NO_SAVINGS, Savings
from reprompt.foundation.streams import torch_stream
from reprompt.gradients import plain, prograd
from reprompt.gradients.step import Rule
from reprompt.learners.learner import frozen_image_features
from reprompt.learners.templates import class_features
from reprompt.objectives import cross_entropy
from reprompt.objectives.batch import Batch
from reprompt.training.optimisers import SGD
from reprompt.training.step import TrainingMethod, training_step

RELEASED = replace(NO_SAVINGS, one_forward=True)
FAST = ALL_SAVINGS
RATE, MOMENTUM, DECAY = 0.002, 0.9, 5e-4


@dataclass(frozen=True)
class TimedStep:
    """A step of one run on the same random images every time; calling it takes it and gives what it computed.

    `images` are features (1, B, E) or pixels (1, B, 3, H, W), `labels` (1, B); `teach` gives a teacher's logits
    (1, B, K), or None.
    """

    method: TrainingMethod
    optimiser: SGD
    images: Tensor
    labels: Tensor
    teach: Callable[[], Tensor | None]

    def __call__(self) -> tuple[Tensor, Params]:
        """The losses (1,) and the gradients, each (1, ...), before the step."""
        kind = {"device": self.labels.device, "dtype": self.method.learner.backbone.learned_dtype}
        weights = torch.full(self.labels.shape, 1 / self.labels.shape[1], **kind)
        batch = Batch(self.labels, weights, torch.tensor([0], device=self.labels.device), self.teach())
        step = self.method.step_on(self.optimiser.params, self.images, batch)
        losses, gradients = training_step(step, self.method.rule, self.optimiser, torch.tensor([RATE], **kind))
        return losses.detach(), gradients


def timed_step(backbone: Backbone, workload: Workload, savings: Savings) -> TimedStep:
    """The step of a workload, its images, labels and start the same whatever the savings."""
    names, device = class_names(workload.classes), backbone.device
    learner = workload.learner.Learner(backbone, names, workload.settings, savings)
    stream = torch_stream(0, "bench steps", workload.title, workload.classes)
    size = backbone.image_size
    images = torch.randn(1, workload.batch, 3, size, size, generator=stream).to(device)
    labels = torch.randint(workload.classes, (1, workload.batch), generator=stream).to(device)
    start = learner.start(workload.initialisation, stream)
    params = {name: tensor[None].to(device, backbone.learned_dtype) for name, tensor in start.items()}
    decay, momentum = torch.tensor([[DECAY], [MOMENTUM]], device=device, dtype=backbone.learned_dtype)
    if learner.sees == "features":
        images = frozen_image_features(backbone, images)
    return TimedStep(
        TrainingMethod(learner, cross_entropy.loss, _rule(workload)),
        SGD(params, decay, momentum),
        images,
        labels,
        teach=_teacher(backbone, names, images) if workload.rule == PROGRAD else lambda: None,
    )


def _rule(workload: Workload) -> Rule:
    if workload.rule == PROGRAD:
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
