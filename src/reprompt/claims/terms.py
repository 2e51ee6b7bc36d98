"""The quantities that claims speak of, each written as its paper has it.

acc, base, new, H           accuracy of a method on a data set, over all, base or new classes; H is the harmonic mean of
                            the two halves
mean, mean_base, ...        the same on a group; mean_H is the mean of per-task H (ProGrad, NPT; GRAM prints the H of
                            means, see meta_learned.py)
best_epoch, last_epoch      of an accuracy: its early-stopping best, and what it is when training ends
mean_over_epochs,           of an accuracy over its epochs; the slope is least-squares, in points per epoch
slope_over_epochs
final_angle                 between G_d and G_g, mean of the last tenth of the epochs; CoOp's is ProGrad's at lambda 0
delta_lcd, delta_mid        NPT eqs. 2 and 3, mean over base and new classes, without its sign: an error, smaller
                            is better, as the paper reads them (delta_mid is negative by construction)
tail_cosine                 mean over text features of the tail classes, the rarest half of the base classes
range_over                  largest less smallest average over the values of settings that were run, in each draw: noise
                            widens a range, so a small one is not claimed lightly (a wide one: `varies_with`)
inner_product               GRAM Figure 3b: cosine of regulated support and query gradient by meta-step
share_of_gain               of UNIGRAM's gain over joint tuning, the part that is lost without the named part. The paper
                            does not say of which gain. A ratio of averages, spread over runs by its slopes
wins, largest_gain          of a method over its rivals on the data sets of a group, in each draw (the papers take them
                            on averages over draws)
win_share                   of (data set, shots) cells, likewise in each draw; the data sets stay apart for the test
shared_failures             of the images that one method misses and another gets, the share that zero-shot CLIP misses
gain_of_the_best            MVLPT Table 2, last row: the best multitask method less the best baseline, in each draw
transfer, average_transfer  MVLPT Figure 4: a pair divided by the best entry of the target's column of the seed mean, in
                            each draw, so that its mean over draws is the entry and a common scale changes no test; and
                            the mean of a column over all other tasks, as the target's own prompt is no transfer
partners                    MVLPT Table 5: the groups of tasks that a learner chooses
parameter_share             MVLPT section 4, see parameter_share.py
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from reprompt.claims.parameter_share import share_in_words
from reprompt.claims.statements import At, Choice, Method, Part, Statement, Term, plain, untested_interval
from reprompt.evidence.adaptation import LEARNERS
from reprompt.evidence.exchanges import compare_choices
from reprompt.evidence.inference import estimate
from reprompt.evidence.lookup import Lookup, Missing, Slice
from reprompt.evidence.values import POOLED, Origin, Side, Values, combine, difference, seedwise
from reprompt.tasks.groups import members

ELEVEN, TEN_TARGETS, IMAGENET_SHIFTS = "datasets11", "targets10", "imagenet4"
TWENTY, TWELVE = "elevater20", "elevater12"
LAST_TENTH = 10
Settings = tuple[tuple[str, str | float | Choice], ...]


@dataclass(frozen=True, eq=False)
class Quantity(Term):
    """What is read of every run of one method in one place: a number, or an array that `reduce` makes a number of.

    `of_images`: an accuracy, which depends on the images that it was measured on.
    """

    method: str | Choice
    place: str | Choice
    split: str
    settings: Settings
    read: Callable[[Lookup, Slice], Values | Mapping[Origin, np.ndarray]]
    reduce: Callable[[np.ndarray], float] | None = None
    unit: str = "points"
    caution: str = ""
    of_images: bool = False

    @property
    def tasks(self) -> int:
        return len(members(self.place))

    def values(self, at: At) -> Values:
        """One number for every run."""
        read = self.read(at.lookup, self._slice(at))
        if self.reduce is None:
            return read
        return Values({origin: float(self.reduce(array)) for origin, array in read.items()})

    def curves(self, at: At) -> Mapping[Origin, np.ndarray]:
        """What was logged in every run."""
        return self.read(at.lookup, self._slice(at))

    def variants(self, at: At, keys: tuple[str, ...]) -> list[Values]:
        """The numbers at every value that was run of some settings."""
        return [self.read(at.lookup, variant) for variant in at.lookup.variants(self._slice(at), keys)]

    def _slice(self, at: At) -> Slice:
        return at.slice(self.method, self.place, self.split, self.settings)


def _accuracy(split: str) -> Callable[..., Quantity]:
    def accuracy(method: str | Choice, place: str | Choice, **settings: Any) -> Quantity:
        read = lambda lookup, where: lookup.accuracies(where)  # noqa: E731
        return Quantity(method, place, split, named(settings), read, of_images=True)

    return accuracy


def named(settings: Mapping[str, Any]) -> Settings:
    """Settings as a claim names them; `lambda_` is lambda, which Python has for itself."""
    return tuple((key.rstrip("_"), plain(value)) for key, value in settings.items())


acc = mean = _accuracy("all")
base = mean_base = _accuracy("base")
new = mean_new = _accuracy("new")
H = mean_H = _accuracy("H")


def _of_curve(
    reduce: Callable[[np.ndarray], float], unit: str = "points", caution: str = ""
) -> Callable[[Quantity], Quantity]:
    def of_accuracy(accuracy: Quantity) -> Quantity:
        read = lambda lookup, where: lookup.curves(where)  # noqa: E731
        return replace(accuracy, read=read, reduce=reduce, unit=unit, caution=caution, of_images=False)

    return of_accuracy


def slope(curve: np.ndarray) -> float:
    """Least-squares slope of a curve (n,) over 0 .. n-1."""
    place = np.arange(len(curve)) - (len(curve) - 1) / 2
    return float(place @ curve / (place @ place)) if len(curve) > 1 else 0.0


NEVER_BELOW = "a maximum over epochs is never below the last epoch, so only the size of the fall is news"
best_epoch = _of_curve(np.max, caution=NEVER_BELOW)
last_epoch = _of_curve(lambda curve: curve[-1])
slope_over_epochs = _of_curve(slope, unit="points per epoch")
mean_over_epochs = _of_curve(np.mean, caution="judged on the mean over epochs, not epoch by epoch")


def last_tenth(angle: np.ndarray) -> float:
    """The mean of the last tenth of the epochs, at least one: angle (epochs,) in degrees."""
    return float(np.mean(angle[-math.ceil(len(angle) / LAST_TENTH) :]))


def final_angle(method: str | Choice, place: str | Choice) -> Quantity:
    """The angle between G_d and G_g to which training converges, in degrees."""
    return Quantity(method, place, "all", (), lambda lookup, where: lookup.angles(where), last_tenth, "degrees")


def _delta(name: str) -> Callable[..., Quantity]:
    def delta(method: str | Choice, place: str | Choice, **settings: Any) -> Quantity:
        read = lambda lookup, where: lookup.deltas(where, name)  # noqa: E731
        return Quantity(method, place, "all", named(settings), read, unit="delta")

    return delta


delta_lcd, delta_mid = _delta("delta_lcd"), _delta("delta_mid")


def mean_of_tail(cosines: np.ndarray) -> float:
    """The mean cosine between the classes of the rarer half, the middle class included.

    cosines (K (K - 1) / 2,) is in np.triu_indices(K, 1) order, classes from the head to the rarest.
    """
    classes = (1 + math.isqrt(1 + 8 * len(cosines))) // 2
    rows, columns = np.triu_indices(classes, 1)
    tail = classes // 2
    return float(np.mean(cosines[(rows >= tail) & (columns >= tail)]))


def tail_cosine(method: str | Choice, place: str | Choice, **settings: Any) -> Quantity:
    """How close the text features of the tail classes lie to each other."""
    read = lambda lookup, where: lookup.text_cosines(where)  # noqa: E731
    return Quantity(method, place, "base", named(settings), read, mean_of_tail, "cosine")


def inner_product(method: str | Choice) -> Quantity:
    """The cosine of regulated support and query gradient, by meta-step."""
    return Quantity(method, "", "all", (), lambda lookup, where: lookup.inner_products(where), unit="cosine")


@dataclass(frozen=True, eq=False)
class Range(Term):
    """Largest less smallest average of a quantity over the values of settings that were run, in each draw."""

    quantity: Quantity
    keys: tuple[str, ...]

    @property
    def tasks(self) -> int:
        return self.quantity.tasks

    def values(self, at: At) -> Values:
        """One pooled range for every draw."""
        return seedwise(self.quantity.variants(at, self.keys), lambda values: max(values) - min(values))


def range_over(quantity: Quantity, *keys: str) -> Range:
    """The range over one setting, or over several that are varied together."""
    return Range(quantity, keys)


@dataclass(frozen=True, eq=False)
class Lead(Term):
    """How far a method is above the best of its rivals on the data sets of a group, as one number for every draw."""

    method: str | Choice
    rivals: tuple[str | Choice, ...]
    place: str
    split: str
    settings: Settings
    summary: Callable[[list[float]], float]
    unit: str = "points"

    @property
    def tasks(self) -> int:
        return len(members(self.place))

    def values(self, at: At) -> Values:
        """The summary of the leads of each draw. Raises Missing where a data set was not run."""
        first, *rest = (
            of_members(at, at.slice(method, self.place, self.split, self.settings))
            for method in (self.method, *self.rivals)
        )
        lead = difference(first, best_of(rest))
        if lead.tasks < self.tasks:
            raise Missing(f"only {lead.tasks} of {self.tasks} data sets were run, and the claim counts all")
        by_seed: dict[int, list[float]] = {}
        for origin, value in lead.by_origin.items():
            by_seed.setdefault(origin.seed, []).append(value)
        cells = len({(origin.task, origin.shots) for origin in lead.by_origin})
        whole = {seed: leads for seed, leads in sorted(by_seed.items()) if len(leads) == cells}
        if not whole:
            raise Missing("no draw was run on every data set")
        pooled = {Origin("", POOLED, 0, seed): float(self.summary(leads)) for seed, leads in whole.items()}
        return Values(pooled, lead.tasks)


def wins(method: str, over: tuple[str, ...], on: str, split: str = "all", **settings: Any) -> Lead:
    """On how many data sets of a group a method is above all of its rivals."""
    count = lambda leads: sum(lead > 0 for lead in leads)  # noqa: E731
    return Lead(method, over, on, split, named(settings), count, "tasks")


def largest_gain(method: str, over: str, on: str, split: str = "all", **settings: Any) -> Lead:
    """The largest gain of a method over a rival on a data set of a group."""
    return Lead(method, (over,), on, split, named(settings), max)


@dataclass(frozen=True, eq=False)
class WinShare(Term):
    """The share of (data set, shots) cells in which a method is above its rival."""

    method: str | Choice
    rival: str | Choice
    place: str
    shots: tuple[float, ...]
    unit: ClassVar[str] = "share"

    @property
    def tasks(self) -> int:
        return len(members(self.place))

    def values(self, at: At) -> Values:
        """1 or 0 for every cell and draw."""
        wins: dict[Origin, float] = {}
        for shots in map(float, self.shots):
            sides = [
                of_members(at, at.slice(method, self.place, settings=(("shots", shots),)))
                for method in (self.method, self.rival)
            ]
            for origin, lead in difference(*sides).by_origin.items():
                wins[origin._replace(shots=int(shots))] = float(lead > 0)
        return Values(wins)


def win_share(method: str | Choice, over: str | Choice, on: str, shots: tuple[int, ...]) -> WinShare:
    """The share of the cells of a group that a method wins."""
    return WinShare(method, over, on, shots)


@dataclass(frozen=True, eq=False)
class SharedFailures(Term):
    """Of the images that one method misses and another gets, the share that zero-shot CLIP misses too."""

    missed_by: str
    got_by: str
    place: str
    settings: Settings = ()
    unit: ClassVar[str] = "share"

    @property
    def tasks(self) -> int:
        return len(members(self.place))

    def values(self, at: At) -> Values:
        """A share for every run in which there are such images."""
        missed, got, untuned = (
            at.lookup.wrong(at.slice(method, self.place, settings=self.settings))
            for method in (self.missed_by, self.got_by, "zero_shot_clip")
        )
        shares = {}
        for origin, by_wrong in missed.items():
            by_right, by_untuned = got.get(origin), untuned.get(origin.undrawn)
            if by_right is None or by_untuned is None:
                continue
            failures = by_wrong & ~by_right
            if failures.any():
                shares[origin] = float(by_untuned[failures].mean())
        if not shares:
            raise Missing(f"no runs hold predictions of {self.missed_by}, {self.got_by} and zero-shot CLIP together")
        return Values(shares)


def shared_failures(missed_by: str, got_by: str, on: str) -> SharedFailures:
    """The share of a method's own failures that zero-shot CLIP shares."""
    return SharedFailures(missed_by, got_by, on)


