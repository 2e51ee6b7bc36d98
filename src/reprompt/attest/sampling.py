"""Which cells stand for all: of every group the fleet with fewest and the fleet with most shots, whole.

Together they have every learner on every task: class names, images and labels differ from task to task.

A group is what the code treats alike: the axes of a recipe with their settings, the protocol, the backbone, what is
measured and the metrics. Of pre-training and meta-training the first steps stand for the rest.
"""

import json
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from reprompt.estimate.seconds import expected_seconds
from reprompt.plan.cells import Cell, canonical
from reprompt.plan.fleets import fleets_of, structure
from reprompt.plan.plan import Job, Plan
from reprompt.plan.recipes import AXES, RECIPES

STEPS = 20  # of pre-training and meta-training
OF_A_CELL = ("task", "shots", "tau", "seed", "swept", "start", "group", "judged_on")


def told(cell: Cell) -> dict[str, Any]:
    """What sets a cell apart within its job, as a request tells it."""
    return {name: list(value) if isinstance(value := getattr(cell, name), tuple) else value for name in OF_A_CELL}


@dataclass(frozen=True)
class Fleet:
    """Cells of a job that train together, and about how long that takes."""

    job: str
    cells: tuple[Cell, ...]
    seconds: float

    @cached_property
    def group(self) -> str:
        """The group that it belongs to, as canonical JSON."""
        cell = self.cells[0]
        axes = [getattr(RECIPES[cell.recipe], axis) for axis in AXES]
        _, settings = json.loads(structure(cell))
        metrics = sorted({cell.metric(test.task) or "" for test in cell.tests})
        return canonical([axes, settings, cell.protocol, cell.backbone, cell.measures, metrics])

    @cached_property
    def sees(self) -> frozenset[tuple[str, str]]:
        """Its learner with every task that it is trained on or judged on."""
        tasks = {task for cell in self.cells for task in (*cell.trained_on, *(test.task for test in cell.tests))}
        return frozenset((RECIPES[self.cells[0].recipe].learner, task) for task in tasks)

    @property
    def shots(self) -> tuple[int, int]:
        """The fewest and the most shots of its cells."""
        return min(cell.shots for cell in self.cells), max(cell.shots for cell in self.cells)

    @property
    def is_meta(self) -> bool:
        """Whether it is meta-trained, of which the first steps are sampled."""
        return RECIPES[self.cells[0].recipe].meta

    def __str__(self) -> str:
        """The job, its tasks and shots."""
        tasks = list(dict.fromkeys((*self.cells[0].judged_on, self.cells[0].task)))
        few, most = self.shots
        metrics = ", ".join(sorted({self.cells[0].metric(test.task) or "" for test in self.cells[0].tests} - {""}))
        shots = f"{few} shots" if few == most else f"{few} to {most} shots"
        return f"{self.job}: {tasks[0]}, {shots}{f', {metrics}' if metrics else ''}"


def fleets(plan: Plan, job: Job) -> list[Fleet]:
    """The fleets of a job, with what they cost when they were last trained, or else their share of an estimate."""
    cut = fleets_of(job.cells, plan.parameters.runs_per_fleet)
    seconds = _measured(plan, job)
    if len(seconds) != len(cut):
        whole = expected_seconds(plan, job)
        seconds = [whole * len(cells) / len(job.cells) for cells in cut]
    share = _share_of_steps(job.cells[0])
    return [Fleet(job.name, tuple(cells), took * share) for cells, took in zip(cut, seconds, strict=True)]


def _share_of_steps(cell: Cell) -> float:
    """What a sample does of a cell's steps: of meta-training the first, else all."""
    settings = cell.resolved
    return min(1, STEPS / (settings["epochs"] * settings["steps_per_epoch"])) if RECIPES[cell.recipe].meta else 1


def _measured(plan: Plan, job: Job) -> list[float]:
    """What the fleets of a job took, where its last run trained them all."""
    try:
        costs = json.loads(plan.records(job.name).with_suffix(".json").read_text())
    except (OSError, ValueError):
        return []
    return [fleet["seconds"] for fleet in costs.get("fleets", ()) if fleet["trained"]]


def chosen(of_group: Sequence[Fleet], seen: Set[tuple[str, str]] = frozenset()) -> list[Fleet]:
    """A fleet with fewest shots and one with most, or one that has both; all of them where nothing is learned.

    Each has tasks that its learner has not `seen`, as a change may act on the names or images of one task alone; among
    such it is the cheapest.
    """
    if not RECIPES[of_group[0].cells[0].recipe].learned:
        return list(of_group)
    fewest, most = min(one.shots[0] for one in of_group), max(one.shots[1] for one in of_group)
    few, many = ([one for one in of_group if one.shots[end] == shots] for end, shots in enumerate((fewest, most)))
    both = [one for one in few if one in many]
    return list({_cheapest(some, seen): None for some in ([both] if both else [few, many])})


