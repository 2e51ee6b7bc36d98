"""The steps that jobs take, on tensors without numbers: the code that the jobs run, and nothing in its place.

R runs of a fleet, B images of a batch, K classes, N images of a test set
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from reprompt.cells.cell import Cell
from reprompt.cells.parameters import RenderedBackbone
from reprompt.cells.tuning import Episodes
from reprompt.clip.backbones import Backbone
from reprompt.clip.features import encode_images
from reprompt.clip.params import Params
from reprompt.clip.text import encode_texts
from reprompt.clip.unprojected import projection_of
from reprompt.corpus.filter import CAPTIONS_AT_A_TIME
from reprompt.data.pictures import Pictures
from reprompt.evaluation.evaluate import Predictions, evaluate
from reprompt.evaluation.images import EvaluationBatch, Images
from reprompt.evaluation.measures.collapse import Cosines
from reprompt.evaluation.metrics import RANKING
from reprompt.gradients.gram import REGULATOR, regulator_tensors, regulators_in
from reprompt.learners.learner import Learner, Shown
from reprompt.learners.templates import class_features, reference_features, reference_templates, teacher_templates
from reprompt.objectives.batch import Batch, Reference
from reprompt.tasks.card import card_of
from reprompt.training.axes import learner_of_cell, member, training_method_of
from reprompt.training.fixed import Fixed
from reprompt.training.loop import optimiser_of
from reprompt.training.meta.agreement import agreement
from reprompt.training.meta.bilevel import Outer, outer_gradient, outer_optimiser, widths
from reprompt.training.meta.corpus import TopicImages
from reprompt.training.meta.episodes import MetaBatch
from reprompt.training.meta.learned import HELD_OUT_BATCHES
from reprompt.training.meta.train import LOG_EVERY
from reprompt.training.pretrain import PretrainingSchedule, pretrain
from reprompt.training.run import Run, Sampling
from reprompt.training.schedule import schedule_of
from reprompt.training.step import training_step
from reprompt.workflow.estimate.architecture import on_meta
from reprompt.workflow.estimate.sizes import TaskSize
from reprompt.workflow.estimate.trace import META, Trace
from reprompt.workflow.estimate.work import Cost

WORD = "cat"  # one token
TEMPLATE = "a photo of a {}."
CAPTION = " ".join([WORD] * 12)  # with its start and its end fourteen tokens


def names_like(size: TaskSize) -> list[str]:
    """Names of K classes of as many tokens as a task's: all together, and the longest."""
    if size.classes == 1:
        return [" ".join([WORD] * size.longest)]
    rest = max(size.classes - 1, round(size.classes * size.name) - size.longest)
    each, more = divmod(rest, size.classes - 1)
    lengths = [size.longest, *[each + 1] * more, *[each] * (size.classes - 1 - more)]
    return [" ".join([WORD] * length) for length in lengths]


