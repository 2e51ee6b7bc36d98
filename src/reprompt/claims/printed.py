"""The papers' printed tables as a source of numbers: what a claim is worth on the paper's own cells."""

from collections import defaultdict
from functools import cached_property

import pandas as pd

from reprompt.claims.lookup import Lookup, Slice
from reprompt.claims.runs import UNTUNED_IDS
from reprompt.evidence.lookup import Lost, Missing
from reprompt.evidence.values import DETERMINISTIC, Origin, Values, pooled
from reprompt.tasks.groups import groups, members
from reprompt.tasks.published import published_tables, published_values

# Keys of a term against columns of the tables; a key that is not listed has the same name there.
COLUMNS = {"tau": "imbalance_tau", "M": "context_length", "init": "source_init", "adapt": "adaptation"}
UNPRINTED = ("augmentation", "epochs")
WHOLE = ("all", "source", "target")  # how tables call an accuracy over all classes


class Printed(Lookup):
    """Looks terms up in the transcribed tables. An average is the printed one, never recomputed.

    Figures keep no numbers, so only accuracies are known.
    """

    allows_gaps = False
    lacks = "no table prints"

    @cached_property
    def _cells(self) -> dict[tuple[str, str, str], list[dict]]:
        """Cells by paper, setting and method, in the order of the papers' tables."""
        cells = defaultdict(list)
        for name in published_tables():
            paper, table = name.split("_table")
            for row in published_values(paper, table).to_dict("records"):
                if "setting" in row and row["metric"] != "gain":
                    cells[paper, row["setting"], row["method"]].append(row)
        return dict(cells)

    def accuracies(self, where: Slice) -> Values:
        """The printed cell, as a single deterministic value.

        A key that the term names has to match. Of the others, cells are preferred that match what the claim says of
        all its terms, then the first table that prints one.
        """
        group, setting, named = where.place in groups(), where.setting, dict(where.named)
        if named.keys() & set(UNPRINTED):
            raise Missing("no table has this setting")
        if where.method in UNTUNED_IDS:
            named.pop("shots", None)
        splits = WHOLE if where.split == "all" else (where.split,)
        cells = self._cells.get((setting.paper, setting.protocol, where.method), [])
        fitting = [cell for cell in cells if cell["split"] in splits and _matching(cell, named) == len(named)]
        dataset = f"average_{len(members(where.place))}" if group else where.place
        there = [cell for cell in fitting if cell["dataset"] == dataset]
        if fitting and not there:
            raise Lost(
                f"the cell of {where.method} on {dataset} did not survive, or is printed for other data sets only"
            )
        if not there:
            raise Missing(f"no table prints {where.method} on {dataset} there")
        given = {key: value for key, value in setting.given if key not in named}
        best = max(there, key=lambda cell: _matching(cell, given))
        origin = pooled(DETERMINISTIC) if group else Origin("", where.place, 0, DETERMINISTIC)
        return Values({origin: float(best["value"])}, len(members(where.place)) if group else 0)


def _matching(cell: dict, settings: dict) -> int:
    """How many settings a cell has as named. Numbers are compared as numbers, panels by their table: 1 is 1a, 1b ..."""
    printed = {key: cell[COLUMNS.get(key, key)] for key in settings}
    return sum(not pd.isna(printed[key]) and _same(printed[key], value) for key, value in settings.items())


def _same(printed: object, value: str | float) -> bool:
    if isinstance(value, str):
        return str(printed) == value
    return float(str(printed).rstrip("abcdefghijklmnopqrstuvwxyz")) == value
