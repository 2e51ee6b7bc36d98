"""The transferability grids as tables of the page: every value to be read at the pointer, tasks in either order."""

import math

import pandas as pd

from reprompt.evidence.adaptation import LABELS
from reprompt.figures.mvlpt.heat import (
    OWN,
    clustered_order,
    ink,
    lowest_shade,
    relative_grid,
    shade,
    tasks_of,
    without_own,
)
from reprompt.tasks.card import card_of
from reprompt.tasks.groups import members

SHADES = 20  # the page has so many steps from light to dark


def heatmaps(points: pd.DataFrame) -> dict:
    """What heatmaps.html shows of the points of MVLPT's Figure 4.

    A grid per learner with its tasks in the paper's order and clustered; the colours, light to dark, and where they
    begin.
    """
    lowest = lowest_shade(points["relative"])
    steps = [lowest + (1 - lowest) * step / SHADES for step in range(SHADES + 1)]
    learners = []
    for learner, of_learner in points.groupby("learner", sort=False):
        tasks = tasks_of(points)
        orders = {"paper": tasks, "clustered": clustered_order(relative_grid(of_learner, tasks))}
        grids = [_grid(of_learner, order, name, lowest) for name, order in orders.items()]
        learners.append({"label": LABELS[learner], "grids": grids})
    colours = [{"shade": shade(step, lowest), "ink": ink(step, lowest)} for step in steps]
    seeds = int(points["seeds"].max())
    coverage = f"{seeds} seed{'' if seeds == 1 else 's'}, {len(tasks_of(points))} of {len(members('elevater20'))} tasks"
    return {"coverage": coverage, "learners": learners, "colours": colours, "own": OWN, "lowest": f"{100 * lowest:.0f}"}


def _grid(points: pd.DataFrame, order: list[str], name: str, lowest: float) -> dict:
    """The cells of one grid in an order, with means over the other tasks."""
    grid = relative_grid(points, order)
    transfer = without_own(grid)
    pairs = points.set_index(["source", "target"])
    rows = [
        {
            "task": card_of(source).printed,
            "cells": [_cell(pairs, source, target, lowest) for target in order],
            "mean": _percent(transfer.loc[source].mean()),
        }
        for source in order
    ]
    means = [_percent(transfer[target].mean()) for target in order]
    overall = _percent(transfer.stack().mean())
    heads = [card_of(task).printed for task in order]
    return {"order": name, "heads": heads, "rows": rows, "means": means, "overall": overall}


def _cell(pairs: pd.DataFrame, source: str, target: str, lowest: float) -> dict:
    """A pair: its number, the step of its shade, and what is said at the pointer."""
    names = f"{card_of(source).printed} → {card_of(target).printed}"
    if (source, target) not in pairs.index:
        return {"number": "", "step": None, "words": f"{names}: not run", "own": source == target}
    pair = pairs.loc[source, target]
    score = f"score {pair['regenerated']:.2f} %"
    if pair["seeds"] > 1:
        score += f" ± {(pair['high'] - pair['low']) / 2:.2f} over {pair['seeds']:.0f} seeds"
    if math.isnan(pair["relative"]):  # no prompt scores anything on the target
        return {"number": "", "step": None, "words": f"{names}: {score}", "own": source == target}
    words = f"{names}: {100 * pair['relative']:.2f} % of the best, {score}"
    step = max(round(SHADES * (pair["relative"] - lowest) / (1 - lowest)), 0)
    return {"number": f"{100 * pair['relative']:.0f}", "step": step, "words": words, "own": source == target}


def _percent(mean: float) -> str:
    """One decimal; nothing for no number."""
    return "" if math.isnan(mean) else f"{100 * mean:.1f}"
