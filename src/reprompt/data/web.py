"""Pictures from the web that GRAM meta-trains on: some are held out for testing."""

import numpy as np

HELD_OUT = 5  # one image of the web in so many is a test image


def web_indices(count: int, split: str) -> np.ndarray:
    """The indices of those that are `train` or `test` of so many images of the web."""
    held_out = np.arange(count) % HELD_OUT == HELD_OUT - 1
    return np.flatnonzero(held_out if split == "test" else ~held_out)
