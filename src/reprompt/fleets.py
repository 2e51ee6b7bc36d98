"""A fleet from its cells to its predictions: the axes of its recipe are looked up by name and put together here."""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from types import ModuleType

import numpy as np
import torch
from torch import Tensor

from reprompt.clip.backbones import Backbone
from reprompt.clip.features import TaskFeatures
from reprompt.data.draws import few_shot, validation
from reprompt.data.splits import Split
from reprompt.learners.learner import Learner, Params
from reprompt.learners.templates import class_features, teacher_templates
from reprompt.plan.cells import Cell
from reprompt.plan.recipes import RECIPES
from reprompt.streams import torch_stream
from reprompt.train import Images, Run, Schedule, train

Predictions = dict[str, np.ndarray]


@dataclass(frozen=True)
class Pixels:
    """The images of one task, uint8: `views` (V, N, H, W, 3) for training, `test` (N', H, W, 3)."""

    views: Tensor
    test: Tensor


@dataclass(frozen=True)
class TaskData:
    """One task as a fleet sees it; `pixels` are there for recipes that prompt the image tower."""

    split: Split
    features: TaskFeatures
    pixels: Pixels | None = None

    def training_images(self, backbone: Backbone) -> Images:
        """What the loop takes its batches from."""
        features = self.features.normalised_views.to(backbone.device)
        if self.pixels is None:
            return Images(features)
        return Images(features, self.pixels.views.to(backbone.device), backbone.normalise)

    def test_images(self, learner: Learner, which: np.ndarray) -> Iterator[Tensor]:
        """Test images as one forward pass of a learner takes them: features or pixels, (1, B, ...) at a time."""
        backbone, at_once = learner.backbone, learner.images_at_once or len(which)
        images = self.features.normalised_test if learner.sees == "features" else self.pixels.test
        for start in range(0, len(which), at_once):
            some = images[which[start : start + at_once]].to(backbone.device)
            yield (some if learner.sees == "features" else backbone.normalise(some))[None]


def run_fleet(cells: list[Cell], data: TaskData, backbone: Backbone) -> list[Predictions]:
    """Train and judge cells that share recipe, backbone, task and protocol: predictions per split for each."""
    recipe = RECIPES[cells[0].recipe]
    if recipe.gradient:
        return tuned(cells, data, backbone)
    if recipe.learned:
        return [solved(cell, data) for cell in cells]
    return [fixed(cell, data, backbone) for cell in cells]


def tuned(cells: list[Cell], data: TaskData, backbone: Backbone) -> list[Predictions]:
    """Prompts of a fleet, trained on their protocol's first split (`all` or `base`) and judged on all of its splits."""
    params = trained(cells, data, backbone)
    judged: list[Predictions] = [{} for _ in cells]
    for part in cells[0].splits:
        learner = learner_of(cells[0], data.split.names(part), backbone)
        with torch.inference_mode():
            images = data.test_images(learner, data.split.test_images(part))
            best = [learner.forward(params, some).logits.argmax(dim=-1) for some in images]
        for one, predictions in zip(judged, torch.cat(best, dim=1).cpu().numpy(), strict=True):
            one[part] = predictions
    return judged


def trained(cells: list[Cell], data: TaskData, backbone: Backbone) -> Params:
    """The learned tensors of a fleet after training, each (R, ...)."""
    recipe, settings, part = RECIPES[cells[0].recipe], [cell.resolved for cell in cells], cells[0].splits[0]
    learner = learner_of(cells[0], data.split.names(part), backbone)
    return train(
        [run_of(cell, data.split, part, learner) for cell in cells],
        data.training_images(backbone),
        learner,
        axis("objectives", recipe.objective).objective(settings),
        axis("gradients", recipe.gradient).rule(settings),
        teacher(cells[0], data, backbone) if "teacher" in settings[0] else None,
    )


def learner_of(cell: Cell, class_names: list[str], backbone: Backbone) -> Learner:
    """The learner of a cell's recipe among these classes."""
    return axis("learners", RECIPES[cell.recipe].learner).Learner(backbone, class_names, cell.resolved)


