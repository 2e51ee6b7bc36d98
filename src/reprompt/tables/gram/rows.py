"""What GRAM's tables and figures have in common: which runs a row averages, over what, and its printed values."""

import math
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace

import pandas as pd

from reprompt.tables.average import Over
from reprompt.tables.methods import METHODS, PaperMethod
from reprompt.tables.scope import OF_A_RECIPE, Scope, Which, restricted, the_only
from reprompt.tasks.groups import members
from reprompt.tasks.published import published_values

BACKBONE = "ViT-B/16"  # of the printed values
SHOTS = 16
AVERAGE = "average"
SPLITS = {"base": "Base", "new": "New", "H": "H"}
OF_A_START = (*OF_A_RECIPE, "start")
H_OF_MEANS = "The average H is the harmonic mean of average base and average new accuracy, as printed in this paper."


@dataclass(frozen=True)
class Started(Which):
    """The runs of a recipe that start from the prompts of one experiment; "" is the recipe's own start."""

    start: str = ""

    @property
    def key(self) -> tuple:
        """How the records have it."""
        return (*super().key, self.start)


def methods_of(recipes: Iterable[str]) -> list[PaperMethod]:
    """The rows of a table. What the paper claims are gains by GRAM, so other rows are judged against none."""
    methods = (METHODS[recipe] for recipe in recipes)
    return [method if method.start else replace(method, reference=None) for method in methods]


def runs_of(method: PaperMethod, shots: int = SHOTS, split: str = "all") -> Started:
    """The runs behind a row of a table."""
    return Started(method.recipe, shots, split, start=method.start)


def scope_of_runs(
    records: pd.DataFrame,
    experiments: Iterable[str],
    shown: Iterable[Started],
    tasks: tuple[str, ...] | None = None,
    backbone: str | None = None,
) -> Scope:
    """Of some experiments' accuracies the runs that are `shown`, on the tasks and draws that every one of them has.

    Left out, the tasks are CoOp's eleven.

    Works on no records at all; then everything is "not run". Raises ValueError for records of several scales or
    backbones.
    """
    scale = the_only(records, "scale", "read the records of one results/<scale> folder")
    runs = records[records["experiment"].isin(list(experiments)) & (records["metric"] == "accuracy")]
    wanted = [key for which in shown for key in _keys(which)]
    runs = runs[pd.MultiIndex.from_frame(runs[list(OF_A_START)]).isin(wanted)]
    draws = runs[runs["shots"] > 0].groupby(list(OF_A_START))["seed"].agg(set)
    common = set.intersection(*draws) if len(draws) else set()
    runs = runs[(runs["shots"] == 0) | runs["seed"].isin(common)]
    return restricted(runs, scale, backbone, tasks or members("datasets11"), OF_A_START)


def of_means(scope: Scope) -> Scope:
    """The scope with the mean over its tasks as its only task: H then is the harmonic mean of average accuracies."""
    groups = scope.records.groupby([*scope.by, "seed", "backbone"], as_index=False)
    means = groups["value"].mean().assign(task=AVERAGE)
    return replace(scope, records=means, tasks=(AVERAGE,) if scope.tasks else (), possible=(AVERAGE,))


def over(
    which: Started, method: PaperMethod, recipes: Container[str], published: dict[tuple, float], *place: str
) -> Over | None:
    """The row over which the paper claims a gain for `method`; None where it claims none, or not over one of `recipes`.

    `published` has the printed values by published id and place.
    """
    if method.reference not in recipes:
        return None
    reference = METHODS[method.reference]
    runs = replace(which, recipe=reference.recipe, start=reference.start)
    return Over(runs, reference.in_a_sentence, published.get((reference.published_id, *place), math.nan))


def printed_values(table: int, *columns: str) -> dict[tuple, float]:
    """The printed numbers by published id and some columns of the transcription."""
    values = published_values("gram", table)
    keys = zip(values["method"], *(values[column] for column in columns), strict=True)
    return dict(zip(keys, values["value"], strict=True))


def _keys(which: Started) -> list[tuple]:
    halves = ("base", "new") if which.split == "H" else (which.split,)
    return [replace(which, split=half).key for half in halves]
