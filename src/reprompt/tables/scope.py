"""The slice of the records that one table or figure speaks about: one scale, some experiments, one backbone."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace
from functools import cached_property
from typing import ClassVar, Protocol

import pandas as pd

from reprompt.cells.cell import swept
from reprompt.evidence.adaptation import adaptations
from reprompt.evidence.statistics import (
    Interval,
    PairedDifference,
    average,
    harmonic_runs,
    interval_over_seeds,
    paired_difference,
)
from reprompt.tables.methods import UNTUNED, PaperMethod
from reprompt.tasks.groups import members

HALVES = ("base", "new")
OF_A_RECIPE = ("recipe", "shots", "split", "tau", "swept")  # the columns that tell the runs of `Which` from others
AVERAGE = "average"  # the one task of a scope of means

__all__ = ["Adaptation", "Scope", "Selection", "Started", "Which", "of_means", "of_task", "restricted", "runs_of"]
__all__ += ["scope_of", "scope_of_runs", "swept", "the_only"]


class Selection(Protocol):
    """The runs that a cell of a table averages; `key` is what the columns `by` have for them."""

    by: ClassVar[tuple[str, ...]]

    @property
    def key(self) -> tuple:
        """One entry for each of the columns."""

    @property
    def parts(self) -> "Iterable[Selection]":
        """The runs in the records that these are made of."""


@dataclass(frozen=True)
class Which:
    """The runs that a cell of a table averages: a recipe at a number of shots and an imbalance, judged on a split.

    `swept` is empty but for experiments that sweep a setting. Split "H" is the harmonic mean of base and new.
    """

    recipe: str
    shots: int
    split: str = "all"
    tau: float = 1.0
    swept: str = ""
    by: ClassVar[tuple[str, ...]] = OF_A_RECIPE

    @property
    def key(self) -> tuple:
        """How the records have it: what is not tuned knows no shots and no imbalance."""
        if self.recipe in UNTUNED:
            return (self.recipe, 0, self.split, 1.0, "")
        return (self.recipe, self.shots, self.split, self.tau, self.swept)

    @property
    def parts(self) -> "Iterable[Which]":
        """Both halves for H."""
        return [replace(self, split=half) for half in HALVES] if self.split == "H" else [self]


@dataclass(frozen=True)
class Started(Which):
    """The runs of a recipe that start from the prompts of one experiment; "" is the recipe's own start."""

    start: str = ""
    by: ClassVar[tuple[str, ...]] = (*OF_A_RECIPE, "start")

    @property
    def key(self) -> tuple:
        """How the records have it."""
        return (*super().key, self.start)


@dataclass(frozen=True)
class Adaptation:
    """MVLPT's runs in the paper's words (evidence/adaptation.py), by the task's own metric."""

    method: str
    init: str
    adapt: str
    shots: int
    by: ClassVar[tuple[str, ...]] = ("method", "init", "adapt", "shots")

    @property
    def key(self) -> tuple:
        """How `adaptations` has it."""
        return astuple(self)

    @property
    def parts(self) -> "Iterable[Adaptation]":
        """Itself."""
        return [self]


@dataclass(frozen=True)
class Scope:
    """Records of some experiments, restricted to the tasks that every run in them has.

    Averages over different tasks cannot stand in one table, so a task that one run lacks is left out for all, and the
    title says "n of 11 tasks". `by` are the columns that tell runs apart; only seed and task vary within one `key`.
    """

    records: pd.DataFrame
    scale: str
    backbone: str
    tasks: tuple[str, ...]
    possible: tuple[str, ...]
    by: tuple[str, ...] = OF_A_RECIPE

    @cached_property
    def _runs(self) -> dict[tuple, pd.DataFrame | None]:
        groups = self.records.groupby(list(self.by))
        return {key: runs[["task", "seed", "value"]] for key, runs in groups}

    @cached_property
    def _gains(self) -> dict[tuple, PairedDifference | None]:
        return {}  # found once: a table asks for a gain once for every task

    @property
    def seeds(self) -> int:
        """The number of drawn seeds; 0 where nothing was tuned."""
        return self.records.loc[self.records["shots"] > 0, "seed"].nunique()

    @property
    def backbone_label(self) -> str:
        """The backbone as it may be shown: a miniature never under the plain name of the real one."""
        if not self.backbone:
            return "no backbone"
        return self.backbone if self.scale == "paper" else f"miniature CLIP standing for {self.backbone}"

    @property
    def words(self) -> str:
        """The part of a title that says where the numbers are from."""
        if not self.scale:
            return f"no records, 0 of {len(self.possible)} tasks"
        scale = self.scale if self.scale == "paper" else f"{self.scale} (rendered data)"
        seeds = f"{self.seeds} seed{'' if self.seeds == 1 else 's'}"
        return f"scale {scale}, {self.backbone_label}, {seeds}, {len(self.tasks)} of {len(self.possible)} tasks"

    def runs(self, which: Selection) -> pd.DataFrame | None:
        """The run frame (task, seed, value); None where it was not run."""
        if isinstance(which, Which) and which.split == "H" and which.key not in self._runs:
            base, new = (self._runs.get((*which.key[:2], half, *which.key[3:])) for half in HALVES)
            self._runs[which.key] = None if base is None or new is None else harmonic_runs(base, new)
        return self._runs.get(which.key)

    def average(self, which: Selection) -> Interval | None:
        """Mean over tasks with its interval over seeds; None where it was not run."""
        runs = self.runs(which)
        return None if runs is None else average(runs)

    def gain(self, which: Selection, reference: Selection) -> PairedDifference | None:
        """The one minus the other on the same draws; None where either was not run."""
        pair = (which.key, reference.key)
        if pair not in self._gains:
            runs, other = self.runs(which), self.runs(reference)
            self._gains[pair] = None if runs is None or other is None else paired_difference(runs, other)
        return self._gains[pair]


