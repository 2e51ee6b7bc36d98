"""Read what a paper prints in a table, so that it can stand beside what we measure."""

import re
from importlib import resources
from importlib.resources.abc import Traversable

import pandas as pd

OPENS = ("data/*_*.csv",)

# Columns that pandas would otherwise read as numbers, or as floats because cells are empty.
COLUMN_TYPES = {"table": str, "source_init": str, "adaptation": str, "note": str, "shots": "Int64"}


def published_tables() -> dict[str, str]:
    """Every transcribed table and its file: {"prograd_table1": "prograd_table1_few_shot_average.csv", ...}."""
    files = sorted(path.name for path in _data().iterdir() if path.name.endswith(".csv"))
    return {match.group(): name for name in files if (match := re.match(r"[a-z]+_table\d+", name))}


def published_values(paper: str, table: int | str) -> pd.DataFrame:
    """The printed cells of one table, one row per cell, values in percent.

    `table` is a number (3: all of Table 3) or a panel ("2a"). Raises KeyError for a table that is not transcribed.
    """
    known = published_tables()
    panel = re.fullmatch(r"(\d+)([a-z]?)", str(table).lower())
    name = f"{paper}_table{panel[1]}" if panel else f"{paper}_table{table}"
    if name not in known:
        raise KeyError(f"no published values of {name}; transcribed are: {', '.join(known)}")
    with (_data() / known[name]).open(encoding="utf-8") as file:
        cells = pd.read_csv(file, dtype=COLUMN_TYPES)
    if not panel[2]:
        return cells
    panels = cells["table"] if "table" in cells else pd.Series(dtype=str)
    if panel[0] not in set(panels):
        raise KeyError(f"{name} has no panel {panel[0]}; it has: {', '.join(panels.unique()) or 'none'}")
    return cells[panels == panel[0]].reset_index(drop=True)


def _data() -> Traversable:
    return resources.files("reprompt.tasks.published") / "data"
