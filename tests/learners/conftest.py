"""Every kind of learner, on tiny CLIPs in double precision, where exact means 12 digits."""

from dataclasses import dataclass
from types import ModuleType

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from reprompt.cells.axes import LearnerSettings
from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.clip.savings import ALL_SAVINGS, Savings
from reprompt.clip.unprojected import unprojected_features
from reprompt.clip.weights import build, freeze
from reprompt.learners import (
    clap,
    clip_adapter,
    clip_lora,
    cocoop,
    coop,
    cosine,
    ivlp,
    lpp,
    maple,
    prolip,
    taskres,
    tip_adapter_f,
    upt,
    vpt,
)
from reprompt.learners.learner import Learner, Shown
from reprompt.learners.output import LearnerOutput

NAMES = ["cat", "a very long class name indeed", "dog", "C-130_aircraft"]
TEXT = {"width": 32, "heads": 2, "layers": 3}
COOP, IVLP, UPT = (
    {"context_length": 3},
    {"context_length": 2, "visual_length": 2},
    {"context_length": 3, "mix_width": 8},
)
LORA = {"lora_text_layers": 3, "lora_image_layers": 3}
UPT = {**UPT, "visual_length": 2, "visual_start": "uniform", "placement": "after_norm", "position": "middle"}

KINDS: dict[str, tuple[ModuleType, dict]] = {
    "CoOp": (coop, COOP),
    "CoOp, name in the middle": (coop, {**COOP, "position": "middle"}),
    "CoOp, name in front": (coop, {**COOP, "position": "front"}),
    "CoOp, class-specific": (coop, {**COOP, "class_specific": True}),
    "CoOp, class-specific, middle": (coop, {**COOP, "class_specific": True, "position": "middle"}),
    "CoOp, class-specific, front": (coop, {**COOP, "class_specific": True, "position": "front"}),
    "CoCoOp": (cocoop, COOP),
    "VPT shallow": (vpt, {"visual_depth": 1, "visual_length": 2}),
    "VPT shallow, after norm": (vpt, {"visual_depth": 1, "visual_length": 2, "placement": "after_norm"}),
    "VPT at two of three layers": (vpt, {"visual_depth": 2, "visual_length": 2}),
    "VPT deep": (vpt, {"visual_depth": 3, "visual_length": 2}),
    "VPT deep, after norm": (
        vpt,
        {"visual_depth": 3, "visual_length": 2, "placement": "after_norm", "visual_start": "uniform"},
    ),
    "VPT deep, projected": (vpt, {"visual_depth": 3, "visual_length": 2, "project_width": 5}),
    "IVLP 3 + 1": (ivlp, {**IVLP, "text_depth": 3, "visual_depth": 1}),
    "IVLP 1 + 3": (ivlp, {**IVLP, "text_depth": 1, "visual_depth": 3}),
    "IVLP 2 + 2, frozen words": (ivlp, {**IVLP, "text_depth": 2, "visual_depth": 2, "words": "of a"}),
    "IVLP 1 + 1, name in the middle": (
        ivlp,
        {**IVLP, "text_depth": 1, "visual_depth": 1, "position": "middle"},
    ),
    "deep text only": (ivlp, {**IVLP, "text_depth": 3, "visual_depth": 0}),
    "MaPLe 1": (maple, {"context_length": 2, "depth": 1}),
    "MaPLe 2": (maple, {"context_length": 2, "depth": 2, "words": "of a"}),
    "UPT, tokens": (upt, {**UPT, "visual_depth": 1, "attention": "tokens"}),
    "UPT, itself": (upt, {**UPT, "visual_depth": 2, "attention": "itself"}),
    "UPT, two blocks of two heads": (
        upt,
        {**UPT, "visual_depth": 2, "attention": "tokens", "mix_heads": 2, "mix_layers": 2},
    ),
    "UPT, class-specific": (
        upt,
        {**UPT, "visual_depth": 2, "attention": "tokens", "class_specific": True},
    ),
    "cosine classifier": (cosine, {}),
    "CLIP-Adapter": (clip_adapter, {"adapter_ratio": 0.4}),
    "Tip-Adapter-F": (tip_adapter_f, {"cache_views": 2, "cache_weight": 3.0}),
    "TaskRes": (taskres, {}),
    "ProLIP": (prolip, {}),
    "LP++": (lpp, {}),
    "CLAP": (clap, {}),
    "CLIP-LoRA": (clip_lora, LORA),
    "CLIP-LoRA of values and outputs": (clip_lora, {**LORA, "lora_matrices": ("v", "o"), "lora_image_layers": 2}),
    "CLIP-LoRA of text": (clip_lora, {**LORA, "lora_towers": "text"}),
    "CLIP-LoRA of images": (clip_lora, {**LORA, "lora_towers": "image", "lora_rank": 3}),
}


