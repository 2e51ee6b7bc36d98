"""Who is for training and who for testing, where nobody said it: whole groups of pictures that are nearly the same.

Of every class half is for training, a fifth for validation and the rest for testing, as CoOp's authors divide data sets
that come undivided; or, where a test set would be too small to tell much, each picture is tested in one of some folds.
Groups go one after another, in the order of the hashes of their first names, to the part in which their classes lack
most. So the division does not depend on the order of a directory.

    N pictures
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from reprompt.data.files.listing import path_hash
from reprompt.data.files.own_splits import TRAINED, VALIDATED
from reprompt.data.own.found import Found

LEAST_TEST = 100  # pictures: with fewer, an accuracy of 80 % is known to within 8 points or worse
LEAST_OF_CLASS = 4  # groups of a class: fewer do not make three parts
FOLDS = 5


def folds_for(found: Sequence[Found], groups: np.ndarray) -> int:
    """So many folds, or 0 where there are enough pictures for a test set."""
    fewest = min(Counter(of_class for of_class, _ in set(_by_class(found, groups))).values())
    enough = fewest >= LEAST_OF_CLASS and len(found) * (1 - TRAINED - VALIDATED) >= LEAST_TEST
    return 0 if enough else FOLDS


def three_parts(found: Sequence[Found], groups: np.ndarray) -> list[str]:
    """The part (N,) of every picture: train, validation or test."""
    return _divided(found, groups, {"train": TRAINED, "validation": VALIDATED, "test": 1 - TRAINED - VALIDATED})


def in_folds(found: Sequence[Found], groups: np.ndarray, folds: int) -> list[str]:
    """The fold (N,) that tests every picture, "1" and so on; a class of one group is always trained on.

    In no fold a class is left without a picture to train on.
    """
    parts = _divided(found, groups, {str(fold): 1 / folds for fold in range(1, folds + 1)})
    tested_in: dict[str, set[str]] = defaultdict(set)
    for picture, part in zip(found, parts, strict=True):
        tested_in[picture.of_class].add(part)
    alone = {of_class for of_class, in_parts in tested_in.items() if len(in_parts) == 1}
    kept = {group for picture, group in zip(found, groups, strict=True) if picture.of_class in alone}
    return ["train" if group in kept else part for part, group in zip(parts, groups, strict=True)]


def _divided(found: Sequence[Found], groups: np.ndarray, shares: dict[str, float]) -> list[str]:
    members: dict[int, list[int]] = defaultdict(list)
    for index, group in enumerate(groups.tolist()):
        members[group].append(index)
    sizes = Counter(picture.of_class for picture in found)
    have: dict[str, Counter[str]] = {part: Counter() for part in shares}
    total: Counter[str] = Counter()
    part_of = [""] * len(found)
    for group in sorted(members.values(), key=lambda group: min(path_hash(found[index].name) for index in group)):
        classes = Counter(found[index].of_class for index in group)

        def lacks(part: str, classes: Counter[str] = classes) -> tuple[float, float]:
            missing = (shares[part] * sizes[name] - have[part][name] for name in classes)
            return round(sum(missing), 9), -total[part] / shares[part]

        chosen = max(shares, key=lacks)
        have[chosen].update(classes)
        total[chosen] += len(group)
        for index in group:
            part_of[index] = chosen
    return part_of


def _by_class(found: Sequence[Found], groups: np.ndarray) -> list[tuple[str, int]]:
    return [(picture.of_class, group) for picture, group in zip(found, groups.tolist(), strict=True)]
