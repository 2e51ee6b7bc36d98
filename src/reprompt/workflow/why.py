"""Why a result is stale: which parameter, which input, or which function of which module changed since it was made.

What it was made with is in results/<scale>/provenance.jsonl; parameters and code of that time come from its commit.
"""

import io
import json
import subprocess
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from reprompt.cells.tuning import ParameterError
from reprompt.foundation.code import PACKAGE, definitions, reached
from reprompt.foundation.digests import digest_of_text
from reprompt.planning.entry_points import code_of, job_entries, spec_of
from reprompt.planning.parameters import parse_parameters
from reprompt.planning.plan import Plan, make_plan
from reprompt.workflow import provenance
from reprompt.workflow.attest.stale import by_job, since
from reprompt.workflow.listings import Listings, changed
from reprompt.workflow.provenance import Entry

SHOWN = 12  # lines of a kind; the rest is counted


def why(plan: Plan, name: str) -> list[str]:
    """Lines that say why the job of that name is stale, and why what it is made from is; none where nothing changed.

    `name` is a job's (`few_shot/coop/ViT-B-16/part1`, `table/prograd_table3`) or an output's path. ValueError where no
    output of such a job is known.
    """
    entries = provenance.load(plan.root)
    jobs = by_job(entries)
    makers = {entry["output"]: job for job, made_by_it in jobs.items() for entry in made_by_it}
    job = makers.get(name, name)
    if job not in jobs:
        known = f"{provenance.list_path(plan.root)} has {len(jobs)} jobs"
        raise ValueError(f"{name}: neither a job nor an output that was ever made at scale {plan.scale} ({known})")
    lines, todo, seen = [], [job], {job}
    while todo:
        here = todo.pop(0)
        if changed := list(changes(plan, jobs[here], entries)):
            lines += [f"{here}:", *(f"  {line}" for line in changed)]
        made_from = {makers[file] for file in jobs[here][0].get("input") or () if file in makers}
        todo += sorted(made_from - seen)
        seen |= made_from
    return lines


def changes(plan: Plan, entries_of_job: Sequence[Entry], entries: Mapping[str, Entry]) -> Iterator[str]:
    """What changed for one job itself."""
    first = entries_of_job[0]
    made, rule, wildcards = first.get("made"), first["rule"], first.get("wildcards", {})
    for entry in entries_of_job:
        if entry["sha256"] and not Path(entry["output"]).exists():
            yield f"missing: {entry['output']}"
    if not made:
        yield "nobody wrote down by which code and parameters it was made"
        return
    try:
        spec = spec_of(plan, rule, wildcards)
    except KeyError as lacking:
        yield f"made when the rule {rule} had no jobs by {lacking}"
        return
    if made.get("spec", digest_of_text("")) != digest_of_text(spec):
        yield from _at_most(parameters_changed(plan, rule, wildcards, made["commit"]))
    for task in changed(made.get("listings", {}), Listings(plan).of_job(rule, wildcards)):
        yield f"data: the files of {task}, or what is read of them, are not those that it was made of"
    for file, checksum in (first.get("input_checksums") or {}).items():
        kept = entries.get(file, {"sha256": ""})["sha256"] is not None
        if kept and Path(file).exists() and checksum.removeprefix("sha256:") != provenance.sha256(file):
            yield f"input: {file} is another than it was made from"
    if made.get("code") != code_of(plan, rule, wildcards):
        yield from _at_most(code_changed(plan, rule, wildcards, since(first)))


def _at_most(lines: Iterator[str]) -> Iterator[str]:
    first, rest = list(islice(lines, SHOWN)), len(list(lines))
    yield from first
    if rest:
        yield f"... and {rest} more"


# Parameters


def parameters_changed(plan: Plan, rule: str, wildcards: Mapping[str, str], commit: str) -> Iterator[str]:
    """The parameters of a job that differ from those at a commit, each once however many cells have it."""
    text = _at(commit, "params.yaml")
    try:
        parameters = parse_parameters(yaml.safe_load(text or ""), plan.scale, f"params.yaml at {commit[:12]}")
        before = make_plan(parameters, plan.missing)
        then = json.loads(spec_of(before, rule, wildcards))
    except (ParameterError, KeyError, AttributeError, TypeError) as unreadable:
        yield f"parameters: not those of {commit[:12]}, which cannot be compared with today's ({unreadable})"
        return
    now = json.loads(spec_of(plan, rule, wildcards))
    times = Counter(_differences(then, now, ""))
    if not times:
        yield f"parameters: those of {commit[:12]} are today's, but it was made with others, which were not committed"
    for line, count in times.items():
        yield f"parameter: {line}" + (f" ({count} times)" if count > 1 else "")


def _differences(then: Any, now: Any, path: str) -> Iterator[str]:
    if isinstance(then, str) and isinstance(now, str) and then[:1] == now[:1] == "{":  # a specification inside another
        then, now = json.loads(then), json.loads(now)
    if isinstance(then, dict) and isinstance(now, dict):
        for name in dict.fromkeys([*then, *now]):
            yield from _differences(then.get(name), now.get(name), f"{path}.{name}".removeprefix("."))
    elif isinstance(then, list) and isinstance(now, list):
        if len(then) != len(now):
            yield f"{path}: {len(then)} before, {len(now)} now"
        for pair in zip(then, now, strict=False):
            yield from _differences(*pair, path)
    elif then != now:
        yield f"{path}: {json.dumps(then)} before, {json.dumps(now)} now"


# Code


def code_changed(plan: Plan, rule: str, wildcards: Mapping[str, str], commit: str) -> Iterator[str]:
    """The functions, modules and data files that a job runs through and that differ from those at a commit."""
    archive = _archive(commit)
    if archive is None:
        yield f"code: made by {commit[:12]}, which is not in this repository"
        return
    entries = job_entries(plan, rule, wildcards)
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(io.BytesIO(archive)) as packed:  # of tar, Python 3.11.2 and 3.12 ask for other words
            packed.extractall(folder)
        package = Path(folder) / "src" / PACKAGE.name
        now = reached(entries)
        try:
            then = reached(entries, package)
        except FileNotFoundError:  # an entry point has moved
            then = {file: package / file for file in now if (package / file).exists()}
        before = {file: path.read_text(encoding="utf-8") for file, path in then.items()}
    after = {file: path.read_text(encoding="utf-8") for file, path in now.items()}
    if before == after:
        yield f"code: that of {commit[:12]} is today's, but it was made by other code, which was not committed"
    for file in sorted(before.keys() | after.keys()):
        if file not in before:
            yield f"code: {file} is read now and was not"
        elif file not in after:
            yield f"code: {file} was read and is not any more"
        elif file.endswith(".py"):
            yield from (f"code: {file}: {name}" for name in _functions_changed(before[file], after[file]))
        elif before[file] != after[file]:
            yield f"data: {file}"


def _functions_changed(before: str, after: str) -> Iterator[str]:
    then, now = definitions(before), definitions(after)
    for name in dict.fromkeys([*now, *then]):
        if then.get(name) != now.get(name):
            how = "" if name in then and name in now else " (new)" if name in now else " (gone)"
            yield (name or "what runs when it is imported") + how


def _at(commit: str, file: str) -> str | None:
    done = subprocess.run(["git", "show", f"{commit.removesuffix('+')}:{file}"], capture_output=True, text=True)
    return None if done.returncode else done.stdout


def _archive(commit: str) -> bytes | None:
    command = ["git", "archive", "--format=zip", commit.removesuffix("+"), f"src/{PACKAGE.name}"]
    done = subprocess.run(command, capture_output=True)
    return None if done.returncode else done.stdout
