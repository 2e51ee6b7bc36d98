"""All cases of a folder, run and reported."""

from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from reprompt.clip.backbones import Backbone
from reprompt.clip.savings import ALL_SAVINGS, Savings
from reprompt.parity.cached import METHODS, cached_features
from reprompt.parity.case import Case, golden_backbone, read_folder
from reprompt.parity.comparison import CaseComparison
from reprompt.parity.equations import features_alone, meta_step, tfidf
from reprompt.parity.referenced import averaged_epochs, guided_steps, self_regulated_steps
from reprompt.parity.tuning import five_steps, neural_collapse_steps, prograd_steps, zero_shot
from reprompt.parity.updates import updated_steps

CaseRunner = Callable[[Case, Backbone, Savings], CaseComparison]
COLUMNS = ("logits", "loss", "gradient", "step 1", "step 5", "other")


def runner_of(case: Case) -> CaseRunner:
    """How the cases of a method are run. Raises ValueError for a method that is none of ours."""
    if "snapshots.txt_prompt_0" in case:
        return averaged_epochs
    if case.method.startswith("npt"):
        return features_alone if "E_W" not in case else neural_collapse_steps
    runners: dict[str, CaseRunner] = {
        "zeroshot": zero_shot,
        **dict.fromkeys(METHODS, cached_features),
        "clip_lora": updated_steps,
        "prograd": prograd_steps,
        **dict.fromkeys(("kgcoop", "tcp"), guided_steps),
        "promptsrc": self_regulated_steps,
        "gram": meta_step,
        "unigram": meta_step,
        **dict.fromkeys(("coop", "cocoop", "vpt", "independentVL", "maple", "mvlpt"), five_steps),
    }
    if "tf-idf" in case.method:
        return tfidf
    if case.method not in runners:
        raise ValueError(f"method {case.method!r}: none of ours")
    return runners[case.method]


def compare_folder(folder: Path, savings: Savings = ALL_SAVINGS) -> dict[str, CaseComparison | Exception]:
    """Run every case of a folder; one that cannot be run is there as its error, never left out."""
    arrays, cases = read_folder(folder)
    backbones = {dtype: golden_backbone(arrays, dtype) for dtype in {case.dtype for case in cases}}
    results: dict[str, CaseComparison | Exception] = {}
    for case in cases:
        try:
            results[case.name] = runner_of(case)(case, backbones[case.dtype], savings)
        except Exception as error:
            results[case.name] = error
    return results


def print_parity(folder: Path, savings: Savings = ALL_SAVINGS) -> bool:
    """Run a folder, print a row per case, and say whether all are within tolerance."""
    results = compare_folder(folder, savings)
    console = Console(width=max(140, Console().width))
    table = Table("case", *COLUMNS, "worst / allowed", "", title=f"Largest relative error per case of {folder}")
    for column in table.columns[1:]:
        column.justify = "right"
    notes, failed = [], 0
    for name, result in results.items():
        if isinstance(result, Exception):
            failed += 1
            table.add_row(name, *["-"] * len(COLUMNS), "-", "[red]error[/red]")
            notes.append(f"{name}: {type(result).__name__}: {result}")
            continue
        errors = ["-" if (worst := result.worst(column)) is None else f"{worst:.1e}" for column in COLUMNS]
        share = max((d.error / d.tolerance for d in result.differences if d.tolerance), default=0.0)
        failed += bool(result.failures)
        table.add_row(name, *errors, f"{share:.2f}", "[red]over[/red]" if result.failures else "ok")
        notes += [f"{name}: {d.array}: {d.error:.2e}, allowed {d.tolerance:.2e}" for d in result.failures]
    console.print(table)
    for note in notes:
        console.print(note, markup=False)
    console.print(f"{len(results)} cases, {len(results) - failed} within tolerance, {failed} not")
    return not failed
