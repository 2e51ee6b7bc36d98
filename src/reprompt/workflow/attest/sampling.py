"""Which cells stand for all: of every group the fleet with fewest and the fleet with most shots, whole.

Together they have every learner on every task: class names, images and labels differ from task to task.

A group is what the code treats alike: the axes of a recipe with their settings, the protocol, the backbone, what is
measured and the metrics. Of pre-training and meta-training the first steps stand for the rest.
"""

import json
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Any

from reprompt.cells.cell import Cell
from reprompt.cells.fleets import fleets_of, structure
from reprompt.cells.job import Job
from reprompt.cells.recipes import in_path
from reprompt.foundation.digests import canonical
from reprompt.planning.plan import Plan
from reprompt.workflow.estimate.seconds import expected_seconds

STEPS = 20  # of pre-training and meta-training
REQUEST_FIELDS = ("task", "shots", "tau", "seed", "swept", "start", "group", "judged_on")


def cell_in_request(cell: Cell) -> dict[str, Any]:
    """What sets a cell apart within its job, as a request says it."""
    return {name: list(value) if isinstance(value := getattr(cell, name), tuple) else value for name in REQUEST_FIELDS}


@dataclass(frozen=True)
class TimedFleet:
    """Cells of a job that train together, and about how long that takes."""

    job: str
    cells: tuple[Cell, ...]
    seconds: float

    @cached_property
    def group(self) -> str:
        """The group that it belongs to, as canonical JSON."""
        cell = self.cells[0]
        _, settings = json.loads(structure(cell))
        metrics = sorted({cell.metric(test.task) or "" for test in cell.tests})
        return canonical([cell.method.members, settings, cell.protocol, cell.backbone, cell.measures, metrics])

    @cached_property
    def sees(self) -> frozenset[tuple[str, str]]:
        """Its learner with every task that it is trained on or evaluated on."""
        tasks = {task for cell in self.cells for task in (*cell.trained_on, *(test.task for test in cell.tests))}
        return frozenset((self.cells[0].method.members["learner"], task) for task in tasks)

    @property
    def fewest_shots(self) -> int:
        return min(cell.shots for cell in self.cells)

    @property
    def most_shots(self) -> int:
        return max(cell.shots for cell in self.cells)

    @property
    def is_meta(self) -> bool:
        """Whether it is meta-trained, of which the first steps are sampled."""
        return self.cells[0].is_meta

    def __str__(self) -> str:
        """The job, its tasks and shots."""
        tasks = list(dict.fromkeys((*self.cells[0].judged_on, self.cells[0].task)))
        few, most = self.fewest_shots, self.most_shots
        metrics = ", ".join(sorted({self.cells[0].metric(test.task) or "" for test in self.cells[0].tests} - {""}))
        shots = f"{few} shots" if few == most else f"{few} to {most} shots"
        return f"{self.job}: {tasks[0]}, {shots}{f', {metrics}' if metrics else ''}"


def fleets(plan: Plan, job: Job) -> list[TimedFleet]:
    """The fleets of a job, with what they cost when they were last trained, or else their share of an estimate."""
    cut = fleets_of(job.cells, plan.parameters.runs_per_fleet)
    seconds = _measured(plan, job)
    if len(seconds) != len(cut):
        whole = expected_seconds(plan, job)
        seconds = [whole * len(cells) / len(job.cells) for cells in cut]
    share = _share_of_steps(job.cells[0])
    return [TimedFleet(job.name, tuple(cells), took * share) for cells, took in zip(cut, seconds, strict=True)]


def _share_of_steps(cell: Cell) -> float:
    """What a sample does of a cell's steps: of meta-training the first, else all."""
    return min(1, STEPS / (cell.tuned.epochs * cell.tuned.steps_in_epoch(0))) if cell.is_meta else 1


def _measured(plan: Plan, job: Job) -> list[float]:
    """What the fleets of a job took, where its last run trained them all."""
    try:
        costs = json.loads(plan.records(job.name).with_suffix(".json").read_text())
    except (OSError, ValueError):
        return []
    return [fleet["seconds"] for fleet in costs.get("fleets", ()) if fleet["trained"]]


def chosen(of_group: Sequence[TimedFleet], seen: Set[tuple[str, str]] = frozenset()) -> list[TimedFleet]:
    """A fleet with fewest shots and one with most, or one that has both; all of them where nothing is learned.

    Each has tasks that its learner has not `seen`, as a change may act on the names or images of one task alone; among
    such it is the cheapest.
    """
    if not of_group[0].cells[0].method.learned:
        return list(of_group)
    fewest, most = min(fleet.fewest_shots for fleet in of_group), max(fleet.most_shots for fleet in of_group)
    few = [fleet for fleet in of_group if fleet.fewest_shots == fewest]
    many = [fleet for fleet in of_group if fleet.most_shots == most]
    both = [fleet for fleet in few if fleet in many]
    return list({_cheapest(candidates, seen): None for candidates in ([both] if both else [few, many])})


def _cheapest(candidates: Iterable[TimedFleet], seen: Set[tuple[str, str]] = frozenset()) -> TimedFleet:
    return min(candidates, key=lambda fleet: (-len(fleet.sees - seen), fleet.seconds))


