"""The cells that all tables are made of: an average over tasks, or one task, against print and against another row."""

import math
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, replace

import pandas as pd

from reprompt.evidence.statistics import (
    Interval,
    interval_over_seeds,
    verdict_on_gain,
    verdict_on_value,
    why_not_comparable,
)
from reprompt.tables.methods import METHODS, PaperMethod
from reprompt.tables.scope import Scope, Selection, Which
from reprompt.tables.table import cell

INTERVALS = (
    "± is half the 95 % Student-t interval over seeds, which are few-shot draws; no ±: deterministic, or one seed."
)


@dataclass(frozen=True)
class Over:
    """The row over which another row claims a gain: its runs, its name in a sentence and its printed value."""

    which: Selection
    name: str
    published: float = math.nan


def over_reference(
    method: PaperMethod, which: Which, recipes: Container[str], published: Callable[[PaperMethod], float]
) -> Over | None:
    """The row over which the paper claims a gain for `method`, in the same setting as `which`; None without such a row.

    `recipes` are those of the table (or block), `published` gives the printed value of the reference.
    """
    if method.reference not in recipes:
        return None
    reference = METHODS[method.reference]
    return Over(replace(which, recipe=reference.recipe, swept=""), reference.in_a_sentence, published(reference))


def average_cell(
    scope: Scope,
    which: Selection,
    row: str,
    column: str,
    published: float = math.nan,
    obstacle: str = "",
    over: Over | None = None,
    block: str = "",
    task: str = "",
) -> dict:
    """One cell: the average of `which` over the scope's tasks, or with `task` its value on that task alone.

    `obstacle` says why the value cannot be compared with the printed one (`obstacle_to`); with `over` the cell also
    says whether the gain over that row has the printed sign.
    """
    value = of_task(scope, which, task) if task else scope.average(which)
    verdict = verdict_on_value(value, published, obstacle)
    pattern = ""
    if over and value and (gain := scope.gain(which, over.which)):
        interval = gain.by_task[task] if task else gain.over_seeds
        pattern = verdict_on_gain(interval, over.name, published - over.published)
    return cell(row, column, value, published, verdict, pattern, block)


def of_task(scope: Scope, which: Selection, task: str) -> Interval | None:
    """The value on one task with its interval over seeds; None where it was not run."""
    runs = scope.runs(which)
    if runs is None or task not in scope.tasks:
        return None
    return interval_over_seeds(runs[runs["task"] == task].set_index("seed")["value"])


def obstacle_to(scope: Scope, published_backbone: str, whole: bool = True) -> str:
    """Why the scope's values cannot be compared with the printed ones; empty where they can.

    `whole`: the value is an average that needs all tasks, not the value of one task.
    """
    tasks = len(scope.tasks) if whole else len(scope.possible)
    return why_not_comparable(scope.scale, scope.backbone, published_backbone, tasks, len(scope.possible))


def notes_of(scope: Scope, published_backbone: str) -> tuple[str, ...]:
    """What a reader must know before comparing the two numbers of a cell."""
    notes = [INTERVALS]
    if scope.scale != "paper":
        notes.append(
            f"Published values (grey) were measured with CLIP {published_backbone} on the real datasets, ours on "
            "rendered counterparts with a miniature CLIP: compare the pattern (signs of the gains), not the numbers."
        )
    missing = [task for task in scope.possible if task not in scope.tasks]
    if scope.tasks and missing:
        notes.append(f"Not in the numbers, because no run or not every run has them: {', '.join(missing)}.")
    return tuple(notes)


def task_details(scope: Scope, chosen: Iterable[Selection]) -> pd.DataFrame:
    """Every task by itself: a row per task and chosen runs, with an interval over seeds; what was not run is left out.

    The columns between task and value are those that tell the scope's runs apart.
    """
    chosen = {which.key: which for which in chosen}.values()  # what is not tuned is the same at all shots
    rows = []
    for task in scope.tasks:
        for which in chosen:
            if value := of_task(scope, which, task):
                rows.append((task, *which.key, value.estimate, value.low, value.high, value.seeds))
    details = pd.DataFrame(rows, columns=["task", *scope.by, "regenerated", "low", "high", "seeds"])
    details.insert(0, "scale", scope.scale)
    details.insert(1, "backbone", scope.backbone)
    return details
