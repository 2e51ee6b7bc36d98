"""Records: what cells leave behind, one compressed file per job.

A file holds, as JSON, the identities of its cells (all that they depend on but the code, identity.py) and its
rows (one per cell and test set); the predictions of all its cells in one array of small integers with the labels they
are evaluated by; and what was measured besides, so that every number can be recomputed without images, weights or
training. The same cells give the same bytes; what varies from run to run (seconds, machine, commit) goes to a sidecar
beside it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from reprompt.cells.cell import Cell, TestSet
from reprompt.cells.recipes import papers_name
from reprompt.cells.result import Result
from reprompt.evaluation.metrics import metrics
from reprompt.foundation.arrays import Arrays, read_npz, write_npz
from reprompt.foundation.damage import DamagedFileError, reading
from reprompt.foundation.schema import SCHEMA, require_schema
from reprompt.records.identity import Identity, name_of

CELL_STORE = Path(".cells")  # of a folder that the workflow runs in
COLUMNS = (
    *("scale", "experiment", "protocol", "recipe", "backbone", "source", "task", "shots", "tau", "seed", "swept"),
    *(
        "repeat",
        "start",
        "source_seed",
        "start_swept",
        "group",
        "partners_by",
        "settings",
        "split",
        "metric",
        "value",
        "images",
        "fewest",
        "cell",
        "file",
    ),
    *("predictions", "targets", "measured"),
)
# Of a row that was run once, and has nothing to say of a trained start, or of partners chosen otherwise than usual.
UNSAID = {"repeat": 0, "source_seed": 0, "start_swept": "", "partners_by": ""}
OF_THE_CELL = ("experiment", "protocol", "recipe", "backbone", "shots", "tau", "seed", "swept", "start", "group")


@dataclass(frozen=True)
class EvaluatedCell:
    """A cell, its identity, its result on every test set and, where it is kept, its tuned prompt by name."""

    cell: Cell
    identity: Identity
    results: dict[TestSet, Result]
    prompt: Arrays = field(default_factory=dict)


@dataclass(frozen=True)
class RecordRow:
    """A cell on one test set as stored: what is written of it, the cell's identity, and its arrays."""

    stored: dict
    identity: Identity
    predictions: np.ndarray
    targets: np.ndarray
    measured: Arrays

    @property
    def recomputed(self) -> dict[str, float]:
        """The values that follow from the arrays, by metric."""
        own, beside = self.stored["own_metric"], self.stored.get("beside", ())
        return metrics(self.predictions, self.targets, self.measured, own, beside)


class _Shelf:
    """Arrays of one kind laid end to end; `add` gives the offset of each."""

    def __init__(self) -> None:
        self.arrays: list[np.ndarray] = []
        self.end = 0

    def add(self, array: np.ndarray) -> int:
        self.arrays.append(np.ravel(array))
        self.end += array.size
        return self.end - array.size

    def small(self) -> np.ndarray:
        """All of them in the smallest type that holds them."""
        flat = np.concatenate(self.arrays)
        return flat.astype(np.min_scalar_type(int(flat.max()))) if flat.dtype.kind in "iu" and len(flat) else flat


def write_records(
    path: Path,
    scale: str,
    evaluated: Iterable[EvaluatedCell],
    targets: dict[TestSet, np.ndarray],
    partners_by: str = "",
) -> None:
    """Write the records of a job. `targets` are labels (N,) or (N, K) by test set.

    `partners_by` is what the partners of its groups were chosen by, as far as there is anything to say.
    """
    identities, rows, shelves, targets_at = [], [], {"predictions": _Shelf(), "targets": _Shelf()}, {}
    for entry in evaluated:
        identities.append(entry.identity)
        for test, result in entry.results.items():
            if test not in targets_at:
                targets_at[test] = shelves["targets"].add(targets[test]), *targets[test].shape
            own, beside = entry.cell.metric(test.task), entry.cell.beside(test.task)
            measured = {}
            for name, array in result.measured.items():
                offset = shelves.setdefault(f"measured_{name}", _Shelf()).add(array)
                measured[name] = [offset, *array.shape]
            rows.append(
                {
                    **{name: getattr(entry.cell, name) for name in OF_THE_CELL},
                    **entry.cell.of_start,
                    **({"repeat": entry.cell.repeat} if entry.cell.repeat else {}),
                    **({"partners_by": partners_by} if partners_by else {}),
                    "scale": scale,
                    "source": entry.cell.task,
                    "task": test.task,
                    "split": test.split,
                    "own_metric": own,
                    **({"beside": beside} if beside else {}),
                    "values": metrics(result.predictions, targets[test], result.measured, own, beside),
                    "images": len(targets[test]),
                    "offset": shelves["predictions"].add(result.predictions),
                    "targets": targets_at[test],
                    "measured": measured,
                    "cell": len(identities) - 1,
                }
            )
    about = {"schema": SCHEMA, "cells": identities, "rows": rows}
    arrays = {name: shelf.small() for name, shelf in sorted(shelves.items())}
    write_npz(path, about=json_array(about), **arrays)


