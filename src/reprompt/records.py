"""Records: what cells leave behind, one compressed file per job.

A file holds the rows (one per cell and split, as JSON) and the predictions of all its cells in one array of small
integers, so that every number can be recomputed without images, weights or training. The same cells give the same
bytes; what varies from run to run (seconds, machine, commit) goes to a sidecar beside it.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from reprompt.atomic import written_whole
from reprompt.plan.cells import Cell

COLUMNS = (
    *("scale", "protocol", "recipe", "backbone", "task", "shots", "seed", "split"),
    *("metric", "value", "images", "cell", "file"),
)


@dataclass(frozen=True)
class Judged:
    """A cell and its predictions: per split, one class index (within the split) for every test image."""

    cell: Cell
    key: str
    predictions: dict[str, np.ndarray]


def accuracy_percent(predictions: np.ndarray, targets: np.ndarray) -> float:
    """Share of right predictions, in per cent."""
    return 100 * float(np.mean(predictions == targets))


def write_npz(path: Path, **arrays: np.ndarray) -> None:
    """A compressed .npz, written atomically; its bytes depend on the arrays alone."""
    with written_whole(path) as unfinished, unfinished.open("wb") as file:
        np.savez_compressed(file, **arrays)


def write_records(
    path: Path, scale: str, judged: Iterable[Judged], targets: dict[tuple[str, str], np.ndarray], hashes: dict
) -> None:
    """Write the records of a job. `targets` maps (task, split) to labels; `hashes` says what cells are made from."""
    rows, chunks, offset = [], [], 0
    for one in judged:
        for split, predictions in one.predictions.items():
            truth = targets[one.cell.task, split]
            rows.append(
                {
                    **{k: getattr(one.cell, k) for k in ("protocol", "recipe", "backbone", "task", "shots", "seed")},
                    "scale": scale,
                    "split": split,
                    "metric": "accuracy",
                    "value": round(accuracy_percent(predictions, truth), 6),
                    "images": len(truth),
                    "offset": offset,
                    "cell": one.key,
                    "settings": one.cell.resolved,
                    "data_sha256": hashes["data"][one.cell.task],
                    "weights_sha256": hashes["weights"],
                }
            )
            chunks.append(predictions)
            offset += len(predictions)
    flat = np.concatenate(chunks)
    text = json.dumps(rows, sort_keys=True, separators=(",", ":"))
    write_npz(
        path,
        rows=np.frombuffer(text.encode(), np.uint8),
        predictions=flat.astype(np.min_scalar_type(int(flat.max()))),
    )


def read_rows(path: Path) -> list[dict]:
    """The rows of a records file."""
    with np.load(path) as file:
        return json.loads(file["rows"].tobytes())


def read_predictions(path: Path) -> np.ndarray:
    """All predictions of a records file, in one array; a row's are at its `offset`."""
    with np.load(path) as file:
        return file["predictions"]


def read_records(paths: Iterable[Path]) -> pd.DataFrame:
    """The rows of several files as one frame with `COLUMNS`."""
    rows = [{**row, "file": str(path)} for path in sorted(map(str, paths)) for row in read_rows(Path(path))]
    return pd.DataFrame(rows, columns=list(COLUMNS))


class CellStore:
    """Finished cells by content address: a cell that is done is never trained again, even after `kill -9`.

    A key covers the cell's settings and the hashes of the data, weights and code it was made from, so an entry can
    never serve another configuration. Entries are written to a temporary name and renamed.
    """

    def __init__(self, folder: Path):
        self.folder = folder

    def get(self, cell: Cell, key: str) -> Judged | None:
        """The finished cell, if it is there."""
        path = self._path(key)
        if not path.exists():
            return None
        with np.load(path) as file:
            return Judged(cell, key, {split: file[split] for split in cell.splits})

    def put(self, judged: Judged) -> None:
        """Keep a finished cell."""
        write_npz(self._path(judged.key), **judged.predictions)

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.npz"
