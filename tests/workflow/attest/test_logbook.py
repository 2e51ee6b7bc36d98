"""What was compared: a piece that differed is remembered until it agrees."""

import json
from dataclasses import replace
from pathlib import Path

from reprompt.workflow.attest.comparing import Compared
from reprompt.workflow.attest.logbook import Logbook
from reprompt.workflow.attest.stale import Made

WILDCARDS = {"experiment": "few_shot", "recipe": "coop", "backbone": "RN50", "part": "part1"}
JOB = Made("tune", WILDCARDS, ("part1.npz",), "old", "new", "a")
OTHER = replace(JOB, wildcards=WILDCARDS | {"part": "part11"})


def test_a_job_that_differed_somewhere_is_refused_whatever_agreed_since(tmp_path: Path) -> None:
    log = Logbook(tmp_path, "b")
    log.add(JOB, f"{JOB.name}: dtd", Compared(4, "dtd: accuracy differs"))
    log.add(JOB, f"{JOB.name}: eurosat", Compared(4))
    log.add(OTHER, f"{OTHER.name}: dtd", Compared(4))
    assert Logbook(tmp_path, "b").difference(JOB) == "dtd: accuracy differs"
    assert log.difference(replace(JOB, now="newer")) is None
    assert log.difference(OTHER) is None
    assert not log.agreed(JOB, f"{JOB.name}: dtd")
    log.add(JOB, f"{JOB.name}: dtd", Compared(4))
    assert log.difference(JOB) is None
    assert log.agreed(JOB, f"{JOB.name}: dtd")


def test_what_agreed_samples_executed_since_a_commit_counts(tmp_path: Path) -> None:
    log = Logbook(tmp_path, "b")
    log.add(JOB, "x", Compared(4), executed=["+train.py:train:1:0"])
    log.add(JOB, "y", Compared(4, "differs"), executed=["+train.py:train:1:1"])
    log.add(replace(JOB, since="c"), "z", Compared(4), executed=["+train.py:train:1:2"])
    assert Logbook(tmp_path, "b").executed("a") == {"+train.py:train:1:0"}


def test_what_a_person_has_read_is_written_down_and_is_no_piece(tmp_path: Path) -> None:
    log = Logbook(tmp_path, "b")
    log.add(JOB, "x", Compared(4))
    log.add_reading("a", ["train.py:3 in train: return 0.0"], "only estimates read it")
    *_, line = map(json.loads, log.path.read_text().splitlines())
    assert line == {
        "from": "a",
        "to": "b",
        "read": ["train.py:3 in train: return 0.0"],
        "because": "only estimates read it",
    }
    assert Logbook(tmp_path, "b").lines == log.lines
