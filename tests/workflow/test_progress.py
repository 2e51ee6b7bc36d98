"""What a job says of itself while it runs, and nothing once it is over."""

from pathlib import Path

import pytest

from reprompt.workflow import progress
from reprompt.workflow.progress import Progress


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(progress, "INTERVAL", 0)


def test_a_job_is_seen_while_it_runs_only() -> None:
    with Progress("few_shot/coop/ViT-B-16/part1", total=30, unit="cells") as job:
        assert [state.done for state in progress.running()] == [0]
        job.advance(10)
        (state,) = progress.running()
        assert (state.job, state.done, state.total, state.unit) == ("few_shot/coop/ViT-B-16/part1", 10, 30, "cells")
    assert progress.running() == []


def test_time_left_is_unknown_before_anything_is_done() -> None:
    with Progress("pretrain/RN50", total=100) as job:
        assert job.state.seconds_left is None


def test_time_left_is_proportional_to_what_is_left() -> None:
    with Progress("pretrain/RN50", total=100) as job:
        job.started -= 20
        job.advance(25)
        assert job.state.seconds_left == pytest.approx(60, rel=0.01)


def test_a_failed_job_leaves_nothing() -> None:
    with pytest.raises(RuntimeError), Progress("split", total=1):
        raise RuntimeError
    assert progress.running() == []


def test_what_a_killed_job_left_is_forgotten() -> None:
    Progress("split", total=1).write()
    progress.forget()
    assert progress.running() == []