def run_of(cell: Cell, split: Split, part: str, learner: Learner) -> Run:
    """The run of a cell: its few-shot set, start, schedule and streams, all from the cell alone."""
    settings = cell.resolved
    images, labels = few_shot(split.draws[str(cell.seed)], split.classes(part), cell.shots)
    purpose = (cell.protocol, cell.task, cell.shots)  # not the recipe: methods are compared on the same batches
    initialisation = axis("initialisation", RECIPES[cell.recipe].initialisation)
    return Run(
        torch.from_numpy(images),
        torch.from_numpy(labels),
        initialisation.start(learner, settings, torch_stream(cell.seed, "start", *purpose)),
        schedule_of(settings),
        batches=torch_stream(cell.seed, "batches", *purpose),
        views=torch_stream(cell.seed, "views", *purpose),
    )


def schedule_of(settings: dict) -> Schedule:
    """The part of a cell's settings that is its schedule."""
    return Schedule(**{field.name: settings[field.name] for field in fields(Schedule)})


def teacher(cell: Cell, data: TaskData, backbone: Backbone) -> Tensor:
    """Class features (K, E) of the teacher behind distillation and ProGrad's general direction."""
    split, part, settings = data.split, cell.splits[0], cell.resolved
    if settings["teacher"] == "oracle":
        return oracle(cell, data, backbone)
    templates = teacher_templates(settings["teacher"], split.task, split.template)
    return class_features(backbone, split.names(part), templates)


def oracle(cell: Cell, data: TaskData, backbone: Backbone) -> Tensor:
    """The full-data oracle of ProGrad's Figure 7: class features (K, E) of a CoOp prompt tuned on all training images.

    It has the cell's own schedule, start and context, and a stream of its own.
    """
    split, part, settings = data.split, cell.splits[0], cell.resolved
    coop = RECIPES["coop"]
    learner = axis("learners", coop.learner).Learner(backbone, split.names(part), settings)
    labels = np.asarray(split.train_labels)
    images = np.flatnonzero(np.isin(labels, split.classes(part)))
    streams = (torch_stream(0, "oracle", what, cell.protocol, cell.task) for what in ("start", "batches", "views"))
    start = learner.start(settings["initialisation"], next(streams))
    run = Run(
        torch.from_numpy(images),
        torch.from_numpy(labels[images] - split.classes(part)[0]),
        start,
        schedule_of(settings),
        *streams,
    )
    objective = axis("objectives", coop.objective).objective([settings])
    rule = axis("gradients", coop.gradient).rule([settings])
    params = train([run], data.training_images(backbone), learner, objective, rule)
    with torch.no_grad():
        return learner.forward(params, data.features.normalised_test[:1][None].to(backbone.device)).classes[0]


def solved(cell: Cell, data: TaskData) -> Predictions:
    """Predictions of a classifier that is fitted at once, on the plain features."""
    split, (part,) = data.split, cell.splits
    drawn, classes = split.draws[str(cell.seed)], split.classes(part)
    plain_features, test = data.features.plain.numpy(), data.features.test.numpy()
    images, labels = few_shot(drawn, classes, cell.shots)
    held_out, held_out_labels = validation(drawn, classes, cell.shots, split.most_shots)
    solve = axis("learners", RECIPES[cell.recipe].learner).solve
    model = solve((plain_features[images], labels), (plain_features[held_out], held_out_labels), cell.resolved)
    return {part: model.predict(test[split.test_images(part)])}


def fixed(cell: Cell, data: TaskData, backbone: Backbone) -> Predictions:
    """Predictions of class features with nothing learned."""
    split, classes = data.split, axis("learners", RECIPES[cell.recipe].learner).classes
    images = data.features.normalised_test.to(backbone.device)
    with torch.inference_mode():
        return {
            part: (images[split.test_images(part)] @ classes(backbone, split.task, split.template, split.names(part)).T)
            .argmax(dim=-1)
            .cpu()
            .numpy()
            for part in cell.splits
        }


def axis(folder: str, name: str) -> ModuleType:
    """A member of one of the four axes."""
    return importlib.import_module(f"reprompt.{folder}.{name}")
