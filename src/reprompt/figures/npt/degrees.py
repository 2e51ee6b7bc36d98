"""NPT, Figure 2: the degree of neural collapse against base-to-novel accuracy."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from reprompt.figures.figure import Measured
from reprompt.tables.methods import METHODS
from reprompt.tables.scope import Scope, Which, scope_of
from reprompt.tasks.published import published_values

DELTAS = ("delta_lcd", "delta_mid")
COLUMNS = ["panel", "delta", "recipe", "tau", "degree", "low", "high", "H", "H_low", "H_high", "seeds"]
COLUMNS += ["published_H", "correlation"]


def scope_of_degrees(records: pd.DataFrame, scope: Scope, delta: str) -> Scope:
    """The scope with |delta| in the place of accuracy: one value per run, the mean of its base and new classes.

    `delta` is a metric of the records, "delta_lcd" or "delta_mid"; the split of the result is "both".
    """
    rows = records[(records["metric"] == delta) & records["experiment"].isin(scope.records["experiment"].unique())]
    rows = rows[(rows["backbone"] == scope.backbone) & rows["task"].isin(scope.tasks)]
    rows = rows.assign(value=rows["value"].abs(), split="both")
    run = ["recipe", "shots", "tau", "swept", "task", "seed", "split"]
    return replace(scope, records=rows.groupby(run, as_index=False)["value"].mean())


@dataclass(frozen=True)
class Degrees:
    """|Delta_LCD| and |Delta_MID| against H, of the recipes and imbalances in each panel."""

    experiment: str
    shots: int
    panels: Mapping[str, tuple[tuple[str, float], ...]]

    def of(self, records: pd.DataFrame) -> Measured:
        """A point per degree, panel, recipe and imbalance, with Pearson's correlation in its panel."""
        scope = scope_of(records, self.experiment)
        printed = published_values("npt", 1).query("dataset == 'average_11'")
        printed = printed.set_index(["method", "imbalance_tau"])["value"]
        rows = []
        for panel, members in self.panels.items():
            for delta in DELTAS:
                degrees = scope_of_degrees(records, scope, delta)
                points = [row for member in members if (row := self._point(scope, degrees, *member))]
                at = np.array([(row[2], row[5]) for row in points]).T
                correlation = float(np.corrcoef(at)[0, 1]) if len(points) > 2 else math.nan
                for point in points:
                    published = float(printed[METHODS[point[0]].published_id, point[1]])
                    rows.append((panel, delta, *point, published, correlation))
        return Measured(pd.DataFrame(rows, columns=COLUMNS), scope.words)

    def _point(self, scope: Scope, degrees: Scope, recipe: str, tau: float) -> tuple | None:
        """From the recipe to the seeds; None where it was not run."""
        degree = degrees.average(Which(recipe, self.shots, "both", tau))
        H = scope.average(Which(recipe, self.shots, "H", tau))
        if degree is None or H is None:
            return None
        return (recipe, tau, degree.estimate, degree.low, degree.high, H.estimate, H.low, H.high, H.seeds)
