"""What NPT's tables have in common: blocks by imbalance, the methods of a block, and the columns' short names."""

import math
from collections.abc import Mapping

import pandas as pd

from reprompt.tables.average import average_cell, obstacle_to, over_reference
from reprompt.tables.methods import METHODS, PaperMethod
from reprompt.tables.scope import Scope, Which
from reprompt.tasks.card import card_of

BACKBONE = "ViT-B/16"  # of the printed values
SHOTS = 16  # images of the largest class
AVERAGE = "average"
BLOCKS = {
    1.0: ("zero_shot", "cocoop", "maple", "cocoop_npt", "maple_npt"),
    0.05: ("cocoop", "maple", "cocoop_npt", "maple_npt"),
    0.01: ("cocoop", "maple", "cocoop_npt", "maple_npt"),
}


def block_of(tau: float) -> str:
    """The title of the block of rows with one imbalance."""
    return "Balanced, τ = 1" if tau == 1 else f"Imbalance ratio τ = {tau:g}"


def head_of(column: str) -> str:
    """The short name that heads the column of a task, or of the average."""
    return "Avg" if column == AVERAGE else card_of(column).short


def short_names(tasks: tuple[str, ...]) -> str:
    """What the short names of the columns stand for, as a note."""
    cards = [card_of(task) for task in tasks]
    return f"{', '.join(f'{card.short} = {card.printed}' for card in cards if card.short != card.printed)}."


def rows_by_imbalance(columns: Mapping[str, Scope], printed: Mapping[tuple, float], split: str) -> list[dict]:
    """The cells of all blocks: methods down, `columns` across, each with the scope that it is measured in.

    A column is a task, or AVERAGE over its scope's tasks. `printed` maps (published id, tau, column) to a value; the
    gains are over rows that the block has.
    """
    cells = []
    for tau, recipes in BLOCKS.items():
        for method in (METHODS[recipe] for recipe in recipes):
            for column, scope in columns.items():

                def published(row: PaperMethod, tau: float = tau, column: str = column) -> float:
                    return printed.get((row.published_id, tau, column), math.nan)

                which = Which(method.recipe, SHOTS, split, tau)
                cell = average_cell(
                    scope,
                    which,
                    row=method.label,
                    column=head_of(column),
                    published=published(method),
                    obstacle=obstacle_to(scope, BACKBONE, whole=column == AVERAGE),
                    over=over_reference(method, which, recipes, published),
                    block=block_of(tau),
                    task="" if column == AVERAGE else column,
                )
                cells.append(cell)
    return cells


def printed_by_imbalance(values: pd.DataFrame) -> dict[tuple[str, float, str], float]:
    """Printed values by published id, tau and column."""
    columns = [AVERAGE if dataset.startswith("average_") else dataset for dataset in values["dataset"]]
    return dict(zip(zip(values["method"], values["imbalance_tau"], columns, strict=True), values["value"], strict=True))
