"""The table of recipes: how a prompt is tuned = learner x objective x gradient rule x initialisation.

Adding a method is one file on an axis, one row here, its block in `params.yaml` and its test. The columns name
modules: `learner="text_context"` is `learners/text_context.py`, and so on; the workflow re-runs a recipe when one of
them, or a module that one of them imports, changes. `settings` says what the recipe's block must hold, by name and
type; beside them a block may set any key of `tuning` for its recipe alone.
"""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from reprompt.foundation.block import NonNegative

AXES = {
    "learner": "learners",
    "objective": "objectives",
    "gradient": "gradients",
    "initialisation": "initialisation",
}
NOTHING_LEARNED = ("zero_shot", "prompt_ensemble")
SOLVED = ("linear_probe",)
DRAWN_BY_CLASS = ("few_shot", "base_to_new", "transfer")  # protocols with so many images of every class, as CoOp draws
TAUGHT = ("prograd", "general", "orthogonal")


@dataclass(frozen=True)
class Recipe:
    """A row of the table. A learner that solves or computes its classifier has no objective and no gradient rule.

    `pixels`: it prompts the image tower, which has to be a ViT. `closed`: it has weights per class, so it cannot name
    classes that it was not trained on. `starts_from` is the recipe whose prompts of another experiment are its start,
    `grouped_by` the recipe whose transferability grid says with which partners it is trained. `meta`: it is trained by
    GRAM's bi-level loop, which learns a regulator too where the gradient rule is the regulated one.
    """

    label: str
    learner: str
    objective: str | None = None
    gradient: str | None = None
    initialisation: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    pixels: bool = False
    closed: bool = False
    starts_from: str | None = None
    grouped_by: str | None = None
    meta: bool = False

    def __post_init__(self) -> None:
        axes = (self.objective, self.gradient, self.initialisation)
        if self.learner in (*NOTHING_LEARNED, *SOLVED):
            if any(axes):
                raise ValueError(f"{self.label}: {self.learner} takes no gradient steps: leave the other axes empty")
        elif not all(axes):
            raise ValueError(f"{self.label}: a tuned learner needs objective, gradient rule and initialisation")
        if (self.objective == "distillation" or self.gradient in TAUGHT) and "teacher" not in self.settings:
            raise ValueError(f"{self.label}: distillation and ProGrad need a teacher among the settings")
        if self.gradient == "regulated" and self.closed:
            raise ValueError(f"{self.label}: GRAM regulates the gradients of prompts, and {self.learner} has none")
        if self.gradient == "regulated" and not (self.meta or self.starts_from):
            raise ValueError(f"{self.label}: a regulator is meta-learned, or comes with a meta-learned start")

    @property
    def learned(self) -> bool:
        """Whether anything depends on the few-shot images (and so on shots and seeds)."""
        return self.learner not in NOTHING_LEARNED

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules of its axes and of its loop, in the package; with a teacher also CoOp's, the oracle's."""
        recipes = (self, RECIPES["coop"]) if "teacher" in self.settings else (self,)
        members = {(folder, getattr(one, axis)) for one in recipes for axis, folder in AXES.items()}
        loop = ["training.meta.learned"] if self.meta else []
        return tuple(sorted([*loop, *(f"{folder}.{name}" for folder, name in members if name)]))

    def refusal(self, protocol: str, image_tower: Literal["vit", "resnet"]) -> str | None:
        """Why this recipe cannot be run under a protocol on a backbone, or None."""
        if self.pixels and image_tower == "resnet":
            return f"{self.label} prompts the tokens of the image tower, and a ResNet has none: choose a ViT backbone"
        if (self.closed or self.learner in SOLVED) and protocol == "base_to_new":
            return f"{self.label} has weights per class, so it cannot name the new classes of base_to_new"
        if self.closed and protocol in ("transfer", "transfer_grid"):
            return f"{self.label} has weights per class, so it cannot name the classes of another task"
        if self.learner in SOLVED and protocol not in DRAWN_BY_CLASS:
            return (
                f"{self.label} is fitted to images of one class each as CoOp draws them, and {protocol} draws otherwise"
            )
        if self.meta != (protocol == "meta"):
            return f"{self.label} is {'for' if self.meta else 'not for'} protocol meta"
        return None


TEACHER = {"temperature": PositiveFloat, "teacher": Literal["template", "ensemble", "oracle"]}
PROGRAD = {"lambda": NonNegative, "projection": Literal["per_tensor", "flattened"], **TEACHER}
NPT = {"w_language": NonNegative, "w_isomorphism": NonNegative, "reduction": Literal["mean", "sum"]}
VISUAL = {
    "visual_length": PositiveInt,
    "visual_depth": PositiveInt,
    "visual_start": Literal["normal", "uniform"],
    "placement": Literal["before_norm", "after_norm"],
}
POSITION = {"position": Literal["end", "middle", "front"]}
COUPLED = {"words": str, "depth": PositiveInt}
BLOCK = {"mix_width": PositiveInt, "mix_heads": PositiveInt, "mix_layers": PositiveInt}
UNIFIED = {**VISUAL, **POSITION, **BLOCK, "attention": Literal["itself", "tokens"]}
MULTITASK = {"class_mask": Literal["none", "zero", "exclude"], "sampling": Literal["image", "task", "in_order"]}
SOURCE = {"hand_over": Literal["mean", "seed"]}
PROBE = {
    "largest_c": PositiveFloat,
    "smallest_c": PositiveFloat,
    "coarse": PositiveInt,
    "bisections": PositiveInt,
    "iterations": PositiveInt,
}
REGULATOR = {"regulator_input": Literal["gradient", "direction"]}
META = {
    "ways": PositiveInt,
    "queries": PositiveInt,
    "inner_rate": PositiveFloat,
    "clip_norm": PositiveFloat,
    "order": Literal["first", "second"],
    "support_from": Literal["one_domain", "all_domains"],
}
LEARNED = {"regulator_rate": PositiveFloat, "regulator_start": Annotated[float, Field(gt=0, lt=1)]}


def _mvlpt(
    name: str, label: str, learner: str, settings: dict[str, Any], alone: str, pixels: bool = False
) -> dict[str, Recipe]:
    """MVLPT's variants of a learner: trained on several tasks, started from such a prompt, and both."""
    together, stored = {**settings, **MULTITASK}, {**settings, **SOURCE}
    tasks = {"pixels": pixels, "grouped_by": alone}
    start = {"starts_from": f"m{name}"}
    return {
        f"m{name}": Recipe(f"M{label}", learner, "multitask", "plain", "context", together, **tasks),
        f"{name}_source": Recipe(
            f"{label} from a source prompt", learner, "cross_entropy", "plain", "stored", stored, pixels, **start
        ),
        f"m{name}_source": Recipe(
            f"M{label} from a source prompt",
            learner,
            "multitask",
            "plain",
            "stored",
            together | SOURCE,
            **tasks,
            **start,
        ),
    }


