"""Bit by bit: whether what two codes left is the same, how much that was, and in words where it first differs."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from reprompt.cells.cell import Cell, TestSet
from reprompt.cells.recipes import ALIASES, recipe_of
from reprompt.foundation.arrays import read_npz
from reprompt.records.naming import cell_in_words, cell_within_job

FILE_FIELDS = ("offset", "targets", "measured", "cell")  # of a row: where something lies in its file
NOT_COMPARED = ("costs.json",)  # what something cost differs from run to run
SHOWN = 80  # characters of a text that differs


@dataclass(frozen=True)
class Compared:
    """How many numbers (or bytes) were compared, and where they first differ, if they do."""

    numbers: int
    first: str | None = None


def together(parts: Iterable[Compared]) -> Compared:
    """Several comparisons as one."""
    parts = list(parts)
    return Compared(sum(part.numbers for part in parts), next((part.first for part in parts if part.first), None))


def compare_files(then: Path, now: Path, output: str) -> Compared:
    """Every byte of a file."""
    if Path(output).name in NOT_COMPARED:
        return Compared(0)
    old, new = then.read_bytes(), now.read_bytes()
    if old == new:
        return Compared(len(old))
    if Path(output).suffix in (".csv", ".json", ".html"):
        pairs = zip(*(file.decode(errors="replace").splitlines() for file in (old, new)), strict=False)
        for number, (was, is_now) in enumerate(pairs, start=1):
            if was != is_now:
                was, is_now = excerpts(was, is_now)
                return Compared(len(old), f"{output}, line {number}: `{was}` was, `{is_now}` is")
    return Compared(len(old), f"{output}: its bytes differ")


def excerpts(old: str, new: str) -> tuple[str, str]:
    """At most `SHOWN` characters of two texts, from the same place in both, that hold where they first differ."""
    start = 0
    if max(len(old), len(new)) > SHOWN:
        pairs = enumerate(zip(old, new, strict=False))
        differs = next((index for index, (was, is_now) in pairs if was != is_now), min(len(old), len(new)))
        start = max(0, differs - SHOWN // 2)

    def excerpt(text: str) -> str:
        return "..." * (start > 0) + text[start : start + SHOWN] + "..." * (len(text) > start + SHOWN)

    return excerpt(old), excerpt(new)


@dataclass(frozen=True)
class StoredRow:
    """A cell on one test set, of records of schema 2 or later: what is written of it, its identity, and its arrays."""

    stored: dict[str, Any]
    identity: dict[str, Any]
    arrays: dict[str, np.ndarray]


def read_stored_rows(path: Path) -> list[StoredRow]:
    """The rows of a records file of schema 2 or later."""
    arrays = read_npz(path, "have it made again")
    about = json.loads(arrays["about"].tobytes())

    def part(name: str, offset: int, *shape: int) -> np.ndarray:
        return arrays[name][offset : offset + int(np.prod(shape))].reshape(shape)

    return [
        StoredRow(
            row,
            about["cells"][row["cell"]],
            {
                "predictions": part("predictions", row["offset"], row["images"]),
                "targets": part("targets", *row["targets"]),
                **{name: part(f"measured_{name}", *span) for name, span in row["measured"].items()},
            },
        )
        for row in about["rows"]
    ]


def compare_records(then: Path, now: Path, cells: Iterable[Cell]) -> dict[Cell, Compared]:
    """Two files of records of the same cells, cell by cell, and the prompts beside them where they are kept."""
    cells = list(cells)
    planned = {(cell_within_job(vars(cell)), test): cell for cell in cells for test in cell.tests}
    rows = [
        {
            (cell_within_job(row.stored), TestSet(row.stored["task"], row.stored["split"])): row
            for row in read_stored_rows(path)
        }
        for path in (then, now)
    ]
    comparisons: dict[Cell, list[Compared]] = {cell: [] for cell in cells}
    for key, cell in planned.items():
        old, new = (side.get(key) for side in rows)
        if old is None or new is None:
            comparisons[cell].append(Compared(0, f"{cell_in_words(vars(cell))}: no record of it"))
        else:
            comparisons[cell].append(compare_rows(old, new))
    prompts = [path.with_suffix(".safetensors") for path in (then, now)]
    if any(path.exists() for path in prompts):
        for index, cell in enumerate(cells):  # they stand in the file in the order of the job
            comparisons[cell].append(compare_prompts(*prompts, index, cell_in_words(vars(cell))))
    return {cell: together(parts) for cell, parts in comparisons.items()}


def compare_rows(old: StoredRow, new: StoredRow) -> Compared:
    """A cell on a test set: its arrays, and every field that the old row has; the new one may have more."""
    words, numbers = cell_in_words(old.stored), 0
    for name in dict.fromkeys([*old.arrays, *new.arrays]):
        was, is_now = old.arrays.get(name), new.arrays.get(name)
        if difference := _difference(was, is_now):
            return Compared(numbers, f"{words}: its {name} {difference}")
        numbers += was.size
    fields = {name: value for name, value in old.stored.items() if name not in FILE_FIELDS}
    identity = _with_todays_recipe(old.identity, fields)
    change = _first_change(fields, new.stored, "row") or _first_change(identity, new.identity, "identity")
    return Compared(numbers + len(old.stored["values"]), change and f"{words}: {change}")


def _with_todays_recipe(identity: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """An identity of schema 2 with its recipe's members; the row `fields` gets the recipe's canonical form."""
    if "initialisation" not in identity.get("method", {}) and fields.get("recipe") not in ALIASES:
        return identity
    recipe = recipe_of(fields["recipe"])
    fields["recipe"] = recipe.expression
    return identity | {"method": recipe.members}


def compare_prompts(then: Path, now: Path, index: int, words: str) -> Compared:
    """The tuned prompt of the cell at `index` of its job, of files that have those of all cells."""
    if not (then.exists() and now.exists()):
        return Compared(0, f"{words}: its prompt is kept by one code only")
    return _compare_tensors(*(_tensors(path, f"{index}/") for path in (then, now)), words)


def compare_weights(then: Path, now: Path, words: str) -> Compared:
    """Every tensor of two weight files, or of two files of features."""
    return _compare_tensors(_tensors(then), _tensors(now), words)


def _tensors(path: Path, prefix: str = "") -> dict[str, np.ndarray]:
    return {name: array for name, array in load_file(path).items() if name.startswith(prefix)}


def _compare_tensors(old: dict[str, np.ndarray], new: dict[str, np.ndarray], words: str) -> Compared:
    for name in sorted(old.keys() | new.keys()):
        if difference := _difference(old.get(name), new.get(name)):
            return Compared(0, f"{words}: {name} {difference}")
    return Compared(sum(array.size for array in old.values()))


def _same_bits(old: np.ndarray, new: np.ndarray) -> bool:
    """Whether two arrays of one shape are the same bit by bit."""
    if old.dtype.kind in "iu" and new.dtype.kind in "iu":  # a file has the smallest type that holds all its cells
        return bool(np.array_equal(old, new))
    return old.dtype == new.dtype and old.tobytes() == new.tobytes()


def _difference(old: np.ndarray | None, new: np.ndarray | None) -> str | None:
    """How two arrays differ, in words; None where they are the same bit by bit. None stands for one that is missing."""
    if old is None or new is None:
        return "is left by one code only"
    if old.shape != new.shape:
        return f"has shape {new.shape} and had {old.shape}"
    if _same_bits(old, new):
        return None
    differs = ~((old == new) | ((old != old) & (new != new)))
    if not differs.any():
        return "differs in its type or the sign of a zero"
    first = tuple(int(index) for index in np.argwhere(differs)[0]) if old.ndim else ()
    return f"differs at {int(differs.sum())} of {old.size} places, first {old[first]} was and {new[first]} is"


def _first_change(old: Any, new: Any, path: str) -> str | None:
    """Where a value first changed; a new field is no change."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name, value in old.items():
            if name not in new:
                return f"{path}.{name} is gone"
            if change := _first_change(value, new[name], f"{path}.{name}"):
                return change
        return None
    was, is_now = json.dumps(old), json.dumps(new)
    if was == is_now:
        return None
    was, is_now = excerpts(was, is_now)
    return f"{path} was {was} and is {is_now}"
