"""Pictures from the web that GRAM meta-trains on: some are held out for testing."""

import numpy as np

HELD_OUT = 5  # one image of the web in so many is a test image


def places_of(count: int, split: str) -> np.ndarray:
    """Which of so many images of the web are `train` or `test`."""
    held_out = np.arange(count) % HELD_OUT == HELD_OUT - 1
    return np.flatnonzero(held_out if split == "test" else ~held_out)
