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
from reprompt.tables.methods import METHODS, Method
from reprompt.tables.setting import Runs, Setting, Which
from reprompt.tables.table import cell

INTERVALS = (
    "± is half the 95 % Student-t interval over seeds, which are few-shot draws; no ±: deterministic, or one seed."
)


@dataclass(frozen=True)
class Over:
    """The row over which another row claims a gain: its runs, its name in a sentence and its printed value."""

    which: Runs
    name: str
    published: float = math.nan


def over_reference(
    method: Method, which: Which, recipes: Container[str], published: Callable[[Method], float]
) -> Over | None:
    """The row over which the paper claims a gain for `method`, in the same setting as `which`; None without such a row.

    `recipes` are those of the table (or block), `published` gives the printed value of the reference.
    """
    if method.reference not in recipes:
        return None
    reference = METHODS[method.reference]
    return Over(replace(which, recipe=reference.recipe, swept=""), reference.in_a_sentence, published(reference))


def average_cell(
    setting: Setting,
    which: Runs,
    row: str,
    column: str,
    published: float = math.nan,
    obstacle: str = "",
    over: Over | None = None,
    block: str = "",
    task: str = "",
) -> dict:
    """One cell: the average of `which` over the setting's tasks, or with `task` its value on that task alone.

    `obstacle` says why the value cannot be compared with the printed one (`obstacle_to`); with `over` the cell also
    says whether the gain over that row has the printed sign.
    """
    value = of_task(setting, which, task) if task else setting.average(which)
    verdict = verdict_on_value(value, published, obstacle)
    pattern = ""
    if over and value and (gain := setting.gain(which, over.which)):
        interval = gain.by_task[task] if task else gain.over_seeds
        pattern = verdict_on_gain(interval, over.name, published - over.published)
    return cell(row, column, value, published, verdict, pattern, block)


def of_task(setting: Setting, which: Runs, task: str) -> Interval | None:
    """The value on one task with its interval over seeds; None where it was not run."""
    runs = setting.runs(which)
    if runs is None or task not in setting.tasks:
        return None
    return interval_over_seeds(runs[runs["task"] == task].set_index("seed")["value"])


def obstacle_to(setting: Setting, published_backbone: str, whole: bool = True) -> str:
    """Why the setting's values cannot be compared with the printed ones; empty where they can.

    `whole`: the value is an average that needs all tasks, not the value of one task.
    """
    tasks = len(setting.tasks) if whole else len(setting.possible)
    return why_not_comparable(setting.scale, setting.backbone, published_backbone, tasks, len(setting.possible))


def notes_of(setting: Setting, published_backbone: str) -> tuple[str, ...]:
    """What a reader must know before comparing the two numbers of a cell."""
    notes = [INTERVALS]
    if setting.scale != "paper":
        notes.append(
            f"Published values (grey) were measured with CLIP {published_backbone} on the real datasets, ours on "
            "rendered counterparts with a miniature CLIP: compare the pattern (signs of the gains), not the numbers."
        )
    missing = [task for task in setting.possible if task not in setting.tasks]
    if setting.tasks and missing:
        notes.append(f"Not in the numbers, because no run or not every run has them: {', '.join(missing)}.")
    return tuple(notes)


def task_details(setting: Setting, chosen: Iterable[Runs]) -> pd.DataFrame:
    """Every task by itself: a row per task and chosen runs, with an interval over seeds; what was not run is left out.

    The columns between task and value are those that tell the setting's runs apart.
    """
    chosen = {which.key: which for which in chosen}.values()  # what is not tuned is the same at all shots
    rows = []
    for task in setting.tasks:
        for which in chosen:
            if value := of_task(setting, which, task):
                rows.append((task, *which.key, value.estimate, value.low, value.high, value.seeds))
    details = pd.DataFrame(rows, columns=["task", *setting.by, "regenerated", "low", "high", "seeds"])
    details.insert(0, "scale", setting.scale)
    details.insert(1, "backbone", setting.backbone)
    return details
