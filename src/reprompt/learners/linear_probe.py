"""The linear probe as CoOp's repository runs it: logistic regression on frozen, unnormalised image features.

C is searched on validation images: a coarse grid of powers of ten, then bisection in log10 C over one decade to either
side of its best, keeping the better half (the left one on ties). The probe of the last bisection step is the result, as
in the released code. The CLIP paper probes features before the projection instead; CoOp and ProGrad do not.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression


@dataclass(frozen=True)
class Search:
    """The grid for C and the solver's patience."""

    largest_c: float
    smallest_c: float
    coarse: int
    bisections: int
    iterations: int


def solve(
    train: tuple[np.ndarray, np.ndarray], validation: tuple[np.ndarray, np.ndarray], settings: dict
) -> LogisticRegression:
    """Fit on `train` (features (N, E), labels (N,)), choose C on `validation`.

    Raises ValueError where either has no images.
    """
    for split, (_, labels) in (("train", train), ("validation", validation)):
        if not len(labels):
            raise ValueError(f"the linear probe needs {split} images to choose C on, found none: give the task more")
    search = Search(**settings)

    def fit(log_c: float) -> tuple[float, LogisticRegression]:
        model = LogisticRegression(C=10.0**log_c, max_iter=search.iterations, solver="lbfgs")
        with warnings.catch_warnings():
            # At C of 1e4 and more the solver stops at its limit, in the reference as here; validation decides.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(*train)
        return model.score(*validation), model

    grid = np.linspace(np.log10(search.largest_c), np.log10(search.smallest_c), search.coarse)
    best = grid[int(np.argmax([fit(log_c)[0] for log_c in grid]))]
    left, right = best - 1, best + 1
    (left_score, model), (right_score, right_model) = fit(left), fit(right)
    for _ in range(search.bisections):
        middle = (left + right) / 2
        if left_score >= right_score:
            right = middle
            right_score, right_model = fit(right)
        else:
            left = middle
            left_score, model = fit(left)
    return model if left_score >= right_score else right_model