def json_array(value: object) -> np.ndarray:
    """A value as JSON, in an array of bytes that an .npz file can hold."""
    return np.frombuffer(json.dumps(value, sort_keys=True, separators=(",", ":")).encode(), np.uint8)


def read_rows(path: Path) -> list[RecordRow]:
    """The rows of a records file with their arrays.

    Raises SchemaError for a file of another schema, DamagedFileError, FileNotFoundError.
    """
    remedy = f"restore it (`dvc checkout --force`) or have it made again: snakemake --cores all --forcerun {path}"
    arrays = read_npz(path, remedy)
    with reading(path, remedy):
        about = json.loads(arrays["about"].tobytes()) if "about" in arrays else {}
    require_schema(path, "records", about.get("schema"))

    def taken(name: str, offset: int, *shape: int) -> np.ndarray:
        return arrays[name][offset : offset + int(np.prod(shape))].reshape(shape)

    with reading(path, remedy):
        return [
            RecordRow(
                row,
                about["cells"][row["cell"]],
                taken("predictions", row["offset"], row["images"]),
                taken("targets", *row["targets"]),
                {name: taken(f"measured_{name}", *where) for name, where in row["measured"].items()},
            )
            for row in about["rows"]
        ]


def frame_of(rows: Iterable[RecordRow], file: Path) -> list[dict]:
    """Rows as the records frame has them: one per metric; arrays stand with the accuracy.

    `fewest` is the smallest number of images of a class that has fewer than shots, None where every class has as many.
    The frame calls recipes as the papers do, where they gave a name; what is stored has the canonical form.
    """
    names: dict[int, str] = {}
    return [
        {
            **{column: value for column, value in (UNSAID | row.stored).items() if column in COLUMNS},
            "recipe": papers_name(row.stored["recipe"]),
            "metric": metric,
            "value": value,
            "cell": names.setdefault(row.stored["cell"], name_of(row.identity)),
            "settings": row.identity["settings"],
            "fewest": min((few["fewest"] for few in row.identity.get("train", ()) if "fewest" in few), default=None),
            "file": str(file),
            "predictions": row.predictions if metric == "accuracy" else None,
            "targets": row.targets if metric == "accuracy" else None,
            "measured": row.measured if metric == "accuracy" else {},
        }
        for row in rows
        for metric, value in row.stored["values"].items()
    ]


def read_records(paths: Iterable[Path]) -> pd.DataFrame:
    """The rows of several files as one frame with `COLUMNS`, a row per metric."""
    rows = [row for path in sorted(map(Path, paths)) for row in frame_of(read_rows(path), path)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


class CellStore:
    """Finished cells by content address: a cell that is done is never trained again, even after `kill -9`.

    A key covers the cell's identity and the code that it was made by, so an entry can never serve another
    configuration; it is in the entry too, so that a file that was put in the place of another is found out. Entries are
    written to a temporary name and renamed.
    """

    def __init__(self, folder: Path):
        self.folder = folder

    def __contains__(self, key: str) -> bool:
        """Whether a finished cell is there."""
        return self._path(key).exists()

    def get(self, cell: Cell, identity: Identity, key: str) -> EvaluatedCell | None:
        """The finished cell, if it is there. Raises SchemaError where it is of another schema, DamagedFileError."""
        path = self._path(key)
        if not path.exists():
            return None
        arrays = {tuple(name.split("/")): array for name, array in read_cell(path).items()}
        results = {}
        for test in cell.tests:
            of_test = {name: array for (*folder, name), array in arrays.items() if tuple(folder) == test}
            results[test] = Result(of_test.pop("predictions"), of_test)
        prompt = {name: array for (*folder, name), array in arrays.items() if folder == ["prompt"]}
        return EvaluatedCell(cell, identity, results, prompt)

    def put(self, results: Mapping[TestSet, Result], prompt: Arrays, key: str) -> None:
        """Keep a finished cell: its results and, where it is kept, its prompt."""
        arrays = {"schema": np.array(SCHEMA), "key": np.array(key)}
        arrays |= {f"prompt/{name}": array for name, array in prompt.items()}
        for test, result in results.items():
            arrays |= {f"{test.task}/{test.split}/{name}": array for name, array in result.measured.items()}
            arrays[f"{test.task}/{test.split}/predictions"] = result.predictions
        write_npz(self._path(key), **arrays)

    def unfinished(self, key: str) -> Path:
        """Where the state of a cell may lie that is not finished."""
        return self._path(key).with_suffix(".unfinished")

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.npz"


def read_cell(path: Path) -> Arrays:
    """The arrays of an entry of the cell store by `<task>/<split>/<name>`, and its prompt's by `prompt/<name>`.

    Raises SchemaError where it is of another schema, DamagedFileError, also where it is the entry of another key. One
    from before entries had their key is read as it is.
    """
    remedy = "delete it; the job that needs the cell trains it again"
    arrays = read_npz(path, remedy)
    schema = arrays.pop("schema", None)
    require_schema(path, "a finished cell", None if schema is None else int(schema))
    if str(arrays.pop("key", path.stem)) != path.stem:
        raise DamagedFileError(path, "it is not the cell that its name says", remedy)
    return arrays