@dataclass(frozen=True, eq=False)
class ShareOfGain(Term):
    """Of UNIGRAM's gain over joint tuning the share that is lost without a part of it; 1 is all of it.

    lost / gain is a ratio of averages R. A run has R + (lost - R gain) / (average gain): the mean of these numbers is
    R, their spread that of R to first order, even where single runs have no gain to divide by.
    """

    method: Method
    changed: Method
    reference: Method
    split: str
    unit: ClassVar[str] = "share"
    caution: ClassVar[str] = "the paper does not say of which gain; here it is UNIGRAM's over joint tuning"

    def values(self, at: At) -> Values:
        """The share as a number for every run. Raises Missing where there is no gain."""
        whole, without, joint = (
            at.lookup.accuracies(at.slice(method, ELEVEN, self.split))
            for method in (self.method, self.changed, self.reference)
        )
        lost, gain = difference(whole, without), difference(whole, joint)
        of_lost, of_gain = (combine(lost, gain, lambda one, other, which=i: (one, other)[which]) for i in (0, 1))
        if not of_gain.by_origin:
            raise Missing("the three were run, but never on the same task and draw")
        average_gain = estimate(of_gain).mean
        if average_gain <= 0:
            raise Missing("UNIGRAM gains nothing over joint tuning here, so there is no gain to have a share of")
        share = estimate(of_lost).mean / average_gain
        return combine(lost, gain, lambda one, other: share + (one - share * other) / average_gain)


