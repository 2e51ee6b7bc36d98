"""When a checkpoint is written, what it gives back, and what becomes of a damaged one."""

import pytest
import torch

from damages import DAMAGES
from reprompt.training import checkpoint
from reprompt.training.checkpoint import Checkpoint, nowhere

STATE = {"params": {"context": torch.arange(6.0).view(2, 3)}, "steps": 4, "best": [-1.0, 50.0]}


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass when the test says so."""
    now = [0.0]
    monkeypatch.setattr(checkpoint.time, "monotonic", lambda: now[0])
    return now


def test_it_is_written_when_so_many_seconds_have_passed_and_not_before(clock, tmp_path):
    kept = Checkpoint(tmp_path / "state", every=120)
    for second, written in ((60, False), (119, False), (120, True)):
        clock[0] = second
        kept.after_step(lambda: STATE)
        assert kept.path.exists() == written
    kept.path.unlink()
    clock[0] = 239
    kept.after_step(lambda: STATE)
    assert not kept.path.exists()


def test_the_last_step_is_kept_where_an_earlier_one_was(clock, tmp_path):
    kept = Checkpoint(tmp_path / "state", every=120)
    kept.after_step(lambda: STATE, is_last=True)
    assert not kept.path.exists(), "two minutes are not worth a file"
    clock[0] = 120
    kept.after_step(lambda: STATE)
    clock[0] = 130
    kept.after_step(lambda: STATE | {"steps": 5}, is_last=True)
    assert kept.restored()["steps"] == 5


def test_it_gives_back_what_it_was_given(tmp_path):
    kept = Checkpoint(tmp_path / "state", every=0)
    assert kept.restored() is None
    kept.after_step(lambda: STATE)
    again = Checkpoint(tmp_path / "state", every=0).restored()
    assert torch.equal(again["params"]["context"], STATE["params"]["context"])
    assert (again["steps"], again["best"]) == (4, [-1.0, 50.0])
    kept.forget()
    assert kept.restored() is None
    kept.forget()


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_one_is_not_used_and_the_log_says_so(tmp_path, capfd, damage):
    kept, other = (Checkpoint(tmp_path / name, every=0) for name in ("state", "other"))
    for each in (kept, other):
        each.after_step(lambda: STATE)
    DAMAGES[damage](kept.path, other.path)
    assert kept.restored() is None
    (line,) = capfd.readouterr().err.splitlines()
    assert str(kept.path) in line and line.endswith("the training begins again")


def test_without_a_file_nothing_is_kept():
    kept = nowhere()
    kept.after_step(lambda: pytest.fail("asked for a state"))
    kept.forget()
    assert kept.restored() is None
