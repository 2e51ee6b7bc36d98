"""The papers' printed tables as a source of numbers: what a claim is worth on the paper's own cells."""

from collections import defaultdict
from functools import cached_property

import pandas as pd

from reprompt.evidence.lookup import Lookup, Lost, Missing, Slice
from reprompt.evidence.values import DETERMINISTIC, POOLED, Origin, Values
from reprompt.tasks.groups import groups, members
from reprompt.tasks.published import published_tables, published_values

# Keys of a term against columns of the tables.
COLUMNS = {
    "shots": "shots",
    "tau": "imbalance_tau",
    "M": "context_length",
    "lambda": "lambda",
    "alpha": "alpha",
    "init": "source_init",
    "adapt": "adaptation",
    "backbone": "backbone",
    "table": "table",
}
UNTUNED = ("zero_shot_clip", "clip_ensemble")
WHOLE = ("all", "source", "target")  # how tables call an accuracy over all classes


class Printed(Lookup):
    """Looks terms up in the transcribed tables. An average is the printed one, never recomputed.

    Figures keep no numbers, so only accuracies are known.
    """

    allows_gaps = False
    lacks = "no table prints"

    @cached_property
    def _cells(self) -> dict[tuple[str, str, str, str], list[dict]]:
        """Cells by paper, setting, method and data set, in the order of the papers' tables."""
        cells = defaultdict(list)
        for name in published_tables():
            paper, table = name.split("_table")
            for row in published_values(paper, table).to_dict("records"):
                if "setting" in row and row["metric"] != "gain":
                    cells[paper, row["setting"], row["method"], row["dataset"]].append(row)
        return dict(cells)

    def accuracies(self, where: Slice) -> Values:
        """The printed cell, as a single deterministic value.

        A key that the term names has to match. Of the others, cells are preferred that match what the claim says of
        all its terms, then the first table that prints one.
        """
        group = where.place in groups()
        dataset = f"average_{len(members(where.place))}" if group else where.place
        cells = self._cells.get((where.paper, where.setting, where.method, dataset), [])
        splits = WHOLE if where.split == "all" else (where.split,)
        named = {key: value for key, value in where.settings if key in COLUMNS}
        if any(key not in COLUMNS for key, _ in where.settings):
            raise Missing("no table has this setting")
        if where.method in UNTUNED:
            named.pop("shots", None)
        fitting = _fitting(cells, splits, named)
        if not fitting:
            words = f"{where.method} on {dataset}"
            others = [
                cell
                for key, cells in self._cells.items()
                if key[:3] == (where.paper, where.setting, where.method)
                for cell in cells
            ]
            if _fitting(others, splits, named):
                raise Lost(f"the cell of {words} did not survive, or is printed for other data sets only")
            raise Missing(f"no table prints {words} there")
        defaults = {key: value for key, value in where.defaults if key in COLUMNS and key not in named}
        best = max(fitting, key=lambda cell: sum(_matches(cell[COLUMNS[k]], v) for k, v in defaults.items()))
        origin = Origin("", POOLED if group else where.place, 0, DETERMINISTIC)
        return Values({origin: float(best["value"])}, len(members(where.place)) if group else 0)


def _fitting(cells: list[dict], splits: tuple[str, ...], named: dict) -> list[dict]:
    return [
        cell
        for cell in cells
        if cell["split"] in splits and all(_matches(cell[COLUMNS[key]], value) for key, value in named.items())
    ]


def _matches(cell: object, value: object) -> bool:
    """Whether a cell's column has a value. Numbers are compared as numbers, panels by their table: 1 is 1a, 1b ..."""
    if pd.isna(cell):
        return False
    if isinstance(value, float):
        text = str(cell).rstrip("abcdefghijklmnopqrstuvwxyz") if isinstance(cell, str) else cell
        return float(text) == value
    try:
        return float(cell) == float(str(value))
    except ValueError:
        return str(cell) == str(value)
