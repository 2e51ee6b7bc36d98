"""The tables of ProGrad (arXiv:2205.14865), published beside regenerated."""

import math

import pandas as pd

from reprompt.published import DATASETS_11, published_values
from reprompt.statistics import interval_over_seeds, verdict_on_gain, verdict_on_value, why_not_comparable
from reprompt.tables.methods import METHODS, UNTUNED, Method
from reprompt.tables.setting import Setting, setting_of
from reprompt.tables.table import Table, cell

SHOTS = (1, 2, 4, 8, 16)
PUBLISHED_BACKBONE = "RN50"
INTERVALS = (
    "± is half the 95 % Student-t interval over seeds, which are few-shot draws; no ±: deterministic, or one seed."
)


def prograd_table1(records: pd.DataFrame, backbone: str | None = None) -> Table:
    """ProGrad, Table 1: few-shot accuracy averaged over 11 datasets, by shots per class."""
    setting = setting_of(records, "few_shot", backbone)
    printed = published_values("prograd", 1).set_index(["method", "shots", "split"])["value"]
    methods = [METHODS[recipe] for recipe in (*UNTUNED, "linear_probe", "coop", "prograd", "prograd_ensemble")]
    cells = [
        _cell(setting, printed, method, shots, "all", column=str(shots))
        for method in methods
        for shots in ((0,) if method.recipe in UNTUNED else SHOTS)
    ]
    return Table(
        name="prograd_table1",
        heading="ProGrad Table 1. Few-shot accuracy (%), average over 11 datasets",
        setting=setting.words,
        corner="Shots per class",
        cells=pd.DataFrame(cells),
        notes=_notes(setting),
        details=task_details(setting, methods, SHOTS, ("all",)),
    )


def prograd_table3(records: pd.DataFrame, backbone: str | None = None) -> Table:
    """ProGrad, Table 3: accuracy on base and on new classes and their harmonic mean H, averaged over 11 datasets."""
    setting = setting_of(records, "base_to_new", backbone)
    printed = published_values("prograd", 3).set_index(["method", "shots", "split"])["value"]
    methods = [METHODS[recipe] for recipe in ("zero_shot", "coop", "cocoop", "prograd")]
    blocks = {"4 shots, as in the paper": (4, printed), "16 shots, same protocol (no published value)": (16, None)}
    cells = [
        _cell(setting, values, method, shots, split, column=label, block=block)
        for block, (shots, values) in blocks.items()
        for method in methods
        for split, label in (("base", "Base"), ("new", "New"), ("H", "H"))
    ]
    return Table(
        name="prograd_table3",
        heading="ProGrad Table 3. Base-to-new accuracy (%), average over 11 datasets",
        setting=setting.words,
        corner="Classes",
        cells=pd.DataFrame(cells),
        notes=("H is the mean of the per-dataset harmonic means, as printed in this paper.", *_notes(setting)),
        details=task_details(setting, methods, (4, 16), ("base", "new", "H")),
    )


def task_details(
    setting: Setting, methods: list[Method], shots: tuple[int, ...], splits: tuple[str, ...]
) -> pd.DataFrame:
    """Every task by itself: one row per task, method, shots and split, with its interval over seeds."""
    place = {task: position for position, task in enumerate(setting.tasks)}
    rows = []
    for method in methods:
        for count in (0,) if method.recipe in UNTUNED else shots:
            for split in splits:
                if (runs := setting.runs(method.recipe, count, split)) is None:
                    continue
                for task, of_task in runs.groupby("task"):
                    value = interval_over_seeds(dict(zip(of_task["seed"], of_task["value"], strict=True)))
                    rows.append((task, method.recipe, count, split, value.estimate, value.low, value.high, value.seeds))
    rows.sort(key=lambda row: place[row[0]])  # stable: within a task the order of methods, shots and splits stays
    columns = ["task", "recipe", "shots", "split", "regenerated", "low", "high", "seeds"]
    details = pd.DataFrame(rows, columns=columns)
    details.insert(0, "scale", setting.scale)
    details.insert(1, "backbone", setting.backbone)
    return details


def _cell(
    setting: Setting,
    printed: pd.Series | None,
    method: Method,
    shots: int,
    split: str,
    column: str,
    block: str = "",
) -> dict:
    """One cell of an average table: value against print, and gain over the method's reference against printed gain."""

    def published(of: Method) -> float:
        if printed is None:
            return math.nan
        return float(printed.get((of.published_id, 0 if of.recipe in UNTUNED else shots, split), math.nan))

    value = setting.average(method.recipe, shots, split)
    obstacle = why_not_comparable(
        setting.scale, setting.backbone, PUBLISHED_BACKBONE, len(setting.tasks), len(DATASETS_11)
    )
    verdict = verdict_on_value(value, published(method), obstacle)
    pattern = ""
    if method.reference and value:
        reference = METHODS[method.reference]
        gain = setting.gain(method.recipe, reference.recipe, shots, split)
        if gain:
            printed_gain = published(method) - published(reference)
            pattern = verdict_on_gain(gain.over_seeds, reference.in_a_sentence, printed_gain)
    return cell(method.label, column, value, published(method), verdict, pattern, block)


def _notes(setting: Setting) -> tuple[str, ...]:
    """What a reader must know before comparing the two numbers of a cell."""
    notes = [INTERVALS]
    if setting.scale != "paper":
        notes.append(
            f"Published values (grey) were measured with CLIP {PUBLISHED_BACKBONE} on the real datasets, ours on "
            "rendered counterparts with a miniature CLIP: compare the pattern (signs of the gains), not the numbers."
        )
    if missing := [task for task in DATASETS_11 if task not in setting.tasks]:
        notes.append(f"Not in the averages, because no run or not every run has them: {', '.join(missing)}.")
    return tuple(notes)
