"""Files of named tensors (safetensors) that tell when they are damaged.

Their metadata has one entry, as the order of several differs from run to run. In it are what a file says of itself
(`about`), the checksum of every tensor, and a checksum of these two. A tensor is checked when it is read, so that who
reads one task out of many waits for that one.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

from reprompt.foundation.atomic import written_whole
from reprompt.foundation.checksums import checksum_of_array, checksum_of_text
from reprompt.foundation.damage import DamagedFileError, reading
from reprompt.foundation.digests import canonical

CHECKED = "checked"  # the entry


def write_tensors(path: Path, tensors: Mapping[str, np.ndarray], about: Any) -> None:
    """Write tensors and what is said of them (anything that JSON has), whole; the same gives the same bytes."""
    arrays = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    head = {"about": about, "tensors": {name: checksum_of_array(array) for name, array in arrays.items()}}
    text = canonical(head | {"checksum": checksum_of_text(canonical(head))})
    with written_whole(path) as unfinished:
        save_file(arrays, unfinished, metadata={CHECKED: text})


class TensorFile:
    """A file of tensors, opened: `about` is what it says of itself, `names` are those of its tensors.

    `remedy` is what errors advise. Tensors are PyTorch's (`framework` pt), mapped into memory, or NumPy's (np).
    `before` names an entry that only files from before there were checksums have, where such are read: they are taken
    as they are, and what they say of themselves is in that entry. Raises DamagedFileError, FileNotFoundError.
    """

    def __init__(self, path: Path, remedy: str, framework: str = "pt", before: str | None = None):
        self.path, self.remedy = path, remedy
        with reading(path, remedy):
            self._file = safe_open(path, framework)
            metadata, self.names = self._file.metadata() or {}, tuple(self._file.keys())
            if before in metadata and CHECKED not in metadata:
                self.about, self._checksums = json.loads(metadata[before]), None
                return
            if CHECKED not in metadata:
                raise DamagedFileError(path, "it has no checksums", remedy)
            head = json.loads(metadata[CHECKED])
            checksum, self.about, self._checksums = head.pop("checksum"), head["about"], head["tensors"]
            if checksum != checksum_of_text(canonical(head)) or set(self.names) != set(self._checksums):
                raise DamagedFileError(path, "its head is not what its checksum says", remedy)

    @property
    def has_checksums(self) -> bool:
        """Whether its tensors are checked when they are read."""
        return self._checksums is not None

    def __getitem__(self, name: str) -> Any:
        """A tensor, checked."""
        with reading(self.path, self.remedy):
            tensor = self._file.get_tensor(name)
        if self.has_checksums and checksum_of_array(np.asarray(tensor)) != self._checksums[name]:
            raise DamagedFileError(self.path, f"{name} is not what its checksum says", self.remedy)
        return tensor
