"""The few numbers that say whether the papers' pattern shows: for the report's page, a terminal, README and DVC.

Each is a cell of a table, or what the cell gains over another row of the table, so they are what the tables print.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from reprompt.evidence.statistics import Interval, average_H_of_means, verdict_on_gain
from reprompt.tables.averages import Averages
from reprompt.tables.gram import gram_table1, gram_table3
from reprompt.tables.heads import key_of
from reprompt.tables.mvlpt import ALONE, BEST, FROM_11, WORST, mvlpt_table1, mvlpt_table2, mvlpt_table3
from reprompt.tables.npt import npt_table1
from reprompt.tables.prograd import prograd_table1, prograd_table3
from reprompt.tables.specification import Head, Specification

(THE_ONLY_BLOCK,) = prograd_table1.blocks
FOUR_SHOTS, SIXTEEN_SHOTS = prograd_table3.blocks  # ProGrad prints the first; CoCoOp, whose protocol it is, has 16
MILD, SEVERE = npt_table1.blocks[1:]
AVERAGE_OF_12, AVERAGE_OF_11 = mvlpt_table1.blocks[0], gram_table1.blocks[0]
H_OF = ("zero_shot", "coop", "prograd")


@dataclass(frozen=True)
class Headline:
    """A number of the headline: the cell of a table by the key of its row, its column and its block.

    With `over`, the key of another row, it is what the cell gains over that row. The printed numbers are those of the
    block `printed_in`, if it is another. README and the terminal leave out what is `on_the_page_only`.
    """

    label: str
    table: Specification
    row: str
    column: str
    over: str = ""
    block: Head = THE_ONLY_BLOCK
    printed_in: Head | None = None
    on_the_page_only: bool = False


def _sixteen(label: str, row: str, column: str, over: str) -> Headline:
    """A gain at 16 shots beside the printed one at 4, for its sign."""
    sixteen = {"block": SIXTEEN_SHOTS, "printed_in": FOUR_SHOTS, "on_the_page_only": True}
    return Headline(f"{label}, 16 shots", prograd_table3, row, column, over, **sixteen)


HEADLINE = {
    "zero_shot": Headline("zero-shot CLIP, all classes", prograd_table1, "zero_shot", "0"),
    "coop_minus_zero_shot_16_shots": Headline(
        "CoOp − zero-shot, 16 shots", prograd_table1, "coop", "16", over="zero_shot"
    ),
    "prograd_minus_coop_1_shot": Headline("ProGrad − CoOp, 1 shot", prograd_table1, "prograd", "1", over="coop"),
    "new_coop_minus_zero_shot": Headline(
        "new classes: CoOp − zero-shot, 4 shots", prograd_table3, "coop", "New", "zero_shot", FOUR_SHOTS
    ),
    "new_coop_minus_zero_shot_16_shots": _sixteen("new classes: CoOp − zero-shot", "coop", "New", "zero_shot"),
    "new_prograd_minus_coop": Headline(
        "new classes: ProGrad − CoOp, 4 shots", prograd_table3, "prograd", "New", "coop", FOUR_SHOTS
    ),
    "new_prograd_minus_coop_16_shots": _sixteen("new classes: ProGrad − CoOp", "prograd", "New", "coop"),
    "H_prograd_minus_coop": Headline(
        "H of base and new: ProGrad − CoOp, 4 shots", prograd_table3, "prograd", "H", "coop", FOUR_SHOTS
    ),
    "H_prograd_minus_coop_16_shots": _sixteen("H of base and new: ProGrad − CoOp", "prograd", "H", "coop"),
    "H_imbalanced_cocoop_npt_minus_cocoop": Headline(
        "H under imbalance τ = 0.05: CoCoOp + NPT − CoCoOp", npt_table1, "cocoop_npt", "Avg", "cocoop", MILD
    ),
    "H_severely_imbalanced_maple_npt_minus_maple": Headline(
        "H under imbalance τ = 0.01: MaPLe + NPT − MaPLe", npt_table1, "maple_npt", "Avg", "maple", SEVERE
    ),
    "mcoop_minus_coop_20_shots": Headline(
        "12 target tasks, 20 shots: MCoOp − CoOp",
        mvlpt_table1,
        row=key_of("coop", FROM_11),
        column="20",
        over=key_of("coop", ALONE),
        block=AVERAGE_OF_12,
    ),
    "mvpt_minus_vpt_20_shots": Headline(
        "20 tasks, 20 shots: MVPT − VPT",
        mvlpt_table2,
        row=key_of("vpt", BEST),
        column="Average",
        over=key_of("vpt", ALONE),
    ),
    "mvpt_best_minus_worst_groups": Headline(
        "20 tasks, 20 shots, MVPT: best groups − worst groups",
        mvlpt_table3,
        row=key_of("vpt", BEST),
        column="Averaged ELEVATER",
        over=key_of("vpt", WORST),
    ),
    "H_vpt_gram_minus_vpt": Headline(
        "H, 16 shots: VPT + GRAM − VPT", gram_table1, "vpt_gram", "H", "vpt", AVERAGE_OF_11
    ),
    "H_coop_gram_minus_coop": Headline(
        "H, 16 shots: CoOp + GRAM − CoOp", gram_table1, "coop_gram", "H", "coop", AVERAGE_OF_11
    ),
    "transferred_unigram_minus_coop": Headline(
        "10 other tasks, from ImageNet: UNIGRAM − CoOp", gram_table3, "unigram", "Average", "coop"
    ),
}


def headline(records: pd.DataFrame) -> dict:
    """The headline numbers as a nested dictionary, rounded to two decimals; what was not run is left out.

    Every number has its estimate in percent or points and its seeds, and with two or more seeds its 95 % interval (low,
    high). Gains have the number of tasks with a positive gain, the printed gain and a verdict in words. `H` holds both
    definitions. Raises ValueError for records of several scales or backbones.
    """
    measured = {row.table.name: Averages(row.table, records) for row in HEADLINE.values()}
    few_shot, base_to_new = measured["prograd_table1"], measured["prograd_table3"]
    scopes = [next(iter(table.scopes.values())) for table in (few_shot, base_to_new)]
    run = next((scope for scope in scopes if scope.tasks), scopes[0])
    numbers: dict = {"scale": run.scale, "backbone": run.backbone, "tasks": len(run.tasks), "seeds": run.seeds}
    numbers |= {key: number for key, row in HEADLINE.items() if (number := _number(row, measured[row.table.name]))}
    return numbers | {"H": _harmonic_means(base_to_new)}


def headline_rows(numbers: Mapping, on_the_page: bool = False) -> Iterator[dict]:
    """The headline as rows of words: label, value, on how many tasks, printed value (to one decimal, or on the page as
    printed) and verdict.
    """
    decimals = 2 if on_the_page else 1
    for key, row in HEADLINE.items():
        if row.on_the_page_only and not on_the_page:
            continue
        number, sign = numbers.get(key), "+" if row.over else ""
        words = {"label": row.label, "value": "not run", "tasks": "", "published": "", "verdict": ""}
        if number is not None:
            words["value"] = in_figures(number, signed=bool(row.over))
            words["published"] = f"{number['published']:{sign}.{decimals}f}".replace("-", "−")
            words["verdict"] = number.get("verdict", "deterministic: no draw, no interval")
            words["tasks"] = f"{number['tasks_above']} of {number['tasks']}" if row.over else ""
        yield words


def headline_text(numbers: Mapping) -> str:
    """The headline as a plain table for a terminal: lines of at most 118 characters."""
    lines = [_where(numbers), "", f"  {'':<54}{'here':<13}{'published':<11}the sign"]
    for row in headline_rows(numbers):
        verdict = re.sub(r" \(.*?\)|:.*", "", row["verdict"])  # without the reason
        lines.append(f"  {row['label']:<54}{row['value']:<13}{row['published']:<11}{verdict}".rstrip())
    return "\n".join(lines)


def headline_markdown(numbers: Mapping) -> str:
    """The headline as README has it."""
    heads = (
        "mean over 11 tasks (MVLPT: 20, 12), in percent or points",
        f"rendered {numbers['scale']}, {seeds_in_words(numbers)}",
        "published, real data, RN50 (NPT, MVLPT, GRAM: ViT-B/16)",
    )
    rows = [heads, ("---",) * 3]
    rows += [(row["label"], row["value"], row["published"]) for row in headline_rows(numbers)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows).replace("| --- ", "|---").replace("--- |", "---|")


def seeds_in_words(numbers: Mapping) -> str:
    """How many seeds the numbers have: "3 seeds (NPT: 5)"."""
    others = {}
    for key, row in HEADLINE.items():
        if (seeds := numbers.get(key, {}).get("seeds", 0)) not in (0, numbers["seeds"]):
            others[row.table.name.partition("_")[0].upper()] = seeds
    but = f" ({', '.join(f'{study}: {seeds}' for study, seeds in others.items())})" if others else ""
    return f"{numbers['seeds']} seed{'' if numbers['seeds'] == 1 else 's'}{but}"


def in_figures(number: Mapping, signed: bool = False) -> str:
    """An estimate with half its interval: "66.8", "+6.7 ± 0.9"; one decimal."""
    text = f"{number['estimate']:+.1f}" if signed else f"{number['estimate']:.1f}"
    if "low" in number:
        text += f" ± {(number['high'] - number['low']) / 2:.1f}"
    return text.replace("-", "−")


def _where(numbers: Mapping) -> str:
    if not numbers["scale"]:
        return "No records."
    data = "" if numbers["scale"] == "paper" else " (rendered data: the pattern, not the papers' numbers)"
    counts = f"{numbers['tasks']} of 11 tasks, {seeds_in_words(numbers)}"
    return f"Scale {numbers['scale']}{data}\n{counts}, in percent, ± half a 95 % interval over seeds"


def _number(row: Headline, measured: Averages) -> dict | None:
    """A number as the headline has it; None where one of its two rows was not run."""
    place = measured.find(row.row, row.column, row.block.label)
    over = measured.table.row(row.over, row.block)
    value = measured.gain(place, over) if over else measured.value(place)
    if value is None:
        return None
    printed_at = measured.table.place(row.printed_in or row.block, place.row, place.column)
    if not over:
        return _rounded(value) | {"published": measured.published(place)}
    printed, by_task = round(measured.printed_gain(printed_at, over), 2), measured.gains_by_task(place, over)
    return _rounded(value) | {
        "tasks_above": sum(gain.estimate > 0 for gain in by_task.values()),
        "tasks": len(by_task),
        "published": printed,
        "verdict": verdict_on_gain(value, over.name, printed),
    }


def _harmonic_means(table: Averages) -> dict:
    """H by both definitions, each by recipe; what was not run is left out."""
    both: dict = {"mean_of_H": {}, "H_of_means": {}}
    for recipe in H_OF:
        base, new, both_halves = (table.find(recipe, split, FOUR_SHOTS.label) for split in ("Base", "New", "H"))
        if (value := table.value(both_halves)) is None:
            continue
        both["mean_of_H"][recipe] = _rounded(value)
        runs = (table.scope(place).runs(table.which(place)) for place in (base, new))
        both["H_of_means"][recipe] = _rounded(average_H_of_means(*runs))
    return both


def _rounded(value: Interval) -> dict:
    numbers = {"estimate": value.estimate, "low": value.low, "high": value.high}
    return {key: round(number, 2) for key, number in numbers.items() if not math.isnan(number)} | {"seeds": value.seeds}
