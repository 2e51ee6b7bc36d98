"""Files that carry checksums: whatever bit is flipped, what is read is what was written, or an error."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from reprompt.foundation.arrays import read_npz, write_npz
from reprompt.foundation.checksums import checksum_of_array, read_checked, write_checked
from reprompt.foundation.damage import DamagedFileError, reading
from reprompt.foundation.tensor_files import TensorFile, write_tensors

ARRAYS = {
    "context": np.arange(6, dtype=np.float16).reshape(2, 3),
    "labels": np.array([3, 1], np.int64),
    "none": np.zeros((0, 4), np.float32),
}
ABOUT = {"cells": [["dtd", 4, 1.0]], "job": "source/coop"}


def write_arrays(path: Path) -> None:
    write_npz(path, **ARRAYS)


def read_arrays(path: Path) -> list:
    return as_read(read_npz(path, "REMEDY"))


def write_of_tensors(path: Path) -> None:
    write_tensors(path, ARRAYS, ABOUT)


def read_of_tensors(path: Path) -> list:
    file = TensorFile(path, "REMEDY", before="about")
    return [file.about, *as_read({name: np.asarray(file[name]) for name in file.names})]


def as_read(arrays: dict) -> list:
    return sorted((name, array.dtype.str, array.shape, array.tobytes()) for name, array in arrays.items())


KINDS = {
    "npz": (write_arrays, read_arrays),
    "tensors": (write_of_tensors, read_of_tensors),
    "bytes": (lambda path: write_checked(path, b"a state"), lambda path: read_checked(path, "REMEDY")),
}


@pytest.fixture(params=KINDS)
def kind(request, tmp_path):
    write, read = KINDS[request.param]
    write(tmp_path / "file")
    return tmp_path / "file", read


@pytest.mark.parametrize("bit", [0x01, 0x20])
def test_a_flipped_bit_is_found_wherever_it_is_or_changes_nothing(kind, bit):
    path, read = kind
    content, whole, harmless = path.read_bytes(), read(path), 0
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :])
        try:
            assert read(path) == whole, place
            harmless += 1
        except DamagedFileError as damage:
            assert str(damage).startswith(f"{path}: ") and str(damage).endswith(": REMEDY")
    assert harmless < len(content) / 2


def test_a_file_that_is_cut_off_anywhere_is_found(kind):
    path, read = kind
    content = path.read_bytes()
    for end in range(len(content)):
        path.write_bytes(content[:end])
        with pytest.raises(DamagedFileError):
            read(path)


def test_an_empty_file_is_called_so(kind):
    path, read = kind
    path.write_bytes(b"")
    with pytest.raises(DamagedFileError, match="file: it is empty: REMEDY"):
        read(path)


def test_a_missing_file_is_no_damaged_one(kind):
    path, read = kind
    path.unlink()
    with pytest.raises(FileNotFoundError):
        read(path)


def test_only_the_tensors_that_are_read_are_checked(tmp_path):
    write_of_tensors(path := tmp_path / "file")
    content = path.read_bytes()
    path.write_bytes(content.replace(ARRAYS["context"].tobytes(), bytes(12)))
    file = TensorFile(path, "REMEDY", "np")
    assert file["labels"].tolist() == [3, 1]
    with pytest.raises(DamagedFileError, match="context is not what its checksum says"):
        file["context"]


def test_tensors_from_before_there_were_checksums_are_read_as_they_are(tmp_path):
    save_file({"context": torch.ones(2)}, path := tmp_path / "file", metadata={"about": '{"cells": []}'})
    file = TensorFile(path, "REMEDY", before="about")
    assert (file.about, file["context"].tolist(), file.has_checksums) == ({"cells": []}, [1, 1], False)
    with pytest.raises(DamagedFileError, match="has no checksums"):
        TensorFile(path, "REMEDY")


def test_the_state_of_one_name_is_none_of_another(tmp_path):
    write_checked(tmp_path / "one", b"a state")
    (tmp_path / "one").rename(tmp_path / "other")
    with pytest.raises(DamagedFileError, match="not what its checksum says"):
        read_checked(tmp_path / "other", "REMEDY")


def test_a_checksum_is_of_type_shape_and_bytes():
    array = np.arange(6, dtype=np.float32)
    by_hand = hashlib.blake2b(b"<f4(2, 3)" + array.tobytes(), digest_size=20).hexdigest()
    assert checksum_of_array(array.reshape(2, 3)) == by_hand
    assert len({by_hand, *map(checksum_of_array, (array, array.reshape(3, 2), array.view(np.int32)))}) == 4


def test_the_error_of_a_library_is_told_in_one_line(tmp_path):
    told = pytest.raises(DamagedFileError, match=r"/file: it is damaged \(two lines\): REMEDY")
    with told, reading(tmp_path / "file", "REMEDY"):
        raise ValueError("two\nlines")
