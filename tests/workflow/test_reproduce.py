"""The driver: the line it shows, and what it says of a run that failed."""

import json
import time
from pathlib import Path

import pytest

from project import PROJECT
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import Plan, make_plan
from reprompt.workflow import progress, reproduce
from reprompt.workflow.progress import Progress
from reprompt.workflow.reproduce import SnakemakeJob, describe, explain_failure, what_is
from reprompt.workflow.snakemake import Followed
from reprompt.workflow.status_line import StatusLine

COOP = "few_shot/coop/ViT-B-16/part1"
WILDCARDS = {"experiment": "few_shot", "recipe": "coop", "backbone": "ViT-B-16", "part": "part1"}
STARTED = {"event": "job", "job": 8, "rule": "tune", "command": "", "wildcards": WILDCARDS, "output": [], "log": []}
FINISHED = {"event": "finished", "job": 8}
FAILED = {"event": "failed", "job": 8, "log": ["logs/coop.log"]}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(load_parameters(PROJECT / "params.yaml", "smoke"))


def follow(monkeypatch: pytest.MonkeyPatch, *events: dict, seconds: float = 0) -> Followed:
    """What the events say, `seconds` after they happened."""
    followed, now = Followed(), time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    for event in events:
        followed.read(json.dumps(event))
    monkeypatch.setattr(time, "monotonic", lambda: now + seconds)
    return followed


def test_the_line_says_what_runs_how_far_and_how_long(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "INTERVAL", 0)
    steps = {COOP: SnakemakeJob("tune", 8, 30.0), "report": SnakemakeJob("report", 0, 10.0)}
    with Progress(COOP, total=8) as job:
        job.advance(4)
        line, share = describe(plan, steps, follow(monkeypatch, STARTED, seconds=15))
    cells = len(plan.cells)
    assert line == f" 38%  {cells - 4} of {cells} cells, about 25 s left | {COOP} 4 of 8 cells"
    assert share == 15 / 40


def test_a_job_that_counts_nothing_is_judged_by_the_clock_and_is_never_done(plan: Plan, monkeypatch) -> None:
    steps = {COOP: SnakemakeJob("tune", 8, 30.0), "report": SnakemakeJob("report", 0, 10.0)}
    for seconds, share in ((10, 10 / 40), (1000, 0.9 * 30 / 40)):
        line, done = describe(plan, steps, follow(monkeypatch, STARTED, seconds=seconds))
        assert done == pytest.approx(share)
        assert f"{len(plan.cells) - 8} of" in line, "none of its cells is counted"


def test_a_finished_job_counts_whole(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = {COOP: SnakemakeJob("tune", 8, 30.0), "report": SnakemakeJob("report", 0, 10.0)}
    line, _ = describe(plan, steps, follow(monkeypatch, STARTED, FINISHED, seconds=30))
    assert line.startswith(" 75%") and "about 10 s left" in line


def test_a_failure_names_the_job_and_shows_the_end_of_its_log(folder: Path, monkeypatch) -> None:
    (folder / "logs").mkdir()
    (folder / "logs/coop.log").write_text("".join(f"line {n}\n" for n in range(20)) + "reprompt: NaN loss\n")
    message = explain_failure(follow(monkeypatch, STARTED, FAILED), 1)
    assert COOP in message
    assert message.endswith("reprompt: NaN loss")
    assert "line 2\n" not in message


def test_a_killed_snakemake_is_said_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "signal 9" in explain_failure(follow(monkeypatch, STARTED), -9)


def test_snakemakes_own_error_is_told_in_its_last_words(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "logs").mkdir()
    reproduce.LOG.write_text("Exiting\n")
    errors = [{"event": "error", "message": f"WorkflowError:\n{words}"} for words in ("first", "the disk is full")]
    assert "the disk is full; details in logs/reproduce.log" in explain_failure(follow(monkeypatch, *errors), 1)
    assert "Snakemake stopped: Exiting" in explain_failure(follow(monkeypatch), 1)


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


def test_it_begins_with_the_report_that_is_there(plan: Plan, monkeypatch, capsys: pytest.CaptureFixture) -> None:
    for name in ("wait_for_killed_runs", "restore_backbones"):
        monkeypatch.setattr(reproduce, name, lambda *_: None)
    monkeypatch.setattr(reproduce, "missing_steps", lambda *_: {})
    assert reproduce.reproduce(plan) == 0
    assert capsys.readouterr().out.startswith("looking for what is missing\nNothing to be done")
    reproduce.page(plan).parent.mkdir(parents=True)
    reproduce.page(plan).touch()
    assert reproduce.reproduce(plan) == 0
    first, *_, last = capsys.readouterr().out.splitlines()
    assert f"{reproduce.page(plan)}: open it now" in first
    assert last == f"Report: {reproduce.page(plan)}"


def test_backbones_are_restored_only_where_the_store_has_them(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    called = []
    monkeypatch.setattr(reproduce, "call", lambda command, *_: called.append(command))
    reproduce.restore_backbones(plan, StatusLine())
    assert called == []  # there is no dvc.lock
    Path("dvc.lock").write_text("    - path: results/smoke/backbones\n      hash: md5\n")
    Path(".git").mkdir()
    reproduce.restore_backbones(plan, StatusLine())
    assert [command[-2:] for command in called] == [["pull", "backbones"]]