@dataclass(frozen=True)
class Fleet:
    """R runs like a cell on a backbone, among K classes: what its steps cost.

    `kept` few-shot images shape the tensors of a learner that is made of them.
    """

    cell: Cell
    backbone: Backbone
    classes: TaskSize
    runs: int
    kept: int = 0

    def training(self, images: int) -> Cost:
        """A step of all runs on B images each: the learner's forward pass, the gradient rule, the optimiser."""
        cell, runs = self.cell, torch.arange(self.runs)
        labels = torch.zeros(self.runs, images, dtype=torch.long)
        with Trace() as trace:
            learner = self._learner()
            start = self._start(learner)
            params = _beside_each_other(start, self.runs)
            method = training_method_of([cell] * self.runs, learner, [start] * self.runs)
            params = {name: tensor for name, tensor in params.items() if "." not in name}
            run = Run(labels[0], labels[0], start, schedule_of(cell.tuned), Sampling(*[torch.Generator()] * 2))
            optimiser = optimiser_of(cell.tuned.optimiser, [run] * self.runs, method, params)
            logits = torch.empty(self.runs, images, self.classes.classes, device=META)
            teacher = logits if cell.taught else None
            allowed = torch.ones(logits.shape, dtype=torch.bool) if cell.method.several_tasks else None
            reference = self._reference(images) if cell.referenced else None
            trace.start_over()
            batch = Batch(labels, torch.full(labels.shape, 1 / images), runs, teacher, allowed, reference)
            step = method.step_on(params, self._seen(learner, labels), batch)
            training_step(step, method.rule, optimiser, torch.full((self.runs,), 0.1))
            return trace.cost

    def evaluating(self, images: int) -> tuple[Cost, Cost]:
        """Building the learner with texts that nothing learned enters, and a forward pass on B images of a test set."""
        with Trace() as trace:
            learner = self._evaluated()
            built = trace.cost
            params = _beside_each_other(self._tensors(learner), self.runs)
            indices = torch.zeros(images, dtype=torch.long)
            trace.start_over()
            metrics = (metric for test in self.cell.tests for metric in self.cell.metrics_of(test.task))
            ranks = any(metric in RANKING for metric in metrics)
            hooks = [Predictions(ranks)]
            if "collapse" in self.cell.measures:
                hooks.append(Cosines(self.runs, self.classes.classes))
            seen = self._seen(learner, indices[None])
            evaluate(learner, params, [EvaluationBatch(seen, indices, indices)], hooks)
            return built, trace.cost

    def validating(self, images: int) -> Cost:
        """A forward pass of all runs on B images of their own."""
        with Trace() as trace:
            learner = self._learner()
            params = _beside_each_other(self._tensors(learner), self.runs)
            indices = torch.zeros(self.runs, images, dtype=torch.long)
            trace.start_over()
            seen = self._seen(learner, indices)
            evaluate(learner, params, [EvaluationBatch(seen, indices)], [Predictions(ranks=True)])
            return trace.cost

    def teaching(self) -> Cost:
        """The class texts of a teacher."""
        with Trace() as trace:
            templates = teacher_templates(self.cell.taught.teacher, self.cell.task, TEMPLATE)
            class_features(self.backbone, names_like(self.classes), templates)
            return trace.cost

    def referring(self) -> Cost:
        """The class texts of a reference."""
        with Trace() as trace:
            templates = reference_templates(self.cell.referenced.reference, TEMPLATE)
            reference_features(self.backbone, names_like(self.classes), templates)
            return trace.cost

    def learned(self) -> int:
        """The numbers that a run learns."""
        with Trace():
            held, tensors = self.cell.method.held, self._tensors(self._learner())
            return sum(tensor.numel() for name, tensor in tensors.items() if name not in held)

    def outer_step(self) -> Cost:
        """GRAM's outer step on a batch of episodes, with what it logs."""
        cell, backbone, episodes = self.cell, self.backbone, Episodes.of(self.cell.resolved)
        rule, count = cell.settings_of("gradient"), cell.tuned.batch
        topics = np.arange(count * episodes.ways).reshape(count, episodes.ways)
        support, query = (np.zeros((*topics.shape, each), np.int64) for each in (cell.shots, episodes.queries))
        with Trace() as trace:
            start = self._start(self._learner())
            leaves = {name: tensor.requires_grad_(True) for name, tensor in start.items()}
            theta, phi = ({k: t for k, t in leaves.items() if ("." in k) == is_phi} for is_phi in (False, True))
            outer = Outer(
                schedule_of(cell.tuned),
                inner_rate=episodes.inner_rate,
                first_order=episodes.order == "first",
                clip_norm=episodes.clip_norm,
                adam=cell.tuned.optimiser == "adam",
                regulator_rate=rule.regulator_rate if rule.regulated else 0.0,
                kind=REGULATOR[rule.regulator_input] if rule.regulated else REGULATOR["gradient"],
            )
            optimiser = outer_optimiser(theta, phi, outer)
            learner_among = partial(learner_of_cell, cell, backbone=backbone, templates=[TEMPLATE])
            objective = member("objective", cell.method).objective([cell.settings_of("objective")])
            pictures = TopicImages(self._images(1), names_like(self.classes), learner_among, objective)
            trace.start_over()
            losses = pictures.losses(MetaBatch(topics, support, query))
            outer_gradient(theta, phi, *losses, outer)
            optimiser.step()
            step = trace.cost
            trace.start_over()
            agreement(theta, regulators_in(phi, outer.kind), losses, count, outer.inner_rate)
            logged = (1 + HELD_OUT_BATCHES) / LOG_EVERY  # the batch of the step, and those that are held out
            return Cost(step.work + logged * trace.cost.work, max(step.peak, trace.peak))

    def _learner(self) -> Learner:
        return learner_of_cell(self.cell, names_like(self.classes), self.backbone, [TEMPLATE])

    def _evaluated(self) -> Learner:
        if self.cell.method.trained in ("by_steps", "by_keeping"):
            return self._learner()
        if self.cell.method.learned:  # fitted at once: compared like class features
            return Fixed(self.backbone, torch.empty(self.classes.classes, self.backbone.joint_width, device=META))
        card = card_of(self.cell.tests[0].task)
        templates = member("learner", self.cell.method).templates(self.cell.learner, card)
        return Fixed(self.backbone, class_features(self.backbone, names_like(self.classes), templates))

    def _tensors(self, learner: Learner) -> Params:
        """One run's tensors at their start; none of a learner with nothing to learn or to keep."""
        if self.cell.method.trained not in ("by_steps", "by_keeping"):
            return {}
        start = learner.start("random", torch.Generator())
        if not self.cell.method.of_its_images:
            return start
        plain = torch.empty(self.kept, self.backbone.joint_width, device=META)
        views = plain.expand(max(1, getattr(self.cell.learner, "cache_views", 1)), -1, -1)
        labels = torch.arange(self.kept) % self.classes.classes
        return start | learner.of_images(Shown(plain, views, labels, self.classes.classes, self.cell.shots))

    def _start(self, learner: Learner) -> Params:
        """One run's tensors and, under dotted names, what regulates their gradients."""
        start = self._tensors(learner)
        rule = self.cell.settings_of("gradient")
        if not getattr(rule, "regulated", False):
            return start
        kind = REGULATOR[rule.regulator_input]
        return start | regulator_tensors({m: kind.scaling(width, 0.9) for m, width in widths(start).items()})

    def _reference(self, images: int) -> Reference:
        classes, joint = self.classes.classes, self.backbone.joint_width
        shapes = (classes, joint), (self.runs, images, joint)
        return Reference(*(torch.empty(shape, device=META) for shape in shapes))

    def _images(self, views: int) -> Images:
        side = self.backbone.image_size
        pixels = Pictures(lambda _, indices: np.zeros((len(indices), side, side, 3), np.uint8), 1)
        features = torch.empty(views, 1, self.backbone.joint_width, device=META)
        return Images(features, pixels, self.backbone.normalise)

    def _seen(self, learner: Learner, indices: Tensor) -> Tensor:
        if learner.sees == "unprojected":  # made once, as features are
            width = len(projection_of(self.backbone.model, torch.float32).weight)
            return torch.empty(*indices.shape, width, device=META)
        return self._images(1).batch(learner.sees, torch.zeros_like(indices), indices)


