"""What MVLPT's line figures show: scores averaged over the twelve target tasks, at 20 shots."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from reprompt.cells.recipes import recipe_of
from reprompt.evidence.adaptation import VIT_B_16, ZERO_SHOT, adaptations
from reprompt.evidence.statistics import average
from reprompt.figures.figure import Measured
from reprompt.figures.looks import MVLPT
from reprompt.figures.points import MEASURED, measured
from reprompt.tables.scope import Scope, restricted, the_only
from reprompt.tasks.groups import members
from reprompt.tasks.published import published_values

SHOTS = 20
TARGETS = "elevater12"
STARTS = ("random", "multitask_11")  # what the six methods start from, at random or the prompt of 11 source tasks


def adapted_alone(records: pd.DataFrame, *experiments: str) -> pd.DataFrame:
    """Runs of some experiments on the target tasks: each task adapted to alone with 20 shots, and zero-shot CLIP."""
    runs = adaptations(records[records["experiment"].isin(experiments)])
    tuned = (runs["adapt"] == "single") & runs["init"].isin(STARTS) & (runs["shots"] == SHOTS)
    return runs[(tuned | (runs["method"] == ZERO_SHOT)) & runs["task"].isin(members(TARGETS))]


def scope_by(runs: pd.DataFrame, *by: str) -> Scope:
    """The scope of runs that the columns `by` tell apart, on the target tasks that all of them have."""
    scale = the_only(runs, "scale", "read the records of one results/<scale> folder")
    return restricted(runs, scale, None, members(TARGETS), by)


def averages(scope: Scope) -> pd.DataFrame:
    """A row per average: the scope's columns, the mean over tasks in percent and its interval over seeds."""
    groups = scope.records.groupby(list(scope.by))
    rows = [(*key, *measured(average(runs))) for key, runs in groups]
    return pd.DataFrame(rows, columns=[*scope.by, *MEASURED])


def printed() -> pd.Series:
    """The printed averages over the twelve tasks at 20 shots with ViT-B/16, by method: Table 1a."""
    cells = published_values("mvlpt", "1a")
    cells = cells[(cells["dataset"] == "average_12") & (cells["shots"] == SHOTS)]
    return cells.set_index("method")["value"]


def facts_of(points: pd.DataFrame) -> dict[str, str]:
    """For notes: the bars explained, with the number of seeds, which may differ by point; and the printed averages."""
    seeds = sorted({int(n) for n in points["seeds"] if n > 1})
    bars = f"Bars: 95 % Student-t intervals over {' or '.join(map(str, seeds))} seeds, as far as they fit the panel."
    values = printed()
    words = [f"{look.label} {values[method]:.2f}" for method, look in MVLPT.items() if method in values]
    return {
        "bars": bars if seeds else "No bars: an interval needs two seeds.",
        "printed": ", ".join(words),
        "printed of UPT": f"{values['upt']:.2f}",
    }


@dataclass(frozen=True)
class AdaptedBy:
    """The six methods (and zero-shot CLIP where its runs are named) by a column of the runs, each value in its order.

    `printed_for` is the value of each learner, or of all, for which the paper prints its averages.
    """

    experiments: tuple[str, ...]
    column: str
    printed_for: Mapping[str, object]
    order: tuple = ()  # of values that are no numbers; they may differ within the figure, as backbones do

    def of(self, records: pd.DataFrame) -> Measured:
        """A point per method and value."""
        runs = adapted_alone(records, *self.experiments)
        if self.order:
            shown = ", ".join(value for value in self.order if value in set(runs[self.column]))
            places = runs[self.column].map(dict(zip(self.order, range(len(self.order)), strict=True)))
            scope = scope_by(runs.assign(place=places, **{self.column: shown}), "method", "place")
        else:
            scope = scope_by(runs.assign(place=runs[self.column]), "method", "place")
        points = averages(scope)
        points["method"] = pd.Categorical(points["method"], list(MVLPT))
        points = points.sort_values(["method", "place"], kind="stable", ignore_index=True).astype({"method": str})
        points[self.column] = points["place"].map(self.order.__getitem__) if self.order else points["place"]
        usual = points["method"].str.removeprefix("m").map(self.printed_for) == points[self.column]
        points["published"] = points["method"].map(printed()).where(usual, math.nan)
        points = points[["method", self.column, *MEASURED, "published"]]
        return Measured(points, scope.words, facts_of(points), real=scope.scale == "paper")


@dataclass(frozen=True)
class Blocks:
    """UPT by one setting of its block at a time; the default stands in each of the `settings`' panels."""

    experiments: tuple[str, ...]
    settings: tuple[str, ...]

    def of(self, records: pd.DataFrame) -> Measured:
        """Every point: in each panel the default, and what was swept there, but for the default among it."""
        runs = adapted_alone(records, *self.experiments)
        scope = scope_by(runs[runs["method"] == "upt"], "swept")
        settings = scope.records.groupby("swept")["settings"].first()
        rows, seen = [], []
        for point in averages(scope).to_dict("records"):  # the default first: it sweeps nothing
            swept = point.pop("swept")
            block = {name: settings[swept][name] for name in self.settings}
            if block in seen:
                continue
            seen.append(block)
            numbers = recipe_of("upt").settings("learner", settings[swept]).learned_numbers(VIT_B_16)  # at every scale
            usual = {"default": not swept, "parameters": numbers, "published": math.nan if swept else printed()["upt"]}
            for panel in json.loads(swept) if swept else self.settings:
                place = (self.settings.index(panel), block[panel])
                rows.append({"panel": panel, **block, **point, **usual, "place": place})
        columns = ["panel", *self.settings, "default", *MEASURED, "parameters", "relative", "published", "place"]
        points = pd.DataFrame(rows, columns=columns)
        points["relative"] = points["parameters"] / points["parameters"].min()
        points = points.sort_values("place", kind="stable", ignore_index=True).drop(columns="place")
        return Measured(points, scope.words, facts_of(points), real=scope.scale == "paper")
