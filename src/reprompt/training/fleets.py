"""A fleet from its cells to its results: the axes of its recipe are looked up by name and put together here."""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from torch import Tensor

from reprompt.cells.cell import Cell, TestSet
from reprompt.cells.recipes import RECIPES
from reprompt.cells.result import Result
from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.data.draws import few_shot, validation
from reprompt.evaluation.measures.measure import LearnerOf, Watcher
from reprompt.evaluation.metrics import RANKING, ranked
from reprompt.evaluation.task_data import TaskData, Tasks
from reprompt.foundation.arrays import Arrays
from reprompt.foundation.streams import torch_stream
from reprompt.learners.learner import Learner
from reprompt.learners.outcome import Outcome
from reprompt.learners.templates import class_features, teacher_templates
from reprompt.records.prompts import Prompts, rounded
from reprompt.training.groups import Groups, trained_on
from reprompt.training.loop import train
from reprompt.training.run import Run
from reprompt.training.schedule import schedule_of
from reprompt.training.step import Method
from reprompt.training.training_set import Drawn, TrainingSet
from reprompt.training.validation import BestCheckpoint, stored, validated

Results = dict[TestSet, Result]


@dataclass(frozen=True)
class Finished:
    """What is left of a cell: its results per test set and, if it is kept, its tuned prompt in half precision."""

    results: Results
    prompt: Arrays = field(default_factory=dict)


@dataclass(frozen=True)
class Given:
    """What other jobs give: kept prompts by experiment, and the partners of every target by the grid's recipe.

    `unfinished` is where the state of a cell lies that takes long and was not finished. `steps` stops meta-training
    after the first so many (a sample of it).
    """

    prompts: Mapping[str, Prompts] = field(default_factory=dict)
    partners: Groups = field(default_factory=dict)
    unfinished: Mapping[Cell, Path] = field(default_factory=dict)
    steps: int | None = None

    def start(self, cell: Cell) -> Params:
        """The prompt that a cell starts from, with what was kept beside it; nothing where it has a start of its own."""
        return self.prompts[cell.start].start(cell) if cell.start else {}

    def prompt(self, cell: Cell) -> Params:
        """The prompt of another job that a cell judges or starts from; nothing where there is none."""
        return self.prompts[cell.prompts_of].judged(cell) if cell.prompts_of else self.start(cell)

    def beside(self, cell: Cell) -> dict[str, Params]:
        """What a cell's gradient rule needs of its start: the regulator, under dotted names."""
        return {"regulators": {name: tensor for name, tensor in self.start(cell).items() if "." in name}}

    def trained_on(self, cell: Cell) -> tuple[str, ...]:
        """The tasks that a cell is trained on, the target of a group first."""
        return trained_on(cell, self.partners)


NOTHING = Given()


def run_fleet(cells: list[Cell], tasks: Tasks, backbone: Backbone, given: Given = NOTHING) -> list[Finished]:
    """Train and judge cells that share recipe, backbone, task, protocol and structure.

    `tasks` has the tasks they are trained on and all that they are judged on.
    """
    recipe = RECIPES[cells[0].recipe]
    if cells[0].prompts_of:
        return placed(cells, tasks, backbone, given)
    if recipe.meta:
        return meta_tuned(cells, tasks, backbone, given)
    if recipe.gradient:
        return tuned(cells, tasks, backbone, given)
    if recipe.learned:
        return [Finished(solved(cell, tasks)) for cell in cells]
    return [Finished(fixed(cell, tasks, backbone)) for cell in cells]


def tuned(cells: list[Cell], tasks: Tasks, backbone: Backbone, given: Given = NOTHING) -> list[Finished]:
    """Prompts of a fleet, trained on the classes that their protocol teaches and judged on all of its test sets."""
    learner = learners_of(cells[0], tasks, backbone)
    names = given.trained_on(cells[0])
    training = TrainingSet(names, tuple(tasks[name] for name in names), cells[0].learns)
    watchers = [measure.watcher(cells, tasks, learner) for measure in measures_with("watcher", cells[0])]
    params, held_out = trained(cells, training, backbone, given, watchers)
    finished = kept_and_judged(cells, tasks, learner, params)
    for watcher in watchers:
        for cell, arrays in zip(finished, watcher.arrays(), strict=True):
            for test, measured in arrays.items():
                cell.results[test].measured.update(measured)
    for cell, by_task in zip(finished, held_out, strict=True):
        for task, arrays in by_task.items():
            cell.results[TestSet(task, "all")].measured.update(stored(arrays))
    return finished


