"""The frozen assignment: what the clustering decided for every pair, in one compressed file.

Meta-training reads this file and nothing else of the corpus's clustering, so a topic or a domain never changes under
it. The same pairs, settings and versions give the same bytes on one kind of processor; on another one the last bits of
an embedding differ, and with them UMAP's layout. That is why the file is kept and not made anew.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reprompt.foundation.arrays import read_npz, write_npz
from reprompt.foundation.damage import reading

FORMAT = 1  # a file of another number is not read; one more where the steps of clustering change
ARRAYS = ("similarity", "kept", "topic", "domain")


class FormatError(ValueError):
    """A file of another format."""


@dataclass(frozen=True)
class Assignment:
    """What is known of N pairs in L topics of at most U domains.

    `similarity` (N,) float16 of picture and caption; `kept` (N,) bool: not dropped as mismatched, decided before the
    rounding; `topic` (N,) int16 and `domain` (N,) int8, -1 for none; `topic_words` (L,), the name of each topic.
    `made_from` has the settings and the hashes of what went in.
    """

    similarity: np.ndarray
    kept: np.ndarray
    topic: np.ndarray
    domain: np.ndarray
    topic_words: tuple[str, ...]
    threshold: float
    made_from: dict

    def write(self, path: Path) -> None:
        """Write the file, atomically."""
        about = {
            "format": FORMAT,
            "threshold": self.threshold,
            "topic_words": self.topic_words,
            "made_from": self.made_from,
        }
        arrays = {name: getattr(self, name) for name in ARRAYS}
        write_npz(path, about=np.array(json.dumps(about, sort_keys=True)), **arrays)

    @classmethod
    def read(cls, path: Path) -> "Assignment":
        """Read a file that `write` wrote.

        Raises FileNotFoundError, FormatError for one of another format, DamagedFileError.
        """
        if not path.exists():
            raise FileNotFoundError(f"{path} is missing; `reprompt corpus` makes it (Snakemake does so when needed)")
        remedy = "restore it (`dvc checkout --force`), or delete it to have the pairs clustered anew"
        arrays = read_npz(path, remedy)
        with reading(path, remedy):
            about = json.loads(str(arrays["about"]))
            if about["format"] == FORMAT:
                return cls(
                    **{name: arrays[name] for name in ARRAYS},
                    topic_words=tuple(about["topic_words"]),
                    threshold=about["threshold"],
                    made_from=about["made_from"],
                )
        raise FormatError(f"{path} has format {about['format']}, not {FORMAT}: `reprompt corpus` makes it anew")


def stored_assignment(path: Path, made_from: Mapping[str, Any]) -> Assignment | None:
    """The assignment at `path`, if it has this format and was made from just this, by whichever versions.

    Raises DamagedFileError: on another processor the topics of a new one would be others, so none is made in its place.
    """
    try:
        stored = Assignment.read(path)
    except (FileNotFoundError, FormatError):
        return None
    return stored if dict(made_from).items() <= stored.made_from.items() else None