def _gram(
    name: str,
    meta: str,
    label: str,
    learner: str,
    settings: dict[str, Any],
    pixels: bool = True,
    rule: str = "regulated",
) -> dict[str, Recipe]:
    """A learner meta-trained by GRAM, with a regulator or without, and adapted from where that ends."""
    axes, trained, adapted = (learner, "cross_entropy", rule), {**settings, **META}, {**settings, **SOURCE}
    if rule == "regulated":
        trained, adapted = {**trained, **REGULATOR, **LEARNED}, {**adapted, **REGULATOR}
    return {
        meta: Recipe(f"{label}, meta-training", *axes, "context", trained, pixels, meta=True),
        name: Recipe(label, *axes, "stored", adapted, pixels, starts_from=meta),
    }


JOINT = {**VISUAL, "text_depth": Literal[1]}
COOP = ("text_context", "cross_entropy", "plain", "context")
RECIPES: dict[str, Recipe] = {
    "zero_shot": Recipe("CLIP", "zero_shot"),
    "prompt_ensemble": Recipe("CLIP++", "prompt_ensemble"),
    "linear_probe": Recipe("Linear probe", "linear_probe", settings=PROBE),
    "cosine": Recipe("Cosine", "cosine_classifier", "cross_entropy", "plain", "context", closed=True),
    "cosine_prograd": Recipe(
        "Cosine + ProGrad", "cosine_classifier", "cross_entropy", "prograd", "context", PROGRAD, closed=True
    ),
    "coop": Recipe("CoOp", *COOP),
    "coop_middle": Recipe("CoOp, name in the middle", *COOP, POSITION),
    "coop_class_specific": Recipe("CoOp, class-specific", *COOP, {"class_specific": Literal[True]}, closed=True),
    "prograd": Recipe("ProGrad", "text_context", "cross_entropy", "prograd", "context", PROGRAD),
    "prograd_ensemble": Recipe("ProGrad++", "text_context", "cross_entropy", "prograd", "context", PROGRAD),
    "prograd_oracle": Recipe("ProGrad, oracle", "text_context", "cross_entropy", "prograd", "context", PROGRAD),
    "prograd_general": Recipe("G_g only", "text_context", "cross_entropy", "general", "context", TEACHER),
    "prograd_orthogonal": Recipe("G_perp only", "text_context", "cross_entropy", "orthogonal", "context", TEACHER),
    "lwf": Recipe("LwF", "text_context", "distillation", "plain", "context", {"distillation": NonNegative, **TEACHER}),
    "cocoop": Recipe("CoCoOp", "conditional_context", "cross_entropy", "plain", "context"),
    "cocoop_npt": Recipe("CoCoOp + NPT", "conditional_context", "neural_collapse", "plain", "context", NPT),
    "vpt": Recipe("VPT", "visual_prompts", "cross_entropy", "plain", "context", VISUAL, pixels=True),
    "vpt_deep": Recipe("VPT-deep", "visual_prompts", "cross_entropy", "plain", "context", VISUAL, pixels=True),
    "vpt_prograd": Recipe(
        "VPT + ProGrad", "visual_prompts", "cross_entropy", "prograd", "context", {**VISUAL, **PROGRAD}, pixels=True
    ),
    "joint": Recipe("Joint", "independent_prompts", "cross_entropy", "plain", "context", JOINT, pixels=True),
    "joint_pretrained": Recipe(
        "Joint, pre-trained prompts",
        *("independent_prompts", "cross_entropy", "plain", "stored"),
        {**JOINT, **SOURCE},
        pixels=True,
        starts_from="joint",
    ),
    "ivlp": Recipe(
        "IVLP",
        *("independent_prompts", "cross_entropy", "plain", "context"),
        {**VISUAL, "text_depth": PositiveInt, "words": str},
        pixels=True,
    ),
    "maple": Recipe("MaPLe", "coupled_prompts", "cross_entropy", "plain", "context", COUPLED, pixels=True),
    "maple_npt": Recipe(
        "MaPLe + NPT", "coupled_prompts", "neural_collapse", "plain", "context", {**COUPLED, **NPT}, pixels=True
    ),
    "maple_lc": Recipe(
        "MaPLe + LC", "coupled_prompts", "neural_collapse", "plain", "context", {**COUPLED, **NPT}, pixels=True
    ),
    "maple_mi": Recipe(
        "MaPLe + MI", "coupled_prompts", "neural_collapse", "plain", "context", {**COUPLED, **NPT}, pixels=True
    ),
    "maple_prograd": Recipe(
        "MaPLe + ProGrad", "coupled_prompts", "cross_entropy", "prograd", "context", {**COUPLED, **PROGRAD}, pixels=True
    ),
    "upt": Recipe("UPT", "unified_prompts", "cross_entropy", "plain", "context", UNIFIED, pixels=True),
    **_mvlpt("coop", "CoOp", "text_context", POSITION, alone="coop_middle"),
    **_mvlpt("vpt", "VPT", "visual_prompts", VISUAL, alone="vpt_deep", pixels=True),
    **_mvlpt("upt", "UPT", "unified_prompts", UNIFIED, alone="upt", pixels=True),
    **_gram("coop_gram", "coop_meta", "CoOp + GRAM", "text_context", {}, pixels=False),
    **_gram("vpt_gram", "vpt_meta", "VPT + GRAM", "visual_prompts", VISUAL),
    **_gram("unigram", "unigram_meta", "UNIGRAM", "independent_prompts", JOINT),
    **_gram(
        "unigram_plain",
        "unigram_meta_plain",
        "UNIGRAM without a regulator",
        *("independent_prompts", JOINT),
        rule="plain",
    ),
}
