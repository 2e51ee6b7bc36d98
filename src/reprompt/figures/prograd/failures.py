"""Figure 5: where ProGrad fails and CoOp does not, was zero-shot CLIP wrong already?"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reprompt.evidence.statistics import interval_over_seeds
from reprompt.figures.figure import Measured
from reprompt.figures.points import MEASURED, measured
from reprompt.tables.scope import Scope, scope_of

AVERAGE = "average"
COMPARED = ("zero_shot", "coop", "prograd")
COUNTS = ["failures", "zero_shot_wrong"]
COLUMNS = ["task", "shots", *MEASURED, *COUNTS]


def failures(scope: Scope) -> pd.DataFrame:
    """Per task, shots and seed: test images that ProGrad gets wrong and CoOp right, and how many of them CLIP too."""
    runs = scope.records[scope.records["recipe"].isin(COMPARED)]
    runs = runs.assign(right=[np.equal(*pair) for pair in zip(runs["predictions"], runs["targets"], strict=True)])
    zero_shot, coop, prograd = (runs[runs["recipe"] == recipe] for recipe in COMPARED)
    run = ["task", "shots", "seed"]
    both = prograd[[*run, "right"]].merge(coop[[*run, "right"]], on=run, suffixes=("", "_coop"))
    every = both.merge(zero_shot[["task", "right"]], on="task", suffixes=("", "_zero_shot"))
    failed = [coop & ~prograd for prograd, coop in zip(every["right"], every["right_coop"], strict=True)]
    wrong = [int((rows & ~right).sum()) for rows, right in zip(failed, every["right_zero_shot"], strict=True)]
    counts = every[run].assign(failures=[int(rows.sum()) for rows in failed], zero_shot_wrong=wrong)
    in_order = counts.assign(place=counts["task"].map(scope.tasks.index)).sort_values(["place", "shots", "seed"])
    return in_order.drop(columns="place").reset_index(drop=True)


@dataclass(frozen=True)
class FailureShares:
    """Shares in percent: the average over tasks, then each task; a task without such images has no share."""

    experiment: str

    def of(self, records: pd.DataFrame) -> Measured:
        """Every share by shots, with the counts behind it."""
        scope = scope_of(records, self.experiment)
        counts = failures(scope)
        counts = counts.assign(share=100 * counts["zero_shot_wrong"] / counts["failures"].replace(0, math.nan))
        rows = []
        for task in (AVERAGE, *counts["task"].unique()):
            chosen = counts if task == AVERAGE else counts[counts["task"] == task]
            for shots, runs in chosen.groupby("shots"):
                shares = runs.groupby("seed")["share"].mean().dropna()
                if len(shares):
                    rows.append((task, shots, *measured(interval_over_seeds(shares)), *runs[COUNTS].sum()))
        return Measured(pd.DataFrame(rows, columns=COLUMNS), scope.words)
