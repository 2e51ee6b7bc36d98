"""The page that `reprompt try` leaves: its table, the curves of training, and what is taken for what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from reprompt.foundation.atomic import write_text, written_whole
from reprompt.workflow.own.outcome import Outcome, most_confused

matplotlib.use("Agg")
import matplotlib.pyplot as plt

# Okabe and Ito's palette, which any colour vision tells apart.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#777777", "#000000")
NAMED = 40  # classes whose names fit beside a matrix


@dataclass(frozen=True)
class Shown:
    """What a page shows. `curves` are by shots and method, `matrices` (K, K) by method."""

    task: str
    backbone: str
    outcomes: Sequence[Outcome]
    curves: Mapping[int, Mapping[str, np.ndarray]]
    matrices: Mapping[str, np.ndarray]
    class_names: list[str]


def write_page(shown: Shown, folder: Path) -> Path:
    """Write index.html, curves.png and confusion.png into a folder; returns the page."""
    if shown.curves:
        _draw(folder / "curves.png", _curves(shown))
    _draw(folder / "confusion.png", _confusions(shown))
    templates = Environment(
        loader=PackageLoader("reprompt.workflow.own", "templates"), autoescape=True, undefined=StrictUndefined
    )
    confused = {method: most_confused(matrix, shown.class_names) for method, matrix in shown.matrices.items()}
    write_text(folder / "index.html", templates.get_template("try.html").render(shown=shown, confused=confused))
    return folder / "index.html"


def _draw(path: Path, figure: "plt.Figure") -> None:
    with written_whole(path) as unfinished:
        figure.savefig(unfinished, format="png", dpi=120, bbox_inches="tight")
    plt.close(figure)


def _curves(shown: Shown) -> "plt.Figure":
    """A panel for each number of shots; what is not trained is a level."""
    figure, panels = plt.subplots(1, len(shown.curves), figsize=(4 * len(shown.curves), 3), sharey=True, squeeze=False)
    levels = [outcome for outcome in shown.outcomes if outcome.shots == 0]
    methods = list(dict.fromkeys(outcome.method for outcome in shown.outcomes))
    for panel, (shots, by_method) in zip(panels[0], shown.curves.items(), strict=True):
        for method, curve in by_method.items():
            colour = COLOURS[methods.index(method) % len(COLOURS)]
            panel.plot(np.arange(1, len(curve) + 1), curve, color=colour, label=method)
        for outcome in levels:
            colour = COLOURS[methods.index(outcome.method) % len(COLOURS)]
            panel.axhline(outcome.accuracy, color=colour, linestyle=":", label=outcome.method)
        panel.set(title=f"{shots} shot{'s' if shots > 1 else ''}", xlabel="epoch")
        panel.legend(fontsize="small")
    panels[0, 0].set_ylabel("test accuracy in %")
    return figure


def _confusions(shown: Shown) -> "plt.Figure":
    """A matrix for each method: rows are classes, columns what they are taken for, each row in shares of 1."""
    count, classes = len(shown.matrices), len(shown.class_names)
    side = min(9.0, max(3.0, 0.28 * classes))
    figure, panels = plt.subplots(1, count, figsize=((side + 1) * count, side), squeeze=False)
    for panel, (method, matrix) in zip(panels[0], shown.matrices.items(), strict=True):
        panel.imshow(matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1), vmin=0, vmax=1, cmap="Blues")
        panel.set(title=method, xlabel="taken for", ylabel="is")
        if classes <= NAMED:
            panel.set_xticks(range(classes), shown.class_names, rotation=90, fontsize="x-small", parse_math=False)
            panel.set_yticks(range(classes), shown.class_names, fontsize="x-small", parse_math=False)
    figure.tight_layout()
    return figure
