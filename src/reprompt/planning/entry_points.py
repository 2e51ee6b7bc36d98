"""What each rule runs, as entry points for code.py, and with which specification.

Entry points are what a rule's command in cli.py imports, and the members that are then picked by name: the branches of
data/sources.py by `data.source` ("rendered" or "files"), the axes of a recipe, measures.
"""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, get_args

from reprompt.cells.members import AXES, members
from reprompt.cells.parameters import Measure
from reprompt.cells.recipes import from_path, recipe_of
from reprompt.foundation.atomic import write_text
from reprompt.foundation.code import PACKAGE, code_hash
from reprompt.foundation.digests import canonical, digest_of_text
from reprompt.planning.plan import Plan
from reprompt.tasks.card import OWN, all_cards, cards, own_cards
from reprompt.tasks.groups import groups

SOURCES = {
    "rendered": ("data.rendered", "data.source", "data.sources"),
    "files": ("data.files.pairs", "data.files.source", "data.files.webvision", "data.source", "data.sources"),
}
CLAIMS = ("claims.printing", "claims.results", "cells.recipes", "records.files")  # no spec has the names of recipes
OTHERS = {  # rules that do the same whatever the source
    "pretrain": ("training.pretrain",),
    "weights": ("clip.openai",),
    "groups": ("training.groups", "records.files"),
    "table": ("tables", "tables.write", "records.files"),  # of all tables: they share most code, and take seconds
    "figure": ("figures", "figures.write", "records.files"),
    "corpus_figure": ("figures.gram.corpus", "figures.write"),
    "contact_sheet": ("miniature.contact_sheets",),
    "claims": CLAIMS,
    "report": (*CLAIMS, "report.assemble", "planning.outputs"),  # with the titles of tables and figures
}
PRINTING = ("table", "figure", "claims", "report")  # the rules that name tasks, or average over groups of them
OF_A_JOB = ("experiment", "recipe", "backbone", "part")  # in its name
SAYING_WHAT_IS_MISSING = ("claims", "report")
STAGES = {  # of dvc.yaml, with the rules that they run
    "data": ("split", "corpus", "corpus_of_source"),
    "backbones": ("pretrain", "weights"),
    "features": ("features",),
    "records": ("tune",),
    "groups": ("groups",),
    "world": ("contact_sheet",),
    "tables": ("table", "figure", "corpus_figure"),
    "claims": ("claims",),
    "report": ("report",),
}
NAMES = "data/files/elevater_names.json"
CARDS = "cards"  # what counts of them, beside the stages in the file that dvc.yaml depends on
# What of a card some result depends on; the rest is about having the data set, or about costs.
COUNTS = {
    *("printed", "short", "groups", "metric", "beside", "template"),
    *("name_last", "templates", "rendered", "classes", "resize", "orientation"),
}


def split_entries(source: str) -> tuple[str, ...]:
    """Class names, labels and few-shot draws."""
    return SOURCES[source]


def features_entries(source: str) -> tuple[str, ...]:
    """Pictures, rendered or read and kept as arrays, and their features."""
    return (*SOURCES[source], "data.image_store", "clip.features", "clip.openai")


def corpus_entries(source: str) -> tuple[str, ...]:
    """Topics and domains of image-text pairs."""
    pairs = {"rendered": "corpus.rendered", "files": "corpus.from_files"}[source]
    return (*features_entries(source), pairs, "corpus.derived", "corpus.run", "corpus.task")


def cell_entries(modules: Iterable[str], measures: Iterable[str] = ()) -> tuple[str, ...]:
    """What the numbers of a cell depend on: fleets, its recipe's own modules, measures, image features.

    Not what draws or reads pictures: what these show is in a cell's key.
    """
    measured = (f"evaluation.measures.{name}" for name in measures)
    pictures = ("clip.features", "clip.openai", "data.views", "data.pictures")
    return ("training.fleets", *modules, *measured, *pictures)


def tune_entries(modules: Iterable[str], measures: Iterable[str], source: str) -> tuple[str, ...]:
    """A job from cells to records; it makes the pictures and features that are missing."""
    return (*cell_entries(modules, measures), *features_entries(source), "training.tune")


def rule_entries(rule: str, source: str) -> tuple[str, ...]:
    """The entry points of all jobs that a rule could have."""
    if rule == "tune":
        modules = (f"{folder}.{name}" for axis, folder in AXES.items() for name in members(axis))
        return tune_entries((*modules, "training.meta.learned"), get_args(Measure), source)
    by_source = {"split": split_entries, "features": features_entries}
    by_source |= dict.fromkeys(("corpus", "corpus_of_source"), corpus_entries)
    return by_source[rule](source) if rule in by_source else OTHERS[rule]


def job_entries(plan: Plan, rule: str, wildcards: Mapping[str, str]) -> tuple[str, ...]:
    """The entry points of a job."""
    sources = _sources_of(plan, rule, wildcards)
    if _is_tuning(rule):
        experiment = plan.parameters.experiments[wildcards["experiment"]]
        modules = recipe_of(from_path(wildcards["recipe"])).modules(experiment.protocol)
        entries = (tune_entries(modules, experiment.measures, source) for source in sources)
    else:
        entries = (rule_entries(rule, source) for source in sources)
    return tuple(dict.fromkeys(entry for of_source in entries for entry in of_source))


