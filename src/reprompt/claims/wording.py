"""How a judged claim is shown: symbols, signs and numbers as they stand on the terminal and on the page."""

import math

import pandas as pd

from reprompt.claims.verdict import BELOW, CONTRADICTED, HOLDS, LEVEL, NOT_RUN, OPEN

SYMBOLS = {HOLDS: "✓", CONTRADICTED: "✗", BELOW: "≲", OPEN: "~", NOT_RUN: "·"}
PAPERS = {"prograd": "ProGrad", "gram": "GRAM", "mvlpt": "MVLPT", "npt": "NPT"}
HOLM = " ᴴ"  # stands by Holm's method too
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
    """p among the paper's claims, and a mark where it stands by Holm too; empty where nothing was tested."""
    if math.isnan(row["p_bh"]):
        return ""
    decided = row["verdict"] in (HOLDS, CONTRADICTED)
    mark = HOLM if decided and row["p_holm"] < LEVEL else ""
    return ("< 0.001" if row["p_bh"] < 0.001 else f"{row['p_bh']:.3f}") + mark


def beyond(row: pd.Series) -> str:
    """Half of the interval beyond these images; empty where predictions do not say it."""
    if math.isnan(row["beyond_low"]):
        return ""
    return f"± {(row['beyond_high'] - row['beyond_low']) / 2:.{_decimals(row['unit'])}f} beyond these images"


def signed(value: float, decimals: int) -> str:
    """A number with its sign, as it is typeset."""
    return f"{value:+.{decimals}f}".replace("-", "−")


def _decimals(unit: str) -> int:
    return 3 if unit.split(" ")[0] in FINE else 2
