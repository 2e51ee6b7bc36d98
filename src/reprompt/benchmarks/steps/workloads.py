"""What is timed: one workload per learner, as its paper trains it, and the speed-up that is wanted.

M context vectors, J layers with prompts, N visual prompts per layer
"""

from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from open_clip.transformer import VisionTransformer

from reprompt.cells.axes import LearnerSettings
from reprompt.clip.backbones import Backbone
from reprompt.learners import cocoop, coop, ivlp, maple, upt, vpt

AFTER_NAME = {"words": "of a", "context_length": 2}  # MaPLe's repository learns two of the four words
MVLPT = {"visual_start": "uniform", "placement": "after_norm"}
PLAIN, PROGRAD = "plain", "prograd"


@dataclass(frozen=True)
class Workload:
    """A learner with its settings, among how many classes, on how many images, under which gradient rule.

    `goal` is how many times faster than the released code a step is to be; `released_fits` is false where the released
    code's activations fit no machine at hand.
    """

    title: str
    settings: LearnerSettings
    classes: int
    batch: int
    initialisation: str = "random"
    rule: str = PLAIN
    goal: float | None = None
    released_fits: bool = True

    @property
    def learner(self) -> ModuleType:
        """The module that declares the settings."""
        return import_module(type(self.settings).__module__)


def workloads_for(backbone: Backbone) -> list[Workload]:
    """The rows of the table; those with visual prompts only where the image tower is made of tokens."""
    sixteen, four = coop.Settings(context_length=16), cocoop.Settings(context_length=4)
    photo, image_blocks = "a photo of a", _blocks(backbone.model.visual)
    rows = [
        Workload("CoOp", sixteen, 100, 32, goal=10),
        Workload("CoOp", sixteen, 10, 32, goal=40),
        Workload("ProGrad", sixteen, 100, 32, rule=PROGRAD, goal=15),
        Workload("CoCoOp", four, 10, 1, photo, goal=5),
        Workload("CoCoOp", four, 1000, 4, photo, released_fits=False),
    ]
    if not image_blocks:
        return rows
    both = min(image_blocks, len(backbone.model.transformer.resblocks))
    deep = vpt.Settings(visual_depth=image_blocks, visual_length=16, **MVLPT)
    apart = ivlp.Settings(**AFTER_NAME, text_depth=both, visual_depth=both, visual_length=2)
    coupled = maple.Settings(**AFTER_NAME, depth=min(9, both))
    block = {"mix_width": 128, "attention": "itself", **MVLPT}
    unified = upt.Settings(context_length=4, position="middle", visual_depth=image_blocks, visual_length=4, **block)
    return [
        *rows,
        Workload("VPT-deep", deep, 10, 4, goal=1.1),
        Workload("IVLP", apart, 10, 4, "a photo"),
        Workload("MaPLe", coupled, 10, 4, "a photo", goal=1.4),
        Workload("UPT", unified, 10, 4),
    ]


def _blocks(tower: object) -> int:
    return len(tower.transformer.resblocks) if isinstance(tower, VisionTransformer) else 0