def encoding(backbone: Backbone, images: int) -> Cost:
    """Features of a batch of pictures."""
    with Trace() as trace:
        encode_images(backbone, np.zeros((images, backbone.image_size, backbone.image_size, 3), np.uint8))
        return trace.cost


def encoding_captions(backbone: Backbone) -> Cost:
    """Features of as many captions as go through the text tower together."""
    with Trace() as trace, torch.inference_mode():
        encode_texts(backbone.model, [CAPTION] * CAPTIONS_AT_A_TIME)
        return trace.cost


def pretraining(settings: RenderedBackbone) -> Cost:
    """A step of pre-training: both towers, or the image tower alone where the text tower is another's."""
    one, two = (_pretrained(settings, steps) for steps in (1, 2))
    return Cost(two.work + -1 * one.work, two.peak)


def _pretrained(settings: RenderedBackbone, steps: int) -> Cost:
    """All that the first steps of pre-training take, with what comes before them."""
    side = settings.vision["image_size"]
    pictures = torch.empty(settings.batch, side, side, 3, dtype=torch.uint8, device=META)
    schedule = PretrainingSchedule(settings.steps, settings.batch, stop_after=steps)
    model = on_meta(settings)
    with Trace() as trace:
        pretrain(model, pictures, [CAPTION] * settings.batch, schedule, bool(settings.text_from))
        return trace.cost


def _beside_each_other(start: Params, runs: int) -> Params:
    """The learned tensors of R runs, each (R, ...)."""
    return {name: torch.stack([tensor] * runs) for name, tensor in start.items()}
