"""Named arrays, and how they are written."""

from pathlib import Path

import numpy as np

from reprompt.foundation.atomic import written_whole

Arrays = dict[str, np.ndarray]


def write_npz(path: Path, **arrays: np.ndarray) -> None:
    """A compressed .npz, written atomically; its bytes depend on the arrays alone."""
    with written_whole(path) as unfinished, unfinished.open("wb") as file:
        np.savez_compressed(file, **arrays)
