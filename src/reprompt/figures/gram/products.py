"""GRAM, Figure 3b: whether the regulated support gradient and the query gradient come to agree in meta-training."""

from dataclasses import dataclass

import pandas as pd

from reprompt.evidence.curves import BLOCKS
from reprompt.figures.figure import Measured
from reprompt.tables.scope import scope_of

STRETCHES = 3 * BLOCKS  # whose means are drawn as a line


@dataclass(frozen=True)
class Products:
    """The inner product of the two gradients at every logged step of every run of some recipes on the corpus."""

    experiment: str
    recipes: tuple[str, ...]

    def of(self, records: pd.DataFrame) -> Measured:
        """A point per run and step."""
        scope = scope_of(records, self.experiment, tasks=("corpus",))
        runs = scope.records.sort_values("seed")
        rows = [
            (recipe, run["seed"], int(step), float(product))
            for recipe in self.recipes
            for run in runs[runs["recipe"] == recipe].to_dict("records")
            if "inner_product" in run["measured"]
            for step, product in zip(run["measured"]["steps"], run["measured"]["inner_product"], strict=True)
        ]
        points = pd.DataFrame(rows, columns=["recipe", "seed", "step", "inner_product"])
        return Measured(points, scope.words.rpartition(", ")[0])  # there are no tasks to count