def _sources_of(plan: Plan, rule: str, wildcards: Mapping[str, str]) -> set[str]:
    """Where the pictures of a job come from: those of the user's own are files at scales that are rendered, too."""
    parameters = plan.parameters
    if not parameters.own_tasks:
        return {parameters.data.source}
    if _is_tuning(rule):
        read = plan.job("/".join(wildcards[name] for name in OF_A_JOB)).data_sets.values()
    elif rule == "features":
        read = plan.parts[wildcards["part"]]
    else:
        read = [wildcards["task"]] if rule == "split" else []
    return {"files" if parameters.is_of_files(data_set) else "rendered" for data_set in read} or {
        parameters.data.source
    }


def code_of(plan: Plan, rule: str, wildcards: Mapping[str, str]) -> str:
    """A hash of the code that a job runs. Comments do not count, nor do other methods and the other source."""
    return _hash(frozenset(job_entries(plan, rule, wildcards)))


def code_of_cells(plan: Plan, experiment: str, recipe: str) -> str:
    """A hash of the code that the cells of an experiment's recipe depend on: what the cell store knows them by."""
    settings = plan.parameters.experiments[experiment]
    modules = recipe_of(from_path(recipe)).modules(settings.protocol)
    return _hash(frozenset(cell_entries(modules, settings.measures)))


def code_of_pictures(plan: Plan) -> dict[str, str]:
    """Hashes of the code that renders or reads a plan's images, by source."""
    sources = {plan.parameters.data.source} | ({"files"} if plan.parameters.reads_files else set())
    return {source: _hash(frozenset(split_entries(source))) for source in sources}


def spec_of(plan: Plan, rule: str, wildcards: Mapping[str, str]) -> str:
    """The parameters that a job depends on, as canonical JSON; empty where its inputs say it all.

    ProGrad's lambda, for example, is in ProGrad's jobs only.
    """
    if _is_tuning(rule):
        return plan.job("/".join(wildcards[name] for name in OF_A_JOB)).spec
    if rule in ("pretrain", "weights"):
        return plan.pretraining_spec(wildcards["backbone"])
    if rule == "features":
        return plan.features_spec(wildcards["backbone"], wildcards["part"])
    if rule == "contact_sheet":
        drawn = (task for task in plan.labelled_tasks if not plan.parameters.is_of_files(task))
        splits = ",".join(map(plan.split_spec, drawn))
        return f"[{splits},{plan.pretraining_spec(plan.backbones[0])},{_on_the_sheet()}]"
    if rule in ("corpus", "corpus_of_source"):
        return plan.corpus_spec(int(wildcards.get("source", 1)))
    if rule == "groups":
        return canonical({"partners_by": plan.parameters.partners_by})
    if rule in PRINTING:
        return _printed(plan if rule in SAYING_WHAT_IS_MISSING else None)
    return plan.split_spec(wildcards["task"]) if rule == "split" else ""


def _printed(plan: Plan | None) -> str:
    """What is printed of the cards: names, and what is averaged over; and of a plan which data sets it lacks."""
    names = {task: [card.printed, card.short] for task, card in cards().items()}
    lacks = {"missing": sorted(plan.missing)} if plan and plan.missing else {}
    return canonical({"groups": groups(), "names": names, **lacks})


def _on_the_sheet() -> str:
    """What the contact sheet says of every task, besides its pictures."""
    tasks = {task: [card.template, card.rendered.model_dump()] for task, card in cards().items() if card.rendered}
    return canonical({"groups": groups(), "tasks": tasks})


def features_made_from(plan: Plan, spec: str, listings: Mapping[str, Any]) -> str:
    """What kept features depend on beside weights: the plan's specification of the part, the code, and of files which.

    `listings` are those of the part's tasks; there are none where images are rendered.
    """
    code = _hash(frozenset(features_entries("files" if listings else plan.parameters.data.source)))
    return canonical({"spec": json.loads(spec), "code": code, **({"listings": listings} if listings else {})})


def stage_hashes() -> dict[str, str]:
    """The code of every stage of dvc.yaml, whatever the parameters: at another scale the file is the same.

    What counts of the cards stands beside the stages, and what ELEVATER's classes are called: Snakemake tells what a
    change means, by specifications and listings.
    """
    of_cards = {name: card.model_dump(include=COUNTS) for name, card in all_cards().items()}
    for name, card in own_cards().items():
        listing = digest_of_text((OWN / card.listing).read_text(encoding="utf-8"))
        of_cards[name] = card.model_dump(include=COUNTS | {"fold"}) | {"listing": listing}
    of_cards |= {"class names": json.loads((PACKAGE / NAMES).read_text(encoding="utf-8"))}
    return {
        stage: code_hash(name for rule in rules for source in SOURCES for name in rule_entries(rule, source))
        for stage, rules in STAGES.items()
    } | {CARDS: digest_of_text(canonical(of_cards))}


def write_stage_hashes(path: Path) -> None:
    """Write them as JSON: the file that dvc.yaml depends on."""
    write_text(path, json.dumps(stage_hashes(), indent=1) + "\n")


def _is_tuning(rule: str) -> bool:
    """Also of the rules that keep prompts, `tune_and_keep` and `tune_and_pass_on`."""
    return rule.partition("_")[0] == "tune"


@cache
def _hash(entries: frozenset[str]) -> str:
    return code_hash(entries)
