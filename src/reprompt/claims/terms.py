"""The quantities that claims speak of, as the papers have them. Each is worth a number in every run.

    acc, base, new, H         accuracy of a method on a data set, over all, base or new classes; H: their harmonic mean
    mean, mean_base, ...      the same on a group of them; mean_H is the mean of per-task H (ProGrad, NPT; GRAM prints
                              the H of means, see `H_of_means` in runs.py)

`settings` say of what runs: shots, tau, backbone, M, lambda_ (Python has "lambda" for itself) and so on.
"""

import inspect
import math
from collections.abc import Callable, Mapping
from functools import wraps
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd

from reprompt.claims.expressions import Term, plain
from reprompt.claims.lookup import At
from reprompt.claims.parameter_share import share_in_words, share_percent
from reprompt.claims.parts import variants
from reprompt.evidence.lookup import Missing
from reprompt.evidence.statistics import stratified
from reprompt.evidence.values import Origin, Values, by_draw, combine, difference, paired
from reprompt.tasks.groups import members

ELEVEN, TEN_TARGETS, IMAGENET_SHIFTS = "datasets11", "targets10", "imagenet4"
TWENTY, TWELVE = "elevater20", "elevater12"
LAST_TENTH = 10
SAME_IMAGES = "an accuracy printed elsewhere is a yardstick only on the same images"
MEAN_COURSE = "judged on the mean over epochs, not epoch by epoch"
OF_WHICH_GAIN = "the paper does not say of which gain; here it is UNIGRAM's over joint tuning"


def quantity(
    unit: str = "points", caution: str | Callable[..., str] = "", beside_number: str = "", largest: bool = False
) -> Callable[[Callable], Callable[..., Term]]:
    """Make a function of (at, ...) write down a term instead. Raises TypeError for what it does not take."""

    def of(function: Callable) -> Callable[..., Term]:
        @wraps(function)
        def term(*arguments: Any, **settings: Any) -> Term:
            bound = inspect.signature(function).bind(None, *arguments, **settings)
            bound.apply_defaults()
            named = tuple((key.rstrip("_"), plain(value)) for key, value in bound.kwargs.items())
            return Term(function, tuple(map(plain, bound.args[1:])), named, unit, caution, beside_number, largest)

        return term

    return of


def _accuracy(split: str) -> Callable[..., Term]:
    @quantity(beside_number=SAME_IMAGES)
    def accuracy(at: At, method: str, place: str, **settings: Any) -> Values:
        return at.accuracies(at.slice(method, place, split, **settings))

    accuracy.__wrapped__.__name__ = "H" if split == "H" else "accuracy"  # another metric
    return accuracy


acc = mean = _accuracy("all")
base = mean_base = _accuracy("base")
new = mean_new = _accuracy("new")
H = mean_H = _accuracy("H")


@quantity()
def fall_from_best(at: At, accuracy: Term) -> Values:
    """How far an accuracy falls from its best epoch to the last; the best is that of the mean course over draws.

    It is never negative, on noise alone it is positive: only against another fall is it news.
    """
    epochs = accuracy.values(At(at.lookup, at.setting, len)).by_origin.values()
    course = [accuracy.values(At(at.lookup, at.setting, itemgetter(epoch))) for epoch in range(int(min(epochs)))]
    return difference(max(course, key=lambda epoch: stratified(epoch).estimate), course[-1])


@quantity()
def last_epoch(at: At, accuracy: Term) -> Values:
    """An accuracy when training ends."""
    return accuracy.values(At(at.lookup, at.setting, lambda curve: curve[-1]))


@quantity(caution=MEAN_COURSE)
def mean_over_epochs(at: At, accuracy: Term) -> Values:
    """The mean of an accuracy over its epochs."""
    return accuracy.values(At(at.lookup, at.setting, np.mean))


@quantity("points per epoch")
def slope_over_epochs(at: At, accuracy: Term) -> Values:
    """The least-squares slope of an accuracy over its epochs."""
    return accuracy.values(At(at.lookup, at.setting, slope))


def slope(curve: np.ndarray) -> float:
    """Least-squares slope of a curve (n,) over 0 .. n-1."""
    place = np.arange(len(curve)) - (len(curve) - 1) / 2
    return float(place @ curve / (place @ place)) if len(curve) > 1 else 0.0


@quantity("degrees")
def final_angle(at: At, method: str, place: str) -> Values:
    """The angle between G_d and G_g to which training converges, in degrees.

    CoOp is ProGrad with lambda 0, which measures G_g without using it.
    """
    strength = {"coop": 0.0, "prograd": 1.0}[method]
    return at.of_arrays("angle", at.slice("prograd", place, **{"lambda": strength}), last_tenth)


def last_tenth(angle: np.ndarray) -> float:
    """The mean of the last tenth of the epochs, at least one: angle (epochs,)."""
    return float(np.mean(angle[-math.ceil(len(angle) / LAST_TENTH) :]))


def _delta(metric: str) -> Callable[..., Term]:
    @quantity("delta")
    def delta(at: At, method: str, place: str, **settings: Any) -> Values:
        halves = (at.lookup.numbers(at.slice(method, place, split, **settings), metric) for split in ("base", "new"))
        return combine(*halves, lambda one, other: abs(one + other) / 2)

    delta.__wrapped__.__name__ = metric
    return delta


# NPT, Definitions 2 and 3, mean over base and new classes, without its sign: an error, smaller is better, as the paper
# reads them (delta_mid is negative by construction).
delta_lcd, delta_mid = _delta("delta_lcd"), _delta("delta_mid")


@quantity("cosine")
def tail_cosine(at: At, method: str, place: str, **settings: Any) -> Values:
    """How close the text features of the tail classes, the rarest half of the base classes, lie to each other."""
    return at.of_arrays("text_cosines", at.slice(method, place, "base", **settings), mean_of_tail)


