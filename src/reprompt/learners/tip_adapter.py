"""Tip-Adapter: a cache of the few-shot images, with no training. Zhang et al., ECCV 2022, arXiv:2111.03930.

    paper      here        meaning
    F_train    keys        features of the few-shot images, each the mean over augmented views               eq. 3
    L_train    values      their labels, one-hot                                                             eq. 4
    A          likeness    exp(-beta (1 - f F_train^T))                                                      eq. 5
    alpha      weight      logits = alpha A L_train + f W_c^T, the latter times CLIP's temperature           eq. 6

The released code has 100 for the temperature, which is that of OpenAI's models; here it is the backbone's. What it
searches on validation and on test images, and what we set instead, `CacheSettings` says.
"""

from reprompt.cells.axes import CacheSettings, Widths
from reprompt.learners.cache import CacheLearner


class Settings(CacheSettings):
    """The cache's."""

    label = "Tip-Adapter"
    trained = "by_keeping"
    held = ("keys", "values")

    def beside_prompts(self, widths: Widths) -> int:
        """Nothing is learned."""
        return 0


class Learner(CacheLearner):
    """Keeps its few-shot images as they are."""
