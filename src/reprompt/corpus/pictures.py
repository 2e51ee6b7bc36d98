"""What the figures of the corpus show: a curve, a map of captions and example pictures, as one small file of arrays."""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from reprompt.foundation.arrays import read_npz, write_npz
from reprompt.foundation.damage import reading


@dataclass(frozen=True)
class CorpusFigureData:
    """What is shown of a corpus.

    The curve (T,) of the filter over thresholds: `mismatched_stay` and `matched_stay`. The map of n captions: their
    points `map_xy` (n, 2), `map_topic` (n,) and the `map_family` (n,) of their pictures; `topic_words` (L,) names
    topics. Of some topics, `example_topics` (t,), pictures of each domain: `examples` (t, U, p, H, W, 3).
    """

    mismatched_stay: np.ndarray
    matched_stay: np.ndarray
    map_xy: np.ndarray
    map_topic: np.ndarray
    map_family: np.ndarray
    topic_words: np.ndarray
    example_topics: np.ndarray
    examples: np.ndarray

    def write(self, path: Path) -> None:
        """Write the file, atomically."""
        write_npz(path, **vars(self))

    @classmethod
    def read(cls, path: Path) -> "CorpusFigureData":
        """Read a file that `write` wrote. Raises FileNotFoundError, DamagedFileError."""
        if not path.exists():
            raise FileNotFoundError(f"{path} is missing; `reprompt corpus` makes it (Snakemake does so when needed)")
        remedy = f"have it made again: snakemake --cores all --forcerun {path}"
        arrays = read_npz(path, remedy)
        with reading(path, remedy):
            return cls(**{field.name: arrays[field.name] for field in fields(cls)})
