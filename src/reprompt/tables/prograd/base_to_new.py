"""Table 3: accuracy on classes seen and not seen in tuning."""

import math

import pandas as pd

from reprompt.tables.average import average_cell, notes_of, obstacle_to, over_reference, task_details
from reprompt.tables.methods import METHODS, PaperMethod
from reprompt.tables.scope import Which, scope_of
from reprompt.tables.table import Table
from reprompt.tasks.published import published_values

BACKBONE = "RN50"  # of the printed values
RECIPES = ("zero_shot", "coop", "cocoop", "prograd")
SPLITS = {"base": "Base", "new": "New", "H": "H"}
PRINTED_SHOTS = 4
BLOCKS = {"4 shots, as in the paper": PRINTED_SHOTS, "16 shots, same protocol (no published value)": 16}


def prograd_table3(records: pd.DataFrame, backbone: str | None = None) -> Table:
    """ProGrad, Table 3: accuracy on base and on new classes and their harmonic mean H, averaged over 11 datasets."""
    scope = scope_of(records, "base_to_new", backbone=backbone)
    printed = published_values("prograd", 3).set_index(["method", "split"])["value"]

    def published(method: PaperMethod, which: Which) -> float:
        return printed[method.published_id, which.split] if which.shots == PRINTED_SHOTS else math.nan

    placed = [
        (block, METHODS[recipe], Which(recipe, shots, split))
        for block, shots in BLOCKS.items()
        for recipe in RECIPES
        for split in SPLITS
    ]
    cells = [
        average_cell(
            scope,
            which,
            row=method.label,
            column=SPLITS[which.split],
            published=published(method, which),
            obstacle=obstacle_to(scope, BACKBONE),
            over=over_reference(method, which, RECIPES, lambda of, which=which: published(of, which)),
            block=block,
        )
        for block, method, which in placed
    ]
    return Table(
        name="prograd_table3",
        heading="ProGrad Table 3. Base-to-new accuracy (%), average over 11 datasets",
        setting=scope.words,
        corner="Classes",
        cells=pd.DataFrame(cells),
        notes=(
            "H is the mean of the per-dataset harmonic means, as printed in this paper.",
            *notes_of(scope, BACKBONE),
        ),
        details=task_details(scope, _by_recipe(placed)),
    )


def _by_recipe(placed: list[tuple[str, PaperMethod, Which]]) -> list[Which]:
    """The runs of each recipe together: its 4 shots, its 16 shots."""
    return sorted((which for _, _, which in placed), key=lambda which: RECIPES.index(which.recipe))
