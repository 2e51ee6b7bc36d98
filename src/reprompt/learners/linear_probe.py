"""The linear probe as CoOp's repository runs it: logistic regression on frozen, unnormalised image features.

C is searched on validation images: a coarse grid of powers of ten, then bisection in log10 C over one decade to either
side of its best, keeping the better half (the left one on ties). The probe of the last bisection step is the result, as
in the released code. The CLIP paper probes features before the projection instead; CoOp and ProGrad do not.
"""

import warnings

import numpy as np
from pydantic import PositiveFloat, PositiveInt
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from reprompt.cells.axes import LearnerSettings


class Settings(LearnerSettings):
    """The grid for C and the solver's patience."""

    label = "Linear probe"
    trained = "at_once"

    largest_c: PositiveFloat
    smallest_c: PositiveFloat
    coarse: PositiveInt
    bisections: PositiveInt
    iterations: PositiveInt

    @property
    def solver_rounds(self) -> float:
        """About so many rounds of the solver. Some fits stop early, those of a large C at the limit."""
        return (self.coarse + 2 + self.bisections) * self.iterations / 3


def solve(
    train: tuple[np.ndarray, np.ndarray], validation: tuple[np.ndarray, np.ndarray], settings: Settings
) -> LogisticRegression:
    """Fit on `train` (features (N, E), labels (N,)), choose C on `validation`.

    Raises ValueError where either has no images.
    """
    for split, (_, labels) in (("train", train), ("validation", validation)):
        if not len(labels):
            raise ValueError(f"the linear probe needs {split} images to choose C on, found none: give the task more")

    def fit(log_c: float) -> tuple[float, LogisticRegression]:
        model = LogisticRegression(C=10.0**log_c, max_iter=settings.iterations, solver="lbfgs")
        with warnings.catch_warnings():
            # At C of 1e4 and more the solver stops at its limit, in the reference as here; validation decides.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(*train)
        return model.score(*validation), model

    grid = np.linspace(np.log10(settings.largest_c), np.log10(settings.smallest_c), settings.coarse)
    best = grid[int(np.argmax([fit(log_c)[0] for log_c in grid]))]
    left, right = best - 1, best + 1
    (left_score, model), (right_score, right_model) = fit(left), fit(right)
    for _ in range(settings.bisections):
        middle = (left + right) / 2
        if left_score >= right_score:
            right = middle
            right_score, right_model = fit(right)
        else:
            left = middle
            left_score, model = fit(left)
    return model if left_score >= right_score else right_model
