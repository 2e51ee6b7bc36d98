"""Our records as a source of numbers: which runs a term of a claim speaks about."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from reprompt.cells.recipes import recipe_of
from reprompt.claims.lookup import MEASURED, Lookup, Setting, SettingValue, Slice
from reprompt.evidence.adaptation import LABELS as MVLPT_LABELS
from reprompt.evidence.lookup import Missing
from reprompt.evidence.statistics import harmonic_mean, stratified
from reprompt.evidence.values import DETERMINISTIC, Origin, Size, Values, combine, paired, pooled
from reprompt.tables.methods import ABLATIONS, METHODS, UNTUNED
from reprompt.tasks.groups import groups, members

AGAIN = "-again"  # ends the id of a method that was run a second time, with other batches and starts
LABELS = MVLPT_LABELS | {method.published_id: method.in_a_sentence for method in (*METHODS.values(), *ABLATIONS)}
UNTUNED_IDS = tuple(METHODS[recipe].published_id for recipe in UNTUNED)
# A claim's setting against the protocol of our runs; one that is not listed has the same name.
PROTOCOLS = {
    **{"domain_generalization": "transfer", "cross_dataset": "transfer", "meta-training": "meta"},
    **{"few_shot_elevater": "elevater", "cross_task": "elevater"},
}


class Row(NamedTuple):
    """One row of the records, in the words of its paper.

    `settings` are those that a term may name, `varied` those of them that it must name to mean this run, `compared`
    those that its experiment is there to compare. Of rows that mean the same, the first by `rank` counts.
    """

    protocol: str
    method: str
    split: str
    metric: str
    backbone: str
    source: str
    task: str
    shots: int
    seed: int
    settings: Mapping[str, SettingValue]
    varied: frozenset[str]
    compared: frozenset[str]
    rank: tuple
    value: float
    images: int = 0
    measured: Mapping[str, Any] = {}
    predictions: Any = None
    targets: Any = None
    start: int = 0  # the source seed of its start

    @property
    def size(self) -> Size:
        """On how much its value rests."""
        return Size(*(math.log(number) if number else 0.0 for number in (self.shots, self.images)))

    def array(self, name: str) -> np.ndarray | None:
        """What was measured along the run, None where it was not."""
        if name == "wrong":
            return None if self.predictions is None else np.asarray(self.predictions) != np.asarray(self.targets)
        if name not in self.measured:
            return None
        array = np.asarray(self.measured[name], dtype=float)
        return 100 * array / self.images if name == "curve" else array  # recorded as counts of right images


class Runs(Lookup):
    """Looks terms up in the rows of one paper. Grouped once, then each look-up reads one method's rows."""

    def __init__(self, rows: Iterable[Row], grid: pd.DataFrame, chooses_partners: str = Lookup.chooses_partners):
        self._rows: dict[tuple[str, str, str, str], list[Row]] = defaultdict(list)
        self._backbones: dict[tuple[str, str], Counter] = defaultdict(Counter)
        self._grid, self.chooses_partners = grid, chooses_partners
        self._numbers: dict[tuple[Slice, str], Values] = {}  # claims ask for the same again and again
        for row in rows:
            self._rows[row.protocol, row.method, row.split, row.metric].append(row)
            self._backbones[row.protocol, row.task][row.backbone] += 1

    def accuracies(self, where: Slice) -> Values:
        """Accuracy in percent of every run; H is that of each run, but GRAM's of a group that of the averages."""
        if where.split == "H":
            base, new = (self.accuracies(replace(where, split=split)) for split in ("base", "new"))
            return H_of_means(base, new) if is_H_of_means(where) else combine(base, new, harmonic_mean)
        return self.numbers(where, "accuracy")

    def numbers(self, where: Slice, metric: str) -> Values:
        """The numbers of a metric by run."""
        if (where, metric) not in self._numbers:
            chosen = self._chosen(where, metric).items()
            self._numbers[where, metric] = Values({origin: row.value for origin, row in chosen})
        return self._numbers[where, metric]

    def arrays(self, where: Slice, name: str) -> Mapping[Origin, np.ndarray]:
        """What was measured along each run."""
        if where.split == "H":
            raise Missing(f"{MEASURED[name]} is recorded by class half, not as a harmonic mean")
        measured = self._chosen(where, "accuracy", lambda row: row.array(name) is not None, MEASURED[name])
        return {origin: row.array(name) for origin, row in measured.items()}

    def variants(self, setting: Setting, method: str, keys: tuple[str, ...]) -> list[tuple[SettingValue, ...]]:
        """Every combination of values that experiments compare, and that of the usual runs: a sweep may leave it out.

        Raises Missing for fewer than two.
        """
        kind = _kind(setting, method)
        rows = [row for key, rows in self._rows.items() if key[:2] == kind for row in rows]
        swept = [row for row in rows if row.compared & set(keys)]
        usual = [row for row in rows if row.varied <= {"tau"} and row.settings.keys() >= set(keys)]
        values = {tuple(row.settings[key] for key in keys) for row in (swept + usual if swept else [])}
        if len(values) < 2:
            raise Missing(f"no experiment varies {' and '.join(keys)} of {label(method)}")
        return sorted(values)

    def transfers(self, learner: str, metric: str) -> pd.DataFrame:
        """The experiment `transfer_grid` of a learner, draw by draw."""
        recipe = recipe_of(f"m{learner}").alone.expression
        rows = self._grid[(self._grid["recipe"] == recipe) & (self._grid["metric"] == metric)]
        if rows.empty:
            raise Missing(f"no records of how prompts of {label(learner)} do on other tasks")
        return rows.pivot(index=["seed", "source"], columns="task", values="value")

    def counted(self, percent: float) -> Values:
        """The same at every scale, whatever was run."""
        return Values({pooled(DETERMINISTIC): percent})

    def _chosen(
        self,
        where: Slice,
        metric: str,
        usable: Callable[[Row], bool] = lambda row: True,
        words: str = "",
    ) -> dict[Origin, Row]:
        """The rows of a slice, one per run."""
        tasks, named = set(members(where.place)), dict(where.named)
        backbone = str(named.pop("backbone", "") or self._usual_backbone(where)).replace("/", "-")
        shots = named.pop("shots", dict(where.setting.given).get("shots"))
        untuned = where.method in UNTUNED_IDS
        chosen: dict[Origin, Row] = {}
        for row in self._rows.get((*_kind(where.setting, where.method), where.split, metric), []):
            if row.task not in tasks or row.backbone != backbone:
                continue
            if not untuned and not ((shots is None or row.shots == shots) and _means(row, named)):
                continue
            if usable(row):
                origin = Origin(row.source, row.task, 0 if shots is not None else row.shots, row.seed)
                origin = origin.undrawn if untuned or row.seed == DETERMINISTIC else origin
                chosen[origin] = min(chosen.get(origin, row), row, key=lambda row: row.rank)
        if not chosen:
            raise Missing(self._why_missing(where, words))
        return {replace(origin, start=row.start, size=row.size): row for origin, row in chosen.items()}

    def _usual_backbone(self, where: Slice) -> str:
        """The one that has the most rows on the slice's tasks under its protocol; the first of equals."""
        counted: Counter = Counter()
        for task in members(where.place):
            counted.update(self._backbones.get((_kind(where.setting, where.method)[0], task), {}))
        return max(counted, key=counted.__getitem__, default="")

    def _why_missing(self, where: Slice, words: str) -> str:
        protocol, method = _kind(where.setting, where.method)
        if not any(key[:2] == (protocol, method) for key in self._rows):
            return f"no records of {label(method)} under {protocol} in an experiment for this paper"
        if words:
            return f"{words} was not measured for {label(method)} under {protocol} here"
        parts = [f"no records of {label(method)} on {where.place} under {protocol}"]
        parts += [f"{where.split} classes"] if where.split != "all" else []
        parts += [f"{key} {value:g}" if isinstance(value, float) else f"{key} {value}" for key, value in where.named]
        return ", ".join(parts)


