"""The driver: what it reads in Snakemake's log, and the line it shows."""

import re
from pathlib import Path

import pytest

from project import PROJECT
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import Plan, make_plan
from reprompt.workflow import progress, reproduce
from reprompt.workflow.progress import Progress
from reprompt.workflow.reproduce import (
    TUNING,
    Followed,
    SnakemakeJob,
    StatusLine,
    describe,
    explain_failure,
    step_name,
    what_is,
)

COOP = "few_shot/coop/ViT-B-16/part1"
STARTED = """
[Sun Nov 22 19:58:19 2026]
localrule tune:
    input: results/smoke/backbones/ViT-B-16.safetensors
    output: results/smoke/records/few_shot/coop/ViT-B-16/part1.npz
    log: logs/smoke/tune/few_shot/coop/ViT-B-16/part1.log
    jobid: 8
    reason: Missing output files
    wildcards: experiment=few_shot, recipe=coop, backbone=ViT-B-16, part=part1
"""
FINISHED = "Finished jobid: 8 (Rule: tune)"
FAILED = """
Error in rule tune:
    message: None
    jobid: 8
    log: logs/coop.log (check log file(s) for error details)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(load_parameters(PROJECT / "params.yaml", "smoke"))


def follow(*texts: str) -> Followed:
    followed = Followed()
    for line in "".join(texts).splitlines():
        followed.read(line)
    return followed


def test_a_job_is_named_as_its_progress_file_is() -> None:
    assert follow(STARTED).names == {"8": COOP}
    assert follow(STARTED).finished == set()
    assert follow(STARTED, FINISHED).finished == {COOP}


def test_every_rule_that_tunes_runs_jobs_of_the_plan() -> None:
    rules = (PROJECT / "rules/tune.smk").read_text()
    assert set(TUNING) == set(re.findall(r"^(?:use rule tune as|rule) (?!stage_)(\w+)", rules, re.MULTILINE))
    wildcards = "experiment=multitask_11, recipe=mcoop, backbone=ViT-B-16, part=all"
    assert {step_name(rule, wildcards) for rule in TUNING} == {"multitask_11/mcoop/ViT-B-16/all"}


def test_the_line_says_what_runs_how_far_and_how_long(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "INTERVAL", 0)
    steps = {COOP: SnakemakeJob("tune", 8, 30.0), "report": SnakemakeJob("report", 0, 10.0)}
    with Progress(COOP, total=8) as job:
        job.advance(4)
        line = describe(plan, steps, follow(STARTED), elapsed=15)
    cells = len(plan.cells)
    assert line == f" 38%  {cells - 4} of {cells} cells, about 25 s left | {COOP} 4 of 8 cells"


def test_a_finished_job_counts_whole(plan: Plan) -> None:
    steps = {COOP: SnakemakeJob("tune", 8, 30.0), "report": SnakemakeJob("report", 0, 10.0)}
    assert describe(plan, steps, follow(STARTED, FINISHED), elapsed=30).startswith(" 75%")


def test_a_failure_names_the_job_and_shows_the_end_of_its_log(folder: Path) -> None:
    (folder / "logs").mkdir()
    (folder / "logs/coop.log").write_text("".join(f"line {n}\n" for n in range(20)) + "reprompt: NaN loss\n")
    message = explain_failure(follow(STARTED, FAILED), 1)
    assert COOP in message
    assert message.endswith("reprompt: NaN loss")
    assert "line 2\n" not in message


def test_a_killed_snakemake_is_said_to_be_one() -> None:
    assert "signal 9" in explain_failure(follow(STARTED), -9)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (f"/venv/bin/python /venv/bin/reprompt tune {COOP} --scale smoke", f"tune {COOP}"),
        ("/venv/bin/python -m reprompt.cli split --out results", "split"),
        ("/venv/bin/python -m snakemake --cores 2", "Snakemake"),
    ],
)
def test_a_process_is_told_in_two_words(command: str, words: str) -> None:
    assert what_is(command) == words


def test_lines_do_not_pile_up_where_there_is_no_terminal(capsys: pytest.CaptureFixture) -> None:
    line = StatusLine()
    for n in range(100):
        line.show(f"{n} %")
    line.show("done", always=True)
    assert capsys.readouterr().out == "0 %\ndone\n"


def test_backbones_are_restored_only_where_the_store_has_them(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    called = []
    monkeypatch.setattr(reproduce, "call", lambda command, *_: called.append(command))
    reproduce.restore_backbones(plan, StatusLine())
    assert called == []  # there is no dvc.lock
    Path("dvc.lock").write_text("    - path: results/smoke/backbones\n      hash: md5\n")
    Path(".git").mkdir()
    reproduce.restore_backbones(plan, StatusLine())
    assert [command[-2:] for command in called] == [["pull", "backbones"]]
