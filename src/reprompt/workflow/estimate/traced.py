"""The costs of steps on the plan's backbones, as traces find them: each is taken once, whatever job takes it.

A step is known by what shapes its tensors: the backbone, the members of the recipe and their settings, runs, images,
classes and the tokens of their names. Importing this imports no PyTorch; only a trace does.
"""

from collections.abc import Callable
from dataclasses import astuple, dataclass, replace
from importlib import import_module
from types import ModuleType
from typing import Any

from reprompt.cells.cell import Cell
from reprompt.cells.parameters import OpenClipBackbone, RenderedBackbone
from reprompt.evaluation.metrics import RANKING
from reprompt.planning.plan import Plan
from reprompt.workflow.estimate.remembered import notebook
from reprompt.workflow.estimate.sizes import TaskSize
from reprompt.workflow.estimate.work import Cost, Work

LEARNER, TRAINING = ("learner",), ("learner", "objective", "gradient")  # axes whose members a step is shaped by
ENCODED = 48  # pictures whose features are traced; other numbers take in proportion


@dataclass(frozen=True)
class Architecture:
    """Of a backbone: its weights, those of the token table, the side of its pictures, the joint width."""

    parameters: int
    table: int
    side: int
    joint: int


@dataclass(frozen=True)
class TracedBackbone:
    """A backbone of the plan, and the precision of its frozen towers."""

    settings: RenderedBackbone | OpenClipBackbone
    precision: str

    @property
    def architecture(self) -> Architecture:
        """Its sizes. Raises ValueError where open_clip does not know it."""

        def find() -> list[int]:
            return _module("architecture").sizes_of(self.built)

        return Architecture(*notebook().answer(["architecture", self.known_by], find))

    def encoding(self, images: float) -> Cost:
        """Features of so many pictures at once."""
        cost = traced("encoding", self.known_by, lambda steps: steps.encoding(self.built, ENCODED))
        return cost.shared(images / ENCODED)

    @property
    def captions(self) -> Cost:
        """Features of as many captions as go through the text tower together."""
        return traced("captions", self.known_by, lambda steps: steps.encoding_captions(self.built))

    @property
    def pretraining(self) -> Cost:
        """A step of its pre-training."""
        return traced("pretraining", self.known_by, lambda steps: steps.pretraining(self.settings))

    @property
    def known_by(self) -> list:
        """What tells it from others."""
        return [self.settings.model_dump(), self.precision]

    @property
    def built(self) -> Any:
        """The model without weights."""
        return _module("architecture").without_weights(self.settings, self.precision)


@dataclass(frozen=True)
class TracedFleet:
    """R runs like a cell on a backbone, among the classes of a size; `kept` few-shot images shape its tensors."""

    cell: Cell
    backbone: TracedBackbone
    classes: TaskSize
    runs: int
    kept: int = 0

    def training(self, images: int) -> Cost:
        """A step of all runs on so many images each."""
        return self._traced("training", images)

    def evaluating(self, images: int) -> tuple[Cost, Cost]:
        """Building the learner, with class texts that nothing learned enters, and a forward pass on so many images."""
        return self._traced("evaluating", images, axes=LEARNER)

    def validating(self, images: int) -> Cost:
        """A forward pass of all runs on so many images of their own."""
        return self._traced("validating", images, axes=LEARNER)

    @property
    def teaching(self) -> Cost:
        """The class texts of a teacher."""
        return replace(self, runs=1)._traced("teaching")

    @property
    def referring(self) -> Cost:
        """The class texts of a reference."""
        return replace(self, runs=1)._traced("referring")

    @property
    def outer_step(self) -> Cost:
        """GRAM's outer step."""
        return self._traced("outer_step")

    @property
    def learned(self) -> int:
        """Numbers that a run learns."""
        about = [*self.backbone.known_by, *_shaping(self.cell, LEARNER), self.classes.classes, *self._kept]
        (count,) = notebook().answer(["learned", about], lambda: [self._built.learned()])
        return count

    def _traced(self, what: str, *images: int, axes: tuple[str, ...] = TRAINING) -> Any:
        size = [self.classes.classes, round(self.classes.classes * self.classes.name), self.classes.longest]
        about = [*self.backbone.known_by, *_shaping(self.cell, axes), *size, self.runs, *images, *self._kept]
        return traced(what, about, lambda _: getattr(self._built, what)(*images))

    @property
    def _built(self) -> Any:
        return _module("steps").Fleet(self.cell, self.backbone.built, self.classes, self.runs, self.kept)

    @property
    def _kept(self) -> list:
        """What is known by it, where a learner is made of its few-shot images."""
        return ["kept", self.kept] if self.cell.method.of_its_images else []


def traced(what: str, about: list, take: Callable[[ModuleType], Any]) -> Any:
    """The cost of a step, or several, as traced before or now by `take`, which is given the module of steps."""
    numbers = notebook().answer([what, about], lambda: _as_numbers(take(_module("steps"))))
    costs = [Cost(Work(*work), peak) for *work, peak in numbers]
    return costs[0] if len(costs) == 1 else tuple(costs)


def _module(name: str) -> ModuleType:
    """A module of this package that imports PyTorch."""
    return import_module(f"{__package__}.{name}")


def _as_numbers(costs: Cost | tuple[Cost, ...]) -> list[list[float]]:
    costs = [costs] if isinstance(costs, Cost) else costs
    return [[*astuple(cost.work), cost.peak] for cost in costs]


def _shaping(cell: Cell, axes: tuple[str, ...]) -> list:
    """The members of a cell's recipe with their settings, and what else shapes its tensors."""
    members = [
        [cell.method.members[axis], _whole(cell.settings_of(axis).model_dump())]
        for axis in axes
        if axis in cell.method.members
    ]
    if axes == LEARNER:
        ranks = any(metric in RANKING for of_task in cell.metrics for metric in of_task)
        return [members, "collapse" in cell.measures, ranks]
    of_loop = ("optimiser", *(("batch", "ways", "queries", "order") if cell.is_meta else ()))
    return [members, cell.is_meta and cell.shots, [cell.resolved.get(name) for name in of_loop]]


def _whole(settings: dict) -> dict:
    """Settings but for strengths and rates."""
    return {name: value for name, value in settings.items() if not isinstance(value, float)}


def backbone_of(plan: Plan, name: str) -> TracedBackbone:
    """A backbone of the plan by its name."""
    return TracedBackbone(plan.parameters.backbones[name], plan.parameters.precision)
