"""Named arrays, how they are written, and how they are read.

An .npz file is a zip, which has a CRC-32 of every array: what is damaged is found without anything more in the file.
Two things are left to the reader: to read every entry to its end, where a zip is checked, and to count the entries, as
a damaged length in the list of them makes one swallow the next.
"""

import struct
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile, sizeEndCentDir, structEndArchive

import numpy as np

from reprompt.foundation.atomic import written_whole
from reprompt.foundation.damage import DamagedFileError, reading

Arrays = dict[str, np.ndarray]


def write_npz(path: Path, **arrays: np.ndarray) -> None:
    """A compressed .npz, written atomically; its bytes depend on the arrays alone."""
    with written_whole(path) as unfinished, unfinished.open("wb") as file:
        np.savez_compressed(file, **arrays)


def read_npz(path: Path, remedy: str) -> Arrays:
    """Every array of an .npz file, checked. Raises DamagedFileError, which advises `remedy`, or FileNotFoundError."""
    with reading(path, remedy), ZipFile(BytesIO(content := path.read_bytes())) as file:
        *_, entries, _, _, comment = struct.unpack(structEndArchive, content[-sizeEndCentDir:])
        if entries != len(file.namelist()) or comment:
            raise DamagedFileError(path, "it has lost arrays", remedy)
        return {
            entry.removesuffix(".npy"): np.lib.format.read_array(BytesIO(file.read(entry)), allow_pickle=False)
            for entry in file.namelist()
        }
