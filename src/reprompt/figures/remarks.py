"""What is said of the points of one panel, at the right end of its title."""

import math
from collections.abc import Callable, Mapping

import pandas as pd

from reprompt.evidence.adaptation import LABELS
from reprompt.evidence.curves import rise
from reprompt.evidence.lookup import Missing


def signed(number: float, decimals: int) -> str:
    """A number with a proper minus sign."""
    return f"{number:.{decimals}f}".replace("-", "−")


def range_of_comparable(points: pd.DataFrame) -> str:
    """How far the starts lie apart that alone differ; nothing for fewer than two."""
    return _range(points.loc[points["comparable"], "regenerated"])


def range_with_npt(points: pd.DataFrame) -> str:
    """How far the curve of MaPLe + NPT ranges."""
    return _range(points.loc[points["recipe"] == "maple_npt", "regenerated"])


def ranges_of_methods(points: pd.DataFrame) -> str:
    """How far each line ranges: "range: CoOp 0.4, MCoOp 1.2"; nothing without lines."""
    lines = {method: line["regenerated"] for method, line in points.groupby("method", sort=False) if len(line) > 1}
    ranges = [f"{LABELS[method]} {line.max() - line.min():.1f}" for method, line in lines.items()]
    return f"range: {', '.join(ranges)}" if ranges else ""


def pearson(points: pd.DataFrame) -> str:
    """The correlation of the points shown; nothing for fewer than three."""
    r = points["correlation"].iloc[0]
    return "" if math.isnan(r) else f"r = {signed(r, 2)} ({len(points)} points)"


def spearman(points: pd.DataFrame) -> str:
    """The rank correlation with its p."""
    rho, p = points[["correlation", "p"]].iloc[0]
    words = "no correlation" if math.isnan(rho) else f"ρ = {signed(rho, 2)}, p = {p:.3f}"
    return f"{words}, {len(points)} pairs"


def rise_of_product(points: pd.DataFrame) -> str:
    """By how much the inner product rises: "rise 0.081 ± 0.020"; nothing for too few steps."""
    try:
        risen = rise([run["inner_product"].to_numpy() for _, run in points.groupby("seed")])
    except Missing:
        return ""
    return f"rise {risen.mean:+.3f} ± {risen.half_width:.3f}".replace("-", "−")


def _range(values: pd.Series) -> str:
    return f"range {values.max() - values.min():.1f}" if len(values) > 1 else ""


REMARKS: Mapping[str, Callable[[pd.DataFrame], str]] = {
    remark.__name__: remark
    for remark in (range_of_comparable, range_with_npt, ranges_of_methods, pearson, spearman, rise_of_product)
}
