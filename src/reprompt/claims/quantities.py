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
grad_inner_product          GRAM Figure 3b: cosine of regulated support and query gradient by meta-step; see courses.py
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
    Difference,
    LargestGain,
    Number,
    Quantity,
    SharedFailures,
    Term,
    WinShare,
)
from reprompt.claims.parameter_share import share_in_words
from reprompt.claims.transfer import mean_over_sources, transfer
from reprompt.evidence.adaptation import LEARNERS
from reprompt.evidence.inference import estimate
from reprompt.evidence.runs import POOLED, Run, Runs, Side, combine, difference, seedwise
from reprompt.evidence.source import Missing, Slice, Source
from reprompt.tasks.groups import members

ACCURACY = {name + split: split or "all" for name in ("", "mean_") for split in ("base", "new", "H")} | {
    "acc": "all",
    "mean": "all",
}
DELTAS = ("delta_lcd", "delta_mid")
SWEPT_BY = {"w1_w2": ("w_isomorphism", "w_language"), "M": ("M",)}
LAST_TENTH = 10
SHARE_OF_GAIN = "relative_gain_share"


def evaluate(term: Term, claim: Claim, source: Source) -> Side:
    """The runs of a term, or a plain number. Raises Missing with the reason in words."""
    match term:
        case Number():
            return term.value
        case Difference():
            return difference(evaluate(term.left, claim, source), evaluate(term.right, claim, source))
        case Count():
            return _count(term, claim, source)
        case LargestGain():
            return _largest_gain(term, claim, source)
        case WinShare():
            return _win_share(term, claim, source)
        case SharedFailures():
            return _shared_failures(term, claim, source)
        case Quantity(name) if name in ACCURACY:
            return _accuracy(term, claim, source)
        case Quantity(name) if name in DELTAS:
            return source.deltas(slice_of(term, claim), name)
        case Quantity("max_over_epochs", (Quantity() as inner,)):
            return _of_curves(inner, claim, source, np.max)
        case Quantity("epoch_slope", (Quantity() as inner,)):
            return _of_curves(inner, claim, source, slope)
        case Quantity("final", (Quantity("angle_gd_gg") as inner,)):
            angles = source.angles(slice_of(inner, claim))
            return Runs({run: final_angle(angle) for run, angle in angles.items()})
        case Quantity("final", (Quantity() as inner,)):
            return _of_curves(inner, claim, source, lambda curve: curve[-1])
        case Quantity("mean_cosine", ("text", "tail_classes", method, place)):
            where = _slice(claim, str(method), str(place), "base", term.settings)
            return Runs({run: tail_cosine(one) for run, one in source.text_cosines(where).items()})
        case Quantity("gain", (_, place)):
            return _gain_of_the_best(str(place), claim, source)
        case Quantity("transfer", (learner, sent, to)):
            return transfer(source.transfers(str(learner), "score"), str(sent), str(to))
        case Quantity("mean_over_sources", (Quantity("transfer", (learner, "*", to)),)):
            return mean_over_sources(source.transfers(str(learner), "score"), str(to))
        case Quantity("param_share_pct", (learner,)):
            return source.parameter_share(str(learner))
        case Quantity("relative_gain_share", (part, name)):
            return _share_of_gain(str(part), str(name), claim, source)
        case Quantity(name, (Quantity() as inner,)) if name.removeprefix("range_over_") in SWEPT_BY:
            variants = source.variants(slice_of(inner, claim), SWEPT_BY[name.removeprefix("range_over_")])
            return seedwise([source.runs(one) for one in variants], lambda values: max(values) - min(values))
    raise Missing(f"no records hold {term.name}")


def over_starts(term: Term, claim: Claim, source: Source) -> list[Runs]:
    """The runs behind range_over_inits(quantity), start by start. Raises Missing for fewer than two."""
    match term:
        case Quantity("range_over_inits", (Quantity() as inner,)):
            return [source.runs(one) for one in source.variants(slice_of(inner, claim), ("init",))]
    raise Missing(f"no records hold {term.name}")


def courses(term: Term, series: str, claim: Claim, source: Source) -> Mapping[Run, np.ndarray]:
    """The series (steps,) that a term has over `series`, by run. Raises Missing where no such thing is measured."""
    match term:
        case Quantity("grad_inner_product"):
            return source.courses(slice_of(term, claim))
    raise Missing(f"nothing was measured over {series.replace('_', ' ')}")


def slice_of(term: Quantity, claim: Claim) -> Slice:
    """The method, place and split that a quantity of the form name(method, place, key=value) speaks about."""
    method, place = (*map(str, term.arguments), "")[:2]
    return _slice(claim, method, place, ACCURACY.get(term.name, "all"), term.settings)


def unit(term: Term) -> str:
    """What a term is measured in: points, share, degrees, cosine, tasks, or nothing."""
    match term:
        case Difference(left=inner) | Quantity(name="final", arguments=(Quantity() as inner,)):
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
        case Difference():
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
        case Difference():
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


def _accuracy(term: Quantity, claim: Claim, source: Source) -> Runs:
    epoch = dict(term.settings).get("epoch")
    if epoch is None:
        return source.runs(slice_of(term, claim))
    if epoch != "all":
        raise Missing(f"epoch={epoch} is not a quantity; only epoch=all is")
    return _of_curves(term, claim, source, np.mean)


