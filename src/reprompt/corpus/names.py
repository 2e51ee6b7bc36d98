"""The word that names a topic as a class: the best by equation 3 of GRAM (arXiv:2303.06571) that is still free.

Equation 3 alone decides: no stop word, number or short word is taken out before or after. Three things it leaves open:

- What a word is. Captions of Conceptual Captions come with blanks around punctuation; other captions are given them
  here, so that "cat," counts as "cat".
- Two topics with the same best word would be two classes that no prompt tells apart. The larger topic (the lower
  number) gets the word, the other one its next best.
- Of equal weights the first in the alphabet is taken, and only words that occur in the topic can name it: a word that
  does not has weight zero, above all words that occur in every topic.
"""

import re
from collections.abc import Sequence

import numpy as np

from reprompt.corpus.topic_words import topic_words

PUNCTUATION = re.compile(r"([.,;:!?\"()])")


def spaced(caption: str) -> str:
    """A caption with blanks around punctuation, as those of Conceptual Captions have them."""
    return PUNCTUATION.sub(r" \1 ", caption)


def topic_names(captions: Sequence[str], topic: np.ndarray) -> list[str]:
    """L different words for L topics, in their order.

    `topic` (N,) has the topic of each caption, -1 for none; such captions say nothing here. Raises ValueError for a
    topic whose words are all taken.
    """
    clustered = np.flatnonzero(topic >= 0)
    scored = topic_words([spaced(captions[index]) for index in clustered], topic[clustered])
    names: list[str] = []
    for number, (weights, counts) in enumerate(zip(scored.weights, scored.counts, strict=True)):
        best_first = np.argsort(-weights, kind="stable")  # the vocabulary is sorted: equals stay in its order
        free = (str(scored.vocabulary[word]) for word in best_first if counts[word])
        name = next((word for word in free if word not in names), None)
        if name is None:
            raise ValueError(f"every word of topic {number} already names a larger one: raise min_cluster_size")
        names.append(name)
    return names
