"""What a term of a claim is worth: one function per quantity of the papers, on any source of numbers.

acc, base, new, H           accuracy on a data set; H is the harmonic mean of base and new
mean, mean_base, ...        the same on a group; mean_H is the mean of per-task H (ProGrad, NPT; GRAM prints the H of
                            means, see meta_learned.py)
max_over_epochs, final      of an accuracy curve: the early-stopping best and the last epoch; of an angle: `final` is
                            the mean of the last tenth of the epochs
epoch=all                   the mean of an accuracy curve over its epochs
epoch_slope                 least-squares slope of an accuracy curve, in points per epoch
angle_gd_gg                 angle between G_d and G_g in degrees; CoOp's is measured in ProGrad at lambda 0
delta_lcd, delta_mid        NPT eqs. 2 and 3, mean over base and new classes, without its sign: an error, smaller
                            is better, as the paper reads them (delta_mid is negative by construction)
mean_cosine                 between text features of the tail classes, the rarest half of the base classes
range_over_<key>            largest less smallest average over the values of a setting that were run, in each draw:
                            noise widens a range, so a small one is not claimed lightly
range_over_inits            the same of starts; a wide one is claimed, so it is tested against noise, see starts.py
grad_inner_product          GRAM Figure 3b: cosine of regulated support and query gradient by meta-step; see curves.py
relative_gain_share         of UNIGRAM's gain over joint tuning, the part that is lost without the named part. The paper
                            does not say of which gain. A ratio of averages, spread over runs by its slopes
count_, max_                taken in each draw and averaged over draws (the papers take them on averages over draws)
win_share                   of (data set, shots) cells, likewise in each draw; the data sets stay apart for the test
zs_wrong_share              of the images that ProGrad misses and CoOp gets, the share that zero-shot CLIP misses
gain                        MVLPT Table 2, last row: the best multitask method less the best baseline, in each draw
transfer, mean_over_sources MVLPT Figure 4, see transfer.py
param_share_pct             MVLPT section 4, see parameter_share.py
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import reduce

import numpy as np

from reprompt.claims.claim import Claim
from reprompt.claims.grammar import (
    Choice,
    Count,
    LargestGain,
    Number,
    Quantity,
    SharedFailures,
    Subtraction,
    Term,
    WinShare,
)
from reprompt.claims.parameter_share import share_in_words
from reprompt.claims.transfer import mean_over_sources, transfer
from reprompt.evidence.adaptation import LEARNERS
from reprompt.evidence.inference import estimate
from reprompt.evidence.lookup import Lookup, Missing, Slice
from reprompt.evidence.values import POOLED, Origin, Side, Values, combine, difference, seedwise
from reprompt.tasks.groups import members

ACCURACY = {name + split: split or "all" for name in ("", "mean_") for split in ("base", "new", "H")} | {
    "acc": "all",
    "mean": "all",
}
DELTAS = ("delta_lcd", "delta_mid")
SWEPT_BY = {"w1_w2": ("w_isomorphism", "w_language"), "M": ("M",)}
LAST_TENTH = 10
SHARE_OF_GAIN = "relative_gain_share"


def evaluate(term: Term, claim: Claim, lookup: Lookup) -> Side:
    """The values of a term in every run, or a plain number. Raises Missing with the reason in words."""
    match term:
        case Number():
            return term.value
        case Subtraction():
            return difference(evaluate(term.left, claim, lookup), evaluate(term.right, claim, lookup))
        case Count():
            return _count(term, claim, lookup)
        case LargestGain():
            return _largest_gain(term, claim, lookup)
        case WinShare():
            return _win_share(term, claim, lookup)
        case SharedFailures():
            return _shared_failures(term, claim, lookup)
        case Quantity(name) if name in ACCURACY:
            return _accuracy(term, claim, lookup)
        case Quantity(name) if name in DELTAS:
            return lookup.deltas(slice_of(term, claim), name)
        case Quantity("max_over_epochs", (Quantity() as inner,)):
            return _of_curves(inner, claim, lookup, np.max)
        case Quantity("epoch_slope", (Quantity() as inner,)):
            return _of_curves(inner, claim, lookup, slope)
        case Quantity("final", (Quantity("angle_gd_gg") as inner,)):
            angles = lookup.angles(slice_of(inner, claim))
            return Values({origin: final_angle(angle) for origin, angle in angles.items()})
        case Quantity("final", (Quantity() as inner,)):
            return _of_curves(inner, claim, lookup, lambda curve: curve[-1])
        case Quantity("mean_cosine", ("text", "tail_classes", method, place)):
            where = _slice(claim, str(method), str(place), "base", term.settings)
            return Values({origin: tail_cosine(cosines) for origin, cosines in lookup.text_cosines(where).items()})
        case Quantity("gain", (_, place)):
            return _gain_of_the_best(str(place), claim, lookup)
        case Quantity("transfer", (learner, sent, to)):
            return transfer(lookup.transfers(str(learner), "score"), str(sent), str(to))
        case Quantity("mean_over_sources", (Quantity("transfer", (learner, "*", to)),)):
            return mean_over_sources(lookup.transfers(str(learner), "score"), str(to))
        case Quantity("param_share_pct", (learner,)):
            return lookup.parameter_share(str(learner))
        case Quantity("relative_gain_share", (part, name)):
            return _share_of_gain(str(part), str(name), claim, lookup)
        case Quantity(name, (Quantity() as inner,)) if name.removeprefix("range_over_") in SWEPT_BY:
            variants = lookup.variants(slice_of(inner, claim), SWEPT_BY[name.removeprefix("range_over_")])
            return seedwise(
                [lookup.accuracies(variant) for variant in variants], lambda values: max(values) - min(values)
            )
    raise Missing(f"no records hold {term.name}")


def over_starts(term: Term, claim: Claim, lookup: Lookup) -> list[Values]:
    """The values behind range_over_inits(quantity), start by start. Raises Missing for fewer than two."""
    match term:
        case Quantity("range_over_inits", (Quantity() as inner,)):
            return [lookup.accuracies(variant) for variant in lookup.variants(slice_of(inner, claim), ("init",))]
    raise Missing(f"no records hold {term.name}")


def logged_curves(term: Term, series: str, claim: Claim, lookup: Lookup) -> Mapping[Origin, np.ndarray]:
    """The curves (steps,) that a term has over `series`, by run. Raises Missing where no such thing is measured."""
    match term:
        case Quantity("grad_inner_product"):
            return lookup.inner_products(slice_of(term, claim))
    raise Missing(f"nothing was measured over {series.replace('_', ' ')}")


def slice_of(term: Quantity, claim: Claim) -> Slice:
    """The method, place and split that a quantity of the form name(method, place, key=value) speaks about."""
    method, place = (*map(str, term.arguments), "")[:2]
    return _slice(claim, method, place, ACCURACY.get(term.name, "all"), term.settings)


def unit(term: Term) -> str:
    """What a term is measured in: points, share, degrees, cosine, tasks, or nothing."""
    match term:
        case Subtraction(left=inner) | Quantity(name="final", arguments=(Quantity() as inner,)):
            return unit(inner)
        case Quantity(name="angle_gd_gg"):
            return "degrees"
        case Quantity(name="mean_cosine" | "grad_inner_product"):
            return "cosine"
        case Quantity(name="epoch_slope"):
            return "points per epoch"
        case Quantity(name) if name in DELTAS:
            return "delta"
        case Count() | Quantity(name="task_groups"):
            return "tasks"
        case WinShare() | SharedFailures() | Quantity(name="relative_gain_share" | "transfer"):
            return "share"
        case Quantity(name="param_share_pct"):
            return "percent"
    return "points"


def tasks_meant(term: Term) -> int:
    """On how many data sets a term looks."""
    match term:
        case Subtraction():
            return max(tasks_meant(term.left), tasks_meant(term.right))
        case Count() | LargestGain() | WinShare() | SharedFailures():
            return len(members(term.group))
        case Quantity(arguments=(Quantity() as inner, *_)):
            return tasks_meant(inner)
        case Quantity(arguments=(_, place, *_)):
            return len(members(str(place)))
    return 1


def caution(lhs: Term, rhs: Term) -> str:
    """What a reader should know about a comparison before believing its test; empty where there is nothing."""
    match lhs:
        case Subtraction():
            return caution(lhs.left, rhs) or caution(lhs.right, rhs)
        case Quantity(name="max_over_epochs"):
            return "a maximum over epochs is never below the last epoch, so only the size of the fall is news"
        case Quantity() if dict(lhs.settings).get("epoch") == "all":
            return "judged on the mean over epochs, not epoch by epoch"
        case Quantity(name="gain"):
            return "the best of six methods less the best of three, in each draw: chance alone favours the six"
        case Quantity("param_share_pct", (learner,)):
            return share_in_words(str(learner))
        case Quantity(name="relative_gain_share"):
            return "the paper does not say of which gain; here it is UNIGRAM's over joint tuning"
        case Quantity(name) if name in ACCURACY and isinstance(rhs, Number) and rhs.value:
            return "an accuracy printed elsewhere is a yardstick only on the same images"
    return ""


def slope(curve: np.ndarray) -> float:
    """Least-squares slope of a curve (n,) over 0 .. n-1."""
    place = np.arange(len(curve)) - (len(curve) - 1) / 2
    return float(place @ curve / (place @ place)) if len(curve) > 1 else 0.0


def final_angle(angle: np.ndarray) -> float:
    """The mean of the last tenth of the epochs, at least one: angle (epochs,) in degrees."""
    return float(np.mean(angle[-math.ceil(len(angle) / LAST_TENTH) :]))


def tail_cosine(cosines: np.ndarray) -> float:
    """The mean cosine between the classes of the rarer half, the middle class included.

    cosines (K (K - 1) / 2,) is in np.triu_indices(K, 1) order, classes from the head to the rarest.
    """
    classes = (1 + math.isqrt(1 + 8 * len(cosines))) // 2
    rows, columns = np.triu_indices(classes, 1)
    tail = classes // 2
    return float(np.mean(cosines[(rows >= tail) & (columns >= tail)]))


def _slice(claim: Claim, method: str, place: str, split: str, settings: tuple) -> Slice:
    return Slice(claim.paper, claim.protocol, method, place, split, settings, tuple(claim.defaults.items()))


def _accuracy(term: Quantity, claim: Claim, lookup: Lookup) -> Values:
    epoch = dict(term.settings).get("epoch")
    if epoch is None:
        return lookup.accuracies(slice_of(term, claim))
    if epoch != "all":
        raise Missing(f"epoch={epoch} is not a quantity; only epoch=all is")
    return _of_curves(term, claim, lookup, np.mean)


def _of_curves(term: Quantity, claim: Claim, lookup: Lookup, function: Callable[[np.ndarray], float]) -> Values:
    """A number of each run's accuracy curve."""
    where = slice_of(term, claim)
    where = replace(where, settings=tuple(s for s in where.settings if s[0] != "epoch"))
    return Values({origin: float(function(curve)) for origin, curve in lookup.curves(where).items()})


