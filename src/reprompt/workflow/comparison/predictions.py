"""Predictions of the same cells on two sides. Files with the same bytes have the same cells and predictions."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from reprompt.records.files import RecordRow, read_rows
from reprompt.records.naming import cell_in_words, cell_within_job
from reprompt.workflow.comparison.findings import CellApart, Predictions


def compare_predictions(first: Mapping[str, Path], second: Mapping[str, Path]) -> Predictions:
    """Hold the records of the jobs that both sides have against each other, by the names of their files."""
    found = Predictions()
    for name in sorted(first.keys() & second.keys()):
        rows, job = _by_cell(first[name]), name.removeprefix("records/").removesuffix(".npz")
        same = first[name].read_bytes() == second[name].read_bytes()
        _compare_job(found, job, rows, rows if same else _by_cell(second[name]))
    return found


def _compare_job(found: Predictions, job: str, first: dict[tuple, RecordRow], second: dict[tuple, RecordRow]) -> None:
    for cell in [*first, *(cell for cell in second if cell not in first)]:
        one, other = first.get(cell), second.get(cell)
        words = cell_in_words((one or other).stored)
        if one is None or other is None or not _are_the_same_cell(one, other):
            found.other.append(f"{job}: {words}")
            continue
        changed = int(np.count_nonzero(one.predictions != other.predictions))
        found.cells += 1
        found.predictions += len(one.predictions)
        if changed:
            found.apart.append(CellApart(job, words, len(one.predictions), changed))


def _are_the_same_cell(one: RecordRow, other: RecordRow) -> bool:
    """Whether both are made with the same settings and judged by the same labels."""
    same_settings = one.identity["settings"] == other.identity["settings"]
    return same_settings and np.array_equal(one.targets, other.targets)


def _by_cell(path: Path) -> dict[tuple, RecordRow]:
    return {(*cell_within_job(row.stored), row.stored["task"], row.stored["split"]): row for row in read_rows(path)}
