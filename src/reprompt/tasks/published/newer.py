"""What came after the four papers: printed numbers of newer methods, and what others got who ran their code again."""

from importlib import resources
from importlib.resources.abc import Traversable

import pandas as pd

OPENS = ("newer/*.csv",)

RERUNS = "reruns"


def newer_methods() -> tuple[str, ...]:
    """The methods whose printed numbers are here, by the name of their file."""
    return tuple(sorted(path.name[:-4] for path in _data().iterdir() if path.name[:-4] != RERUNS))


def newer_values(method: str) -> pd.DataFrame:
    """The printed cells of a method, one row per cell, values in percent, each with its `source`.

    Raises KeyError for a method of which nothing is transcribed.
    """
    if method not in newer_methods():
        raise KeyError(f"no published values of {method}; transcribed are: {', '.join(newer_methods())}")
    return _read(method)


def reruns() -> pd.DataFrame:
    """What `by` an author, a user or another paper was got from a released code, beside what is printed of the same."""
    return _read(RERUNS)


def _read(name: str) -> pd.DataFrame:
    with (_data() / f"{name}.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype={"shots": "Int64", "seed": "Int64"})


def _data() -> Traversable:
    return resources.files("reprompt.tasks.published") / "newer"
