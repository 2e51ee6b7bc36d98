"""Cells: the settings that are trained and evaluated, the smallest things with a number."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from itertools import product, starmap
from typing import Any, NamedTuple

from reprompt.cells.axes import LearnerSettings, Settings, Taught
from reprompt.cells.parameters import Parameters, Value
from reprompt.cells.recipes import Recipe, recipe_of
from reprompt.cells.tuning import Tuned
from reprompt.foundation.digests import canonical
from reprompt.tasks.card import card_of, data_set_of

TOGETHER = ("multitask", "meta")  # protocols that train on all tasks of their experiment
OWN_METRICS = ("elevater", "multitask", "transfer_grid")  # protocols that evaluate each task by its own metric
OF_START = ("source_seed", "start_swept")
# Where there is nothing to say of them, so that older cells stay what they are
UNSAID = ("version", "repeat", *OF_START)


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
    prompt for `task` is evaluated with no training. `metrics` are those of tasks that are not evaluated by accuracy
    alone: a task, its own metric, and those that are recorded beside it. `version` says whose data sets the tasks are,
    "" where that is CoOp's or there is one version alone.

    Of a trained start, `source_seed` is the seed that it was trained with, 0 where it is the mean of all seeds' prompts
    (or where nothing trained is started from), and `start_swept` what it was swept over beyond the cell's own `swept`.

    `repeat` counts the times that a cell was run before on the same draw: another one has other batches, views and
    random starts, and all else alike.
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
    metrics: tuple[tuple[str, ...], ...] = ()
    version: str = ""
    source_seed: int = 0
    start_swept: str = ""
    repeat: int = 0

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

    def data_set(self, task: str) -> str:
        """The data set that a task is here."""
        return data_set_of(task, self.version)

    def metric(self, task: str) -> str | None:
        """The task's own metric, where the protocol evaluates by it beside accuracy."""
        return self.metrics_of(task)[0] if self.protocol in OWN_METRICS else None

    def beside(self, task: str) -> tuple[str, ...]:
        """The metrics that are recorded beside the task's own; nothing is chosen by them."""
        return self.metrics_of(task)[1:]

    def metrics_of(self, task: str) -> tuple[str, ...]:
        """The task's own metric, and those that are recorded beside it."""
        return next((tuple(metrics) for of_task, *metrics in self.metrics if of_task == task), ("accuracy",))

    @property
    def random_purpose(self) -> tuple[str | int, ...]:
        """What its random streams are for, beside its seed. Not its recipe: all methods have the same batches."""
        again = ("repeat", self.repeat) if self.repeat else ()
        return (self.protocol, self.task, self.shots, *again)

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
        return self.method.by_steps and self.tuned.augmentation != "none"

    @property
    def taught(self) -> Taught | None:
        """The settings that say which teacher it has, if it has one."""
        axis = self.method.taught
        return self.settings_of(axis) if axis else None

    @property
    def oracle(self) -> Tuned:
        """What the prompt of its oracle is tuned by: as itself, but for epochs of its own over all training images."""
        return self.tuned.model_copy(update={"epochs": self.taught.oracle_epochs, "steps_per_epoch": None})

    @property
    def is_meta(self) -> bool:
        """Whether it is trained by GRAM's bi-level loop."""
        return self.protocol == "meta"

    @property
    def spec(self) -> dict[str, Any]:
        """Everything that its result depends on among the parameters; the name of its experiment does not matter."""
        said = ((name, value) for name, value in asdict(self).items() if name != "experiment")
        return {name: value for name, value in said if value or name not in UNSAID} | {"settings": self.resolved}

    @property
    def of_start(self) -> dict[str, int | str]:
        """What tells its trained start from others of the same experiment, as far as there is anything to tell."""
        return {name: value for name in OF_START if (value := getattr(self, name))}

    @property
    def swept_of_start(self) -> str:
        """All that the prompts which it starts from were swept over, named as its own `swept`."""
        own, beyond = (json.loads(text) if text else {} for text in (self.swept, self.start_swept))
        return swept(**own, **beyond)


