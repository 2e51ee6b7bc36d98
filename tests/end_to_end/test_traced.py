"""What a job executes and opens is among the code that its rule depends on: seen by running jobs under a tracer."""

import json
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest
from copies import call

from reprompt.cells.job import Job
from reprompt.cells.recipes import from_path, recipe_of
from reprompt.foundation import code
from reprompt.planning import entry_points
from reprompt.planning.plan import Plan
from reprompt.workflow.snakemake import Events

NOT_AT_SMOKE = {"weights"}  # real weights are not here
CARDS = "tasks/cards/"  # what is read of them is in specifications
Command = tuple[str, dict[str, str], list[str]]  # a rule, wildcards, and the words after `reprompt`


def commands_of(folder: Path) -> list[Command]:
    """Every command of the workflow, as its rules have it."""
    events = Events(folder / "logs/every.jsonl")
    call(folder, "snakemake", "-n", *events.options, "--forceall")
    jobs = [job for job in events.read().jobs.values() if job.command.startswith("reprompt ")]
    return [(job.rule, dict(job.wildcards), shlex.split(job.command.partition(" > ")[0])[1:]) for job in jobs]


def members(job: Job) -> set[tuple[str, str]]:
    """What a job has that others may not: members of the axes, measures, protocol, teacher, start and loop."""
    cell = job.cells[0]
    axes, teacher = set(cell.method.members.items()), cell.taught and cell.taught.teacher
    others = {"protocol": cell.protocol, "teacher": teacher, "stored": cell.method.stored is not None}
    return axes | {("measure", name) for name in cell.measures} | {(what, str(value)) for what, value in others.items()}


def few_of(plan: Plan) -> list[Job]:
    """Few small jobs that together have every member, and before them those whose prompts they need."""
    missing, chosen = {member for job in plan.jobs for member in members(job)}, []
    while missing:
        chosen.append(max(plan.jobs, key=lambda job: (len(missing & members(job)), -len(job.cells))))
        missing -= members(chosen[-1])
    for job in chosen:
        chosen += [needed for name in job.prompts if (needed := plan.job(name)) not in chosen]
    return sorted(chosen, key=plan.jobs.index)


@pytest.fixture(scope="module")
def traced(smoke: Path, plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Command, set, set]]:
    """One command of every rule, and for tuning of every member: with the functions it ran and the files it opened."""
    folder = tmp_path_factory.mktemp("traced") / "finished"
    shutil.copytree(smoke, folder, ignore=shutil.ignore_patterns(".dvc", ".dvcstore", ".cells", "images"))
    for file in folder.glob("results/smoke/features/*/*.safetensors"):
        file.unlink()
    every, jobs = commands_of(folder), [job.name for job in few_of(plan)]
    of_rules = {rule: (rule, wildcards, words) for rule, wildcards, words in every if not rule.startswith("tune")}
    tuning = {words[1]: (rule, wildcards, words) for rule, wildcards, words in every if rule.startswith("tune")}
    first = [of_rules.pop(rule) for rule in ("pretrain", "split", "features", "corpus")]
    chosen = [*first, *(tuning[name] for name in jobs), *of_rules.values()]
    lines = "".join(json.dumps(words) + "\n" for _, _, words in chosen)
    (folder / "commands").write_text(lines)
    tracer = Path(__file__).with_name("traced.py")
    call(folder, "bash", "-c", f"{sys.executable} {tracer} traced < commands", seconds=900)
    events = [json.loads(line) for line in (folder / "traced").read_text().splitlines()]
    return [
        (
            command,
            {(file, name) for by, kind, file, name in events if (by, kind) == (number, "function")},
            {file for by, kind, file, _ in events if (by, kind) == (number, "file")},
        )
        for number, command in enumerate(chosen)
    ]


def entries_of(plan: Plan, rule: str, wildcards: dict[str, str]) -> tuple[str, ...]:
    if rule.startswith("tune"):
        experiment = plan.parameters.experiments[wildcards["experiment"]]
        modules = recipe_of(from_path(wildcards["recipe"])).modules(experiment.protocol)
        return entry_points.tune_entries(modules, experiment.measures, "rendered")
    return entry_points.rule_entries(rule, "rendered")


def is_neutral(file: str) -> bool:
    return code._is_neutral(file.removesuffix(".py").removesuffix("/__init__").replace("/", "."))


def test_every_rule_and_every_member_is_traced(traced, plan: Plan) -> None:
    rules = {rule.partition("_and_")[0] for (rule, _, _), _, _ in traced}
    assert rules == {rule for rules in entry_points.STAGES.values() for rule in rules} - NOT_AT_SMOKE
    ran = {file for _, functions, _ in traced for file, _ in functions}
    modules = {module for cell in plan.cells for module in cell.method.modules(cell.protocol)}
    files = {f"{module.replace('.', '/')}.py" for module in modules}
    assert {
        file for file in files if re.search(r"^ *def ", (code.PACKAGE / file).read_text(), re.MULTILINE)
    } - ran == set()


def test_what_a_job_executes_is_in_its_code_or_neutral(traced, plan: Plan) -> None:
    for (rule, wildcards, _), functions, _ in traced:
        reached = code.reached(entries_of(plan, rule, wildcards))
        assert len(functions) > 10, rule
        strange = {(file, name) for file, name in functions if file not in reached and not is_neutral(file)}
        assert not strange, (rule, wildcards, sorted(strange))


def test_files_of_the_package_that_a_job_opens_are_in_its_code(traced, plan: Plan) -> None:
    opened = {rule: files for (rule, _, _), _, files in traced if files}
    for (rule, wildcards, _), _, files in traced:
        reached = code.reached(entries_of(plan, rule, wildcards))
        assert not [file for file in files if file not in reached and not file.startswith(CARDS)], rule
    assert opened.keys() >= {"claims", "report"}
