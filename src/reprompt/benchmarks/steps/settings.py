"""What is timed: one setting per learner, as its paper trains it, and the speed-up that is wanted.

M context vectors, J layers with prompts, N visual prompts per layer
"""

from dataclasses import dataclass, field
from types import ModuleType

from open_clip.transformer import VisionTransformer

from reprompt.clip.backbones import Backbone
from reprompt.learners import (
    conditional_context,
    coupled_prompts,
    independent_prompts,
    text_context,
    unified_prompts,
    visual_prompts,
)

AFTER_NAME = {"words": "of a", "context_length": 2}  # MaPLe's repository learns two of the four words
PLAIN, PROGRAD = "plain", "prograd"


@dataclass(frozen=True)
class Setting:
    """A learner with its settings, among how many classes, on how many images, under which gradient rule.

    `goal` is how many times faster than the released code a step is to be; `released_fits` is false where the released
    code's activations fit no machine at hand.
    """

    title: str
    learner: ModuleType
    classes: int
    batch: int
    settings: dict = field(default_factory=dict)
    initialisation: str = "random"
    rule: str = PLAIN
    goal: float | None = None
    released_fits: bool = True


def settings_for(backbone: Backbone) -> list[Setting]:
    """The rows of the table; those with visual prompts only where the image tower is made of tokens."""
    coop, of_cocoop = {"context_length": 16}, {"context_length": 4}
    photo, image_blocks = "a photo of a", _blocks(backbone.model.visual)
    rows = [
        Setting("CoOp", text_context, 100, 32, coop, goal=10),
        Setting("CoOp", text_context, 10, 32, coop, goal=40),
        Setting("ProGrad", text_context, 100, 32, coop, rule=PROGRAD, goal=15),
        Setting("CoCoOp", conditional_context, 10, 1, of_cocoop, photo, goal=5),
        Setting("CoCoOp", conditional_context, 1000, 4, of_cocoop, photo, released_fits=False),
    ]
    if not image_blocks:
        return rows
    both = min(image_blocks, len(backbone.model.transformer.resblocks))
    vpt = _visual(image_blocks, 16) | {"placement": "after_norm", "visual_start": "uniform"}
    ivlp = AFTER_NAME | {"text_depth": both} | _visual(both, 2)
    maple = AFTER_NAME | {"depth": min(9, both)}
    upt = {"context_length": 4, "position": "middle", "mix_width": 128, "attention": "itself"} | _visual(
        image_blocks, 4
    )
    upt |= {"placement": "after_norm", "visual_start": "uniform"}
    return [
        *rows,
        Setting("VPT-deep", visual_prompts, 10, 4, vpt, goal=1.1),
        Setting("IVLP", independent_prompts, 10, 4, ivlp, "a photo"),
        Setting("MaPLe", coupled_prompts, 10, 4, maple, "a photo", goal=1.4),
        Setting("UPT", unified_prompts, 10, 4, upt),
    ]


def _blocks(tower: object) -> int:
    return len(tower.transformer.resblocks) if isinstance(tower, VisionTransformer) else 0


def _visual(depth: int, length: int) -> dict:
    return {"visual_depth": depth, "visual_length": length}