def sampled(plan: Plan, jobs: Iterable[str], everything: bool = False) -> list[TimedFleet]:
    """The fleets that stand for some jobs, or every fleet of theirs, and those whose prompts they evaluate."""
    by_group: dict[str, list[TimedFleet]] = {}
    for name in jobs:
        for fleet in fleets(plan, plan.job(name)):
            by_group.setdefault(fleet.group, []).append(fleet)
    representatives: list[TimedFleet] = []
    seen: set[tuple[str, str]] = set()
    groups = [group if everything else _at_home(group) for group in by_group.values()]
    for group in groups:
        of_group = group if everything else chosen(group, seen)
        seen |= {pair for fleet in of_group for pair in fleet.sees}
        representatives += of_group
    for fleet in sorted(chain.from_iterable(groups), key=lambda fleet: fleet.seconds):
        if not fleet.sees <= seen:  # so that every learner is seen on every task
            seen |= fleet.sees
            representatives.append(fleet)
    return _with_sources(plan, representatives, everything)


def _with_sources(plan: Plan, representatives: Sequence[TimedFleet], everything: bool) -> list[TimedFleet]:
    """Fleets in the order of the plan, with those that make the prompts that some of them evaluate.

    Prompts that are passed on lie nowhere. So of a fleet that evaluates them those cells stay whose prompts are made
    too.
    """
    evaluating = [fleet for fleet in representatives if _evaluates_passed_on(plan, fleet.cells[0])]
    tuned = [fleet for fleet in representatives if fleet not in evaluating]
    made = {_as_source(cell) for fleet in tuned for cell in fleet.cells}
    evaluated = []
    for fleet in evaluating:
        wanted = {_prompt_of(cell) for cell in fleet.cells if everything or _is_at_home(cell)}
        if not wanted & made or everything:
            sources = _fleets_that_make(plan, fleet, wanted)
            sources = sources if everything else [_cheapest(sources)]
            tuned += [source for source in sources if source not in tuned]
            made |= {_as_source(cell) for source in sources for cell in source.cells}
        evaluated.append(replace(fleet, cells=tuple(cell for cell in fleet.cells if _prompt_of(cell) in made)))
    order = {job.name: index for index, job in enumerate(plan.jobs)}  # prompts come from jobs above
    return sorted([*tuned, *evaluated], key=lambda fleet: order[fleet.job])


def _evaluates_passed_on(plan: Plan, cell: Cell) -> bool:
    """Whether a cell evaluates a prompt that is not kept for good."""
    return bool(cell.prompts_of) and not all(
        plan.prompts(name).exists() for name in plan.jobs_of(cell.prompts_of) if in_path(cell.recipe) in name.split("/")
    )


def _prompt_of(cell: Cell) -> tuple:
    """The prompt that a cell of the grid evaluates."""
    return cell.prompts_of, cell.recipe, cell.backbone, cell.task, cell.shots, cell.tau, cell.seed, cell.swept


def _as_source(cell: Cell) -> tuple:
    """The prompt that a cell leaves."""
    return _prompt_of(replace(cell, prompts_of=cell.experiment))


def _is_at_home(cell: Cell) -> bool:
    """Whether a cell is evaluated on the task of its prompt; one with no prompt of another job's always is."""
    return not cell.prompts_of or cell.task in {test.task for test in cell.tests}


def _at_home(of_group: Sequence[TimedFleet]) -> Sequence[TimedFleet]:
    """The fleets of a group that evaluate a prompt on its own task too, where prompts are evaluated elsewhere.

    A target's held-out images are training images, and a job reads those of the tasks that it has prompts of.
    """
    return [fleet for fleet in of_group if any(map(_is_at_home, fleet.cells))] or of_group


def _fleets_that_make(plan: Plan, evaluating: TimedFleet, wanted: set[tuple]) -> list[TimedFleet]:
    """The fleets that make some of the prompts that a fleet evaluates."""
    jobs = plan.job(evaluating.job).prompts
    every = [fleet for name in jobs for fleet in fleets(plan, plan.job(name))]
    return [fleet for fleet in every if any(_as_source(cell) in wanted for cell in fleet.cells)]


def with_cells(plan: Plan, job: Job, cells: Iterable[Cell]) -> Job:
    """A job with some of its cells alone, which reads only what these need."""
    fewer = replace(job, cells=tuple(cells))
    features = tuple((part, spec) for part, spec in job.features if {*plan.parts[part]} & {*fewer.tasks_read})
    return replace(fewer, features=features, prompts=tuple(name for name in job.prompts if plan.prompts(name).exists()))


def features_read(plan: Plan, some: Iterable[TimedFleet]) -> set[str]:
    """The features that some fleets read, by backbone and part: `ViT-B-16/part1`."""
    jobs = [with_cells(plan, plan.job(fleet.job), fleet.cells) for fleet in some]
    return {f"{job.backbone}/{part}" for job in jobs for part, _ in job.features}


def request(of_job: Sequence[TimedFleet], everything: bool = False) -> dict[str, Any]:
    """What `reprompt sample` is asked for: some fleets of one job."""
    cells = [cell_in_request(cell) for fleet in of_job for cell in fleet.cells]
    steps = {"steps": STEPS} if of_job[0].is_meta and not everything else {}
    return {"job": of_job[0].job, "cells": cells} | steps


def pretraining_request(plan: Plan, backbone: str, everything: bool = False) -> dict[str, Any]:
    """What `reprompt sample` is asked for of a miniature backbone."""
    return {"backbone": backbone, "steps": plan.parameters.backbones[backbone].steps if everything else STEPS}
