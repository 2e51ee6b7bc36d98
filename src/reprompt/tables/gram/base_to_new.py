"""Table 1: accuracy on classes seen and not seen in tuning, on average and on each data set."""

import math

import pandas as pd

from reprompt.tables.average import average_cell, notes_of, obstacle_to, task_details
from reprompt.tables.gram.rows import (
    AVERAGE,
    BACKBONE,
    H_OF_MEANS,
    SPLITS,
    methods_of,
    of_means,
    over,
    printed_values,
    runs_of,
    scope_of_runs,
)
from reprompt.tables.table import Table
from reprompt.tasks.card import card_of
from reprompt.tasks.groups import members

EXPERIMENTS = ("gram_base_to_new", "gram_curves", "gram_adapted", "gram_universal")
RECIPES = ("zero_shot", "cocoop", "coop", "coop_gram", "vpt", "vpt_gram", "unigram")


def gram_table1(records: pd.DataFrame, backbone: str | None = None) -> Table:
    """GRAM, Table 1: base and new accuracy and their harmonic mean H at 16 shots; a panel for each of 11 datasets."""
    methods = methods_of(RECIPES)
    shown = [runs_of(method, split=split) for method in methods for split in SPLITS]
    scope = scope_of_runs(records, EXPERIMENTS, shown, backbone=backbone)
    averaged = of_means(scope)
    printed = printed_values(1, "dataset", "split")
    cells = []
    for letter, place in zip("abcdefghijkl", (AVERAGE, *members("datasets11")), strict=True):
        alone = place != AVERAGE
        panel = f"({letter}) {card_of(place).printed if alone else 'Average over 11 datasets'}"
        published = "average_11" if place == AVERAGE else place
        cells += [
            average_cell(
                scope if alone else averaged,
                which := runs_of(method, split=split),
                row=method.label,
                column=column,
                published=printed.get((method.published_id, published, split), math.nan),
                obstacle=obstacle_to(scope, BACKBONE, whole=not alone),
                over=over(which, method, RECIPES, printed, published, split),
                block=panel,
                task=place if alone else "",
            )
            for method in methods
            for split, column in SPLITS.items()
        ]
    return Table(
        name="gram_table1",
        heading="GRAM Table 1. Base-to-new generalisation on 11 datasets, 16 shots: accuracy (%)",
        setting=scope.words,
        corner="Classes",
        cells=pd.DataFrame(cells),
        notes=(
            H_OF_MEANS,
            "16 printed cells of VPT + GRAM and UNIGRAM on DTD, EuroSAT and UCF101 did not survive in the copy of the "
            "paper that we have. UNIGRAM's printed accuracy on new classes of DTD and EuroSAT is CoCoOp's with the "
            "gain that Section 4.2 states.",
            "As printed, UNIGRAM is the best on average but for base classes (80.34, CoCoOp 80.47).",
            *notes_of(scope, BACKBONE),
        ),
        details=task_details(scope, shown),
        abreast=3,
    )
