"""Recipes: how a prompt is tuned, as an expression over the four axes, `learner[+objective][+rule][@start]`.

`maple+npt+prograd@multitask` is MaPLe under NPT's losses with ProGrad's rule, from a multitask source prompt. Left out,
the objective is cross-entropy, the rule the plain gradient and the start the learner's own. Every member is a file of
its axis's folder (members.py), so every combination that makes sense is a recipe, and none needs a row. The canonical
form names learner, objective, rule and start in that order and no default.

A variant is a member with a block of settings of its own. An alias is a name that a paper gave; it may be extended,
too: `mcoop+prograd`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Literal

from reprompt.cells.axes import LearnerSettings, Referenced, Settings, Stored, Taught
from reprompt.cells.members import AXES, members
from reprompt.foundation.nearest import nearest

DEFAULTS = {"objective": "cross_entropy", "gradient": "plain", "start": "own"}
DRAWN_BY_CLASS = ("few_shot", "base_to_new", "transfer")  # protocols with so many images of every class, as CoOp draws

# Variants by axis: the member, and a label. VPT-deep and CoOp with the name in the middle are MVLPT's; joint tuning is
# GRAM's ablation; each loss of NPT alone, ProGrad++ and the oracle's direction are rows of their papers' tables.
VARIANTS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "learner": {
        "tip_adapter_released": ("tip_adapter", "Tip-Adapter, released alpha and beta"),
        "tip_adapter_f_released": ("tip_adapter_f", "Tip-Adapter-F, released alpha and beta"),
        "coop_middle": ("coop", "CoOp, name in the middle"),
        "vpt_deep": ("vpt", "VPT-deep"),
        "joint": ("ivlp", "Joint"),
    },
    "objective": {"lc": ("npt", "LC"), "mi": ("npt", "MI")},
    "gradient": {
        "prograd_ensemble": ("prograd", "ProGrad++"),
        "prograd_oracle": ("prograd", "ProGrad, oracle"),
    },
    "start": {},
}

# Names that the papers gave, and what they call the recipe.
ALIASES: Mapping[str, tuple[str, str]] = {
    "prograd": ("coop+prograd", "ProGrad"),
    "prograd_ensemble": ("coop+prograd_ensemble", "ProGrad++"),
    "prograd_oracle": ("coop+prograd_oracle", "ProGrad, oracle"),
    "prograd_general": ("coop+general", "G_g only"),
    "prograd_orthogonal": ("coop+orthogonal", "G_perp only"),
    "lwf": ("coop+lwf", "LwF"),
    "kgcoop": ("coop+kgcoop", "KgCoOp"),
    "promptsrc": ("ivlp+promptsrc", "PromptSRC"),
    "cosine_prograd": ("cosine+prograd", "Cosine + ProGrad"),
    "vpt_prograd": ("vpt+prograd", "VPT + ProGrad"),
    "maple_prograd": ("maple+prograd", "MaPLe + ProGrad"),
    "cocoop_npt": ("cocoop+npt", "CoCoOp + NPT"),
    "maple_npt": ("maple+npt", "MaPLe + NPT"),
    "maple_lc": ("maple+lc", "MaPLe + LC"),
    "maple_mi": ("maple+mi", "MaPLe + MI"),
    "mcoop": ("coop_middle+multitask", "MCoOp"),
    "mvpt": ("vpt_deep+multitask", "MVPT"),
    "mupt": ("upt+multitask", "MUPT"),
    "coop_source": ("coop_middle@multitask", "CoOp from a source prompt"),
    "vpt_source": ("vpt_deep@multitask", "VPT from a source prompt"),
    "upt_source": ("upt@multitask", "UPT from a source prompt"),
    "mcoop_source": ("coop_middle+multitask@multitask", "MCoOp from a source prompt"),
    "mvpt_source": ("vpt_deep+multitask@multitask", "MVPT from a source prompt"),
    "mupt_source": ("upt+multitask@multitask", "MUPT from a source prompt"),
    "coop_meta": ("coop+gram", "CoOp + GRAM, meta-training"),
    "vpt_meta": ("vpt+gram", "VPT + GRAM, meta-training"),
    "unigram_meta": ("joint+gram", "UNIGRAM, meta-training"),
    "unigram_meta_plain": ("joint", "Joint"),
    "coop_gram": ("coop+gram@gram", "CoOp + GRAM"),
    "vpt_gram": ("vpt+gram@gram", "VPT + GRAM"),
    "unigram": ("joint+gram@gram", "UNIGRAM"),
    "unigram_plain": ("joint@meta", "UNIGRAM without a regulator"),
    "joint_pretrained": ("joint@pretrained", "Joint, pre-trained prompts"),
}
LABELS = {expression: label for expression, label in ALIASES.values()}
PAPERS_NAMES = {expression: alias for alias, (expression, _) in ALIASES.items() if re.search("[+@]", expression)}


@dataclass(frozen=True)
class Recipe:
    """An expression resolved: a name on every axis, a member's or a variant's.

    A learner that is not trained by gradient steps stands alone.
    """

    learner: str
    objective: str | None = None
    gradient: str | None = None
    start: str | None = None

    @cached_property
    def names(self) -> dict[str, str]:
        """The name on every axis that it has one on."""
        return {axis: name for axis in AXES if (name := getattr(self, axis))}

    @cached_property
    def members(self) -> dict[str, str]:
        """The member on every axis: a variant's own."""
        return {axis: member_of(axis, name) for axis, name in self.names.items()}

    @cached_property
    def declared(self) -> dict[str, type[Settings]]:
        """What the member on every axis declares."""
        return {axis: members(axis)[name] for axis, name in self.members.items()}

    def settings(self, axis: str, resolved: Mapping[str, Any]) -> Settings:
        """The settings of one member among those of a cell. Raises ValidationError where some are missing."""
        return self.declared[axis].of(resolved)

    @cached_property
    def keys(self) -> set[str]:
        """Its members' settings, as the file calls them."""
        kinds = self.declared.values()
        return {field.alias or name for kind in kinds for name, field in kind.model_fields.items()}

    @property
    def expression(self) -> str:
        """The canonical form."""
        parts = [self.learner, *(f"+{name}" for axis in ("objective", "gradient") if (name := self._chosen(axis)))]
        return "".join([*parts, f"@{start}" if (start := self._chosen("start")) else ""])

    def _chosen(self, axis: str) -> str | None:
        """The name on an axis, where it is not the default."""
        name = self.names.get(axis)
        return None if name == DEFAULTS.get(axis) else name

    @property
    def label(self) -> str:
        """What tables call it: the papers' name, or that of its members."""
        if known := LABELS.get(self.expression):
            return known
        labels = {axis: label_of(axis, name) for axis in self.names if (name := self._chosen(axis))}
        start = labels.pop("start", None)
        return " + ".join(labels.values()) + (f" from {start}" if start else "")

    @property
    def trained(self) -> Literal["by_steps", "at_once", "by_keeping", "not"]:
        return self.declared["learner"].trained

    @property
    def learned(self) -> bool:
        """Whether anything depends on the few-shot images (and so on shots and seeds)."""
        return self.trained != "not"

    @property
    def of_its_images(self) -> bool:
        """Whether some of a run's tensors are made of its few-shot images."""
        return self.declared["learner"].of_its_images

    @property
    def held(self) -> tuple[str, ...]:
        """Those of a run's tensors that are not learned."""
        return self.declared["learner"].held

    @property
    def by_steps(self) -> bool:
        """Whether it is trained by gradient steps."""
        return self.trained == "by_steps"

    @property
    def taught(self) -> str | None:
        """The axis whose member compares with a teacher; the rule's says which teacher, where there are two."""
        return next((a for a in ("gradient", "objective") if issubclass(self.declared.get(a, Settings), Taught)), None)

    @property
    def referenced(self) -> bool:
        """Whether its objective holds on to what the untouched CLIP makes of classes and images."""
        return issubclass(self.declared.get("objective", Settings), Referenced)

    @property
    def general_gradient(self) -> bool:
        """Whether its rule takes the gradient of the teacher's divergence, too."""
        return self.by_steps and self.declared["gradient"].general_gradient

    @property
    def several_tasks(self) -> bool:
        """Whether its objective is one of several tasks together."""
        return self.by_steps and self.declared["objective"].of_several_tasks

    @property
    def of_a_run(self) -> tuple[str, ...]:
        """The settings that may differ between the runs of a fleet, beside the schedule."""
        axes = ("objective", "gradient") if self.by_steps else ()
        return tuple(name for axis in axes for name in self.declared[axis].of_a_run)

    @property
    def stored(self) -> type[Stored] | None:
        """Its start, where that is prompts of another experiment."""
        start = self.declared.get("start", Settings)
        return start if issubclass(start, Stored) else None

    @property
    def starts_from(self) -> "Recipe | None":
        """The recipe that makes the prompts which it starts from."""
        if self.stored is None:
            return None
        return recipe_of(f"{self.learner}+{self.stored.made_by}" if self.stored.made_by else self.learner)

    @property
    def alone(self) -> "Recipe":
        """The same learner on one task, whose transferability grid says with which partners a task is trained."""
        return recipe_of(self.learner)

    def modules(self, protocol: str) -> tuple[str, ...]:
        """The modules of its axes and of its loop, in the package; with a teacher also CoOp's, the oracle's."""
        recipes = (self, recipe_of("coop")) if self.taught else (self,)
        modules = {f"{AXES[axis]}.{name}" for recipe in recipes for axis, name in recipe.members.items()}
        return tuple(sorted(modules | ({"training.meta.learned"} if protocol == "meta" else set())))

    def refusal(self, protocol: str, image_tower: Literal["vit", "resnet"], learner: LearnerSettings) -> str | None:
        """Why it cannot be run under a protocol on a backbone, given its learner's settings, or None."""
        if learner.into_image_tower and image_tower == "resnet":
            return f"{self.label} prompts the tokens of the image tower, and a ResNet has none: choose a ViT backbone"
        if (learner.weights_per_class or self.trained == "at_once") and protocol == "base_to_new":
            return f"{self.label} has weights per class, so it cannot name the new classes of base_to_new"
        if learner.weights_per_class and protocol in ("transfer", "transfer_grid"):
            return f"{self.label} has weights per class, so it cannot name the classes of another task"
        if learner.weights_per_class and learner.of_its_images and protocol == "multitask":
            return f"{self.label} keeps images of its classes, and {protocol} trains on several tasks: nothing says how"
        if self.trained == "at_once" and protocol not in DRAWN_BY_CLASS:
            return (
                f"{self.label} is fitted to images of one class each as CoOp draws them, and {protocol} draws otherwise"
            )
        if not self.by_steps:
            return f"{self.label} takes no gradient steps, so nothing is meta-learned" if protocol == "meta" else None
        return self._refused_axes(protocol, learner)

    def _refused_axes(self, protocol: str, learner: LearnerSettings) -> str | None:
        """Why objective, gradient rule and start do not go together with the learner or the protocol."""
        objective, gradient = self.declared["objective"], self.declared["gradient"]
        if objective.on_text and not learner.moves_classes:
            return f"{self.objective} has a term on text features, and {self.learner} learns none: it has no gradient"
        if objective.on_images and not learner.moves_images:
            return f"{self.objective} has a term on image features, and {self.learner} learns none: it has no gradient"
        if self.several_tasks and protocol in DRAWN_BY_CLASS:
            return f"{self.objective} is the loss of several tasks together, and {protocol} trains on one"
        if self.taught and protocol == "multitask":
            return f"{self.names[self.taught]} has a teacher of one task's classes, and {protocol} trains on several"
        has_prompts = learner.text_prompts is not None or learner.image_prompts is not None
        if gradient.regulated and (learner.weights_per_class or not has_prompts):
            return f"GRAM regulates the gradients of prompts, and {self.learner} has none"
        if gradient.regulated and protocol != "meta" and not (self.stored and self.stored.regulator):
            return f"{self.gradient} needs a regulator, which is meta-learned with a start: add @{self.gradient}"
        if protocol != "meta":
            return None
        if learner.of_its_images:
            return f"{self.learner} keeps what its few-shot images show, and every episode has others"
        if self.stored:
            return f"meta-training starts from the learner's own start, not from @{self.start}"
        for axis in ("objective", "gradient"):
            if not self.declared[axis].in_episodes:
                return f"{self.names[axis]} is not for the episodes of protocol meta"
        return (
            f"{self.learner} has weights per class, and every episode has others" if learner.weights_per_class else None
        )


