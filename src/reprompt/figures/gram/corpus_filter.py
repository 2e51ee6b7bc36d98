"""The filter of GRAM's corpus: which pairs stay at every threshold, and at the one that was chosen.

The paper drops mismatched pairs by a model that it does not name and shows nothing of it; on rendered pairs the truth
is known. Read from pictures.npz (`mismatched_stay`, `matched_stay`) and quality.json (`filter`) of `reprompt corpus`.
"""

from functools import partial

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reprompt.corpus.pictures import CorpusFigureData
from reprompt.figures.canvas import DARK, GREY, add_axes, page
from reprompt.figures.figure import PaperFigure
from reprompt.figures.lines import DASHED

CURVE, CHOSEN = "#0072B2", "#D55E00"
POINT_COLUMNS = ["mark", "threshold", "mismatched_stay", "matched_stay"]


def gram_figure_filter(pictures: CorpusFigureData, quality: dict) -> PaperFigure:
    """GRAM's corpus: the ROC curve of image-text similarity, and what the chosen threshold keeps and loses."""
    counts = quality["filter"]
    if "area_under_roc" not in counts:
        return _without_the_truth(counts)
    title = (
        "GRAM, the corpus: which pairs the filter keeps\n"
        f"Area under the curve {counts['area_under_roc']:.4f}; threshold {counts['threshold']:.3f}"
    )
    curve = pd.DataFrame({"mismatched_stay": pictures.mismatched_stay, "matched_stay": pictures.matched_stay})
    chosen = {"mark": "chosen", "threshold": counts["threshold"]} | {
        f"{what}_stay": counts[f"{what}_kept"] / max(counts[f"{what}_kept"] + counts[f"{what}_dropped"], 1)
        for what in ("mismatched", "matched")
    }
    points = pd.concat([pd.DataFrame([chosen]), curve.assign(mark="curve")])[POINT_COLUMNS]
    return PaperFigure("gram_figure_filter", title, points, partial(_draw, counts=counts), decimals=4)


def _without_the_truth(counts: dict) -> PaperFigure:
    """Real pairs: what the threshold does is known, but not which pairs are mismatched."""
    title = (
        "GRAM, the corpus: which pairs the filter keeps\n"
        f"Threshold {counts['threshold']:.3f}: {counts['kept']:,} pairs kept, {counts['dropped']:,} dropped"
    )
    points = pd.DataFrame([{"mark": "chosen", "threshold": counts["threshold"]}], columns=POINT_COLUMNS)
    return PaperFigure("gram_figure_filter", title, points, _draw_without_the_truth, decimals=4)


def _draw_without_the_truth(figure: PaperFigure) -> Figure:
    drawn, bottom = page(figure.title, 0.6, _notes(None))
    axes = add_axes(drawn, 0.1, bottom, 6.8, 0.5)
    axes.axis("off")
    axes.text(
        0, 0.5, "Which of these pairs are mismatched is not known, so there is no curve.", fontsize=8, va="center"
    )
    return drawn


def _draw(figure: PaperFigure, counts: dict) -> Figure:
    """The whole curve, and its upper left corner enlarged, where the threshold lies."""
    drawn, bottom = page(figure.title, 2.6, _notes(counts))
    curve = figure.points[figure.points["mark"] == "curve"]
    chosen = figure.points[figure.points["mark"] == "chosen"].iloc[0]
    reach = min(1.0, 2 * max(chosen["mismatched_stay"], 1 - chosen["matched_stay"], 0.02))
    for place, limit in enumerate((1.0, reach)):
        axes = add_axes(drawn, 0.5 + 3.4 * place, bottom + 0.35, 2.9, 2.1, grid=True)
        _draw_panel(axes, curve, chosen)
        axes.set(xlim=(-0.01 * limit, limit), ylim=(1 - limit, 1 + 0.01 * limit))
        axes.set_xlabel("share of mismatched pairs that stay", labelpad=2)
        axes.set_ylabel("share of matched pairs that stay" if place == 0 else "", labelpad=2)
        axes.set_title("all thresholds" if place == 0 else "around the chosen one", fontsize=7.5, pad=4, loc="left")
    return drawn


def _draw_panel(axes: Axes, curve: pd.DataFrame, chosen: pd.Series) -> None:
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.6, linestyle=DASHED)
    axes.plot(curve["mismatched_stay"], curve["matched_stay"], color=CURVE, linewidth=1.2)
    axes.plot(chosen["mismatched_stay"], chosen["matched_stay"], "o", color=CHOSEN, markersize=5, zorder=3)
    axes.annotate(
        f"{chosen['matched_stay']:.1%} of matched,\n{chosen['mismatched_stay']:.1%} of mismatched",
        (chosen["mismatched_stay"], chosen["matched_stay"]),
        (8, -14),
        textcoords="offset points",
        fontsize=6.5,
        color=DARK,
        va="top",
    )


def _notes(counts: dict | None) -> tuple[str, ...]:
    paper = (
        "The paper removes mismatched pairs by a model that it does not name, and says neither how many nor how well."
    )
    if counts is None:
        return (paper,)
    return (
        f"The threshold keeps {counts['matched_kept']:,} matched and {counts['mismatched_kept']:,} mismatched pairs "
        f"and drops {counts['matched_dropped']:,} matched and {counts['mismatched_dropped']:,} mismatched ones. It was "
        "chosen without the truth. Mismatched: the caption belongs to another picture, but it may happen to fit.",
        paper,
    )
