"""The transferability grid and the groups of tasks that follow from it. MVLPT sections 4.2 and 4.3, Table 5.

    paper           here              meaning
    row             source            the task on which a prompt was tuned at 20 shots
    column          target            the task on which that prompt is evaluated as it is
    relative score  normalised(grid)  every column divided by its best entry
    Task 1, Task 2  Partners.best     the two sources that transfer best to a target

By which of a target's images are its partners chosen? `partners_by` has two values:

    grid            the printed map's own score. Section 4.2 determines groups "based on the transferability map shown
                    in Figure 4", section 4.3 selects "the top 1 and 2 transferability with respect to each target
                    task". The map is of test images, so the choice leaks: groups are judged on what chose them
    validation      scores on the target's own few held-out images: nothing is chosen on test images. The default

The paper names no other images than the map's, so by its words `grid` made its rows with M under Adaptation (Table 2:
"selected based on results in Section 4.3"), Best M and Worst M of Table 3 and the names in Table 5. Table 4 has no
groups, and Figure 4 is the map, the same for both. The size of a group is chosen on validation images in any case
(evidence/adaptation.py). The worst groups, which the paper does not print, take the two lowest entries of a column.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pandas as pd

from reprompt.cells.cell import Cell
from reprompt.cells.parameters import PartnersBy
from reprompt.foundation.atomic import write_text

METRICS: dict[PartnersBy, str] = {"validation": "validation", "grid": "score"}  # of the grid's records, by choice
USUAL: PartnersBy = "validation"  # files and records name what is other


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


@dataclass(frozen=True)
class Groups:
    """The partners of every target, by the recipe whose prompts the grid evaluates, and what they were chosen by."""

    partners: Mapping[str, Mapping[str, Partners]] = field(default_factory=dict)
    partners_by: PartnersBy = USUAL

    @property
    def said(self) -> str:
        """What files and records say of the choice: "" is the usual one, so that older ones stay what they are."""
        return "" if self.partners_by == USUAL else self.partners_by


def groups_of(records: pd.DataFrame, partners_by: PartnersBy = USUAL) -> Groups:
    """The groups that the records of the grid give. Raises ValueError for an unknown way to choose partners."""
    if partners_by not in METRICS:
        raise ValueError(f"partners_by: {partners_by!r} chooses no partners; {' or '.join(METRICS)} does")
    recipes = records.loc[records["protocol"] == "transfer_grid", "recipe"].unique()
    metric = METRICS[partners_by]
    return Groups({str(recipe): partners(grid_of(records, recipe, metric)) for recipe in recipes}, partners_by)


def trained_on(cell: Cell, groups: Groups) -> tuple[str, ...]:
    """The tasks that a cell is trained on, the target of a group first, then its partners."""
    if not cell.group:
        return cell.trained_on
    return (cell.task, *groups.partners[cell.method.alone.expression][cell.task].of(cell.group))


def write_groups(path: Path, groups: Groups) -> None:
    """Write them as JSON."""
    by_recipe = groups.partners.items()
    entries = {recipe: {target: asdict(each) for target, each in targets.items()} for recipe, targets in by_recipe}
    said = {"partners_by": groups.said} if groups.said else {}
    write_text(path, json.dumps(entries | said, indent=1, sort_keys=True) + "\n")


def read_groups(path: Path) -> Groups:
    """Read a file that `write_groups` wrote. Raises FileNotFoundError where it is missing."""
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: which tasks are trained together; `reprompt groups` makes it")
    entries = json.loads(path.read_text())
    partners_by = entries.pop("partners_by", USUAL)
    by_recipe = {
        recipe: {target: Partners(tuple(each["best"]), tuple(each["worst"])) for target, each in targets.items()}
        for recipe, targets in entries.items()
    }
    return Groups(by_recipe, partners_by)
