"""Figure 1a: how much it matters where CoOp starts."""

import json
import math

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reprompt.figures.canvas import add_axes, page, say_not_run
from reprompt.figures.figure import PaperFigure
from reprompt.figures.gram.marks import COLOURS, MARKERS
from reprompt.figures.lines import MEASURED, measured
from reprompt.tables.methods import METHODS
from reprompt.tables.scope import Started, of_means, runs_of, scope_of_runs

VARIED, USUAL, LONGER, ADAPTED = "gram_initialisations", "gram_curves", "gram_context", "gram_adapted"  # experiments
META_LEARNED = "meta-learned"
PANELS = {"base": "base classes", "new": "new classes", "H": "H"}
POINT_COLUMNS = ["initialisation", "comparable", "split", *MEASURED]


def gram_figure1a(records: pd.DataFrame, backbone: str | None = None) -> PaperFigure:
    """GRAM, Figure 1a: average accuracy of CoOp by where its four tokens start; 16 tokens and CoOp + GRAM beside them.

    `comparable` are the points among which the start alone differs.
    """
    starts = {(words, True): ("coop", swept) for words, swept in _starts(records).items()}
    starts |= {(words, False): ("coop", swept) for words, swept in _longer(records).items()}
    starts[META_LEARNED, False] = ("coop_gram", "")
    shown = {(*words, split): _runs(*start, split) for words, start in starts.items() for split in PANELS}
    scope = scope_of_runs(records, (VARIED, USUAL, LONGER, ADAPTED), shown.values(), backbone=backbone)
    averaged = of_means(scope)
    rows = [(*key, *measured(value)) for key, which in shown.items() if (value := averaged.average(which)) is not None]
    title = f"GRAM Figure 1a. CoOp by its initialisation, 16 shots: average accuracy\n{scope.words}"
    return PaperFigure("gram_figure1a", title, pd.DataFrame(rows, columns=POINT_COLUMNS), _draw)


def _starts(records: pd.DataFrame) -> dict[str, str]:
    """What is swept, by what the start is called: random, then phrases; the usual start sweeps nothing."""
    usual = records.loc[(records["experiment"] == USUAL) & (records["recipe"] == "coop"), "settings"]
    phrases = {settings["initialisation"]: "" for settings in usual}
    for swept in records.loc[records["experiment"] == VARIED, "swept"].unique():
        phrases.setdefault(json.loads(swept)["initialisation"], swept)
    in_order = sorted(phrases, key=lambda phrase: (phrase != "random", phrase))
    return {phrase if phrase == "random" else f"“{phrase}”": phrases[phrase] for phrase in in_order}


def _longer(records: pd.DataFrame) -> dict[str, str]:
    """What is swept for a longer context, by what it is called."""
    longer = sorted(records.loc[records["experiment"] == LONGER, "swept"].unique())
    return {f"random, {json.loads(swept)['context_length']:g} tokens": swept for swept in longer}


def _runs(recipe: str, swept: str, split: str) -> Started:
    return Started(recipe, 16, split, swept=swept) if swept else runs_of(METHODS[recipe], split=split)


def _draw(figure1a: PaperFigure) -> Figure:
    """Three panels of dots, starts down: base, new and H."""
    points = figure1a.points
    starts = list(points["initialisation"].unique())
    notes = (
        "Mean over tasks after tuning on 16 images per base class; H is the harmonic mean of the two averages. Open: "
        "tuned with the plain gradient, four tokens unless it says more. Filled: CoOp + GRAM, from the meta-learned "
        "start with its regulator. Bars: 95 % Student-t interval over seeds.",
        "Range: from the lowest to the highest open mark of four tokens; draws of the few-shot images alone make one. "
        "The paper shows one average accuracy per start, and does not say which starts; it prints no numbers of this "
        "figure.",
    )
    tall = max(0.21 * len(starts), 0.6)
    figure, bottom = page(figure1a.title, tall + 0.62, notes)
    for place, (split, words) in enumerate(PANELS.items()):
        axes = add_axes(figure, 1.35 + 1.9 * place, bottom + 0.38, 1.65, tall, grid=True)
        here = points[points["split"] == split]
        axes.set_title(words + _range(here), fontsize=7.5, pad=4, loc="left")
        if here.empty:
            say_not_run(axes)
            continue
        _draw_panel(axes, here, starts)
        axes.set_yticks(range(len(starts)), starts if place == 0 else [])
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("H (%)" if split == "H" else "average accuracy (%)", labelpad=1)
    return figure


def _draw_panel(axes: Axes, points: pd.DataFrame, starts: list[str]) -> None:
    colour = COLOURS["coop"]
    for _, point in points.iterrows():
        y = starts.index(point["initialisation"])
        face = colour if point["initialisation"] == META_LEARNED else "white"
        axes.plot([point["low"], point["high"]], [y, y], color=colour, linewidth=0.8, alpha=0.6)
        axes.plot(point["regenerated"], y, MARKERS["coop"], color=colour, markerfacecolor=face, markersize=4.5)
    axes.set_ylim(len(starts) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")


def _range(points: pd.DataFrame) -> str:
    """How far the comparable starts lie apart; nothing for fewer than two."""
    values = points.loc[points["comparable"], "regenerated"]
    width = values.max() - values.min() if len(values) > 1 else math.nan
    return "" if math.isnan(width) else f", range {width:.1f}"
