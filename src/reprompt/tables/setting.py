"""The slice of the records that one table or figure speaks about: one scale, one protocol, one backbone."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from reprompt.published import DATASETS_11
from reprompt.statistics import Interval, PairedDifference, average, harmonic_runs, paired_difference
from reprompt.tables.methods import UNTUNED


@dataclass(frozen=True)
class Setting:
    """Records of one protocol, restricted to the tasks that every recipe, shot count and seed in them has.

    Averages over different tasks cannot stand in one table, so a task that one run lacks is left out for all, and the
    title says "n of 11 tasks".
    """

    records: pd.DataFrame
    protocol: str
    scale: str
    backbone: str
    tasks: tuple[str, ...]

    @cached_property
    def _runs(self) -> dict[tuple[str, int, str], pd.DataFrame]:
        groups = self.records.groupby(["recipe", "shots", "split"])
        return {key: runs[["task", "seed", "value"]] for key, runs in groups}

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
            return f"no records, 0 of {len(DATASETS_11)} tasks"
        scale = self.scale if self.scale == "paper" else f"{self.scale} (rendered data)"
        seeds = f"{self.seeds} seed{'' if self.seeds == 1 else 's'}"
        return f"scale {scale}, {self.backbone_label}, {seeds}, {len(self.tasks)} of {len(DATASETS_11)} tasks"

    def runs(self, recipe: str, shots: int, split: str) -> pd.DataFrame | None:
        """The run frame (task, seed, value) of one recipe; None where it was not run. Split "H" is per-task H."""
        if recipe in UNTUNED:
            shots = 0
        if split == "H":
            base, new = self.runs(recipe, shots, "base"), self.runs(recipe, shots, "new")
            return None if base is None or new is None else harmonic_runs(base, new)
        return self._runs.get((recipe, shots, split))

    def average(self, recipe: str, shots: int, split: str) -> Interval | None:
        """Mean over tasks with its interval over seeds; None where it was not run."""
        runs = self.runs(recipe, shots, split)
        return None if runs is None else average(runs)

    def gain(self, recipe: str, reference: str, shots: int, split: str) -> PairedDifference | None:
        """recipe minus reference on the same draws; None where either was not run."""
        runs, other = self.runs(recipe, shots, split), self.runs(reference, shots, split)
        return None if runs is None or other is None else paired_difference(runs, other)


def setting_of(records: pd.DataFrame, protocol: str, backbone: str | None = None) -> Setting:
    """Choose one protocol and backbone from the records; works on no records at all (then everything is "not run").

    Raises ValueError where records of several scales are mixed, or of several backbones and none is named.
    """
    scale = _only(records, "scale", "read the records of one results/<scale> folder")
    records = records[(records["protocol"] == protocol) & (records["metric"] == "accuracy")]
    records = records[records["task"].isin(DATASETS_11)]
    if backbone is None:
        backbone = _only(records, "backbone", "name the one that is meant: backbone=...")
    records = records[records["backbone"] == backbone]
    runs = records.groupby(["recipe", "shots", "seed", "split"])["task"].agg(set)
    common = set.intersection(*runs) if len(runs) else set()
    tasks = tuple(task for task in DATASETS_11 if task in common)
    return Setting(records[records["task"].isin(tasks)], protocol, scale, backbone, tasks)


def _only(records: pd.DataFrame, column: str, remedy: str) -> str:
    values = sorted(records[column].unique())
    if len(values) > 1:
        raise ValueError(f"the records hold more than one {column} ({', '.join(values)}); {remedy}")
    return values[0] if values else ""