def _cells(lookup: Lookup, where: Slice) -> Values:
    """The values on every member of a group that the lookup has, each for itself."""
    values, reasons = {}, []
    for place in members(where.place):
        try:
            values |= lookup.accuracies(replace(where, place=place)).by_origin
        except Missing as missing:
            reasons.append(str(missing))
    if not values:
        raise Missing(reasons[0])
    return Values(values)


def _by_draw(values: Values, function: Callable[[list[float]], float]) -> Values:
    """function of the values on all cells of a draw, as one pooled value per seed; a draw has to have every cell."""
    cells = {(origin.task, origin.shots) for origin in values.by_origin}
    pooled = {}
    for seed in sorted({origin.seed for origin in values.by_origin}):
        drawn = [value for origin, value in values.by_origin.items() if origin.seed == seed]
        if len(drawn) == len(cells):
            pooled[Origin("", POOLED, 0, seed)] = float(function(drawn))
    if not pooled:
        raise Missing("no draw was run on every data set")
    return Values(pooled, values.tasks)


def _lead(term: Count | LargestGain, rivals: tuple[str, ...], claim: Claim, lookup: Lookup) -> Values:
    """The method less the best of its rivals on every data set of the group."""
    sides = [
        _cells(lookup, _slice(claim, method, term.group, term.split, term.settings))
        for method in (term.method, *rivals)
    ]
    best = reduce(lambda one, other: combine(one, other, max), sides[1:])
    lead = difference(sides[0], best)
    if lead.tasks < len(members(term.group)):
        raise Missing(f"only {lead.tasks} of {len(members(term.group))} data sets were run, and the claim counts all")
    return lead


