"""A fleet from its cells to its results: the axes of its recipe are looked up by name and put together here."""

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import torch
from torch import Tensor

from reprompt.clip.backbones import Backbone
from reprompt.clip.features import TaskFeatures
from reprompt.data.draws import few_shot, validation
from reprompt.data.splits import Split
from reprompt.learners.learner import Learner, Params
from reprompt.learners.outcome import Outcome
from reprompt.learners.templates import class_features, teacher_templates
from reprompt.measures.measure import Watcher
from reprompt.plan.cells import Cell, TestSet
from reprompt.plan.fleets import SCHEDULE
from reprompt.plan.recipes import RECIPES
from reprompt.records import Result
from reprompt.streams import torch_stream
from reprompt.train import Images, Run, Schedule, train

Results = dict[TestSet, Result]
LearnerOf = Callable[[TestSet], Learner]


@dataclass(frozen=True)
class Pixels:
    """The images of one task, uint8: `views` (V, N, H, W, 3) if it is trained on, `test` (N', H, W, 3)."""

    views: Tensor | None
    test: Tensor


@dataclass(frozen=True)
class TaskData:
    """One task as a fleet sees it; `pixels` are there for recipes that prompt the image tower."""

    split: Split
    features: TaskFeatures
    pixels: Pixels | None = None

    def training_images(self, backbone: Backbone, augmentation: str = "views") -> Images:
        """What the loop takes its batches from: augmented views, or (`none`) the images as they are."""
        if augmentation == "none":
            if self.pixels is not None:
                raise ValueError("augmentation none is not there for recipes that prompt the image tower")
            return Images(self.features.normalised_plain[None].to(backbone.device))
        features = self.features.normalised_views.to(backbone.device)
        if self.pixels is None:
            return Images(features)
        return Images(features, self.pixels.views.to(backbone.device), backbone.normalise)

    def test_images(self, learner: Learner, which: np.ndarray) -> Iterator[tuple[np.ndarray, Tensor]]:
        """Test images as one forward pass of a learner takes them: places (B,), features or pixels (1, B, ...)."""
        backbone, at_once = learner.backbone, learner.images_at_once or len(which)
        images = self.features.normalised_test if learner.sees == "features" else self.pixels.test
        for start in range(0, len(which), at_once):
            places = which[start : start + at_once]
            some = images[places].to(backbone.device)
            yield places, (some if learner.sees == "features" else backbone.normalise(some))[None]


Tasks = Mapping[str, TaskData]


def run_fleet(cells: list[Cell], tasks: Tasks, backbone: Backbone) -> list[Results]:
    """Train and judge cells that share recipe, backbone, task, protocol and structure: results per test set for each.

    `tasks` has the task they are trained on and all that they are judged on.
    """
    recipe = RECIPES[cells[0].recipe]
    if recipe.gradient:
        return tuned(cells, tasks, backbone)
    if recipe.learned:
        return [solved(cell, tasks) for cell in cells]
    return [fixed(cell, tasks, backbone) for cell in cells]


def tuned(cells: list[Cell], tasks: Tasks, backbone: Backbone) -> list[Results]:
    """Prompts of a fleet, trained on the classes that their protocol teaches and judged on all of its test sets."""

    def learner(test: TestSet) -> Learner:
        return learner_of(cells[0], tasks[test.task].split.names(test.split), backbone)

    measures = [axis("measures", name) for name in cells[0].measures]
    watchers = [measure.watcher(cells, tasks, learner) for measure in measures if hasattr(measure, "watcher")]
    params = trained(cells, tasks[cells[0].task], backbone, watchers)
    results = judged(cells, tasks, learner, params)
    for watcher in watchers:
        for of_cell, arrays in zip(results, watcher.arrays(), strict=True):
            for test, measured in arrays.items():
                of_cell[test].measured.update(measured)
    return results


def trained(cells: list[Cell], data: TaskData, backbone: Backbone, watchers: list[Watcher]) -> Params:
    """The learned tensors of a fleet after training, each (R, ...)."""
    recipe, settings, part = RECIPES[cells[0].recipe], [cell.resolved for cell in cells], cells[0].learns
    learner = learner_of(cells[0], data.split.names(part), backbone)
    return train(
        [run_of(cell, data.split, part, learner) for cell in cells],
        data.training_images(backbone, settings[0]["augmentation"]),
        learner,
        axis("objectives", recipe.objective).objective(settings),
        axis("gradients", recipe.gradient).rule(settings),
        teacher(cells[0], data, backbone) if "teacher" in settings[0] else None,
        watchers,
    )


