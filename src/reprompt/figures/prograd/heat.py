"""Figure 2: Grad-CAM of prompts tuned with parts of the gradient."""

from functools import partial

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from reprompt.figures.canvas import GREY, WIDTH, add_axes, page, say_not_run
from reprompt.figures.figure import PaperFigure
from reprompt.tables.scope import scope_of

TASK = "stanford_cars"
# Recipes by the paper's columns, in its order; (a) is the image.
COLUMNS = {
    "b": ("coop", "CoOp, $G_d$"),
    "c": ("zero_shot", "Zero-shot CLIP"),
    "d": ("prograd_general", "$G_g$ only"),
    "e": ("prograd_orthogonal", r"$G_\perp$ only"),
    "f": ("prograd", "ProGrad"),
}
ROWS = 6  # images drawn, at most; the points have all
POINT_COLUMNS = ["image", "label", "panel", "recipe", "border_heat_percent", "centre_heat_percent"]
NOTES = (
    "Heat: Grad-CAM of the true class's score in the last block of the image tower, from 0 (blue) to 1 (red). "
    "Under each picture: mean heat in the outer fifth of the image on each side / in the centre, in percent; heat in "
    "the border is attention to the background. The paper prints no numbers.",
)


def prograd_figure2(records: pd.DataFrame, backbone: str | None = None) -> PaperFigure:
    """ProGrad, Figure 2: where the image tower looks, for prompts tuned with different parts of the gradient."""
    scope = scope_of(records, "gradient_strategies", backbone=backbone, tasks=(TASK,))
    title = f"ProGrad Figure 2. Grad-CAM on StanfordCars by gradient strategy, 1 shot\n{scope.words}"
    seen = {}
    for record in scope.records.sort_values("seed", ascending=False).to_dict("records"):
        if "grad_cam" in record["measured"]:
            seen[record["recipe"]] = record["measured"]  # the first seed stays
    rows = [
        (image, int(label), panel, recipe, *(100 * heat for heat in border_and_centre(heat)))
        for panel, (recipe, _) in COLUMNS.items()
        if recipe in seen
        for image, (label, heat) in enumerate(
            zip(seen[recipe]["grad_cam_labels"], seen[recipe]["grad_cam"], strict=True)
        )
    ]
    points = pd.DataFrame(rows, columns=POINT_COLUMNS)
    points = points.sort_values(["image", "panel"], kind="stable", ignore_index=True)
    return PaperFigure("prograd_figure2", title, points, partial(_draw, seen=seen))


def border_and_centre(heat: np.ndarray) -> tuple[float, float]:
    """Mean heat (h, w) in the outer fifth on each side, and inside it; a cell belongs to where its centre is."""
    inside = np.ones(heat.shape, dtype=bool)
    for axis, cells in enumerate(heat.shape):
        centres = (np.arange(cells) + 0.5) / cells
        within = (centres > 0.2) & (centres < 0.8)
        inside &= within[:, None] if axis == 0 else within[None, :]
    return float(heat[~inside].mean(dtype=float)), float(heat[inside].mean(dtype=float))


def _draw(figure2: PaperFigure, seen: dict[str, dict[str, np.ndarray]]) -> Figure:
    """A row per image, a column per way of tuning."""
    images = next(iter(seen.values()))["grad_cam_images"][:ROWS] if seen else np.zeros((1, 1, 1, 3), np.uint8)
    side = 1.06
    height = (side + 0.17) * len(images) + 0.25
    figure, bottom = page(figure2.title, height, NOTES)
    heats = figure2.points.set_index(["image", "recipe"])
    step = (WIDTH - 0.2) / (len(COLUMNS) + 1)
    for column, (panel, (recipe, words)) in enumerate([("a", ("", "Image")), *COLUMNS.items()]):
        for image, pixels in enumerate(images):
            left, low = 0.1 + step * column, bottom + height - 0.25 - (side + 0.17) * (image + 1) + 0.17
            axes = add_axes(figure, left + (step - side) / 2, low, side, side)
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
            if image == 0:
                axes.set_title(f"({panel}) {words}", fontsize=7.5, pad=4)
            if not seen or (recipe and recipe not in seen):
                say_not_run(axes)
                continue
            axes.imshow(pixels, interpolation="nearest", extent=(0, 1, 1, 0))
            if recipe:
                heat = seen[recipe]["grad_cam"][image].astype(float)
                axes.imshow(heat, cmap="jet", vmin=0, vmax=1, alpha=0.5, interpolation="bilinear", extent=(0, 1, 1, 0))
                at = heats.loc[(image, recipe)]
                words_below = f"{at['border_heat_percent']:.0f} / {at['centre_heat_percent']:.0f}"
                axes.text(
                    0.5, -0.07, words_below, transform=axes.transAxes, ha="center", va="center", fontsize=6, color=GREY
                )
    return figure