def _count(term: Count, claim: Claim, lookup: Lookup) -> Values:
    return _by_draw(_lead(term, term.rivals, claim, lookup), lambda leads: sum(lead > 0 for lead in leads))


def _largest_gain(term: LargestGain, claim: Claim, lookup: Lookup) -> Values:
    return _by_draw(_lead(term, (term.rival,), claim, lookup), max)


def _win_share(term: WinShare, claim: Claim, lookup: Lookup) -> Values:
    settings = dict(term.settings)
    shots = settings.pop("shots", None)
    levels = shots.values if isinstance(shots, Choice) else (shots,)
    wins: dict[Origin, float] = {}
    for level in levels:
        chosen = tuple((settings if level is None else {**settings, "shots": level}).items())
        sides = [
            _cells(lookup, _slice(claim, str(method), term.group, "all", chosen))
            for method in (term.method, term.rival)
        ]
        for origin, lead in difference(*sides).by_origin.items():
            wins[origin._replace(shots=int(level or 0))] = float(lead > 0)
    return Values(wins)


def _shared_failures(term: SharedFailures, claim: Claim, lookup: Lookup) -> Values:
    missed, got, untuned = (
        lookup.wrong(_slice(claim, method, term.group, "all", term.settings))
        for method in (term.wrong, term.right, "zero_shot_clip")
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
        raise Missing(f"no runs hold predictions of {term.wrong}, {term.right} and zero-shot CLIP together")
    return Values(shares)


def _share_of_gain(part: str, name: str, claim: Claim, lookup: Lookup) -> Values:
    """Of UNIGRAM's gain over joint tuning the share that is lost without a part of it; 1 is all of it.

    lost / gain is a ratio of averages R. A run has R + (lost - R gain) / (average gain): the mean of these numbers is
    R, their spread that of R to first order, even where single runs have no gain to divide by.
    """
    methods = ("unigram", f"unigram-no_{part}", "coop+vpt_joint")
    whole, without, joint = (
        lookup.accuracies(_slice(claim, method, "datasets11", ACCURACY[name], ())) for method in methods
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


def _gain_of_the_best(place: str, claim: Claim, lookup: Lookup) -> Side:
    """The best of the multitask methods, from either start, less the best of the single-task baselines."""
    ways = [(f"m{learner}", init, "multitask_best") for learner in LEARNERS for init in ("random", "multitask_20")]
    plain = [(learner, "random", "single") for learner in LEARNERS]
    sides = []
    for contestants in (ways, plain):
        settings = [
            (method, (("shots", 20.0), ("init", init), ("adapt", adapt))) for method, init, adapt in contestants
        ]
        scores = [lookup.accuracies(_slice(claim, method, place, "all", chosen)) for method, chosen in settings]
        sides.append(reduce(lambda one, other: combine(one, other, max), scores))
    return difference(*sides)
