"""Tables 1, 5 and 6: few-shot accuracy by shots per class, averaged over 11 datasets."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from reprompt.tables.average import average_cell, notes_of, obstacle_to, over_reference, task_details
from reprompt.tables.methods import METHODS, UNTUNED, PaperMethod
from reprompt.tables.scope import Scope, Which, scope_of, swept
from reprompt.tables.table import Table
from reprompt.tasks.published import published_values

SHOTS = (1, 2, 4, 8, 16)
BACKBONE = "RN50"  # of the printed values
ALPHAS = (0.25, 0.5, 1, 2, 4)


def prograd_table1(records: pd.DataFrame, backbone: str | None = None) -> Table:
    """ProGrad, Table 1: few-shot accuracy averaged over 11 datasets, by shots per class."""
    recipes = (*UNTUNED, "linear_probe", "coop", "prograd", "prograd_ensemble")
    return _by_shots(
        "prograd_table1",
        "ProGrad Table 1. Few-shot accuracy (%), average over 11 datasets",
        scope_of(records, "few_shot", backbone=backbone),
        [(METHODS[recipe], Which(recipe, shots=0)) for recipe in recipes],
    )


def prograd_table5(records: pd.DataFrame, backbone: str | None = None) -> Table:
    """ProGrad, Table 5: CoOp and ProGrad against LwF (knowledge distillation) at five weights alpha."""
    distilled = [
        (replace(METHODS["lwf"], label=f"LwF(KD), α = {alpha}"), Which("lwf", 0, swept=swept(distillation=alpha)))
        for alpha in ALPHAS
    ]
    coop, prograd = ((METHODS[recipe], Which(recipe, shots=0)) for recipe in ("coop", "prograd"))
    return _by_shots(
        "prograd_table5",
        "ProGrad Table 5. Comparison with LwF: accuracy (%), average over 11 datasets",
        scope_of(records, "few_shot", "few_shot_lwf", backbone=backbone),
        [coop, *distilled, prograd],
    )


def prograd_table6(records: pd.DataFrame, backbone: str | None = None) -> Table:
    """ProGrad, Table 6: a cosine classifier on the image tower, tuned without and with ProGrad."""
    plain, aligned = METHODS["cosine"], replace(METHODS["cosine_prograd"], label="+ ProGrad")
    return _by_shots(
        "prograd_table6",
        "ProGrad Table 6. ProGrad on a cosine classifier: accuracy (%), average over 11 datasets",
        scope_of(records, "few_shot", backbone=backbone),
        [(method, Which(method.recipe, shots=0)) for method in (plain, aligned)],
    )


def _by_shots(name: str, heading: str, scope: Scope, rows: Sequence[tuple[PaperMethod, Which]]) -> Table:
    """Methods down, shots across. `rows` are given without shots; what is not tuned stands under 0."""
    printed = _printed(int(name.removeprefix("prograd_table")))
    recipes = [method.recipe for method, _ in rows]
    placed = [
        (method, replace(which, shots=shots))
        for method, which in rows
        for shots in ((0,) if method.recipe in UNTUNED else SHOTS)
    ]

    cells = [
        average_cell(
            scope,
            which,
            row=method.label,
            column=str(which.shots),
            published=printed[_key(method, which)],
            obstacle=obstacle_to(scope, BACKBONE),
            over=over_reference(
                method, which, recipes, lambda of, which=which: printed[_key(of, Which(of.recipe, which.shots))]
            ),
        )
        for method, which in placed
    ]
    return Table(
        name=name,
        heading=heading,
        setting=scope.words,
        corner="Shots per class",
        cells=pd.DataFrame(cells),
        notes=notes_of(scope, BACKBONE),
        details=task_details(scope, [which for _, which in placed]),
    )


def _key(method: PaperMethod, which: Which) -> tuple[str, int, str]:
    """Where the printed value of some runs is found."""
    _, shots, _, _, swept_settings = which.key
    return method.published_id, shots, swept_settings


def _printed(table: int) -> dict[tuple[str, int, str], float]:
    """The printed values by published id, shots and what is swept (alpha of Table 5)."""
    cells = published_values("prograd", table)
    settings = ["" if math.isnan(alpha) else swept(distillation=alpha) for alpha in cells["alpha"].astype(float)]
    return dict(zip(zip(cells["method"], cells["shots"], settings, strict=True), cells["value"], strict=True))
