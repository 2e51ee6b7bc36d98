"""What was compared: a piece that differed is remembered until it agrees."""

from pathlib import Path

from reprompt.attest.comparing import Compared
from reprompt.attest.logbook import Logbook


def test_a_job_that_differed_somewhere_is_refused_whatever_agreed_since(tmp_path: Path) -> None:
    log = Logbook(tmp_path)
    log.add(("a", "b"), ("old", "new"), "few_shot/coop/1: dtd", Compared(4, "dtd: accuracy differs"), 0.0)
    log.add(("a", "b"), ("old", "new"), "few_shot/coop/1: eurosat", Compared(4), 0.0)
    log.add(("a", "b"), ("old", "new"), "few_shot/coop/11: dtd", Compared(4), 0.0)
    assert Logbook(tmp_path).difference("few_shot/coop/1", "old", "new") == "dtd: accuracy differs"
    assert log.difference("few_shot/coop/1", "old", "newer") is None
    assert log.difference("few_shot/coop/11", "old", "new") is None
    log.add(("a", "b"), ("old", "new"), "few_shot/coop/1: dtd", Compared(4), 0.0)
    assert log.difference("few_shot/coop/1", "old", "new") is None


def test_what_agreed_samples_executed_since_a_commit_counts(tmp_path: Path) -> None:
    log = Logbook(tmp_path)
    log.add(("a", "b"), ("old", "new"), "x", Compared(4), 0.0, ["+train.py:train:1:0"])
    log.add(("a", "b"), ("old", "new"), "y", Compared(4, "differs"), 0.0, ["+train.py:train:1:1"])
    log.add(("c", "b"), ("old", "new"), "z", Compared(4), 0.0, ["+train.py:train:1:2"])
    assert Logbook(tmp_path).executed("a") == {"+train.py:train:1:0"}
