"""Files that hold many pictures as one array: of CIFAR, MNIST, FER2013 and PatchCamelyon.

`rows_of` opens one as something that gives the pixels (H, W) or (H, W, 3), uint8, of a row. Small ones are kept in
memory; PatchCamelyon's seven gigabytes are read row by row.
"""

import csv
import gzip
import pickle
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from reprompt.data.files.folders import needed_file

IDX_UNSIGNED_BYTES = 8  # the only type of numbers that MNIST's files have
HARMLESS = {  # all that a pickled batch of CIFAR is made of
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
}


@lru_cache(maxsize=8)
def rows_of(path: Path) -> Sequence[np.ndarray]:
    """The pictures of an array file, by row. Raises FileNotFoundError, or ValueError if it cannot be read."""
    name = path.name.removesuffix(".gz")
    if name.endswith("ubyte"):
        return read_idx(path)
    if name.endswith(".csv"):
        return read_faces(path)[0]
    if name.endswith(".h5"):
        return read_hdf5(path, "x")
    return read_cifar(path)["data"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)


def read_idx(path: Path) -> np.ndarray:
    """An idx file of MNIST's, packed by gzip or not: an array of unsigned bytes of any shape."""
    try:
        with gzip.open(needed_file(path)) if path.suffix == ".gz" else path.open("rb") as file:
            content = file.read()
        zero, kind, dimensions = int.from_bytes(content[:2], "big"), content[2], content[3]
        shape = np.frombuffer(content, ">u4", dimensions, 4).tolist()
        if zero or kind != IDX_UNSIGNED_BYTES:
            raise ValueError("not an idx file of unsigned bytes")
        return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape)
    except (EOFError, IndexError, OSError, ValueError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise ValueError(f"{path}: cannot be read ({error}); get it again") from None


class _Batch(pickle.Unpickler):
    """Reads nothing but arrays: a pickle can otherwise run any program."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in HARMLESS:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no batch of pictures needs")
        return super().find_class(module, name)


@lru_cache(maxsize=8)
def read_cifar(path: Path) -> dict[str, Any]:
    """A batch or the names of CIFAR's Python version. Raises ValueError if it is anything else."""
    try:
        with needed_file(path).open("rb") as file:
            return _Batch(file, encoding="latin1").load()
    except (pickle.UnpicklingError, EOFError, AttributeError, ValueError, IndexError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: not a batch of CIFAR's Python version ({error}); get it again") from None


@lru_cache(maxsize=2)
def read_faces(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """FER2013's table: pictures (N, 48, 48), labels (N,) and, of each row, Training, PublicTest or PrivateTest.

    Kaggle has it as fer2013.csv and, with blanks in the column names, as icml_face_data.csv.
    """
    pictures, labels, usages = [], [], []
    with needed_file(path).open(newline="") as file:
        for number, row in enumerate(csv.DictReader(file, skipinitialspace=True), 2):
            try:
                pictures.append(np.array(row["pixels"].split(), np.uint8).reshape(48, 48))
                labels.append(int(row["emotion"]))
                usages.append(row["Usage"])
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise ValueError(
                    f"{path}, line {number}: not an emotion, a usage and 48 x 48 pixels ({error})"
                ) from None
    if not pictures:
        raise ValueError(f"{path} is empty; get it again")
    return np.stack(pictures), np.array(labels), np.array(usages)


def read_hdf5(path: Path, name: str) -> Sequence[np.ndarray]:
    """A data set of an HDF5 file, read from disk row by row."""
    try:
        import h5py
    except ImportError:
        raise ValueError(f"{path}: reading it needs the package h5py: pip install h5py") from None
    try:
        return h5py.File(needed_file(path))[name]
    except (OSError, KeyError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise ValueError(f"{path}: cannot be read ({error}); get it again") from None
