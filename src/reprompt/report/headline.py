"""The few numbers that say whether the papers' pattern shows: for the report's first screen, a terminal and DVC."""

import math
from dataclasses import dataclass

import pandas as pd

from reprompt.evidence.statistics import Interval, average_H_of_means, verdict_on_gain
from reprompt.tables.methods import METHODS
from reprompt.tables.scope import Scope, Which, scope_of
from reprompt.tasks.published import published_values

SHOTS = 4  # ProGrad prints its base-to-new table at 4 shots; at 16, CoCoOp's number, only the signs can be compared


@dataclass(frozen=True)
class HeadlineGain:
    """A gain of the headline: one recipe over another at so many shots, and what it is called."""

    experiment: str
    recipe: str
    reference: str
    shots: int
    split: str
    label: str


_B2N = "base_to_new"
GAINS = {
    "coop_minus_zero_shot_16_shots": HeadlineGain(
        "few_shot", "coop", "zero_shot", 16, "all", "CoOp − zero-shot, 16 shots"
    ),
    "prograd_minus_coop_1_shot": HeadlineGain("few_shot", "prograd", "coop", 1, "all", "ProGrad − CoOp, 1 shot"),
    "new_coop_minus_zero_shot": HeadlineGain(_B2N, "coop", "zero_shot", SHOTS, "new", "New: CoOp − zero-shot, 4 shots"),
    "new_coop_minus_zero_shot_16_shots": HeadlineGain(
        _B2N, "coop", "zero_shot", 16, "new", "New: CoOp − zero-shot, 16 shots"
    ),
    "new_prograd_minus_coop": HeadlineGain(_B2N, "prograd", "coop", SHOTS, "new", "New: ProGrad − CoOp, 4 shots"),
    "new_prograd_minus_coop_16_shots": HeadlineGain(
        _B2N, "prograd", "coop", 16, "new", "New: ProGrad − CoOp, 16 shots"
    ),
    "H_prograd_minus_coop": HeadlineGain(_B2N, "prograd", "coop", SHOTS, "H", "H: ProGrad − CoOp, 4 shots"),
    "H_prograd_minus_coop_16_shots": HeadlineGain(_B2N, "prograd", "coop", 16, "H", "H: ProGrad − CoOp, 16 shots"),
}
LABELS = {"zero_shot": "Zero-shot CLIP, all classes", **{key: gain.label for key, gain in GAINS.items()}}


def headline(records: pd.DataFrame) -> dict:
    """The headline numbers as a nested dictionary, rounded to two decimals; what was not run is left out.

    Every number has its estimate in percent or points and its seeds, and with two or more seeds its 95 % interval (low,
    high). Gains have the number of tasks with a positive gain, the printed gain and a verdict in words. `H` holds both
    definitions. Raises ValueError for records of several scales or backbones.
    """
    few_shot, base_to_new = scope_of(records, "few_shot"), scope_of(records, _B2N)
    scopes = {"few_shot": few_shot, _B2N: base_to_new}
    numbers: dict = {"scale": few_shot.scale, "backbone": few_shot.backbone or base_to_new.backbone}
    numbers["tasks"] = len(few_shot.tasks)
    numbers["seeds"] = few_shot.seeds
    if (value := few_shot.average(Which("zero_shot", 0))) is not None:
        numbers["zero_shot"] = _rounded(value) | {"published": _printed("few_shot", "zero_shot", 0, "all")}
    numbers |= {key: number for key, gain in GAINS.items() if (number := _number_of(gain, scopes[gain.experiment]))}
    numbers["H"] = _harmonic_means(base_to_new)
    return numbers


def headline_text(numbers: dict) -> str:
    """The headline as a plain table for a terminal: about ten lines of at most 100 characters."""
    lines = [_where(numbers), ""]
    for key, label in LABELS.items():
        number = numbers.get(key)
        if number is None:
            lines.append(f"  {label:<31} not run")
            continue
        signed = key != "zero_shot"
        lines.append(f"  {label:<31} {in_figures(number, signed):<15} {number.get('verdict', '')}".rstrip())
    for name, words in (("mean_of_H", "H, mean of per-task H"), ("H_of_means", "H of the means")):
        values = numbers["H"].get(name, {})
        by_method = [f"{METHODS[recipe].in_a_sentence} {in_figures(value)}" for recipe, value in values.items()]
        lines.append(f"  {words:<31} {', '.join(by_method) or 'not run'}")
    return "\n".join(lines)


def in_figures(number: dict, signed: bool = False) -> str:
    """An estimate with half its interval: "66.8", "+6.7 ± 0.9"; one decimal."""
    text = f"{number['estimate']:+.1f}" if signed else f"{number['estimate']:.1f}"
    if "low" in number:
        text += f" ± {(number['high'] - number['low']) / 2:.1f}"
    return text.replace("-", "−")


def _where(numbers: dict) -> str:
    if not numbers["scale"]:
        return "No records."
    data = "" if numbers["scale"] == "paper" else " (rendered data: the pattern, not the papers' numbers)"
    counts = f"{numbers['tasks']} of 11 tasks, {numbers['seeds']} seeds"
    return f"Scale {numbers['scale']}{data}\n{counts}, in percent, ± half a 95 % interval over seeds"


def _number_of(gain: HeadlineGain, scope: Scope) -> dict | None:
    """The numbers of a gain as the headline has them; None where one of the two recipes was not run."""
    recipes = (gain.recipe, gain.reference)
    measured = scope.gain(*(Which(recipe, gain.shots, gain.split) for recipe in recipes))
    if measured is None:
        return None
    printed, printed_reference = (_printed(gain.experiment, recipe, gain.shots, gain.split) for recipe in recipes)
    printed_gain = round(printed - printed_reference, 2)
    return _rounded(measured.over_seeds) | {
        "tasks_above": measured.tasks_above,
        "tasks": len(measured.by_task),
        "published": printed_gain,
        "verdict": verdict_on_gain(measured.over_seeds, METHODS[gain.reference].in_a_sentence, printed_gain),
    }


def _printed(experiment: str, recipe: str, shots: int, split: str) -> float:
    """The printed average. Base-to-new is printed for 4 shots: its signs stand for the pattern at any shots."""
    table, shots = (1, shots) if experiment == "few_shot" else (3, 4)
    cells = published_values("prograd", table)
    if recipe == "zero_shot":
        shots = 0
    rows = cells[(cells["method"] == METHODS[recipe].published_id) & (cells["shots"] == shots)]
    return float(rows.loc[rows["split"] == split, "value"].iloc[0])


def _harmonic_means(scope: Scope) -> dict:
    """H by both definitions, each by recipe; what was not run is left out."""
    both: dict = {"mean_of_H": {}, "H_of_means": {}}
    for recipe in ("zero_shot", "coop", "prograd"):
        if (value := scope.average(Which(recipe, SHOTS, "H"))) is None:
            continue
        both["mean_of_H"][recipe] = _rounded(value)
        base, new = (scope.runs(Which(recipe, SHOTS, half)) for half in ("base", "new"))
        both["H_of_means"][recipe] = _rounded(average_H_of_means(base, new))
    return both


def _rounded(value: Interval) -> dict:
    numbers = {"estimate": value.estimate, "low": value.low, "high": value.high}
    return {key: round(number, 2) for key, number in numbers.items() if not math.isnan(number)} | {"seeds": value.seeds}
