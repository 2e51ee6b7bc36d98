"""Cells: the trained-and-judged settings, the smallest things with a number."""

import json
from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import Any, NamedTuple

from reprompt.cells.parameters import Experiment, Parameters, Value
from reprompt.cells.recipes import RECIPES
from reprompt.foundation.digests import canonical
from reprompt.tasks.card import card_of

TOGETHER = ("multitask", "meta")  # protocols that train on all tasks of their experiment
OWN_METRICS = ("elevater", "multitask", "transfer_grid")  # protocols that judge each task by its own metric


class TestSet(NamedTuple):
    """A test set: a task, and `all`, `base` or `new` of its classes."""

    task: str
    split: str


def swept(**settings: Value) -> str:
    """How cells and records name what their experiment sweeps: canonical JSON, every number a float; "" is nothing."""
    told = {name: value if isinstance(value, str) else float(value) for name, value in settings.items()}
    return canonical(told) if told else ""


@dataclass(frozen=True)
class Cell:
    """One setting. `settings` holds every resolved parameter of its recipe as canonical JSON.

    `task` is what it is trained on, `judged_on` other tasks that it is judged on instead. `shots` is the size of the
    largest class, `tau` the smallest over the largest. For recipes that learn nothing `shots` and `seed` are 0.

    MVLPT: `start` is the experiment whose prompt it starts from, "" for the recipe's own start. `group` says with which
    partners, found by the transferability grid, `task` is trained. A source prompt, and GRAM's meta-learned start, is
    trained on the tasks `together`, and its `task` is the name of its experiment. `prompts_of` is the experiment whose
    prompt for `task` is judged with no training. `metrics` are the metrics of tasks that are not judged by accuracy.
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
        """The test sets it is judged on."""
        splits = ("base", "new") if self.protocol == "base_to_new" else ("all",)
        judged_on = self.judged_on or self.together or (self.task,)
        return tuple(TestSet(task, split) for task in judged_on for split in splits)

    @property
    def trained_on(self) -> tuple[str, ...]:
        """The tasks that it is known to be trained on; the partners of a group come on top."""
        return self.together or (self.task,)

    def metric(self, task: str) -> str | None:
        """The task's own metric, where the protocol judges by it beside accuracy."""
        return dict(self.metrics).get(task, "accuracy") if self.protocol in OWN_METRICS else None

    @property
    def resolved(self) -> dict[str, Any]:
        """The settings as a dictionary."""
        return json.loads(self.settings)

    @property
    def spec(self) -> dict[str, Any]:
        """Everything that its result depends on among the parameters; the name of its experiment does not matter."""
        return {k: v for k, v in asdict(self).items() if k != "experiment"} | {"settings": self.resolved}


def cells_of(parameters: Parameters, experiment: str, recipe: str, backbone: str, task: str) -> tuple[Cell, ...]:
    """The cells of one recipe on one task: all shots, taus, starts, groups, seeds and swept settings.

    One if it learns nothing. Of the transferability grid, one for every task that the prompt of `task` is judged on.
    """
    of: Experiment = parameters.experiments[experiment]
    targets = [(task,) for task in of.judged_on] if of.protocol == "transfer_grid" else [of.judged_on]
    common = {
        "measures": of.measures,
        "together": of.tasks if of.protocol in TOGETHER else (),
        "prompts_of": of.prompts_of,
        "keeps_prompt": of.keeps_prompts and RECIPES[recipe].gradient is not None,
        "judged_images": parameters.judged_images.get(of.protocol),
    }

    def cell(
        shots: int, tau: float, seed: int, grid: dict[str, Value], judged_on: tuple[str, ...], start: str, group: str
    ) -> Cell:
        settings = canonical(_resolve(parameters, of.tuning, recipe, task, shots, grid))
        which = (experiment, of.protocol, recipe, backbone, task, shots, tau, seed)
        made = Cell(*which, swept(**grid), settings, judged_on, start=start, group=group, **common)
        if of.protocol not in OWN_METRICS:
            return made
        own = ((test.task, card_of(test.task).metric) for test in made.tests)
        return replace(made, metrics=tuple((task, metric) for task, metric in own if metric != "accuracy"))

    if not RECIPES[recipe].learned:
        return (cell(0, 1.0, 0, {}, of.judged_on, "", ""),)
    runs = product(
        of.shots,
        of.tau,
        of.starts or ("",),
        of.groups or ("",),
        of.grids(recipe),
        of.seeds or parameters.seeds,
        targets,
    )
    return tuple(
        cell(shots, tau, seed, grid, judged_on, start, group)
        for shots, tau, start, group, grid, seed, judged_on in runs
    )


def _resolve(
    parameters: Parameters, tuning: str, recipe: str, task: str, shots: int, grid: dict[str, Value]
) -> dict[str, Any]:
    """The settings of a cell: its tuning block, its method's block over it, what both say of epochs, and the sweep."""
    own = getattr(parameters.methods, recipe).settings_for(tuning, task, shots)
    if RECIPES[recipe].gradient is None:
        return _swept_over(own, grid)
    block = parameters.tuning[tuning]
    given = {key: own.pop(key) for key in type(block).model_fields if key in own}
    if "epochs" in given:  # a method's own epochs, so the block's exceptions by task are not meant for it
        given.setdefault("epochs_of_task", {})
    block = block.model_copy(update=given)
    resolved = block.model_dump(exclude={"epochs", "epochs_of_task"}) | {"epochs": block.epochs_for(task, shots)}
    resolved |= own | ({} if parameters.precision == "float32" else {"precision": parameters.precision})
    return _swept_over(resolved, grid)


def _swept_over(settings: dict[str, Any], grid: dict[str, Value]) -> dict[str, Any]:
    """Settings with the swept ones in their places; `lambda: 1` is 1.0, as in the method's block."""
    return settings | {
        name: value if settings[name] is None else type(settings[name])(value) for name, value in grid.items()
    }
