"""What fixed views cost: prompts tuned on a few augmented views of every image, against a fresh crop at each visit.

CoOp's loader crops an image anew whenever it is visited. Here views are made once, and encoded once where the image
tower is frozen, so a run sees an image in `views.count` views and no other. The few-shot study's own cells are tuned
with so many views, and with fresh ones, on ten draws. On a draw all have the same images, start and batches, so they
are compared draw by draw. Crops and flips are those of the scale.

V views, N training images of a task, E joint width
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from rich.console import Console

from reprompt.benchmarks.views_table import COUNTS, FRESH, Tuned, gaps, printed
from reprompt.cells.cell import Cell, TestSet, cells_of
from reprompt.cells.fleets import fleets_of
from reprompt.cells.parameters import Grid, Parameters, Views
from reprompt.cells.tuning import batches_of
from reprompt.clip.backbones import Backbone
from reprompt.clip.features import TaskFeatures, encode_images
from reprompt.clip.openai import load
from reprompt.data.source import SourceInViews, split_of
from reprompt.data.sources import stored_source_of
from reprompt.data.splits import Split
from reprompt.evaluation.metrics import accuracy_percent
from reprompt.evaluation.task_data import TaskData
from reprompt.foundation.atomic import write_text
from reprompt.planning.entry_points import code_of_pictures
from reprompt.planning.plan import Plan
from reprompt.training.fleets import run_fleet
from reprompt.training.tune import pixels_of

EXPERIMENT = "few_shot"
RECIPES = ("coop", "coop+prograd", "maple")
TASKS = ("dtd", "fgvc_aircraft")  # on which a few shots leave much to learn
SHOTS = (1, 16)
DRAWS = tuple(range(1, 11))


@dataclass(frozen=True)
class World:
    """What is tuned on: the frozen backbone, the images, the parameters and the draws of every task's split."""

    backbone: Backbone
    source: SourceInViews
    parameters: Parameters
    most_shots: int

    def split(self, task: str) -> Split:
        """A task's split with all draws: those of the study, and as many more."""
        return split_of(self.source, self.parameters.card(task), DRAWS, self.most_shots)

    def cells(self, recipe: str, task: str, augmentation: Literal["views", "fresh"]) -> tuple[Cell, ...]:
        """The study's cells of a recipe on a task, at a few shots and all draws, with nothing measured but accuracy."""
        sweep = (Grid(augmentation=(augmentation,)),)
        own = {"methods": (recipe,), "shots": SHOTS, "seeds": DRAWS, "sweep": sweep, "measures": ()}
        experiments = {EXPERIMENT: self.parameters.experiments[EXPERIMENT].model_copy(update=own)}
        parameters = self.parameters.model_copy(update={"experiments": experiments})
        return cells_of(parameters, EXPERIMENT, recipe, self.backbone.name, task)


def bench_views(plan: Plan, json_out: Path | None = None) -> None:
    """Tune every recipe on every task with so many views and with fresh ones; print a table, and write all if asked."""
    progress, name = Console(stderr=True), plan.parameters.standard_backbone
    backbone = load(plan.root / "backbones" / f"{name}.safetensors", name)
    source = stored_source_of(plan.parameters, plan.images, code_of_pictures(plan), backbone.preparation)
    world = World(backbone, source, plan.parameters, plan.most_shots(plan.labelled_tasks))
    rows: list[Tuned] = []
    for task in TASKS:
        progress.print(task, markup=False, highlight=False)
        rows += tuned_on(world, task, plan.parameters.views)
    crops = plan.parameters.views.model_dump(exclude={"count"})
    about = {"scale": plan.scale, "backbone": name, "draws": len(DRAWS), "views": crops}
    Console(width=110).print(printed(rows, f"{name}, {plan.scale}, {len(DRAWS)} draws"))
    if json_out is not None:
        entries = {**about, "tuned": [asdict(row) for row in rows], "differences": [asdict(gap) for gap in gaps(rows)]}
        write_text(json_out, json.dumps(entries, indent=1) + "\n")


def tuned_on(world: World, task: str, crops: Views) -> list[Tuned]:
    """The accuracies of all recipes on one task, with so many views of such crops and with fresh ones."""
    split = world.split(task)
    cells = {(recipe, way): world.cells(recipe, task, way) for recipe in RECIPES for way in ("views", "fresh")}
    needed = views_needed(split, (cell for of_recipe in cells.values() for cell in of_recipe))
    images = InViews(world, split, crops, needed)
    rows = []
    for recipe in RECIPES:
        for views in (*COUNTS, FRESH):
            way, data = ("fresh", images.all) if views == FRESH else ("views", images.first(int(views)))
            accuracies = accuracies_of(cells[recipe, way], data, world)
            rows += [Tuned(recipe, task, shots, views, accuracies[shots]) for shots in SHOTS]
    return rows


def accuracies_of(cells: tuple[Cell, ...], data: TaskData, world: World) -> dict[int, dict[int, float]]:
    """Tune cells as the study does: accuracy in percent by shots and draw."""
    accuracies: dict[int, dict[int, float]] = {}
    targets = data.split.test_targets("all")
    for fleet in fleets_of(cells, world.parameters.runs_per_fleet):
        for cell, finished in zip(fleet, run_fleet(fleet, {cells[0].task: data}, world.backbone), strict=True):
            predictions = finished.results[TestSet(cell.task, "all")].predictions
            accuracies.setdefault(cell.shots, {})[cell.seed] = accuracy_percent(predictions, targets)
    return accuracies


def views_needed(split: Split, cells: Iterable[Cell]) -> np.ndarray:
    """In how many views an image of the training set is tuned on by any of the cells, (N,).

    That is the largest count of fixed views, or, where they are fresh, as often as an epoch has it again.
    """
    needed = np.zeros(len(split.train_labels), int)
    for cell in cells:
        images, _ = split.few_shot(cell.seed, cell.learns, cell.shots)
        tuned, views = cell.tuned, max(map(int, COUNTS))
        if tuned.augmentation == "fresh":
            steps = tuned.epochs * tuned.steps_in_epoch(len(images))
            views = -(-steps // batches_of(len(images), tuned.batch, tuned.last_batch))
        needed[images] = np.maximum(needed[images], views)
    return needed


@dataclass(frozen=True)
class InViews:
    """A task's images in as many views as are `needed` (N,) of each; the features of others are not a number."""

    world: World
    split: Split
    crops: Views
    needed: np.ndarray

    @cached_property
    def all(self) -> TaskData:
        """The task in every view that is needed."""
        backbone, source, task = self.world.backbone, self.world.source, self.split.task
        plain, test = (
            encode_images(backbone, source.images(task, kind, range(len(labels))))
            for kind, labels in (("train", self.split.train_labels), ("test", self.split.test_labels))
        )
        views = torch.full((self.needed.max(), *plain.shape), torch.nan)
        for view, features in enumerate(views):
            images = np.flatnonzero(self.needed > view)
            features[images] = encode_images(backbone, source.views(task, images, [view] * len(images), self.crops))
        return TaskData(self.split, TaskFeatures(plain, views, test), pixels_of(source, task, self.crops))

    def first(self, count: int) -> TaskData:
        """The task in so many views."""
        features = self.all.features
        return replace(self.all, features=replace(features, views=features.views[:count]))
