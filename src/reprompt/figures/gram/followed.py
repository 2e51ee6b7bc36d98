"""GRAM, Figures 1b and 3a: test accuracy while tuning, with the meta-learned start and regulator and without."""

import math
from dataclasses import dataclass

import pandas as pd

from reprompt.figures.figure import Measured
from reprompt.figures.points import MEASURED, by_epoch, measured
from reprompt.tables.methods import METHODS
from reprompt.tables.scope import Scope, runs_of, scope_of_runs

FOLLOWED, UNTUNED_IN = ("gram_curves", "gram_adapted"), "gram_base_to_new"  # experiments
COLUMNS = ["split", "recipe", "epoch", *MEASURED, "published"]


@dataclass(frozen=True)
class Followed:
    """Averages by epoch of recipes that were followed, on some halves of the classes; zero-shot CLIP is at epoch 0.

    `longer` is an experiment with CoOp after many more epochs, on new classes.
    """

    halves: tuple[str, ...]
    recipes: tuple[str, ...]
    longer: str = ""

    def of(self, records: pd.DataFrame) -> Measured:
        """Every point of every curve."""
        followed = pd.Series(["curve" in arrays for arrays in records["measured"]], records.index, bool)
        untuned = (records["experiment"] == UNTUNED_IN) & (records["recipe"] == "zero_shot")
        shown = {
            (half, recipe): runs_of(METHODS[recipe], split=half)
            for half in self.halves
            for recipe in ("zero_shot", *self.recipes)
        }
        scope = scope_of_runs(records[followed | untuned], (*FOLLOWED, UNTUNED_IN), shown.values())
        rows = []
        for (half, recipe), which in shown.items():
            values = {0: scope.average(which)} if recipe == "zero_shot" else by_epoch(scope, which, "curve")
            rows += [(half, recipe, epoch, *measured(value), math.nan) for epoch, value in values.items() if value]
        if self.longer:
            rows += self._trained_longer(records, scope)
        return Measured(pd.DataFrame(rows, columns=COLUMNS), scope.words)

    def _trained_longer(self, records: pd.DataFrame, scope: Scope) -> list[tuple]:
        """The point of CoOp after many more epochs, on the same tasks; none where one of them was not run."""
        which = runs_of(METHODS["coop"], split="new")
        longer = scope_of_runs(records, (self.longer,), [which], scope.tasks, scope.backbone)
        value = longer.average(which)
        if value is None or longer.tasks != scope.tasks:
            return []
        epochs = max(settings["epochs"] for settings in longer.records["settings"])
        return [("new", "coop_long", epochs, *measured(value), math.nan)]
