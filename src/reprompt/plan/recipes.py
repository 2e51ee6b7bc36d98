"""The table of recipes: how a prompt is tuned = learner x objective x gradient rule x initialisation.

Adding a method is one file on an axis, one row here, its block in `params.yaml` and its test. The columns name
modules: `learner="text_context"` is `learners/text_context.py`, and so on; the workflow re-runs a recipe when one of
them changes.
"""

from dataclasses import dataclass

FOLDERS = {
    "learner": "learners",
    "objective": "objectives",
    "gradient": "gradients",
    "initialisation": "initialisation",
}


# Code that every judged cell depends on, beside its recipe's own axes.
SHARED_CODE = (
    *("tune.py", "train.py", "streams.py", "clip/text.py", "clip/backbones.py", "clip/features.py"),
    *("data/draws.py", "data/splits.py", "learners/outcome.py", "learners/templates.py", "gradients/step.py"),
)


@dataclass(frozen=True)
class Recipe:
    """A row of the table. A learner that solves or computes its classifier has no objective and no gradient rule.

    `also` names modules beside its own that its axes call.
    """

    label: str
    learner: str
    objective: str | None = None
    gradient: str | None = None
    initialisation: str | None = None
    also: tuple[str, ...] = ()

    @property
    def learned(self) -> bool:
        """Whether anything depends on the few-shot images (and so on shots and seeds)."""
        return self.learner not in ("zero_shot", "prompt_ensemble")

    @property
    def modules(self) -> tuple[str, ...]:
        """The files of this recipe's own axes, relative to the package."""
        axes = ("learner", "objective", "gradient", "initialisation")
        return (*(f"{FOLDERS[axis]}/{name}.py" for axis in axes if (name := getattr(self, axis))), *self.also)


_DISTILLATION = ("objectives/distillation.py",)

RECIPES: dict[str, Recipe] = {
    "zero_shot": Recipe("CLIP", "zero_shot"),
    "prompt_ensemble": Recipe("CLIP++", "prompt_ensemble"),
    "linear_probe": Recipe("Linear probe", "linear_probe"),
    "coop": Recipe("CoOp", "text_context", "cross_entropy", "plain", "context"),
    "prograd": Recipe("ProGrad", "text_context", "cross_entropy", "prograd", "context", _DISTILLATION),
    "prograd_ensemble": Recipe("ProGrad++", "text_context", "cross_entropy", "prograd", "context", _DISTILLATION),
}