@torch.no_grad()
def judged(cells: list[Cell], tasks: Tasks, learner_for: LearnerOf, params: Params) -> list[Results]:
    """The results of learned tensors (R, ...) on every test set."""
    results: list[Results] = [{} for _ in cells]
    for test in cells[0].tests:
        learner, data = learner_for(test), tasks[test.task]
        targets = torch.from_numpy(data.split.test_targets(test.split)).to(learner.backbone.device)
        measures = [axis("measures", name) for name in cells[0].measures]
        readers = [m.reader(cells, test, data, learner.backbone) for m in measures if hasattr(m, "reader")]
        best: list[Tensor] = []
        for places, images in data.test_images(learner, data.split.test_images(test.split)):
            outcome, start = learner.forward(params, images), sum(some.shape[1] for some in best)
            best.append(outcome.logits.argmax(dim=-1))
            for reader in readers:
                reader.see(outcome, torch.from_numpy(places), targets[start : start + len(places)])
        predictions = torch.cat(best, dim=1).cpu().numpy()
        for run, of_cell in enumerate(results):
            of_cell[test] = Result(predictions[run], {})
        for reader in readers:
            for of_cell, measured in zip(results, reader.arrays(), strict=True):
                of_cell[test].measured.update(measured)
    return results


def learner_of(cell: Cell, class_names: list[str], backbone: Backbone) -> Learner:
    """The learner of a cell's recipe among these classes."""
    return axis("learners", RECIPES[cell.recipe].learner).Learner(backbone, class_names, cell.resolved)


def run_of(cell: Cell, split: Split, part: str, learner: Learner) -> Run:
    """The run of a cell: its few-shot set, start, schedule and streams, all from the cell alone."""
    settings = cell.resolved
    images, labels = few_shot(split.draws[str(cell.seed)], split.classes(part), cell.shots, cell.tau)
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
    return Schedule(**{name: settings[name] for name in SCHEDULE})


def teacher(cell: Cell, data: TaskData, backbone: Backbone) -> Tensor:
    """Class features (K, E) of the teacher behind distillation and ProGrad's general direction."""
    split, part, settings = data.split, cell.learns, cell.resolved
    if settings["teacher"] == "oracle":
        return oracle(cell, data, backbone)
    templates = teacher_templates(settings["teacher"], split.task, split.template)
    return class_features(backbone, split.names(part), templates)


def oracle(cell: Cell, data: TaskData, backbone: Backbone) -> Tensor:
    """The full-data oracle of ProGrad's Figure 7: class features (K, E) of a CoOp prompt tuned on all training images.

    It has the cell's own schedule, start and context, and a stream of its own.
    """
    split, part, settings = data.split, cell.learns, cell.resolved
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
    params = train([run], data.training_images(backbone, settings["augmentation"]), learner, objective, rule)
    with torch.no_grad():
        return learner.forward(params, data.features.normalised_test[:1][None].to(backbone.device)).classes[0]


def solved(cell: Cell, tasks: Tasks) -> Results:
    """Results of a classifier that is fitted at once, on the plain features.

    On another task it can tell the classes that it knows by name, as ImageNet's in ImageNet-A, and no others.
    """
    data, settings = tasks[cell.task], cell.resolved
    drawn, classes = data.split.draws[str(cell.seed)], data.split.classes(cell.learns)
    plain = data.features.plain.numpy()
    images, labels = few_shot(drawn, classes, cell.shots, cell.tau)
    held_out, held_out_labels = validation(drawn, classes, cell.shots, data.split.most_shots)
    solve = axis("learners", RECIPES[cell.recipe].learner).solve
    model = solve((plain[images], labels), (plain[held_out], held_out_labels), settings)
    known, results = data.split.names(cell.learns), {}
    for test in cell.tests:
        split = tasks[test.task].split
        if unknown := set(split.names(test.split)) - set(known):
            raise ValueError(
                f"{cell.recipe} trained on {cell.task} does not know {sorted(unknown)[0]!r} of {test.task}; "
                "take that task out of judged_on"
            )
        scores = model.decision_function(tasks[test.task].features.test.numpy()[split.test_images(test.split)])
        scores = np.stack([-scores, scores], axis=1) if scores.ndim == 1 else scores
        columns = [known.index(name) for name in split.names(test.split)]
        results[test] = Result(scores[:, columns].argmax(axis=1))
    return results


def fixed(cell: Cell, tasks: Tasks, backbone: Backbone) -> Results:
    """Results of class features with nothing learned."""
    classes = axis("learners", RECIPES[cell.recipe].learner).classes

    def learner(test: TestSet) -> Fixed:
        split = tasks[test.task].split
        return Fixed(backbone, classes(backbone, split.task, split.template, split.names(test.split)))

    (results,) = judged([cell], tasks, learner, {})
    return results


@dataclass(frozen=True)
class Fixed:
    """A learner with nothing to learn: class features (K, E)."""

    backbone: Backbone
    classes: Tensor
    sees = "features"
    images_at_once = None

    def forward(self, params: Params, images: Tensor) -> Outcome:
        """Features (1, B, E) -> features and logits."""
        return Outcome(images, self.classes[None], self.backbone.scale)


def axis(folder: str, name: str) -> ModuleType:
    """A member of one of the four axes, or a measure."""
    return importlib.import_module(f"reprompt.{folder}.{name}")
