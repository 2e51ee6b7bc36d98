"""What evaluating a cell gives, before it is written anywhere."""

from dataclasses import dataclass, field

import numpy as np

from reprompt.foundation.arrays import Arrays


@dataclass(frozen=True)
class Result:
    """A cell on one test set of N images: predictions (N,), class indices within the split, and measured arrays."""

    predictions: np.ndarray
    measured: Arrays = field(default_factory=dict)