def label(method: str) -> str:
    """What a method is called in a sentence."""
    once = method.removesuffix(AGAIN)
    return LABELS.get(once, once) + (" a second time" if once != method else "")


def is_H_of_means(where: Slice) -> bool:
    """Whether H of a group is that of its average base and new accuracy, as GRAM prints it."""
    return where.setting.paper == "gram" and where.place in groups()


def _kind(setting: Setting, method: str) -> tuple[str, str]:
    """Protocol and method of our rows."""
    return PROTOCOLS.get(setting.protocol, setting.protocol), method


def _means(row: Row, named: Mapping[str, SettingValue]) -> bool:
    """Whether a term that names these settings means a row. `table` only says which of two printed cells is meant."""
    return row.varied <= named.keys() and all(
        row.settings.get(key) == value for key, value in named.items() if key != "table"
    )


def H_of_means(base: Values, new: Values) -> Values:
    """The harmonic mean of the averages, as a number for every run: H + dH/dB (b - B) + dH/dN (n - N).

    B and N are the averages of base and new accuracy over the runs that have both, b and n those of one run. H is of no
    single task; the mean of these numbers is H, their spread over draws that of H to first order, and differences stay
    paired by task and draw.
    """
    base, new = paired(base, new)
    if not base.by_origin:
        raise Missing("base and new classes were run, but never in the same draw")
    B, N = stratified(base).estimate, stratified(new).estimate
    by_base, by_new = 2 * (N / (B + N)) ** 2, 2 * (B / (B + N)) ** 2
    H = harmonic_mean(B, N)
    return combine(base, new, lambda one, other: H + by_base * (one - B) + by_new * (other - N))