def papers_name(expression: str) -> str:
    """What records are read as: the name that a paper gave, where one did, else the canonical form."""
    return PAPERS_NAMES.get(expression, expression)


@cache
def recipe_of(expression: str) -> Recipe:
    """An expression or an alias resolved. Raises ValueError where it is none, with the nearest known name."""
    head, *rest = re.split(r"(?=[+@])", expression)
    if head not in names_of("learner"):
        if head not in ALIASES:
            raise ValueError(f"{expression}: no learner {head!r}{nearest(head, (*names_of('learner'), *ALIASES))}")
        return recipe_of("".join([ALIASES[head][0], *rest]))
    chosen: dict[str, str] = {}
    for part in rest:
        axis = _axis_of(part, expression)
        if axis in chosen:
            raise ValueError(f"{expression}: {chosen[axis]} and {part[1:]} are both on the axis of the {axis}")
        chosen[axis] = part[1:]
    alone = Recipe(head)
    if alone.by_steps:
        return Recipe(head, **{axis: chosen.get(axis, default) for axis, default in DEFAULTS.items()})
    if chosen:
        raise ValueError(f"{expression}: {head} takes no gradient steps: nothing is added to it")
    return alone


def _axis_of(part: str, expression: str) -> str:
    """The axis of `+name` or `@name`."""
    axes, what = (("start",), "start") if part[0] == "@" else (("objective", "gradient"), "objective or gradient rule")
    for axis in axes:
        if part[1:] in names_of(axis):
            return axis
    known = [name for axis in axes for name in names_of(axis)]
    raise ValueError(f"{expression}: no {what} {part[1:]!r}{nearest(part[1:], known)}")


def names_of(axis: str) -> tuple[str, ...]:
    """The names on an axis: its members and their variants."""
    return (*members(axis), *VARIANTS[axis])


def member_of(axis: str, name: str) -> str:
    """The member that a name on an axis stands for."""
    return VARIANTS[axis][name][0] if name in VARIANTS[axis] else name


def label_of(axis: str, name: str) -> str:
    """What tables call a name on an axis."""
    return VARIANTS[axis][name][1] if name in VARIANTS[axis] else members(axis)[name].label or name


def in_path(expression: str) -> str:
    """An expression as a part of a path, an address, a pattern or the name of a job: `coop-gram-from-gram`.

    Of lower-case letters, digits, `_` and `-` alone, so it needs no escape anywhere, and two expressions are never one
    on a disk that is blind to case.
    """
    return expression.replace("@", "-from-").replace("+", "-")


def from_path(part: str) -> str:
    """The expression that `in_path` wrote so."""
    return part.replace("-from-", "@").replace("-", "+")
