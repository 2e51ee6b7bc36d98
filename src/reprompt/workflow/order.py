"""In which order tables and figures are made: the cheapest table of every study, then whatever adds the least work.

So that who waits sees something of every study soon. Before all that come chains of steps that would take longer than
half of the time that all cores together need: started last, they would be waited for by idle cores. At the miniature
two cores have none (126 minutes in this order, 124 in the best), eight have five steps of one (40 minutes become 35).
The driver writes the order down; the rules read it as priorities.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from reprompt.cells.job import CORPUS
from reprompt.foundation.atomic import write_text
from reprompt.foundation.locks import FOLDER
from reprompt.planning.plan import Plan
from reprompt.tasks.groups import pictures_of

FILE = FOLDER / "priorities.json"


@dataclass(frozen=True)
class Wanted:
    """A table or figure: the step that makes it, its study, and all steps that have to be done before."""

    step: str
    study: str
    is_table: bool
    needs: frozenset[str]


def priorities(plan: Plan, seconds: Mapping[str, float], cores: int) -> dict[str, int]:
    """The priority of every step that a table or figure needs, the highest first to be done.

    `seconds` has the steps that are missing: those that it lacks cost nothing.
    """
    outputs = wanted(plan)
    ordered = in_order(outputs, seconds)
    urgent: dict[str, int] = {}
    for rank, output in enumerate(ordered):
        for step in (*output.needs, output.step):
            urgent.setdefault(step, len(ordered) - rank)
    whole = sum(seconds.get(step, 0) for step in urgent) / cores
    to_the_end = chains(needs_of_steps(plan, outputs), seconds)
    long = sorted((step for step in urgent if to_the_end[step] > whole / 2), key=to_the_end.__getitem__)
    return urgent | {step: len(ordered) + rank for rank, step in enumerate(long, 1)}


def chains(needs: Mapping[str, frozenset[str]], seconds: Mapping[str, float]) -> dict[str, float]:
    """Of every step the seconds from its start to the end of the longest chain of steps that need one another.

    `needs` has all that a step needs, also what it needs only through others.
    """
    after: dict[str, set[str]] = {step: set() for step in needs}
    for step, needed in needs.items():
        for other in needed:
            after[other].add(step)

    @cache
    def from_start_of(step: str) -> float:
        return seconds.get(step, 0) + max(map(from_start_of, after[step]), default=0)

    return {step: from_start_of(step) for step in needs}


def needs_of_steps(plan: Plan, outputs: Iterable[Wanted]) -> dict[str, frozenset[str]]:
    """All that every step needs which some of the outputs needs, and what these themselves need."""
    of_job, jobs, grid = _needs_of_jobs(plan), {job.name for job in plan.every_job}, _grid(plan)

    def needs(step: str) -> frozenset[str]:
        if step in jobs:
            return of_job(step) - {step}
        if step == "groups":
            return frozenset[str]().union(*map(of_job, grid))
        rule, _, rest = step.partition("/")
        if rule == "features" and (CORPUS in plan.parts[rest.partition("/")[2]]):
            return frozenset(_needs_of_corpus(plan) - {step})
        if rule == "features":
            return frozenset(_weights(plan, rest.partition("/")[0]))
        return frozenset()

    steps = frozenset[str]().union(*(output.needs for output in outputs))
    return {step: needs(step) & steps for step in steps} | {output.step: output.needs for output in outputs}


def in_order(outputs: Iterable[Wanted], seconds: Mapping[str, float]) -> list[Wanted]:
    """Each study's cheapest table, cheapest first; then what adds least. What adds nothing comes at once."""
    left, done, ordered = list(outputs), set(), []

    def added(output: Wanted) -> float:
        return sum(seconds.get(step, 0) for step in output.needs - done)

    cheapest: dict[str, Wanted] = {}
    for output in sorted((output for output in left if output.is_table), key=added):
        cheapest.setdefault(output.study, output)
    while left:
        first = [output for output in left if not added(output)] or [o for o in cheapest.values() if o in left]
        output = first[0] if first else min(left, key=added)
        left.remove(output)
        done |= output.needs
        ordered.append(output)
    return ordered


def wanted(plan: Plan) -> list[Wanted]:
    """Every table and figure of the plan; those of the corpus come from the corpus alone."""
    needs = _needs_of_jobs(plan)
    outputs = [
        Wanted(
            f"{output.kind}/{output.name}",
            output.study,
            output.kind == "table",
            frozenset[str]().union(*(needs(job) for job in output.jobs)),
        )
        for output in plan.outputs.values()
    ]
    corpus = frozenset(_needs_of_corpus(plan)) if plan.corpus_figures else frozenset[str]()
    return outputs + [
        Wanted(f"corpus_figure/{figure.name}", figure.study, False, corpus) for figure in plan.corpus_figures
    ]


def _needs_of_jobs(plan: Plan) -> Callable[[str], frozenset[str]]:
    """A function to all steps that a job of the plan needs, itself among them, as the rules have it."""
    jobs = {job.name: job for job in plan.every_job}
    labelled = frozenset(plan.labelled_tasks)

    @cache
    def of_job(name: str) -> frozenset[str]:
        job = jobs[name]
        needs = {name, *_weights(plan, job.backbone)}
        needs |= {f"split/{data_set}" for data_set in job.data_sets.values() if data_set in labelled}
        needs |= {f"features/{job.backbone}/{part}" for part, _ in job.features}
        if CORPUS in map(pictures_of, job.tasks_read):
            needs |= _needs_of_corpus(plan, job.source_seed)
        others = list(job.prompts)
        if job.partners:  # which are found by the transferability grid
            needs.add("groups")
            others += _grid(plan)
        return frozenset(needs).union(*map(of_job, others))

    return of_job


def _grid(plan: Plan) -> list[str]:
    """The jobs of the transferability grid."""
    experiments = plan.parameters.experiments
    return [job.name for job in plan.jobs if experiments[job.experiment].protocol == "transfer_grid"]


def _needs_of_corpus(plan: Plan, source_seed: int = 1) -> set[str]:
    backbone, step = plan.parameters.gram.backbone, "corpus" if source_seed == 1 else f"corpus_of_source/{source_seed}"
    return {step, f"features/{backbone}/corpus", *_weights(plan, backbone)}


def _weights(plan: Plan, backbone: str) -> set[str]:
    names = [backbone, *([source] if (source := plan.text_source(backbone)) else [])]
    return {f"{rule}/{name}" for name in names for rule in ("pretrain", "weights")}


def write(urgent: Mapping[str, int]) -> None:
    """Write the priorities down for the next run of Snakemake in this folder."""
    write_text(FILE, json.dumps(urgent, indent=1) + "\n")


def read(file: Path = FILE) -> dict[str, int]:
    """The priorities that the driver wrote last; none where it did not."""
    return json.loads(file.read_text()) if file.exists() else {}
