"""What the logger plugin says of a real run of Snakemake, and what is read of it."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from project import PROJECT
from reprompt.workflow.snakemake import PLUGIN, SNAKEMAKE, TUNING, Events, ends_of_logs, last_words, step_name

RULES = """
rule all:
    input: "good.csv", "b/c.txt", "bad.txt"

rule table:
    output: "{table}.csv", "{table}.html"
    shell: "touch {output}"

rule two:
    output: "{first}/{second}.txt"
    shell: "touch {output}"

rule bad:
    output: "bad.txt"
    log: "bad.log"
    shell: "echo a line > {log}; echo reprompt: NaN loss >> {log}; exit 1"
"""


def snakemake(events: Events, *options: str) -> int:
    environment = os.environ | {"PYTHONPATH": str(PLUGIN)}
    command = [*SNAKEMAKE, *events.options, "--cores", "1", "--keep-going", "--quiet", "all", *options]
    return subprocess.run(command, env=environment, capture_output=True, check=False).returncode


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    (folder / "Snakefile").write_text(RULES)
    return folder


@pytest.fixture(autouse=True)
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def test_a_dry_run_says_what_would_run(folder: Path) -> None:
    events = Events(folder / "logs/dry.jsonl")
    assert snakemake(events, "--dry-run") == 0
    would = {job.step: job for job in events.read().jobs.values()}
    assert would.keys() >= {"table/good", "two/b/c", "bad"}
    assert would["table/good"].wildcards == {"table": "good"}
    assert would["table/good"].command == "touch good.csv good.html"
    assert would["table/good"].outputs == ("good.csv", "good.html")
    assert events.read().finished == []


def test_a_run_says_what_starts_what_ends_and_what_fails(folder: Path) -> None:
    events = Events(folder / "run.jsonl")
    assert snakemake(events) == 1
    said = events.read()
    assert {job.step for job in said.finished} == {"table/good", "two/b/c"}
    assert said.failed == {"bad": "bad.log"}
    assert said.running == []
    assert [*ends_of_logs(said.failed)] == ["bad, the end of bad.log:", "    a line", "    reprompt: NaN loss"]


def test_what_snakemake_itself_cannot_do_is_an_error_in_its_words(folder: Path) -> None:
    events = Events(folder / "run.jsonl")
    assert snakemake(events, "--", "no_rule_makes.this") == 1
    assert any("no_rule_makes.this" in error for error in events.read().errors)


def test_lines_are_read_once_and_only_when_they_are_whole(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    events = Events(file)
    line = '{"event": "job", "job": 1, "rule": "split", "command": "", "wildcards": {}, "output": [], "log": []}\n'
    for part, jobs in ((line[:9], 0), (line[9:], 1), ('{"event": "finished", "job": 1}\n', 1), ("{", 1)):
        with file.open("a") as lines:
            lines.write(part)
        assert len(events.read().jobs) == jobs
    assert [job.step for job in events.read().finished] == ["split"]


def test_a_job_that_wrote_no_log_is_said_to_be_one() -> None:
    assert [*ends_of_logs({"split": ""})] == ["split, the end of :", "    (it wrote no log)"]


def test_every_rule_that_tunes_runs_jobs_of_the_plan() -> None:
    rules = (PROJECT / "rules/tune.smk").read_text()
    assert set(TUNING) == set(re.findall(r"^(?:use rule tune as|rule) (?!stage_)(\w+)", rules, re.MULTILINE))
    wildcards = {"experiment": "multitask_11", "recipe": "mcoop", "backbone": "ViT-B-16", "part": "all"}
    assert {step_name(rule, wildcards) for rule in TUNING} == {"multitask_11/mcoop/ViT-B-16/all"}


def test_last_words_are_those_of_the_first_that_says_something() -> None:
    assert last_words("", " \n", "one\n reprompt: two \n\n", "three") == "two"
    assert last_words() == "no reason given"
