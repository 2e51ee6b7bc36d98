"""Figure 2: Grad-CAM of prompts tuned with parts of the gradient."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import SubFigure

from reprompt.figures.figure import Measured
from reprompt.figures.page import GREY, Labels, say_not_run
from reprompt.tables.scope import scope_of

HEADS = {  # of the columns, in the paper's order
    "coop": ("b", "CoOp, $G_d$"),
    "zero_shot": ("c", "Zero-shot CLIP"),
    "prograd_general": ("d", "$G_g$ only"),
    "prograd_orthogonal": ("e", r"$G_\perp$ only"),
    "prograd": ("f", "ProGrad"),
}
COLUMNS = ["image", "label", "panel", "recipe", "border_heat_percent", "centre_heat_percent"]


def border_and_centre(heat: np.ndarray) -> tuple[float, float]:
    """Mean heat (h, w) in the outer fifth on each side, and inside it; a cell belongs to where its centre is."""
    down, across = (np.abs((np.arange(cells) + 0.5) / cells - 0.5) < 0.3 for cells in heat.shape)
    inside = np.outer(down, across)
    return float(heat[~inside].mean(dtype=float)), float(heat[inside].mean(dtype=float))


@dataclass(frozen=True)
class Heats:
    """Where the image tower looks on one task with the prompts of the recipes; the first seed's."""

    experiment: str
    task: str

    def of(self, records: pd.DataFrame) -> Measured:
        """A point per image and recipe; the pictures are what the runs measured, by recipe."""
        scope = scope_of(records, self.experiment, tasks=(self.task,))
        runs = scope.records.sort_values("seed", ascending=False)
        seen = {recipe: run for recipe, run in zip(runs["recipe"], runs["measured"], strict=True) if "grad_cam" in run}
        rows = [
            (image, int(label), panel, recipe, *(100 * heat for heat in border_and_centre(heat)))
            for recipe, (panel, _) in HEADS.items()
            if recipe in seen
            for image, (label, heat) in enumerate(
                zip(seen[recipe]["grad_cam_labels"], seen[recipe]["grad_cam"], strict=True)
            )
        ]
        points = pd.DataFrame(rows, columns=COLUMNS)
        points = points.sort_values(["image", "panel"], kind="stable", ignore_index=True)
        return Measured(points, scope.words, pictures=seen)


@dataclass(frozen=True)
class HeatPictures:
    """A row per image, at most `rows`; a column per recipe, after the image alone."""

    rows: int
    height: float = 1.3  # inches, of a row

    def inches(self, measured: Measured) -> float:
        """The height of all rows."""
        return self.height * len(self._images(measured)) + 0.15

    def draw(self, body: SubFigure, measured: Measured) -> list[Labels]:
        """Heat over each image, and beneath it how much is in the border and in the centre."""
        images = self._images(measured)
        numbers = measured.points.set_index(["image", "recipe"])
        for down, every in enumerate(body.subplots(len(images), len(HEADS) + 1, squeeze=False)):
            for axes, (recipe, (panel, words)) in zip(every, {"": ("a", "Image"), **HEADS}.items(), strict=True):
                axes.set(xticks=[], yticks=[])
                axes.spines[:].set_visible(False)
                if down == 0:
                    axes.set_title(f"({panel}) {words}", loc="center")
                if not measured.pictures or (recipe and recipe not in measured.pictures):
                    say_not_run(axes)
                    continue
                axes.imshow(images[down], interpolation="nearest", extent=(0, 1, 1, 0))
                if recipe:
                    heat = measured.pictures[recipe]["grad_cam"][down].astype(float)
                    style = {"cmap": "jet", "vmin": 0, "vmax": 1, "alpha": 0.5, "interpolation": "bilinear"}
                    axes.imshow(heat, extent=(0, 1, 1, 0), **style)
                    border, centre = numbers.loc[(down, recipe), COLUMNS[-2:]]
                    axes.set_xlabel(f"{border:.0f} / {centre:.0f}", color=GREY)
        return []

    def _images(self, measured: Measured) -> np.ndarray:
        """What was looked at, (n, H, W, 3); one white picture where nothing was."""
        if not measured.pictures:
            return np.full((1, 1, 1, 3), 255, np.uint8)
        return next(iter(measured.pictures.values()))["grad_cam_images"][: self.rows]
