"""The transferability grid and the groups of tasks that follow from it. MVLPT sections 4.2 and 4.3, Table 5.

    paper           here              meaning
    row             source            the task on which a prompt was tuned at 20 shots
    column          target            the task on which that prompt is evaluated as it is
    relative score  normalised(grid)  every column divided by its best entry
    Task 1, Task 2  Partners.best     the two sources that transfer best to a target

The paper does not say by which images it chooses partners. Its grid is of test images; here the choice is made
by the sources' scores on the target's own validation images, so nothing is chosen on test images. The worst groups,
which the paper does not print, take the two lowest entries of a column.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from reprompt.cells.cell import Cell
from reprompt.foundation.atomic import write_text


@dataclass(frozen=True)
class Partners:
    """The tasks that a target is grouped with: `best` and `worst`, the most extreme of each first."""

    best: tuple[str, ...]
    worst: tuple[str, ...]

    def of(self, group: str) -> tuple[str, ...]:
        """The partners in a group by its name: `best_3` is the target with its two best.

        Raises ValueError where the grid has too few sources.
        """
        end, _, size = group.partition("_")
        partners = getattr(self, end)[: int(size) - 1]
        if len(partners) < int(size) - 1:
            raise ValueError(
                f"a group {group} needs {int(size) - 1} partners, and the grid has {len(partners)} sources"
            )
        return partners


def grid_of(records: pd.DataFrame, recipe: str, metric: str = "score") -> pd.DataFrame:
    """Values by source (rows) and target (columns), means over seeds, of a recipe's experiment `transfer_grid`."""
    rows = records[
        (records["protocol"] == "transfer_grid") & (records["recipe"] == recipe) & (records["metric"] == metric)
    ]
    return rows.pivot_table(index="source", columns="task", values="value", aggfunc="mean", observed=True)


def normalised(grid: pd.DataFrame) -> pd.DataFrame:
    """Every column divided by its best entry, so that 1 is the best source of a target (often the target itself)."""
    return grid / grid.max(axis=0)


def partners(grid: pd.DataFrame) -> dict[str, Partners]:
    """The two best and the two worst sources of every target, itself left out; of equals the first by name."""
    chosen = {}
    for target in grid.columns:
        others = grid[target].drop(target, errors="ignore").dropna().sort_index()
        best = others.sort_values(ascending=False, kind="stable").index[:2]
        worst = others.sort_values(kind="stable").index[:2]
        chosen[str(target)] = Partners(tuple(best), tuple(worst))
    return chosen


Groups = Mapping[str, Mapping[str, Partners]]


def groups_of(records: pd.DataFrame) -> Groups:
    """The partners of every target by the recipe whose prompts the grid evaluates."""
    recipes = records.loc[records["protocol"] == "transfer_grid", "recipe"].unique()
    return {str(recipe): partners(grid_of(records, recipe, "validation")) for recipe in recipes}


def trained_on(cell: Cell, groups: Groups) -> tuple[str, ...]:
    """The tasks that a cell is trained on, the target of a group first, then its partners."""
    if not cell.group:
        return cell.trained_on
    return (cell.task, *groups[cell.method.alone.expression][cell.task].of(cell.group))


def write_groups(path: Path, groups: Groups) -> None:
    """Write them as JSON."""
    entries = {recipe: {target: asdict(each) for target, each in targets.items()} for recipe, targets in groups.items()}
    write_text(path, json.dumps(entries, indent=1, sort_keys=True) + "\n")


def read_groups(path: Path) -> Groups:
    """Read a file that `write_groups` wrote. Raises FileNotFoundError where it is missing."""
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: which tasks are trained together; `reprompt groups` makes it")
    entries = json.loads(path.read_text())
    return {
        recipe: {target: Partners(tuple(each["best"]), tuple(each["worst"])) for target, each in targets.items()}
        for recipe, targets in entries.items()
    }
