"""MVLPT, Figure 4 and beyond: pairs of tasks, how well the prompt of one does on the other, and how alike they are."""

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from reprompt.evidence.adaptation import ALONE, LEARNERS
from reprompt.evidence.explanation import OTHER, grids_of_learner
from reprompt.evidence.statistics import interval_over_seeds
from reprompt.figures.figure import Measured
from reprompt.figures.mvlpt.heat import tasks_of
from reprompt.figures.points import MEASURED, measured
from reprompt.tables.scope import Scope, scope_of, the_only
from reprompt.tasks.groups import members
from reprompt.training.groups import grid_of, normalised

PAIR = ["learner", "source", "target"]
ALIKE = ["learner", "similarity", "source", "target", "value", "transfer", "outlier", "correlation", "p"]
NAMED = 3  # outliers of a panel that are named, each of another target


@dataclass(frozen=True)
class Transfers:
    """The score of every source's prompt on every target, for each learner."""

    tasks: str  # the group

    def of(self, records: pd.DataFrame) -> Measured:
        """Every pair that was run: its score in percent with its interval over seeds, and its relative score."""
        runs = records[(records["protocol"] == "transfer_grid") & (records["metric"] == "score")]
        scale = the_only(runs, "scale", "read the records of one results/<scale> folder")
        backbone = the_only(runs, "backbone", "choose the records of one")
        rows = []
        for learner, recipe in ALONE.items():
            relative, of_recipe = normalised(grid_of(runs, recipe)), runs[runs["recipe"] == recipe]
            pairs = {pair: scores.set_index("seed")["value"] for pair, scores in of_recipe.groupby(["source", "task"])}
            for pair in itertools.product(members(self.tasks), repeat=2):
                if pair in pairs:
                    score = measured(interval_over_seeds(pairs[pair]))
                    rows.append((learner, *pair, *score, relative.loc[pair]))
        points = pd.DataFrame(rows, columns=[*PAIR, *MEASURED, "relative"])
        shots = ", ".join(map(str, sorted(runs["shots"].unique()))) or "20"
        words = Scope(runs, scale, backbone, tuple(tasks_of(points)), members(self.tasks)).words
        return Measured(points, words, {"shots": shots})


def outliers(similarity: np.ndarray, transfer: np.ndarray, targets: list[str]) -> np.ndarray:
    """The pairs farthest from the least-squares line through their ranks, at most one per target: places (NAMED,)."""
    x, y = (rankdata(values) - (len(values) + 1) / 2 for values in (similarity, transfer))
    slope = x @ y / (x @ x) if x.any() else 0.0
    away = np.abs(y - slope * x)
    ordered = pd.Series(targets)[np.argsort(-away, kind="stable")]
    return ordered.drop_duplicates().index[:NAMED].to_numpy()


@dataclass(frozen=True)
class Similarities:
    """Normalised transfer against label and image similarity of every pair of different tasks, by learner."""

    experiment: str
    tasks: str  # the group

    def of(self, records: pd.DataFrame) -> Measured:
        """A point per learner, similarity and pair; nothing where the grid was not run."""
        scope = scope_of(records, self.experiment, tasks=members(self.tasks))
        runs = records[(records["experiment"] == self.experiment) & (records["backbone"] == scope.backbone)]
        parts = [pd.DataFrame(columns=ALIKE)]
        for learner in LEARNERS:
            if grids := grids_of_learner(runs, learner):
                parts += [_related(grids, similarity).assign(learner=learner) for similarity in OTHER]
        return Measured(pd.concat(parts[1:] or parts)[ALIKE].reset_index(drop=True), scope.words)


def _related(grids, similarity: str) -> pd.DataFrame:
    """Every pair of a panel."""
    relation, tasks = grids.related(similarity), list(grids.transfer)
    pairs = [pair for pair in itertools.product(tasks, repeat=2) if pair[0] != pair[1]]
    points = pd.DataFrame(pairs, columns=["source", "target"]).assign(similarity=similarity)
    for name, grid in {"value": getattr(grids, similarity), "transfer": grids.transfer}.items():
        points[name] = [grid.at[pair] for pair in pairs]
    marked = outliers(points["value"].to_numpy(), points["transfer"].to_numpy(), points["target"].tolist())
    return points.assign(outlier=points.index.isin(marked), correlation=relation.correlation, p=relation.p)
