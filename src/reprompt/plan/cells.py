"""Cells: the trained-and-judged settings, the smallest things with a number."""

import hashlib
import json
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any, NamedTuple

from reprompt.plan.parameters import Experiment, Parameters
from reprompt.plan.recipes import RECIPES


class TestSet(NamedTuple):
    """A test set: a task, and `all`, `base` or `new` of its classes."""

    task: str
    split: str


def canonical(value: Any) -> str:
    """One JSON text per value: sorted keys, no blanks."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def swept(**settings: float) -> str:
    """How cells and records name what their experiment sweeps: canonical JSON, every number a float; "" is nothing."""
    return canonical({name: float(value) for name, value in settings.items()}) if settings else ""


@dataclass(frozen=True)
class Cell:
    """One setting. `settings` holds every resolved parameter of its recipe as canonical JSON.

    `task` is what it is trained on, `judged_on` other tasks that it is judged on instead. `shots` is the size of the
    largest class, `tau` the smallest over the largest. For recipes that learn nothing `shots` and `seed` are 0.
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

    @property
    def learns(self) -> str:
        """The classes it is trained on: `base` or `all`."""
        return "base" if self.protocol == "base_to_new" else "all"

    @property
    def tests(self) -> tuple[TestSet, ...]:
        """The test sets it is judged on."""
        splits = ("base", "new") if self.protocol == "base_to_new" else ("all",)
        return tuple(TestSet(task, split) for task in self.judged_on or (self.task,) for split in splits)

    @property
    def resolved(self) -> dict[str, Any]:
        """The settings as a dictionary."""
        return json.loads(self.settings)

    @property
    def spec(self) -> dict[str, Any]:
        """Everything that its result depends on among the parameters; the name of its experiment does not matter."""
        return {k: v for k, v in asdict(self).items() if k != "experiment"} | {"settings": self.resolved}

    def key(self, *depends_on: str) -> str:
        """A content address of this cell given hashes of the data, weights and code it depends on."""
        return hashlib.sha256("\n".join([canonical(self.spec), *depends_on]).encode()).hexdigest()


def cells_of(parameters: Parameters, experiment: str, recipe: str, backbone: str, task: str) -> tuple[Cell, ...]:
    """The cells of one recipe on one task: all shots, taus, seeds and swept settings; one if it learns nothing."""
    of: Experiment = parameters.experiments[experiment]

    def cell(shots: int, tau: float, seed: int, grid: dict[str, float]) -> Cell:
        settings = canonical(_resolve(parameters, of.tuning, recipe, task, shots, grid))
        which = (experiment, of.protocol, recipe, backbone, task, shots, tau, seed)
        return Cell(*which, swept(**grid), settings, of.judged_on, of.measures)

    if not RECIPES[recipe].learned:
        return (cell(0, 1.0, 0, {}),)
    runs = product(of.shots, of.tau, _grids(of), of.seeds or parameters.seeds)
    return tuple(cell(shots, tau, seed, grid) for shots, tau, grid, seed in runs)


def _grids(of: Experiment) -> list[dict[str, float]]:
    """Every combination of swept settings once."""
    grids = [dict(zip(grid, values, strict=True)) for grid in of.sweep for values in product(*grid.values())]
    return [grid for place, grid in enumerate(grids) if grid not in grids[:place]] or [{}]


def _resolve(
    parameters: Parameters, tuning: str, recipe: str, task: str, shots: int, grid: dict[str, float]
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


def _swept_over(settings: dict[str, Any], grid: dict[str, float]) -> dict[str, Any]:
    """Settings with the swept ones in their places; `lambda: 1` is 1.0, as in the method's block."""
    return settings | {
        name: value if settings[name] is None else type(settings[name])(value) for name, value in grid.items()
    }