share_of_gain = ShareOfGain


CHANCE_FAVOURS = "the best of six methods less the best of three, in each draw: chance alone favours the six"


@dataclass(frozen=True, eq=False)
class GainOfTheBest(Term):
    """The best of the multitask methods, from either start, less the best of the single-task baselines."""

    place: str | Choice
    caution: ClassVar[str] = CHANCE_FAVOURS

    def values(self, at: At) -> Side:
        """The gain in every draw."""
        multitask = [
            mean(f"m{learner}", self.place, shots=20, init=init, adapt="multitask_best").values(at)
            for learner in LEARNERS
            for init in ("random", "multitask_20")
        ]
        baselines = [mean(name, self.place, shots=20, init="random", adapt="single").values(at) for name in LEARNERS]
        return difference(best_of(multitask), best_of(baselines))


gain_of_the_best = GainOfTheBest


@dataclass(frozen=True, eq=False)
class Transfer(Term):
    """A pair of the normalised grid in each draw; without a source the mean over all sources but the target itself."""

    method: str | Choice
    source: str
    target: str
    unit: ClassVar[str] = "share"

    def values(self, at: At) -> Values:
        """One number for every draw. Raises Missing where the pair, or a source, was not run."""
        grid = at.lookup.transfers(self.method, "score")
        if self.target not in grid:
            raise Missing(f"no prompts were judged on {self.target}")
        values = grid[self.target].unstack("source").dropna(axis="columns", how="all")  # draws down, sources across
        values = values / values.mean().max()
        return self._by_draw(values[self.source].dropna() if self._has(values) else self._average(values))

    def _has(self, values: pd.DataFrame) -> bool:
        if self.source and self.source not in values:
            raise Missing(f"the prompts tuned on {self.source} were not judged on {self.target}")
        return bool(self.source)

    def _average(self, values: pd.DataFrame) -> pd.Series:
        values = values.drop(columns=self.target, errors="ignore")
        needed = len(members(TWENTY)) - 1
        if len(values.columns) < needed:
            raise Missing(f"only {len(values.columns)} of {needed} sources were run, and the claim averages over all")
        return values.dropna().mean(axis=1)

    def _by_draw(self, values: pd.Series) -> Values:
        return Values({Origin("", self.target, 0, int(seed)): float(value) for seed, value in values.items()})