def meta_tuned(cells: list[Cell], tasks: Tasks, backbone: Backbone, given: Given = NOTHING) -> list[Finished]:
    """Starts and regulators meta-learned on one task (GRAM); judged with no step of adaptation."""
    learners, meta = learners_of(cells[0], tasks, backbone), axis("training.meta", "learned")
    ended = (meta.learned(cell, tasks, backbone, given.unfinished[cell], given.steps) for cell in cells)
    learned, traces = zip(*ended, strict=True)
    params = {name: torch.stack([of_cell[name] for of_cell in learned]) for name in learned[0]}
    finished = kept_and_judged(cells, tasks, learners, params)
    for cell, trace in zip(finished, traces, strict=True):
        for result in cell.results.values():
            result.measured.update(trace)
    return finished


def kept_and_judged(cells: list[Cell], tasks: Tasks, learner_for: LearnerOf, params: Params) -> list[Finished]:
    """The results of learned tensors (R, ...), and their prompts where these are kept: in half precision, as judged."""
    kept: list[Arrays] = [{} for _ in cells]
    if cells[0].keeps_prompt:
        params = rounded(params)
        kept = [
            {name: tensor[run].half().cpu().numpy() for name, tensor in params.items()} for run in range(len(cells))
        ]
    return [Finished(*both) for both in zip(judged(cells, tasks, learner_for, params), kept, strict=True)]


def trained(
    cells: list[Cell],
    training: TrainingSet,
    backbone: Backbone,
    given: Given = NOTHING,
    watchers: Sequence[Watcher] = (),
) -> tuple[Params, list[dict[str, Arrays]]]:
    """The learned tensors of a fleet after training, each (R, ...), and what they make of images held out, by task."""
    recipe, settings = RECIPES[cells[0].recipe], [cell.resolved | given.beside(cell) for cell in cells]
    learner = learner_of(cells[0], training.class_names, backbone)
    drawn = [training.drawn(cell) for cell in cells]
    watchers, best = list(watchers), None
    if settings[0]["checkpoint"] == "best":
        plain, epochs = training.images(backbone, "none"), [of_cell["epochs"] for of_cell in settings]
        best = BestCheckpoint(learner, plain, [d.held_out for d in drawn], epochs, settings[0]["validate_every"])
        watchers.append(best)
    params = train(
        [run_of(cell, found, learner, given) for cell, found in zip(cells, drawn, strict=True)],
        training.images(backbone, settings[0]["augmentation"]),
        Method(
            learner,
            axis("objectives", recipe.objective).objective(settings),
            axis("gradients", recipe.gradient).rule(settings),
        ),
        teacher(cells[0], training.tasks[0], backbone) if "teacher" in settings[0] else None,
        watchers,
        settings[0]["optimiser"],
    )
    if best is None:
        return params, [{} for _ in cells]
    return best.params, [
        {one.task: arrays for one, arrays in zip(found.held_out, of_run, strict=True)}
        for found, of_run in zip(drawn, best.arrays, strict=True)
    ]


def placed(cells: list[Cell], tasks: Tasks, backbone: Backbone, given: Given) -> list[Finished]:
    """Kept prompts judged as they are on another task, and on its held-out images of the same seed: MVLPT's grid."""
    learner = learners_of(cells[0], tasks, backbone)
    (test,) = cells[0].tests
    target = TrainingSet((test.task,), (tasks[test.task],), cells[0].learns)
    prompts = [given.prompt(cell) for cell in cells]
    params = {name: torch.stack([prompt[name] for prompt in prompts]).to(backbone.device) for name in prompts[0]}
    held_out = [target.drawn(replace(cell, task=test.task)).held_out for cell in cells]
    results = judged(cells, tasks, learner, params)
    validation = validated(learner(test), params, target.images(backbone, "none"), held_out)
    pairs = {
        source: [measure.pair(tasks[source], tasks[test.task], backbone) for measure in measures_with("pair", cells[0])]
        for source in dict.fromkeys(cell.task for cell in cells)
    }
    for cell, of_cell, (arrays,) in zip(cells, results, validation, strict=True):
        of_cell[test].measured.update(stored(arrays))
        for pair in pairs[cell.task]:
            of_cell[test].measured.update(pair)
    return [Finished(of_cell) for of_cell in results]


