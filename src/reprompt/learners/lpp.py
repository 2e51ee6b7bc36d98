"""LP++: a linear probe with a learned share of the class texts. Huang et al., CVPR 2024, arXiv:2404.02285.

    paper     here       meaning
    w_k       weight     (K, E) on the normalised image feature, started at the sum over the few-shot images of k
    alpha_k   alpha      (K,) how much of the class text is in; started at 250 times its mean cosine with them
    t_k       classes    text features, frozen; logits are f . (w_k + alpha_k t_k) + b_k, with no temperature   eq. 4
    b_k       bias       the released code's, random at its start; the paper has none
    1/gamma   *_step     step sizes from the data, as in the released code                                   section 3.3

Steps are block by block: a step on weight and bias every time, one on alpha every `alpha_every` steps. The paper's
blocks take a step by the gradient there; the released code has momentum on weight and bias and never clears alpha's
gradient, so that its steps take the sum of all gradients so far: `accumulate`, true in all of its tables. These report
the epoch that is best on validation images; here it is the last.
"""

import torch
import torch.nn.functional as F
from pydantic import PositiveInt
from torch import Tensor

from reprompt.cells.axes import OfClassTexts, Widths
from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.clip.savings import ALL_SAVINGS, Savings
from reprompt.learners.affine import default_affine
from reprompt.learners.fixed_texts import FixedTexts
from reprompt.learners.learner import Shown, frozen_image_features, seen_by_frozen_tower
from reprompt.learners.output import LearnerOutput
from reprompt.learners.templates import class_features

ALPHA = 250.0  # of the mean cosine, where alpha starts


class Settings(OfClassTexts):
    """How often alpha is stepped, and whether by the sum of all gradients; the start sees images of `augmentation`."""

    label = "LP++"
    of_its_images = True
    held = ("weight_step", "alpha_step")
    of_one_class = True
    own_optimiser = True

    alpha_every: PositiveInt = 10
    accumulate: bool = True
    augmentation: str = "none"

    @property
    def weights_per_class(self) -> bool:
        """A vector and two numbers each."""
        return True

    def beside_prompts(self, widths: Widths) -> int:
        """Vectors, biases and shares."""
        return widths.classes * (widths.joint + 2)


class Learner:
    """Classifies by a linear layer that the class texts are mixed into."""

    images_at_once = Settings.images_at_once

    def __init__(self, backbone: Backbone, class_names: list[str], settings: Settings, savings: Savings = ALL_SAVINGS):
        self.backbone, self.settings, self.classes = backbone, settings, len(class_names)
        self.sees = seen_by_frozen_tower(savings)
        self.texts = FixedTexts(lambda: class_features(backbone, class_names, settings.class_texts, savings), savings)

    def start(self, initialisation: str, stream: torch.Generator) -> Params:
        """bias (K,), as PyTorch starts that of a linear layer."""
        return {"bias": default_affine("layer", self.backbone.joint_width, self.classes, stream)["layer_bias"]}

    def of_images(self, shown: Shown) -> Params:
        """weight (K, E), alpha (K,), and the step sizes of both, numbers; of several views the first is taken."""
        features = F.normalize(shown.trained_on(self.settings.augmentation)[0], dim=-1)
        of_class = F.one_hot(shown.labels, shown.classes).to(features.dtype)  # (N, K)
        cosines, count = features @ self.texts.features.to(features).T, len(features)
        own = (cosines * of_class).sum(dim=0) / of_class.sum(dim=0)
        largest = torch.linalg.eigvalsh(features.T @ features)[-1]
        return {
            "weight": of_class.T @ features,
            "alpha": (ALPHA * own.mean()).expand(shown.classes),
            "weight_step": 4 * count / largest,
            "alpha_step": count / (4 * cosines.square().sum(dim=0).max()),
        }

    def forward(self, params: Params, images: Tensor) -> LearnerOutput:
        """`weight` (R, K, E), `alpha` and `bias` (R, K), and images -> features, class texts and logits.

        The cosines of the texts are in the logits once; what is beside them is all the rest.
        """
        features, texts = frozen_image_features(self.backbone, images), self.texts.features
        mixed = params["weight"] + (params["alpha"] - 1)[..., None] * texts
        beside = features @ mixed.transpose(1, 2) + params["bias"][:, None]
        return LearnerOutput(features, texts.expand(len(mixed), -1, -1), beside.new_ones(()), beside=beside)

    def optimiser(self, params: Params, momentum: Tensor) -> "BlockSteps":
        """The block-wise steps of R runs with their tensors, each (R, ...), and a momentum (R,) of weight and bias."""
        return BlockSteps(params, momentum, self.settings)


class BlockSteps:
    """Steps on weight and bias every time, and every so often on alpha; a rate of 1 is LP++'s own step sizes.

    R runs of the fleet, R' of them in a step
    """

    def __init__(self, params: Params, momentum: Tensor, settings: Settings):
        self.params = {name: tensor for name, tensor in params.items() if name not in settings.held}
        self.sizes, self.momentum, self.settings, self.steps = params, momentum, settings, 0
        self.velocity = {name: torch.zeros_like(self.params[name]) for name in ("weight", "bias")}
        self.pushed = torch.zeros_like(self.params["alpha"])

    @torch.no_grad()
    def step(self, gradients: Params, runs: Tensor, rates: Tensor) -> None:
        """One step of some runs, indices (R',), by their gradients, each (R', ...), at their rates (R',)."""
        self.steps += 1
        of_weight, of_alpha = (rates * self.sizes[f"{name}_step"][runs] for name in ("weight", "alpha"))
        for name, velocity in self.velocity.items():
            beside = (-1, *[1] * (velocity.ndim - 1))
            velocity[runs] = self.momentum[runs].view(beside) * velocity[runs] + gradients[name]
            self.params[name][runs] -= of_weight.view(beside) * velocity[runs]
        summed = self.pushed[runs] if self.settings.accumulate else 0
        self.pushed[runs] = summed + gradients["alpha"]
        if self.steps % self.settings.alpha_every == 0:
            self.params["alpha"][runs] -= of_alpha[:, None] * self.pushed[runs]