def mean_of_tail(cosines: np.ndarray) -> float:
    """The mean cosine between the classes of the rarer half, the middle class included.

    cosines (K (K - 1) / 2,) is in np.triu_indices(K, 1) order, classes from the head to the rarest.
    """
    classes = (1 + math.isqrt(1 + 8 * len(cosines))) // 2
    rows, columns = np.triu_indices(classes, 1)
    tail = classes // 2
    return float(np.mean(cosines[(rows >= tail) & (columns >= tail)]))


@quantity("cosine")
def inner_product(at: At, method: str) -> Mapping[Origin, np.ndarray]:
    """GRAM Figure 3b: cosine of regulated support and query gradient at the logged meta-steps (steps,), by run."""
    return at.lookup.arrays(at.slice(method, "corpus"), "inner_product")


@quantity()
def range_over(at: At, term: Term, *keys: str) -> Values:
    """Largest less smallest average over the values of settings that were run; which these are, all draws decide.

    Noise widens a range, so a small one is not claimed lightly; a wide one is (`varies_with`).
    """
    sides = variants(at, term, *keys)
    averages = [stratified(by_draw(sides, itemgetter(place))).estimate for place in range(len(sides))]
    highest, lowest = (averages.index(end(averages)) for end in (max, min))
    return by_draw(sides, lambda values: values[highest] - values[lowest])


@quantity(largest=True)
def largest_gain(at: At, method: str, over: str, on: str, split: str = "all", **settings: Any) -> Values:
    """The gains over a rival on all data sets of a group, of which the largest is meant."""
    gains: dict[Origin, float] = {}
    for place in members(on):
        own, rivals = (at.accuracies(at.slice(side, place, split, **settings)) for side in (method, over))
        gains |= difference(own, rivals).by_origin
    if (tasks := Values(gains).tasks) < len(members(on)):
        raise Missing(f"only {tasks} of {len(members(on))} data sets have both on one draw, and the claim is of all")
    return Values(gains)


@quantity("share")
def shared_failures(at: At, missed_by: str, got_by: str, on: str, **settings: Any) -> Values:
    """Of the images that one method misses and another gets, the share that zero-shot CLIP misses too."""
    missed, got, untuned = (
        at.lookup.arrays(at.slice(method, on, **settings), "wrong") for method in (missed_by, got_by, "zero_shot_clip")
    )
    failures = {origin: wrong & ~got[origin] for origin, wrong in missed.items() if origin in got}
    shares = {
        origin: float(untuned[origin.undrawn][images].mean())
        for origin, images in failures.items()
        if origin.undrawn in untuned and images.any()
    }
    if not shares:
        raise Missing(f"no runs hold predictions of {missed_by}, {got_by} and zero-shot CLIP together")
    return Values(shares)


@quantity("share", OF_WHICH_GAIN)
def share_of_gain(at: At, method: str, without: str, over: str, split: str) -> Values:
    """Of a method's gain over another the share that is lost without a part of it; 1 is all of it.

    lost / gain is a ratio of averages R. A run has R + (lost - R gain) / (average gain): the mean of these numbers is
    R, their spread that of R to first order, even where single runs have no gain to divide by.
    """
    whole, less, other = (at.accuracies(at.slice(side, ELEVEN, split)) for side in (method, without, over))
    lost, gain = paired(difference(whole, less), difference(whole, other))
    if not gain.by_origin:
        raise Missing("the three were run, but never on the same task and draw")
    average_gain = stratified(gain).estimate
    if average_gain <= 0:
        raise Missing("UNIGRAM gains nothing over joint tuning here, so there is no gain to have a share of")
    share = stratified(lost).estimate / average_gain
    return combine(lost, gain, lambda of_lost, of_gain: share + (of_lost - share * of_gain) / average_gain)


@quantity("share")
def transfer(at: At, method: str, source: str, target: str) -> Values:
    """A pair of MVLPT Figure 4, in each draw, so that its mean over draws is the entry of the figure."""
    column = _normalised(at, method, target)
    if source not in column:
        raise Missing(f"the prompts tuned on {source} were not judged on {target}")
    return _of_target(target, column[source].dropna())


@quantity("share")
def average_transfer(at: At, method: str, target: str) -> Values:
    """The mean over all sources but the target itself, whose own prompt is no transfer, in each draw that has all."""
    column = _normalised(at, method, target).drop(columns=target, errors="ignore")
    needed = len(members(TWENTY)) - 1
    if len(column.columns) < needed:
        raise Missing(f"only {len(column.columns)} of {needed} sources were run, and the claim averages over all")
    return _of_target(target, column.dropna().mean(axis=1))


def _normalised(at: At, method: str, target: str) -> pd.DataFrame:
    """A target's column by the best entry of its seed mean, which changes no test: draws down, sources across."""
    grid = at.lookup.transfers(method, "score")
    if target not in grid:
        raise Missing(f"no prompts were judged on {target}")
    values = grid[target].unstack("source").dropna(axis="columns", how="all")
    return values / values.mean().max()


def _of_target(target: str, by_draw: pd.Series) -> Values:
    return Values({Origin("", target, 0, int(seed)): float(value) for seed, value in by_draw.items()})


@quantity("tasks")
def partners(at: At, method: str) -> pd.DataFrame:
    """What decides the groups of tasks that a learner chooses: its transfer to the images that they are chosen by."""
    return at.lookup.transfers(method, at.lookup.chooses_partners)


@quantity("percent", share_in_words)
def parameter_share(at: At, method: str) -> Values:
    """Learned numbers in percent of all parameters of ViT-B/16 CLIP: MVLPT, section 4."""
    return at.lookup.counted(share_percent(method))