@dataclass(frozen=True)
class _Run:
    """What tells apart the cells of one recipe on one task.

    `grid` are the values of swept settings, `start_grid` those that its start alone is swept over.
    """

    shots: int
    tau: float
    start: str
    group: str
    grid: dict[str, Value]
    seed: int
    judged_on: tuple[str, ...]
    start_grid: dict[str, Value]


def cells_of(parameters: Parameters, experiment: str, recipe: str, backbone: str, task: str) -> tuple[Cell, ...]:
    """The cells of one recipe on one task: all shots, taus, starts, groups, seeds and swept settings.

    One if it learns nothing. Of the transferability grid, one for every task that the prompt of `task` is evaluated on.
    """
    block, method = parameters.experiments[experiment], recipe_of(recipe)
    version = parameters.version_of(block)

    def cell(run: _Run) -> Cell:
        settings = _swept_over(parameters.resolved(block, method, task, run.shots), run.grid)
        settings = parameters.with_depths(parameters.spelt_out(settings, task, version), method, backbone)
        from_seed = run.start and settings["hand_over"] == "seed"
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
            settings=canonical(settings),
            judged_on=run.judged_on,
            measures=block.measures,
            start=run.start,
            group=run.group,
            together=block.tasks if block.protocol in TOGETHER else (),
            prompts_of=block.prompts_of,
            keeps_prompt=block.keeps_prompts and method.by_steps,
            judged_images=parameters.judged_images.get(block.protocol),
            version=version,
            source_seed=source_seed_of(run.seed, parameters.seeds_of(run.start)) if from_seed else 0,
            start_swept=swept(**run.start_grid),
            repeat=block.repeat,
        )
        if block.protocol not in OWN_METRICS:
            return made
        cards = ((test.task, card_of(test.task)) for test in made.tests)
        metrics = ((task, card.metric, *card.beside) for task, card in cards)
        return replace(made, metrics=tuple(of_task for of_task in metrics if of_task[1:] != ("accuracy",)))

    if not method.learned:
        nothing = _Run(shots=0, tau=1.0, start="", group="", grid={}, seed=0, judged_on=block.judged_on, start_grid={})
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
    every = starmap(partial(_Run, start_grid={}), runs)
    return tuple(cell(replace(run, start_grid=grid)) for run in every for grid in start_grids(parameters, method, run))


def source_seed_of(draw: int, seeds: Sequence[int]) -> int:
    """The seed of the start that a draw has, among those that starts are trained with: its own, or in turn.

    Draw d starts from seed ((d - 1) mod S) + 1 of S seeds 1 ... S.
    """
    return draw if draw in seeds else seeds[(draw - 1) % len(seeds)]


def start_grids(parameters: Parameters, recipe: Recipe, run: _Run) -> list[dict[str, Value]]:
    """What the starts of a run are swept over beyond the run's own sweep: every combination that agrees with that.

    One of nothing where it has no trained start, or where no start agrees, which the plan refuses.
    """
    if not run.start:
        return [{}]
    grids = parameters.experiments[run.start].grids(recipe.starts_from.expression)
    agreeing = [grid for grid in grids if run.grid.items() <= grid.items()]
    return [{name: grid[name] for name in grid if name not in run.grid} for grid in agreeing] or [{}]


def _swept_over(settings: dict[str, Any], grid: dict[str, Value]) -> dict[str, Any]:
    """Settings with the swept ones in their places; `lambda: 1` is 1.0, as in the method's block."""

    def like(default: Any, value: Value) -> Value:
        """A depth may be a word or a number, whatever its default is."""
        return type(default)(value) if {type(default), type(value)} <= {int, float} else value

    return settings | {name: like(settings.get(name), value) for name, value in grid.items()}


@lru_cache(maxsize=4096)
def _settings_of(recipe: str, axis: str, settings: str) -> Settings:
    return recipe_of(recipe).settings(axis, json.loads(settings))


@lru_cache(maxsize=4096)
def _tuned(settings: str) -> Tuned:
    return Tuned.of(json.loads(settings))
