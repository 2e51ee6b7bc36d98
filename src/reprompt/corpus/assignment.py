"""The frozen assignment: what the clustering decided for every pair, in one compressed file.

Meta-training reads this file and nothing else of the corpus's clustering, so a topic or a domain never changes under
it. The same pairs, settings and versions give the same bytes on one kind of processor; on another one the last bits of
an embedding differ, and with them UMAP's layout. That is why the file is kept and not made anew.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reprompt.foundation.arrays import write_npz

FORMAT = 1  # a file of another number is not read
ARRAYS = ("similarity", "kept", "topic", "domain")


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
        """Read a file that `write` wrote. Raises FileNotFoundError, or ValueError for one of another format."""
        if not path.exists():
            raise FileNotFoundError(f"{path} is missing; `reprompt corpus` makes it (Snakemake does so when needed)")
        with np.load(path) as file:
            about = json.loads(str(file["about"]))
            if about["format"] != FORMAT:
                raise ValueError(f"{path} has format {about['format']}, not {FORMAT}: `reprompt corpus` makes it anew")
            arrays = {name: file[name] for name in ARRAYS}
        return cls(
            **arrays,
            topic_words=tuple(about["topic_words"]),
            threshold=about["threshold"],
            made_from=about["made_from"],
        )
