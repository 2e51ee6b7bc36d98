"""Accuracies with fixed and with fresh views as a table: what more views gain, draw by draw."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean

from rich.table import Table

from reprompt.evidence.statistics import Interval, interval_over_seeds

COUNTS = ("4", "16", "64")
FRESH = "fresh"
COMPARED = (("16", "4"), ("64", "4"), (FRESH, "4"), (FRESH, "16"))  # what each gains over the other
ALL = "mean"


@dataclass(frozen=True)
class Tuned:
    """Accuracy in percent by draw of a recipe on a task, tuned on so many `views` or on fresh ones."""

    recipe: str
    task: str
    shots: int
    views: str
    accuracy: dict[int, float]

    @property
    def setting(self) -> tuple[str, int]:
        """What its mean over tasks is of."""
        return self.recipe, self.shots


@dataclass(frozen=True)
class Gap:
    """What `views` gain `over` others on a task or on average, in points; `low` to `high` is its 95 % interval."""

    recipe: str
    shots: int
    task: str
    views: str
    over: str
    points: float
    low: float
    high: float


def with_means(rows: Iterable[Tuned]) -> list[Tuned]:
    """The rows setting by setting, behind those of a setting their mean over tasks, draw by draw."""
    by_setting: dict[tuple[str, int], list[Tuned]] = {}
    for row in rows:
        by_setting.setdefault(row.setting, []).append(row)
    in_order = []
    for (recipe, shots), of_setting in by_setting.items():
        in_order += of_setting
        for views in dict.fromkeys(row.views for row in of_setting):
            tasks = [row.accuracy for row in of_setting if row.views == views]
            mean = {draw: fmean(accuracy[draw] for accuracy in tasks) for draw in tasks[0]}
            in_order.append(Tuned(recipe, ALL, shots, views, mean))
    return in_order


def gap(left: Tuned, right: Tuned) -> Interval:
    """Left less right, draw by draw."""
    return interval_over_seeds({draw: value - right.accuracy[draw] for draw, value in left.accuracy.items()})


def by_task(rows: Iterable[Tuned]) -> dict[tuple[str, int, str], dict[str, Tuned]]:
    """The rows of a setting on a task, or of its mean, by their views."""
    found: dict[tuple[str, int, str], dict[str, Tuned]] = {}
    for row in with_means(rows):
        found.setdefault((*row.setting, row.task), {})[row.views] = row
    return found


def gaps(rows: Iterable[Tuned]) -> list[Gap]:
    """All that is compared, of every setting on every task and on average."""
    intervals = (
        (setting, pair, gap(*(views[which] for which in pair)))
        for setting, views in by_task(rows).items()
        for pair in COMPARED
    )
    return [Gap(*setting, *pair, found.estimate, found.low, found.high) for setting, pair, found in intervals]


def printed(rows: Iterable[Tuned], title: str) -> Table:
    """A row per setting and task, and of their mean: accuracy with 4 views, and what others gain."""
    columns = ("recipe", "shots", "task", "4 views", *(f"{left} - {right}" for left, right in COMPARED))
    table = Table(*columns, title=f"Accuracy (%) by augmented views of an image, and differences: {title}")
    for column in table.columns[3:]:
        column.justify = "right"
    for (recipe, shots, task), views in by_task(rows).items():
        found = (gap(views[left], views[right]) for left, right in COMPARED)
        accuracy = fmean(views["4"].accuracy.values())
        shown = (f"{each.estimate:+.2f} ± {each.half_width:.2f}" for each in found)
        table.add_row(recipe, str(shots), task, f"{accuracy:.1f}", *shown, end_section=task == ALL)
    return table
