"""Beyond these images: the second interval of a comparison, which also asks what other test images would have said.

A verdict is about the benchmark as it stands, whose test images are fixed. Beside it, deciding nothing, stands an
interval with the variance over test images too. An accuracy is the mean over images of "right or not"; what a
comparison makes of one image, averaged over draws, shots and sides, has a variance over the images of a test set, and
over test sets the variances of means add up. Both sides are judged by the same images, so they are paired by image. An
H is taken to first order: dH = 2 (N / (B + N))^2 dB + 2 (B / (B + N))^2 dN.

    N images of a test set
"""

from collections import defaultdict
from dataclasses import replace
from functools import reduce

import numpy as np

from reprompt.claims.expressions import Series, Statement, Term, _less, with_settings
from reprompt.claims.lookup import At, Slice
from reprompt.claims.parts import Part, weights_of_trend
from reprompt.claims.runs import is_H_of_means
from reprompt.claims.terms import H, acc, base, new
from reprompt.evidence.lookup import Missing
from reprompt.evidence.statistics import Interval, stratified, student
from reprompt.evidence.strata import shares_of
from reprompt.evidence.values import Origin, Values

ACCURACIES = {acc.__wrapped__: "all", base.__wrapped__: "base", new.__wrapped__: "new", H.__wrapped__: "H"}
# What every image of a test set (task, split) adds to a run's value, in percent (N,)
OfImages = dict[tuple[str, str], np.ndarray]


def beyond_these_images(part: Part, at: At) -> Interval:
    """The interval of a part over draws and test images. Raises Missing where predictions do not say it."""
    if not part.kind or part.settled or part.tested is not part.effect or np.isnan(part.tested.low):
        raise Missing("no interval over draws of a comparison of means")
    by_origin = _of_statement(part.statement, at)
    shares = shares_of(Values(dict.fromkeys(by_origin, 0.0)))
    total: OfImages = defaultdict(lambda: np.zeros(1))
    for origin, share in shares.items():
        for test_set, of_images in by_origin[origin].items():
            total[test_set] = total[test_set] + share * of_images
    variances = [(float(np.var(images, ddof=1)) / len(images), len(images) - 1) for images in total.values()]
    parts = [(part.tested.error**2, part.tested.freedom), *variances]
    return student(part.tested.estimate, [of for of in parts if of[0] > 0], part.tested.seeds, part.tested.tasks)


def _of_statement(statement: Statement, at: At) -> dict[Origin, OfImages]:
    """What images add to left less right, or to the slope of a trend, in every run."""
    if isinstance(statement.rhs, Series):
        levels = [with_settings(statement.lhs, {statement.rhs.key: value}) for value in statement.rhs.values]
        weights = weights_of_trend(range(len(levels)))
        weighted = (_scaled(_of_term(level, at), weight) for weight, level in zip(weights, levels, strict=True))
        return reduce(_added, weighted)
    left = _of_term(statement.lhs, at)
    return _added(left, _scaled(_of_term(statement.rhs, at), -1)) if isinstance(statement.rhs, Term) else left


def _of_term(term: Term, at: At) -> dict[Origin, OfImages]:
    if term.function is _less:
        left, right = (_of_term(side, at) for side in term.arguments)
        return _added(left, _scaled(right, -1))
    if term.function not in ACCURACIES:
        raise Missing("only of accuracies is it known what an image adds")
    method, place = term.arguments
    where = at.slice(method, place, ACCURACIES[term.function], **dict(term.settings))
    return _of_H(where, at) if where.split == "H" else _of_accuracy(where, at)


def _of_accuracy(where: Slice, at: At) -> dict[Origin, OfImages]:
    wrong = at.lookup.arrays(where, "wrong")
    return {origin: {(origin.task, where.split): 100.0 * ~of_run} for origin, of_run in wrong.items()}


def _of_H(where: Slice, at: At) -> dict[Origin, OfImages]:
    halves = [replace(where, split=split) for split in ("base", "new")]
    values = [at.lookup.accuracies(half) for half in halves]
    mean = [stratified(half).estimate for half in values] if is_H_of_means(where) else None
    of_base, of_new = (_of_accuracy(half, at) for half in halves)
    of_H: dict[Origin, OfImages] = {}
    for origin in of_base.keys() & of_new.keys():
        B, N = mean or (half.by_origin[origin] for half in values)
        by_base, by_new = (2 * (other / (B + N)) ** 2 if B + N else 0.0 for other in (N, B))
        of_H[origin] = {
            **{test_set: by_base * of_images for test_set, of_images in of_base[origin].items()},
            **{test_set: by_new * of_images for test_set, of_images in of_new[origin].items()},
        }
    return of_H


def _scaled(by_origin: dict[Origin, OfImages], factor: float) -> dict[Origin, OfImages]:
    return {origin: {name: factor * array for name, array in of.items()} for origin, of in by_origin.items()}


def _added(left: dict[Origin, OfImages], right: dict[Origin, OfImages]) -> dict[Origin, OfImages]:
    """Run by run, as values are paired: a deterministic side meets every run of the other."""
    if any(origin.seed for origin in right) and not any(origin.seed for origin in left):
        left, right = right, left
    total: dict[Origin, OfImages] = {}
    for origin, of_left in left.items():
        of_right = right.get(origin, right.get(origin.undrawn))
        if of_right is not None:
            names = dict.fromkeys((*of_left, *of_right))
            total[origin] = {name: of_left.get(name, 0.0) + of_right.get(name, 0.0) for name in names}
    return total
