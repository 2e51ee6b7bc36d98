"""The lines of ProGrad's figures: accuracy by shots, and what was measured after each epoch of tuning."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from reprompt.evidence.statistics import Interval
from reprompt.figures.figure import Measured
from reprompt.figures.points import MEASURED, by_epoch, measured
from reprompt.tables.methods import METHODS, UNTUNED
from reprompt.tables.scope import Scope, Which, of_task, scope_of
from reprompt.tasks.published import published_values

SHOTS = (1, 2, 4, 8, 16)
AVERAGE = "average"


@dataclass(frozen=True)
class Curve:
    """A line in a panel: runs of an experiment on one task, or averaged over all, of the recipe that it is named by.

    Along are the shots, or the epochs of a measurement that has this name in the records. `runs` is the recipe of the
    runs where the line is named otherwise.
    """

    panel: str
    recipe: str
    task: str = ""
    along: str = "shots"
    experiment: str = "few_shot"
    runs: str = ""
    shots: int = 1
    swept: str = ""

    def points(self, scope: Scope) -> Iterator[dict]:
        """Every point in the scope of the experiment; none for what was not run."""
        which, by_shots = Which(self.runs or self.recipe, self.shots, swept=self.swept), self.along == "shots"
        if which.recipe in UNTUNED or by_shots:
            epoch = math.nan if by_shots else 0
            several = (0,) if which.recipe in UNTUNED else SHOTS
            values = {(epoch, shots): _average(scope, Which(which.recipe, shots), self.task) for shots in several}
        else:
            values = {
                (epoch, self.shots): value for epoch, value in by_epoch(scope, which, self.along, self.task).items()
            }
        for (epoch, shots), value in values.items():
            if value:
                names = {"panel": self.panel, "task": self.task, "recipe": self.recipe, "epoch": epoch, "shots": shots}
                yield (
                    names
                    | {"augmented": self.experiment == "few_shot"}
                    | dict(zip(MEASURED, measured(value), strict=True))
                )


@dataclass(frozen=True)
class Curves:
    """Curves in their order, on some tasks, CoOp's eleven where none are named; `columns` tell their points apart.

    The averages of Table 1 stand beside those of the panel "average", and the column where shots are along.
    """

    columns: tuple[str, ...]
    curves: tuple[Curve, ...]
    tasks: tuple[str, ...] | None = None

    def of(self, records: pd.DataFrame) -> Measured:
        """Every point of every curve; the title speaks of the first curve's experiment."""
        experiments = dict.fromkeys(curve.experiment for curve in self.curves)
        scopes = {experiment: scope_of(records, experiment, tasks=self.tasks) for experiment in experiments}
        rows = [point for curve in self.curves for point in curve.points(scopes[curve.experiment])]
        points = pd.DataFrame(rows, columns=[*self.columns, *MEASURED])
        if "shots" in self.columns:
            values = published_values("prograd", 1).set_index(["method", "shots"])["value"]
            keys = [
                (METHODS[recipe].published_id, shots)
                for recipe, shots in zip(points["recipe"], points["shots"], strict=True)
            ]
            printed = pd.Series([values.get(key, math.nan) for key in keys], points.index, float)
            points["published"] = printed.where(points["panel"] == AVERAGE)
        return Measured(points, scopes[self.curves[0].experiment].words)


def _average(scope: Scope, which: Which, task: str) -> Interval | None:
    return of_task(scope, which, task) if task else scope.average(which)
