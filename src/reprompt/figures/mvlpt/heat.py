"""What the picture and the page of a transferability grid share: colours, means, and the order of the tasks.

grid    relative scores, sources down and targets across; 1 is the best source of a target, NaN was not run
"""

import math

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.colors import to_hex
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from reprompt.tasks.groups import members

COLOURS = matplotlib.colormaps["Blues"]
OWN = "#D55E00"  # the frame of a prompt that is judged on its own task
DARKEST = 0.9  # of the colours' range
WHITE_FROM = 0.8  # of the way to the darkest


def tasks_of(points: pd.DataFrame) -> list[str]:
    """The tasks that occur as `source` or `target`, in the paper's order."""
    return [task for task in members("elevater20") if task in {*points["source"], *points["target"]}]


def relative_grid(points: pd.DataFrame, tasks: list[str]) -> pd.DataFrame:
    """The grid of one learner's points (source, target, relative), square and in the order of `tasks`."""
    return points.pivot(index="source", columns="target", values="relative").reindex(index=tasks, columns=tasks)


def lowest_shade(relative: pd.Series) -> float:
    """Where the colours begin: a tenth under which at most a tenth of the relative scores lie; 0.9 at most.

    Single targets that nothing transfers to would else leave all others in one shade.
    """
    return min(math.floor(10 * relative.quantile(0.1)), 9) / 10


def shade(relative: float, lowest: float) -> str:
    """The colour of a relative score, light to dark from `lowest` or less to 1: "#08306b"."""
    return to_hex(COLOURS(DARKEST * _way(relative, lowest)))


def ink(relative: float, lowest: float) -> str:
    """The colour in which a number can be read on its shade."""
    return "white" if _way(relative, lowest) > WHITE_FROM else "black"


def without_own(grid: pd.DataFrame) -> pd.DataFrame:
    """The grid without the prompts that are judged on their own task: they say nothing about transfer."""
    own = grid.index.to_numpy()[:, None] == grid.columns.to_numpy()[None, :]
    return grid.mask(own)


def clustered_order(grid: pd.DataFrame) -> list[str]:
    """Tasks so that those stand together whose prompts serve each other better than they serve others.

    Of every pair: the mean of both directions of the grid, each less its row's and its column's mean without own tasks
    (a good source is good for all, an easy target is easy for all). Average linkage over the differences of that from
    the greatest, leaves in the optimal order. A pair that was not run in one direction counts by the other, in neither
    as the mean of all.
    """
    tasks = [*grid.index, *grid.columns.difference(grid.index, sort=False)]
    if len(tasks) < 3:
        return tasks
    transfer = without_own(grid.reindex(index=tasks, columns=tasks))
    centred = transfer.sub(transfer.mean(axis=1), axis=0).sub(transfer.mean(axis=0), axis=1) + transfer.stack().mean()
    both = (centred.fillna(centred.T) + centred.T.fillna(centred)).fillna(0).to_numpy() / 2
    distance = both.max() - both
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), "average", optimal_ordering=True)
    return [tasks[leaf] for leaf in leaves_list(tree)]


def _way(relative: float, lowest: float) -> float:
    """From 0 at the lowest shade, which is also of what is lower, to 1 at the darkest."""
    return max(relative - lowest, 0) / (1 - lowest)