def _of_curves(term: Quantity, claim: Claim, source: Source, function: Callable[[np.ndarray], float]) -> Runs:
    """A number of each run's accuracy curve."""
    where = slice_of(term, claim)
    where = replace(where, settings=tuple(s for s in where.settings if s[0] != "epoch"))
    return Runs({run: float(function(curve)) for run, curve in source.curves(where).items()})


def _cells(source: Source, where: Slice) -> Runs:
    """The runs on every member of a group that the source has, each for itself."""
    values, reasons = {}, []
    for place in members(where.place):
        try:
            values |= source.runs(replace(where, place=place)).values
        except Missing as missing:
            reasons.append(str(missing))
    if not values:
        raise Missing(reasons[0])
    return Runs(values)


def _by_draw(runs: Runs, function: Callable[[list[float]], float]) -> Runs:
    """function of the values on all cells of a draw, as one pooled value per seed; a draw has to have every cell."""
    cells = {(run.task, run.shots) for run in runs.values}
    values = {}
    for seed in sorted({run.seed for run in runs.values}):
        drawn = [value for run, value in runs.values.items() if run.seed == seed]
        if len(drawn) == len(cells):
            values[Run("", POOLED, 0, seed)] = float(function(drawn))
    if not values:
        raise Missing("no draw was run on every data set")
    return Runs(values, runs.tasks)


def _lead(term: Count | LargestGain, rivals: tuple[str, ...], claim: Claim, source: Source) -> Runs:
    """The method less the best of its rivals on every data set of the group."""
    sides = [
        _cells(source, _slice(claim, one, term.group, term.split, term.settings)) for one in (term.method, *rivals)
    ]
    best = reduce(lambda one, other: combine(one, other, max), sides[1:])
    lead = difference(sides[0], best)
    if lead.tasks < len(members(term.group)):
        raise Missing(f"only {lead.tasks} of {len(members(term.group))} data sets were run, and the claim counts all")
    return lead


def _count(term: Count, claim: Claim, source: Source) -> Runs:
    return _by_draw(_lead(term, term.rivals, claim, source), lambda leads: sum(lead > 0 for lead in leads))


def _largest_gain(term: LargestGain, claim: Claim, source: Source) -> Runs:
    return _by_draw(_lead(term, (term.rival,), claim, source), max)


def _win_share(term: WinShare, claim: Claim, source: Source) -> Runs:
    settings = dict(term.settings)
    shots = settings.pop("shots", None)
    levels = shots.values if isinstance(shots, Choice) else (shots,)
    wins: dict[Run, float] = {}
    for level in levels:
        chosen = tuple((settings if level is None else {**settings, "shots": level}).items())
        sides = [
            _cells(source, _slice(claim, str(one), term.group, "all", chosen)) for one in (term.method, term.rival)
        ]
        for run, lead in difference(*sides).values.items():
            wins[run._replace(shots=int(level or 0))] = float(lead > 0)
    return Runs(wins)


def _shared_failures(term: SharedFailures, claim: Claim, source: Source) -> Runs:
    missed, got, untuned = (
        source.wrong(_slice(claim, one, term.group, "all", term.settings))
        for one in (term.wrong, term.right, "zero_shot_clip")
    )
    shares = {}
    for run, by_wrong in missed.items():
        by_right, by_untuned = got.get(run), untuned.get(run.undrawn)
        if by_right is None or by_untuned is None:
            continue
        failures = by_wrong & ~by_right
        if failures.any():
            shares[run] = float(by_untuned[failures].mean())
    if not shares:
        raise Missing(f"no runs hold predictions of {term.wrong}, {term.right} and zero-shot CLIP together")
    return Runs(shares)


def _share_of_gain(part: str, name: str, claim: Claim, source: Source) -> Runs:
    """Of UNIGRAM's gain over joint tuning the share that is lost without a part of it; 1 is all of it.

    lost / gain is a ratio of averages R. A run has R + (lost - R gain) / (average gain): the mean of these numbers is
    R, their spread that of R to first order, even where single runs have no gain to divide by.
    """
    methods = ("unigram", f"unigram-no_{part}", "coop+vpt_joint")
    whole, without, joint = (source.runs(_slice(claim, one, "datasets11", ACCURACY[name], ())) for one in methods)
    lost, gain = difference(whole, without), difference(whole, joint)
    of_lost, of_gain = (combine(lost, gain, lambda one, other, which=i: (one, other)[which]) for i in (0, 1))
    if not of_gain.values:
        raise Missing("the three were run, but never on the same task and draw")
    average_gain = estimate(of_gain).mean
    if average_gain <= 0:
        raise Missing("UNIGRAM gains nothing over joint tuning here, so there is no gain to have a share of")
    share = estimate(of_lost).mean / average_gain
    return combine(lost, gain, lambda one, other: share + (one - share * other) / average_gain)


def _gain_of_the_best(place: str, claim: Claim, source: Source) -> Side:
    """The best of the multitask methods, from either start, less the best of the single-task baselines."""
    ways = [(f"m{learner}", init, "multitask_best") for learner in LEARNERS for init in ("random", "multitask_20")]
    plain = [(learner, "random", "single") for learner in LEARNERS]
    sides = []
    for contestants in (ways, plain):
        settings = [(one, (("shots", 20.0), ("init", init), ("adapt", adapt))) for one, init, adapt in contestants]
        runs = [source.runs(_slice(claim, method, place, "all", chosen)) for method, chosen in settings]
        sides.append(reduce(lambda one, other: combine(one, other, max), runs))
    return difference(*sides)
