"""GRAM, Figure 3b: whether the regulated support gradient and the query gradient come to agree in meta-training."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reprompt.evidence.curves import BLOCKS
from reprompt.figures.figure import Measured
from reprompt.tables.scope import scope_of

STRETCHES = 3 * BLOCKS  # whose means are drawn as a line
# What is logged, and as which quantity of which row of panels it is shown.
HELD_OUT = {
    "held_out_raw_cosine": ("cosine", "raw"),
    "held_out_cosine": ("cosine", "regulated"),
    "held_out_product": ("product", "regulated"),
    "held_out_loss_before": ("loss", "before"),
    "held_out_loss_after": ("loss", "after"),
}
OWN = {"inner_product": ("cosine", "own episodes")}  # all that records had before episodes were held out
MISSING = (
    "Some of these runs logged no held-out episodes: of them the cosine on each step's own episodes is shown (grey), "
    "and neither the raw gradient, nor the product, nor the loss.\n"
)


@dataclass(frozen=True)
class Products:
    """How the two gradients agree, and what a step gains, at every logged step of every run of some recipes."""

    experiment: str
    recipes: tuple[str, ...]

    def of(self, records: pd.DataFrame) -> Measured:
        """A point per run, step and quantity."""
        scope = scope_of(records, self.experiment, tasks=("corpus",))
        runs = scope.records.sort_values("seed").to_dict("records")
        rows = [
            (recipe, run["seed"], *point)
            for recipe in self.recipes
            for run in runs
            if run["recipe"] == recipe
            for point in _points(run["measured"])
        ]
        points = pd.DataFrame(rows, columns=["recipe", "seed", "row", "quantity", "step", "value"])
        old = any(name in points["quantity"].to_numpy() for _, name in OWN.values())
        words = scope.words.rpartition(", ")[0]  # there are no tasks to count
        return Measured(points, words, {"missing": MISSING if old else ""})


def _points(logged: Mapping[str, np.ndarray]) -> Iterator[tuple[str, str, int, float]]:
    """Row, quantity, step and value of what a run logged."""
    shown = HELD_OUT if HELD_OUT.keys() & logged.keys() else OWN
    for name in (name for name in shown if name in logged):
        for step, value in zip(logged["steps"], logged[name], strict=True):
            yield *shown[name], int(step), float(value)