def scope_of(
    records: pd.DataFrame, *experiments: str, backbone: str | None = None, tasks: tuple[str, ...] | None = None
) -> Scope:
    """Choose experiments, a backbone and tasks; works on no records at all (then everything is "not run").

    Left out, the tasks are CoOp's eleven.

    Without `backbone` the records must be of one. Raises ValueError where records of several scales or backbones are
    mixed.
    """
    scale = the_only(records, "scale", "read the records of one results/<scale> folder")
    records = records[records["experiment"].isin(experiments) & (records["metric"] == "accuracy")]
    return restricted(records, scale, backbone, tasks or members("datasets11"))


def scope_of_runs(
    records: pd.DataFrame,
    experiments: Iterable[str],
    shown: Iterable[Selection],
    tasks: tuple[str, ...] | None = None,
    backbone: str | None = None,
) -> Scope:
    """Of some experiments the runs that are `shown`, of one kind, on the tasks and draws that all of them have.

    Left out, the tasks are CoOp's eleven. Works on no records at all; then everything is "not run". Raises ValueError
    for records of several scales or backbones.
    """
    shown = list(shown)
    by, scale = shown[0].by, the_only(records, "scale", "read the records of one results/<scale> folder")
    records = records[records["experiment"].isin(list(experiments))]
    runs = adaptations(records) if by == Adaptation.by else records[records["metric"] == "accuracy"]
    wanted = [part.key for which in shown for part in which.parts]
    runs = runs[pd.MultiIndex.from_frame(runs[list(by)]).isin(wanted)]
    draws = runs[runs["shots"] > 0].groupby(list(by))["seed"].agg(set)
    common = set.intersection(*draws) if len(draws) else set()
    runs = runs[(runs["shots"] == 0) | runs["seed"].isin(common)]
    return restricted(runs, scale, backbone, tasks or members("datasets11"), by)


def runs_of(method: PaperMethod, shots: int = 16, split: str = "all") -> Started:
    """The runs behind a paper's method."""
    return Started(method.recipe, shots, split, start=method.start)


def of_means(scope: Scope) -> Scope:
    """The scope with the mean over its tasks as its only task: H then is the harmonic mean of average accuracies."""
    means = scope.records.groupby([*scope.by, "seed", "backbone"], as_index=False)["value"].mean().assign(task=AVERAGE)
    return replace(scope, records=means, tasks=(AVERAGE,) if scope.tasks else (), possible=(AVERAGE,))


def of_task(scope: Scope, which: Selection, task: str) -> Interval | None:
    """The value on one task with its interval over seeds; None where it was not run."""
    runs = scope.runs(which)
    if runs is None or task not in scope.tasks:
        return None
    return interval_over_seeds(runs[runs["task"] == task].set_index("seed")["value"])


def restricted(
    runs: pd.DataFrame,
    scale: str,
    backbone: str | None,
    tasks: tuple[str, ...],
    by: tuple[str, ...] = OF_A_RECIPE,
) -> Scope:
    """The scope that runs of one backbone make: of `tasks` those that every one of them has, seed by seed.

    `runs` has the columns `by`, task, seed, backbone and value (percent).
    """
    runs = runs[runs["task"].isin(tasks)]
    if backbone is None:
        backbone = the_only(runs, "backbone", "name the one that is meant: backbone=...")
    runs = runs[runs["backbone"] == backbone]
    of_runs = runs.groupby([*by, "seed"])["task"].agg(set)
    common = set.intersection(*of_runs) if len(of_runs) else set()
    present = tuple(task for task in tasks if task in common)
    return Scope(runs[runs["task"].isin(present)], scale, backbone, present, tasks, by)


def the_only(records: pd.DataFrame, column: str, remedy: str) -> str:
    """What all records have in a column, "" where there are none. Raises ValueError, with `remedy`, for several."""
    values = sorted(records[column].unique())
    if len(values) > 1:
        raise ValueError(f"the records hold more than one {column} ({', '.join(values)}); {remedy}")
    return values[0] if values else ""