transfer = Transfer
average_transfer = partial(Transfer, source="")


@dataclass(frozen=True, eq=False)
class Partners(Term):
    """The groups of tasks that a learner chooses by its transfer to validation images."""

    method: str | Choice
    unit: ClassVar[str] = "tasks"

    def differ_from(self, other: "Partners") -> "OtherPartners":
        """Other groups than another learner's."""
        return OtherPartners(self, other)


partners = Partners


@dataclass(frozen=True, eq=False)
class OtherPartners(Statement):
    """Two learners choose other groups: tested by exchanging prompts between them, see evidence/exchanges.py."""

    rhs: Partners
    direction: ClassVar[int] = 0

    def part(self, at: At, place: int) -> Part:
        """How many targets have other partners, and the p of as few shared ones."""
        grids = (at.lookup.transfers(side.method, "validation") for side in (self.lhs, self.rhs))
        chosen = compare_choices(*grids, np.random.default_rng(place))
        note = f"groups differ on {chosen.differing} of {chosen.targets} tasks and share {chosen.shared} partners, "
        note += f"{chosen.shared_by_chance:.1f} where prompts of the two are exchanged at random"
        effect = untested_interval(chosen.differing, chosen.p, chosen.seeds, chosen.targets)
        return Part(effect, 1 if chosen.differing else -1, note=note)


@dataclass(frozen=True, eq=False)
class ParameterShare(Term):
    """Learned numbers in percent of all parameters of ViT-B/16 CLIP."""

    method: str
    unit: ClassVar[str] = "percent"

    @property
    def caution(self) -> str:
        return share_in_words(self.method)

    def values(self, at: At) -> Values:
        """One number, counted."""
        return at.lookup.parameter_share(self.method)


parameter_share = ParameterShare


def of_members(at: At, where: Slice) -> Values:
    """The values on every member of a group that the lookup has, each for itself."""
    values, reasons = {}, []
    for place in members(where.place):
        try:
            values |= at.lookup.accuracies(replace(where, place=place)).by_origin
        except Missing as missing:
            reasons.append(missing)
    if not values:
        raise reasons[0]
    return Values(values)


def best_of(sides: list[Values]) -> Values:
    """The largest of several sides, run by run."""
    return reduce(lambda one, other: combine(one, other, max), sides)
