"""Which of the files that have checksums are damaged: those of a scale, and the cell store of the folder."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np

from reprompt.clip.features import opened_features
from reprompt.data.image_store import read_images
from reprompt.foundation.damage import DamagedFileError
from reprompt.foundation.schema import SchemaError
from reprompt.foundation.tensor_files import TensorFile
from reprompt.planning.plan import Plan
from reprompt.records.files import CELL_STORE, read_cell
from reprompt.records.prompts import opened_prompts, require_job

AT_ONCE = 4096  # images that are in memory


def damaged_files(plan: Plan) -> Iterator[DamagedFileError]:
    """What is wrong with features, kept prompts, images and finished cells: every file is read whole.

    Records are not among them: they are read where their numbers are recomputed.
    """
    kinds: list[tuple[Callable[[Path], object], Path, str]] = [
        (_check_features, plan.root / "features", "*/*.safetensors"),
        (partial(_check_prompts, plan.root / "records"), plan.root / "records", "**/*.safetensors"),
        (_check_images, plan.images, "*.npy"),
        (_check_cell, CELL_STORE, "*/*.npz"),
    ]
    for check, folder, pattern in kinds:
        for path in sorted(folder.glob(pattern)):
            try:
                check(path)
            except DamagedFileError as damage:
                yield damage


def _check_features(path: Path) -> None:
    _check_tensors(opened_features(path))


def _check_prompts(records: Path, path: Path) -> None:
    file = opened_prompts(path)
    require_job(file, path.relative_to(records).with_suffix("").as_posix())
    _check_tensors(file)


def _check_tensors(file: TensorFile) -> None:
    for name in file.names:
        file[name]


def _check_images(path: Path) -> None:
    kept = read_images(path)
    for start in range(0, len(kept.array) if kept else 0, AT_ONCE):
        kept[np.arange(start, min(start + AT_ONCE, len(kept.array)))]


def _check_cell(path: Path) -> None:
    with suppress(SchemaError):  # left from an earlier version, and never found
        read_cell(path)