def _cheapest(some: Iterable[Fleet], seen: Set[tuple[str, str]] = frozenset()) -> Fleet:
    return min(some, key=lambda one: (-len(one.sees - seen), one.seconds))


def sampled(plan: Plan, jobs: Iterable[str], everything: bool = False) -> list[Fleet]:
    """The fleets that stand for some jobs, or every fleet of theirs, and those whose prompts they judge.

    Prompts that are passed on lie nowhere. So of a fleet that judges them those cells stay whose prompts are made too.
    """
    by_group: dict[str, list[Fleet]] = {}
    for name in jobs:
        for fleet in fleets(plan, plan.job(name)):
            by_group.setdefault(fleet.group, []).append(fleet)
    found: list[Fleet] = []
    seen: set[tuple[str, str]] = set()
    for group in by_group.values():
        some = group if everything else chosen(_at_home(group), seen)
        seen |= {pair for fleet in some for pair in fleet.sees}
        found += some
    every = [fleet for group in by_group.values() for fleet in _at_home(group)]
    for fleet in sorted(every, key=lambda fleet: fleet.seconds):
        if not fleet.sees <= seen:  # so that every learner is seen on every task
            seen |= fleet.sees
            found.append(fleet)
    judging = [fleet for fleet in found if _source(plan, fleet.cells[0])]
    tuned = [fleet for fleet in found if fleet not in judging]
    made = {_as_source(cell) for fleet in tuned for cell in fleet.cells}
    judged = []
    for fleet in judging:
        wanted = {_prompt_of(cell) for cell in fleet.cells if everything or _is_at_home(cell)}
        if not wanted & made or everything:
            sources = _fleets_that_make(plan, fleet, wanted)
            some = sources if everything else [_cheapest(sources)]
            tuned += [one for one in some if one not in tuned]
            made |= {_as_source(cell) for one in some for cell in one.cells}
        judged.append(replace(fleet, cells=tuple(cell for cell in fleet.cells if _prompt_of(cell) in made)))
    order = {job.name: place for place, job in enumerate(plan.jobs)}  # prompts come from jobs above
    return sorted([*tuned, *judged], key=lambda fleet: order[fleet.job])


def _source(plan: Plan, cell: Cell) -> bool:
    """Whether a cell judges a prompt that is not kept for good."""
    return bool(cell.prompts_of) and not all(
        plan.prompts(name).exists() for name in plan.jobs_of(cell.prompts_of) if cell.recipe in name.split("/")
    )


def _prompt_of(cell: Cell) -> tuple:
    """The prompt that a cell of the grid judges."""
    return cell.prompts_of, cell.recipe, cell.backbone, cell.task, cell.shots, cell.tau, cell.seed, cell.swept


def _as_source(cell: Cell) -> tuple:
    """The prompt that a cell leaves."""
    return _prompt_of(replace(cell, prompts_of=cell.experiment))


def _is_at_home(cell: Cell) -> bool:
    """Whether a cell is judged on the task of its prompt; one with no prompt of another job's always is."""
    return not cell.prompts_of or cell.task in {test.task for test in cell.tests}


def _at_home(of_group: Sequence[Fleet]) -> Sequence[Fleet]:
    """The fleets of a group that judge a prompt on its own task too, where prompts are judged elsewhere.

    A target's held-out images are training images, and a job reads those of the tasks that it has prompts of.
    """
    return [fleet for fleet in of_group if any(map(_is_at_home, fleet.cells))] or of_group


def _fleets_that_make(plan: Plan, judging: Fleet, wanted: set[tuple]) -> list[Fleet]:
    """The fleets that make some of the prompts that a fleet judges."""
    jobs = plan.job(judging.job).prompts
    every = [fleet for name in jobs for fleet in fleets(plan, plan.job(name))]
    return [fleet for fleet in every if any(_as_source(cell) in wanted for cell in fleet.cells)]


def request(plan: Plan, some: Sequence[Fleet], everything: bool = False) -> dict[str, Any]:
    """What `reprompt sample` is asked for: some fleets of one job."""
    asked = {"job": some[0].job, "cells": [told(cell) for fleet in some for cell in fleet.cells]}
    return asked | ({"steps": STEPS} if some[0].is_meta and not everything else {})


def pretraining(plan: Plan, backbone: str, everything: bool = False) -> dict[str, Any]:
    """What it is asked for of a miniature backbone."""
    return {"backbone": backbone, "steps": plan.parameters.backbones[backbone].steps if everything else STEPS}
