"""Tip-Adapter-F: the cache's keys are learned, from Tip-Adapter's on. Zhang et al., ECCV 2022, arXiv:2111.03930.

    paper      here      meaning
    F_train    keys      (N, E), started at the features of the few-shot images, free from then on           section 3.2
    L_train    values    their labels, one-hot, fixed

The loss is cross-entropy over all classes; alpha and beta stay as they are. The released code reports the epoch that is
best on the test set; here it is the last.
"""

from reprompt.cells.axes import CacheSettings
from reprompt.learners.cache import CacheLearner


class Settings(CacheSettings):
    """The cache's. How many numbers it learns, its few-shot set says."""

    label = "Tip-Adapter-F"
    held = ("values",)


class Learner(CacheLearner):
    """Learns the keys of its few-shot images."""
