"""NPT, Figure 5: how much the weights w1 of L_LC and w2 of L_MI matter."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from reprompt.figures.figure import Measured
from reprompt.figures.points import MEASURED, measured
from reprompt.tables.scope import Which, scope_of
from reprompt.tasks.published import published_values

SETTINGS = ("w_language", "w_isomorphism")  # what the records call w1 and w2


@dataclass(frozen=True)
class Weights:
    """H of MaPLe + NPT by one weight at the default of the other, and of MaPLe without NPT, at one imbalance."""

    experiments: tuple[str, ...]
    default: Mapping[str, float]  # the paper's, and those of runs that sweep nothing
    shots: int
    tau: float

    def of(self, records: pd.DataFrame) -> Measured:
        """A panel for each weight."""
        scope = scope_of(records, *self.experiments)
        printed = published_values("npt", 1).query(f"dataset == 'average_11' and imbalance_tau == {self.tau}")
        printed = printed.set_index("method")["value"]
        swept_weights = {tuple(self.default.values()): ""}
        for swept in scope.records.loc[scope.records["swept"] != "", "swept"].unique():
            swept_weights.setdefault(tuple(json.loads(swept)[name] for name in SETTINGS), swept)
        without = scope.average(Which("maple", self.shots, "H", self.tau))
        rows = []
        for panel in self.default:
            if without is not None:
                rows.append((panel, "maple", math.nan, math.nan, *measured(without), printed["maple"]))
            for weights, swept in sorted(swept_weights.items()):
                value = scope.average(Which("maple_npt", self.shots, "H", self.tau, swept))
                at = dict(zip(self.default, weights, strict=True))
                if value is not None and all(
                    at[other] == self.default[other] for other in self.default if other != panel
                ):
                    published = math.nan if swept else printed["maple+npt"]
                    rows.append((panel, "maple_npt", *weights, *measured(value), published))
        return Measured(
            pd.DataFrame(rows, columns=["panel", "recipe", *self.default, *MEASURED, "published"]), scope.words
        )
