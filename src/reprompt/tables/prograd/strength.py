"""Table 7: how strongly ProGrad removes what conflicts, lambda, on OxfordPets and DTD."""

import pandas as pd

from reprompt.tables.average import Over, average_cell, notes_of, obstacle_to
from reprompt.tables.scope import Which, scope_of, swept
from reprompt.tables.table import Table
from reprompt.tasks.card import card_of
from reprompt.tasks.published import published_values

BACKBONE = "RN50"  # of the printed values
PANELS = {"oxford_pets": "(a)", "dtd": "(b)"}
STRENGTHS = (0, 0.2, 0.4, 0.7, 0.9, 1.0)  # written as the paper writes them
SHOTS = (1, 2, 4, 8, 16)


def prograd_table7(records: pd.DataFrame, backbone: str | None = None) -> Table:
    """ProGrad, Table 7: accuracy by lambda and shots per class, a block for each of two datasets."""
    scope = scope_of(records, "few_shot_lambda", backbone=backbone, tasks=tuple(PANELS))
    printed = published_values("prograd", 7)
    printed = printed.set_index(["dataset", printed["lambda"].astype(float), "shots"])["value"]
    cells = [
        average_cell(
            scope,
            Which("prograd", shots, swept=swept(**{"lambda": strength})),
            row=str(strength),
            column=f"{shots} shot{'' if shots == 1 else 's'}",
            published=printed[task, strength, shots],
            obstacle=obstacle_to(scope, BACKBONE, whole=False),
            over=_over_zero(printed, task, shots) if strength > 0 else None,
            block=f"{panel} {card_of(task).printed}",
            task=task,
        )
        for task, panel in PANELS.items()
        for strength in STRENGTHS
        for shots in SHOTS
    ]
    return Table(
        name="prograd_table7",
        heading="ProGrad Table 7. Accuracy (%) with different λ",
        setting=scope.words,
        corner="λ",
        cells=pd.DataFrame(cells),
        notes=(
            "λ = 0 is CoOp's gradient, λ = 1 removes all that conflicts. The paper's own setting at 16 shots, λ = 0.8, "
            "is not in its sweep, so no row here is the ProGrad of Table 1 at 16 shots.",
            *notes_of(scope, BACKBONE),
        ),
    )


def _over_zero(printed: pd.Series, task: str, shots: int) -> Over:
    """The row without projection."""
    return Over(Which("prograd", shots, swept=swept(**{"lambda": 0})), "λ = 0", printed[task, 0, shots])