@torch.no_grad()
def judged(cells: list[Cell], tasks: Tasks, learner_for: LearnerOf, params: Params) -> list[Results]:
    """The results of learned tensors (R, ...) on every test set."""
    results: list[Results] = [{} for _ in cells]
    for test in cells[0].tests:
        learner, data, metric = learner_for(test), tasks[test.task], cells[0].metric(test.task)
        at_most = cells[0].judged_images
        labels = data.split.test_targets(test.split, at_most)
        targets = torch.from_numpy(labels).to(learner.backbone.device)
        readers = [one.reader(cells, test, data, learner.backbone) for one in measures_with("reader", cells[0])]
        best: list[Tensor] = []
        probabilities: list[Tensor] = []
        for places, images in data.test_images(learner, data.split.test_images(test.split, at_most)):
            outcome, start = learner.forward(params, images), sum(some.shape[1] for some in best)
            logits = outcome.logits
            best.append(logits.argmax(dim=-1))
            if metric in RANKING:
                probabilities.append(logits.float().softmax(dim=-1).cpu())
            for reader in readers:
                reader.see(outcome, torch.from_numpy(places), targets[start : start + len(places)])
        predictions = torch.cat(best, dim=1).cpu().numpy()
        for run, of_cell in enumerate(results):
            of_cell[test] = Result(predictions[run], {})
        for of_cell, of_run in zip(results, torch.cat(probabilities, dim=1) if probabilities else (), strict=False):
            of_cell[test].measured.update(ranked(of_run.numpy(), labels))
        for reader in readers:
            for of_cell, measured in zip(results, reader.arrays(), strict=True):
                of_cell[test].measured.update(measured)
    return results


def learner_of(cell: Cell, class_names: list[str], backbone: Backbone) -> Learner:
    """The learner of a cell's recipe among these classes."""
    return axis("learners", RECIPES[cell.recipe].learner).Learner(backbone, class_names, cell.resolved)


def learners_of(cell: Cell, tasks: Tasks, backbone: Backbone) -> LearnerOf:
    """The learner of a cell's recipe among the classes of any test set."""

    def learner(test: TestSet) -> Learner:
        return learner_of(cell, tasks[test.task].split.names(test.split), backbone)

    return learner


def run_of(cell: Cell, drawn: Drawn, learner: Learner, given: Given = NOTHING) -> Run:
    """The run of a cell: its few-shot set, start, schedule and streams, all from the cell alone."""
    settings = cell.resolved
    purpose = (cell.protocol, cell.task, cell.shots)  # not the recipe: methods are compared on the same batches
    initialisation = axis("initialisation", RECIPES[cell.recipe].initialisation)
    return Run(
        drawn.images,
        drawn.labels,
        initialisation.start(learner, settings, torch_stream(cell.seed, "start", *purpose), given.start(cell)),
        schedule_of(settings),
        batches=torch_stream(cell.seed, "batches", *purpose),
        views=torch_stream(cell.seed, "views", *purpose),
        allowed=drawn.allowed if settings.get("class_mask", "none") != "none" else None,
        task_of=drawn.task_of,
        sampling=settings.get("sampling", "image"),
    )


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
    params = train([run], data.training_images(backbone, settings["augmentation"]), Method(learner, objective, rule))
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
        images = split.test_images(test.split, cell.judged_images)
        scores = model.decision_function(tasks[test.task].features.test.numpy()[images])
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


def measures_with(part: str, cell: Cell) -> list[ModuleType]:
    """The measures of a cell that have a part: `watcher` of training, `reader` of results, `pair` of tasks."""
    measures = (axis("evaluation.measures", name) for name in cell.measures)
    return [measure for measure in measures if hasattr(measure, part)]


def axis(folder: str, name: str) -> ModuleType:
    """A member of one of the four axes, or a measure."""
    return importlib.import_module(f"reprompt.{folder}.{name}")
