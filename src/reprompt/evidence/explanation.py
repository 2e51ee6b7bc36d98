"""What explains transfer? The transferability grid against the similarity of labels and of images. Beyond MVLPT.

Section 4.3 says that tasks with similar class names transfer better with CoOp, and tasks with similar images with VPT
and UPT; it measures neither. Here both are correlated with the normalised grid over all pairs of different tasks, in
three views, for a correlation over all pairs says little about what makes a good partner:

    pairs        as they are: an easy target to which many sources are similar is enough for a correlation
    targets      ranked among the sources of one target: is the more similar of two sources the better one for it?
    interaction  what is left of the ranks when every source's and every target's own level is taken out: a source that
                 is good for all, or similar to all because it has many classes, counts no more

    n tasks with every pair
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from reprompt.evidence.adaptation import ALONE
from reprompt.evidence.exchanges import without_gaps
from reprompt.evidence.mantel import Mantel, mantel, partial_mantel, ranks
from reprompt.training.groups import grid_of, normalised

CLAIMED = {"coop": "label", "vpt": "image", "upt": "image"}  # learner: what explains its transfer, says the paper
OTHER = {"label": "image", "image": "label"}
LEAST_TASKS = 4  # three can be relabelled in 6 ways only: no p below 0.16


@dataclass(frozen=True)
class LearnerGrids:
    """Of one learner, each (n, n), sources down and targets across: normalised transfer and the two similarities.

    `left_out` are tasks of the grid that lack a pair.
    """

    transfer: pd.DataFrame
    label: pd.DataFrame
    image: pd.DataFrame
    left_out: tuple[str, ...]

    @property
    def pairs(self) -> int:
        """The number of ordered pairs of different tasks."""
        return len(self.transfer) * (len(self.transfer) - 1)

    def related(self, similarity: str, given: bool = False, view: str = "pairs") -> Mantel:
        """Transfer and a similarity (`label` or `image`) in one of the `VIEWS`.

        With `given` it is the partial correlation: what the similarity explains beyond the other one.
        """
        in_view = VIEWS[view]
        transfer, related, other = (
            in_view(grid.to_numpy())
            for grid in (self.transfer, getattr(self, similarity), getattr(self, OTHER[similarity]))
        )
        return partial_mantel(transfer, related, other) if given else mantel(transfer, related)


def grids_of_learner(records: pd.DataFrame, learner: str) -> LearnerGrids | None:
    """The grids of a learner; None where fewer than `LEAST_TASKS` tasks have every pair."""
    recipe = ALONE[learner]
    grids = [normalised(grid_of(records, recipe))]
    grids += [grid_of(records, recipe, f"{similarity}_similarity") for similarity in OTHER]
    tasks = complete_tasks(grids)
    if len(tasks) < LEAST_TASKS:
        return None
    left_out = sorted({*grids[0].index, *grids[0].columns} - set(tasks))
    return LearnerGrids(*(grid.loc[tasks, tasks] for grid in grids), tuple(left_out))


def complete_tasks(grids: list[pd.DataFrame]) -> list[str]:
    """The tasks, by name, that have every pair among them in all of the grids; a task with itself may be missing."""
    tasks = sorted({task for grid in grids for task in (*grid.index, *grid.columns)})
    missing = np.any([grid.reindex(index=tasks, columns=tasks).isna() for grid in grids], axis=0)
    return without_gaps(tasks, missing)


def as_they_are(grid: np.ndarray) -> np.ndarray:
    """The view `pairs`."""
    return grid


def within_targets(grid: np.ndarray) -> np.ndarray:
    """The view `targets`: ranks of the sources (rows) of each target, the target itself left out (NaN): (n, n).

    Without ties the rank correlation of two such matrices is the mean over targets of each target's own.
    """
    return pd.DataFrame(grid).mask(np.eye(len(grid), dtype=bool)).rank(axis=0).to_numpy()


def interaction(grid: np.ndarray) -> np.ndarray:
    """The view `interaction`: ranks less the least-squares level of their source and of their target, (n, n).

    Rounded, so that a grid in which nothing is left has no order.
    """
    ranked, indicators = ranks(grid), np.eye(len(grid))
    source, target = np.nonzero(indicators == 0)
    levels = np.hstack([indicators[source], indicators[target]])  # a row per pair: which source, which target
    fitted = levels @ np.linalg.lstsq(levels, ranked[source, target], rcond=None)[0]
    left = np.zeros_like(ranked)
    left[source, target] = np.round(ranked[source, target] - fitted, 9)
    return left


VIEWS = {"pairs": as_they_are, "targets": within_targets, "interaction": interaction}
