"""How a judged claim is shown: symbols, signs and numbers as they stand on the terminal and on the page."""

import math

import pandas as pd

from reprompt.claims.verdict import CONTRADICTED, HOLDS, INCONCLUSIVE, NOT_RUN

SYMBOLS = {HOLDS: "✓", CONTRADICTED: "✗", INCONCLUSIVE: "~", NOT_RUN: "·"}
PAPERS = {"prograd": "ProGrad", "gram": "GRAM", "mvlpt": "MVLPT", "npt": "NPT"}
FINE = ("share", "delta", "cosine", "r", "percent")  # units in which a hundredth is a lot


def estimate(row: pd.Series) -> str:
    """Estimate ± half its interval: "+3.01 ± 0.13"; a correlation, whose interval is lopsided, with all of it."""
    if math.isnan(row["estimate"]):
        return ""
    decimals = _decimals(row["unit"])
    words = signed(row["estimate"], decimals)
    if row["unit"] == "r" and not math.isnan(row["low"]):
        words += f" ({signed(row['low'], decimals)} to {signed(row['high'], decimals)})"
    elif not math.isnan(row["low"]):
        words += f" ± {(row['high'] - row['low']) / 2:.{decimals}f}"
    return words


def printed(row: pd.Series) -> str:
    """What the paper has: the margin that it states, else the difference in its tables, else nothing."""
    if not math.isnan(row["margin"]):
        return signed(row["margin"], 2)
    if not math.isnan(row["published_estimate"]):
        return signed(row["published_estimate"], _decimals(row["unit"]))
    return ""


def parts(row: pd.Series) -> str:
    """How many comparisons go as claimed, of how many; with those that were run, where some were not."""
    if row["parts_run"] == 0:
        return ""
    run = "" if row["parts_run"] == row["parts"] else f" ({row['parts']} claimed)"
    return f"{row['parts_as_claimed']} of {row['parts_run']}{run}"


def p_value(row: pd.Series) -> str:
    """p after Holm; empty where nothing was tested."""
    if math.isnan(row["p_holm"]):
        return ""
    return "< 0.001" if row["p_holm"] < 0.001 else f"{row['p_holm']:.3f}"


def signed(value: float, decimals: int) -> str:
    """A number with its sign, as it is typeset."""
    return f"{value:+.{decimals}f}".replace("-", "−")


def _decimals(unit: str) -> int:
    return 3 if unit.split(" ")[0] in FINE else 2