@dataclass(frozen=True)
class Kind:
    """A learner to be, with its settings."""

    module: ModuleType
    settings: dict
    backbone: Backbone

    @property
    def typed(self) -> LearnerSettings:
        return self.module.Settings.of(self.settings)

    def learner(self, savings: Savings = ALL_SAVINGS, names: list[str] = NAMES) -> Learner:
        return self.module.Learner(self.backbone, names, self.typed, savings)

    def params(self, runs: int = 2) -> Params:
        """Learned tensors of some runs, moved well away from their start: biases are not zero, prompts not small."""
        stream, learner = torch.Generator().manual_seed(1), self.learner()
        starts = [learner.start("random", stream) | self.of_images(learner, stream) for _ in range(runs)]
        stacked = {name: torch.stack([start[name] for start in starts]) for name in starts[0]}
        moved = {name: t + 0.3 * torch.randn(t.shape, generator=stream) for name, t in stacked.items()}
        return {name: tensor.to(self.backbone.learned_dtype) for name, tensor in moved.items()}

    def of_images(self, learner: Learner, stream: torch.Generator) -> Params:
        """What a learner makes of six images in two views; nothing of one that makes nothing of images."""
        if not self.typed.of_its_images:
            return {}
        views = torch.randn(2, 6, self.backbone.joint_width, generator=stream, dtype=self.backbone.learned_dtype)
        return learner.of_images(Shown(views[0], views, torch.arange(6) % len(NAMES), len(NAMES), shots=2))

    def output(self, params: Params, pixels: Tensor, **made) -> LearnerOutput:
        """Of images (R or 1, B, 3, H, W), as pixels or as features, as the learner wants them."""
        learner = self.learner(**made)
        if learner.sees == "unprojected":
            before = unprojected_features(self.backbone.model, pixels.to(self.backbone.dtype))
            return learner.forward(params, before.to(self.backbone.learned_dtype))
        return learner.forward(params, pixels if learner.sees == "pixels" else features_of(self.backbone, pixels))

    def logits_and_gradients(self, params: Params, pixels: Tensor, **made) -> dict[str, Tensor]:
        """Logits (R, B, K) and the gradients of a fixed mixture of them, by name."""
        held = {name: tensor for name, tensor in params.items() if name in self.typed.held}
        leaves = {name: tensor.clone().requires_grad_(True) for name, tensor in params.items() if name not in held}
        logits = self.output(leaves | held, pixels, **made).logits
        mixture = torch.cos(torch.arange(logits[0].numel(), dtype=logits.dtype)).view_as(logits[0])
        gradients = torch.autograd.grad((logits * mixture).sum(), list(leaves.values()))
        return {"logits": logits.detach(), **dict(zip(leaves, gradients, strict=True))}


def features_of(backbone: Backbone, pixels: Tensor) -> Tensor:
    """What the feature store holds of images (R or 1, B, 3, H, W)."""
    features = backbone.model.visual(pixels.flatten(0, 1).to(backbone.dtype))
    return F.normalize(features.to(backbone.learned_dtype), dim=-1).unflatten(0, pixels.shape[:2])


def deeper(vision: dict) -> Backbone:
    """A frozen CLIP with random weights and three layers of text, in double precision.

    Its biases and norms are random too: at their start, zero and one, what forgets them would pass.
    """
    torch.manual_seed(0)
    model = build({"image_size": 40, "width": 32, "head_width": 16, **vision}, TEXT, joint_width=32)
    with torch.no_grad():
        model.token_embedding.weight.mul_(20)
        model.positional_embedding.mul_(20)
        for name, weight in model.named_parameters():
            if weight.ndim == 1 and ("resblocks" in name or "ln_" in name):
                weight.add_(0.3 * torch.randn_like(weight))
            elif "attn" in name:
                weight.mul_(2)
    return Backbone("deeper", freeze(model.double()), 40, (0.5,) * 3, (0.25,) * 3, weights_sha256="random")


@pytest.fixture(scope="session")
def exact() -> Backbone:
    """Three layers: a deep prompt can be replaced, go on, and reach the end."""
    return deeper({"patch_size": 8, "layers": 3})


@pytest.fixture(scope="session")
def resnet() -> Backbone:
    """The image tower that has no tokens."""
    return deeper({"layers": [1, 1, 1, 1], "width": 16, "head_width": 32})


@pytest.fixture(scope="session")
def names() -> list[str]:
    return NAMES


@pytest.fixture(scope="session")
def pixels() -> Tensor:
    """Three images of two runs (2, 3, 3, 40, 40)."""
    return torch.randn(2, 3, 3, 40, 40, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


@pytest.fixture(scope="session")
def kind_of(exact):
    """A kind of learner by name, or by module and settings; on another backbone if one is given."""

    def of(name: str | None = None, module=None, settings=None, backbone: Backbone = exact) -> Kind:
        module, settings = KINDS[name] if name else (module, settings)
        return Kind(module, settings, backbone)

    return of


@pytest.fixture(params=KINDS)
def kind(request, kind_of) -> Kind:
    """Every kind of learner."""
    return kind_of(request.param)


@pytest.fixture
def assert_equal():
    """Two dictionaries of tensors agree to rounding, none of them trivially zero."""

    def check(ours: dict[str, Tensor], theirs: dict[str, Tensor], relative: float = 1e-10) -> None:
        assert ours.keys() == theirs.keys()
        for name, expected in theirs.items():
            largest = expected.abs().max()
            assert largest > 1e-6, f"{name} is zero: it shows nothing"
            assert (ours[name] - expected).abs().max() <= relative * largest, name

    return check
