"""What MVLPT's line figures show: scores averaged over the twelve target tasks, at 20 shots."""

import pandas as pd

from reprompt.evidence.adaptation import ZERO_SHOT, adaptations
from reprompt.evidence.statistics import average
from reprompt.figures.lines import MEASURED, measured
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
