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
from reprompt.workflow.verify import _in_words, _which

OF_THE_FILE = ("offset", "targets", "measured", "cell")  # where something lies in a file, or was keyed by its code
NOW_IN_IDENTITIES = ("settings", "data_sha256", "weights_sha256")  # which records of schema 1 had not
NOT_COMPARED = ("costs.json",)  # what something cost differs from run to run


@dataclass(frozen=True)
class Compared:
    """How many numbers (or bytes) were compared, and where they first differ, if they do."""

    numbers: int
    first: str | None = None


NOTHING = Compared(0)


def together(parts: Iterable[Compared]) -> Compared:
    """Several comparisons as one."""
    parts = list(parts)
    return Compared(sum(one.numbers for one in parts), next((one.first for one in parts if one.first), None))


def compare_files(then: Path, now: Path, output: str) -> Compared:
    """Every byte of a file."""
    if Path(output).name in NOT_COMPARED:
        return NOTHING
    one, other = then.read_bytes(), now.read_bytes()
    if one == other:
        return Compared(len(one))
    if Path(output).suffix in (".csv", ".json", ".html"):
        lines = [file.decode(errors="replace").splitlines() for file in (one, other)]
        place = next((n for n, pair in enumerate(zip(*lines, strict=False)) if len(set(pair)) > 1), None)
        if place is not None:
            old, new = (f"`{side[place][:80]}`" for side in lines)
            return Compared(len(one), f"{output}, line {place + 1}: {old} was, {new} is")
    return Compared(len(one), f"{output}: its bytes differ")


@dataclass(frozen=True)
class Row:
    """A cell on one test set, of records of any schema: what is written of it, its identity, and its arrays."""

    stored: dict[str, Any]
    identity: dict[str, Any] | None
    arrays: dict[str, np.ndarray]


def read_rows(path: Path) -> list[Row]:
    """The rows of a records file of schema 1, which had no identities, or of a later one."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    about = json.loads(arrays["about"].tobytes()) if "about" in arrays else {}

    def taken(name: str, offset: int, *shape: int) -> np.ndarray:
        return arrays[name][offset : offset + int(np.prod(shape))].reshape(shape)

    return [
        Row(
            row,
            about["cells"][row["cell"]] if about else None,
            {
                "predictions": taken("predictions", row["offset"], row["images"]),
                "targets": taken("targets", *row["targets"]),
                **{name: taken(f"measured_{name}", *place) for name, place in row["measured"].items()},
            },
        )
        for row in (about["rows"] if about else json.loads(arrays["rows"].tobytes()))
    ]


def compare_records(then: Path, now: Path, cells: Iterable[Cell]) -> dict[Cell, Compared]:
    """Two files of records of the same cells, cell by cell, and the prompts beside them where they are kept."""
    cells = list(cells)
    planned = {(_which(vars(cell)), test): cell for cell in cells for test in cell.tests}
    rows = [
        {(_which(row.stored), TestSet(row.stored["task"], row.stored["split"])): row for row in read_rows(path)}
        for path in (then, now)
    ]
    found: dict[Cell, list[Compared]] = {cell: [] for cell in cells}
    for which, cell in planned.items():
        old, new = (side.get(which) for side in rows)
        if old is None or new is None:
            found[cell].append(Compared(0, f"{_in_words(vars(cell))}: no record of it"))
        else:
            found[cell].append(compare_rows(old, new))
    prompts = [path.with_suffix(".safetensors") for path in (then, now)]
    if any(path.exists() for path in prompts):
        for place, cell in enumerate(cells):  # they stand in the file in the order of the job
            found[cell].append(compare_prompts(*prompts, place, _in_words(vars(cell))))
    return {cell: together(parts) for cell, parts in found.items()}


def compare_rows(old: Row, new: Row) -> Compared:
    """A cell on a test set: its arrays, and every field that the old row has; the new one may have more."""
    words, numbers = _in_words(old.stored), 0
    for name in dict.fromkeys([*old.arrays, *new.arrays]):
        one, other = (row.arrays.get(name) for row in (old, new))
        if one is None or other is None or one.shape != other.shape or not _same_bits(one, other):
            return Compared(numbers, f"{words}: its {name} {_how(one, other)}")
        numbers += one.size
    not_compared = OF_THE_FILE if (old.identity is None) == (new.identity is None) else OF_THE_FILE + NOW_IN_IDENTITIES
    fields = {name: value for name, value in old.stored.items() if name not in not_compared}
    named = _named_as_today(old.identity or {}, fields)
    path = _first_change(fields, new.stored, "row") or _first_change(named, new.identity or {}, "identity")
    return Compared(numbers + len(old.stored["values"]), path and f"{words}: {path}")


def _named_as_today(identity: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """An identity of schema 2 with its recipe's members; the row `fields` gets the recipe's canonical form."""
    if "initialisation" not in identity.get("method", {}) and fields.get("recipe") not in ALIASES:
        return identity
    recipe = recipe_of(fields["recipe"])
    fields["recipe"] = recipe.expression
    return identity | {"method": recipe.members}


def compare_prompts(then: Path, now: Path, place: int, words: str) -> Compared:
    """The tuned prompt of a cell; the file has those of all cells, by their place in the job."""
    if not (then.exists() and now.exists()):
        return Compared(0, f"{words}: its prompt is kept by one code only")
    one, other = (_tensors(path, f"{place}/") for path in (then, now))
    return _same_tensors(one, other, words)


def compare_weights(then: Path, now: Path, words: str) -> Compared:
    """Every tensor of two weight files, or of two files of features."""
    return _same_tensors(_tensors(then), _tensors(now), words)


def _tensors(path: Path, prefix: str = "") -> dict[str, np.ndarray]:
    return {name: array for name, array in load_file(path).items() if name.startswith(prefix)}


def _same_tensors(one: dict[str, np.ndarray], other: dict[str, np.ndarray], words: str) -> Compared:
    for name in sorted(one.keys() | other.keys()):
        a, b = one.get(name), other.get(name)
        if a is None or b is None or a.shape != b.shape or not _same_bits(a, b):
            return Compared(0, f"{words}: {name} {_how(a, b)}")
    return Compared(sum(array.size for array in one.values()))


def _same_bits(one: np.ndarray, other: np.ndarray) -> bool:
    if one.dtype.kind in "iu" and other.dtype.kind in "iu":  # a file has the smallest type that holds all its cells
        return bool(np.array_equal(one, other))
    return one.dtype == other.dtype and one.tobytes() == other.tobytes()


def _how(one: np.ndarray | None, other: np.ndarray | None) -> str:
    if one is None or other is None:
        return "is left by one code only"
    if one.shape != other.shape:
        return f"has shape {other.shape} and had {one.shape}"
    differs = ~((one == other) | ((one != one) & (other != other)))
    if not differs.any():
        return "differs in its type or the sign of a zero"
    place = tuple(int(at) for at in np.argwhere(differs)[0]) if one.ndim else ()
    return f"differs at {int(differs.sum())} of {one.size} places, first {one[place]} was and {other[place]} is"


def _first_change(old: Any, new: Any, path: str) -> str | None:
    """Where a value first changed; a new field is no change."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name, value in old.items():
            if name not in new:
                return f"{path}.{name} is gone"
            if found := _first_change(value, new[name], f"{path}.{name}"):
                return found
        return None
    if json.dumps(old) == json.dumps(new):
        return None
    return f"{path} was {json.dumps(old)[:80]} and is {json.dumps(new)[:80]}"
