"""Cells: the settings that are trained and evaluated, the smallest things with a number."""

import json
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from itertools import product, starmap
from typing import Any, NamedTuple

from reprompt.cells.axes import LearnerSettings, Settings, Taught
from reprompt.cells.parameters import Parameters, Value
from reprompt.cells.recipes import Recipe, recipe_of
from reprompt.cells.tuning import Tuned
from reprompt.foundation.digests import canonical
from reprompt.tasks.card import card_of

TOGETHER = ("multitask", "meta")  # protocols that train on all tasks of their experiment
OWN_METRICS = ("elevater", "multitask", "transfer_grid")  # protocols that evaluate each task by its own metric


class TestSet(NamedTuple):
    """A test set: a task, and `all`, `base` or `new` of its classes."""

    task: str
    split: str


def swept(**settings: Value) -> str:
    """How cells and records name what their experiment sweeps: canonical JSON, every number a float; "" is nothing."""
    values = {name: value if isinstance(value, str) else float(value) for name, value in settings.items()}
    return canonical(values) if values else ""


@dataclass(frozen=True)
class Cell:
    """One setting. `settings` holds every resolved parameter of its recipe, an expression, as canonical JSON.

    `task` is what it is trained on, `judged_on` other tasks that it is evaluated on instead. `shots` is the size of
    the largest class, `tau` the smallest over the largest. For recipes that learn nothing `shots` and `seed` are 0.

    MVLPT: `start` is the experiment whose prompt it starts from, "" for the recipe's own start. `group` says with which
    partners, found by the transferability grid, `task` is trained. A source prompt, and GRAM's meta-learned start, is
    trained on the tasks `together`, and its `task` is the name of its experiment. `prompts_of` is the experiment whose
    prompt for `task` is evaluated with no training. `metrics` are those of tasks that are not evaluated by accuracy.
    """

    experiment: str
    protocol: str
    recipe: str
    backbone: str
    task: str
    shots: int
    tau: float
    seed: int
    swept: str
    settings: str
    judged_on: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    start: str = ""
    group: str = ""
    together: tuple[str, ...] = ()
    prompts_of: str = ""
    keeps_prompt: bool = False
    judged_images: int | None = None
    metrics: tuple[tuple[str, str], ...] = ()

    @property
    def learns(self) -> str:
        """The classes it is trained on: `base` or `all`."""
        return "base" if self.protocol == "base_to_new" else "all"

    @property
    def tests(self) -> tuple[TestSet, ...]:
        splits = ("base", "new") if self.protocol == "base_to_new" else ("all",)
        judged_on = self.judged_on or self.together or (self.task,)
        return tuple(TestSet(task, split) for task in judged_on for split in splits)

    @property
    def trained_on(self) -> tuple[str, ...]:
        """The tasks that it is known to be trained on; the partners of a group come on top."""
        return self.together or (self.task,)

    def metric(self, task: str) -> str | None:
        """The task's own metric, where the protocol evaluates by it beside accuracy."""
        return dict(self.metrics).get(task, "accuracy") if self.protocol in OWN_METRICS else None

    @property
    def resolved(self) -> dict[str, Any]:
        """The settings as a dictionary."""
        return json.loads(self.settings)

    @property
    def method(self) -> Recipe:
        return recipe_of(self.recipe)

    def settings_of(self, axis: str) -> Settings:
        """The settings of its member on an axis."""
        return _settings_of(self.recipe, axis, self.settings)

    @property
    def learner(self) -> LearnerSettings:
        """The settings of its learner."""
        return self.settings_of("learner")

    @property
    def tuned(self) -> Tuned:
        """What it is tuned by. Raises ValidationError where it is not tuned by gradient steps."""
        return _tuned(self.settings)

    @property
    def is_augmented(self) -> bool:
        return self.method.by_steps and self.tuned.augmentation == "views"

    @property
    def taught(self) -> Taught | None:
        """The settings that say which teacher it has, if it has one."""
        axis = self.method.taught
        return self.settings_of(axis) if axis else None

    @property
    def is_meta(self) -> bool:
        """Whether it is trained by GRAM's bi-level loop."""
        return self.protocol == "meta"

    @property
    def spec(self) -> dict[str, Any]:
        """Everything that its result depends on among the parameters; the name of its experiment does not matter."""
        return {k: v for k, v in asdict(self).items() if k != "experiment"} | {"settings": self.resolved}


@dataclass(frozen=True)
class _Run:
    """What tells apart the cells of one recipe on one task. `grid` are the values of swept settings."""

    shots: int
    tau: float
    start: str
    group: str
    grid: dict[str, Value]
    seed: int
    judged_on: tuple[str, ...]


def cells_of(parameters: Parameters, experiment: str, recipe: str, backbone: str, task: str) -> tuple[Cell, ...]:
    """The cells of one recipe on one task: all shots, taus, starts, groups, seeds and swept settings.

    One if it learns nothing. Of the transferability grid, one for every task that the prompt of `task` is evaluated on.
    """
    block, method = parameters.experiments[experiment], recipe_of(recipe)

    def cell(run: _Run) -> Cell:
        resolved = parameters.resolved(block.tuning, method, task, run.shots)
        made = Cell(
            experiment=experiment,
            protocol=block.protocol,
            recipe=method.expression,
            backbone=backbone,
            task=task,
            shots=run.shots,
            tau=run.tau,
            seed=run.seed,
            swept=swept(**run.grid),
            settings=canonical(_swept_over(resolved, run.grid)),
            judged_on=run.judged_on,
            measures=block.measures,
            start=run.start,
            group=run.group,
            together=block.tasks if block.protocol in TOGETHER else (),
            prompts_of=block.prompts_of,
            keeps_prompt=block.keeps_prompts and method.by_steps,
            judged_images=parameters.judged_images.get(block.protocol),
        )
        if block.protocol not in OWN_METRICS:
            return made
        own = ((test.task, card_of(test.task).metric) for test in made.tests)
        return replace(made, metrics=tuple((task, metric) for task, metric in own if metric != "accuracy"))

    if not method.learned:
        nothing = _Run(shots=0, tau=1.0, start="", group="", grid={}, seed=0, judged_on=block.judged_on)
        return (cell(nothing),)
    runs = product(
        block.shots,
        block.tau,
        block.starts or ("",),
        block.groups or ("",),
        block.grids(method.expression),
        block.seeds or parameters.seeds,
        [(task,) for task in block.judged_on] if block.protocol == "transfer_grid" else [block.judged_on],
    )
    return tuple(map(cell, starmap(_Run, runs)))


def _swept_over(settings: dict[str, Any], grid: dict[str, Value]) -> dict[str, Any]:
    """Settings with the swept ones in their places; `lambda: 1` is 1.0, as in the method's block."""
    return settings | {
        name: value if settings.get(name) is None else type(settings[name])(value) for name, value in grid.items()
    }


@lru_cache(maxsize=4096)
def _settings_of(recipe: str, axis: str, settings: str) -> Settings:
    return recipe_of(recipe).settings(axis, json.loads(settings))


@lru_cache(maxsize=4096)
def _tuned(settings: str) -> Tuned:
    return Tuned.of(json.loads(settings))
