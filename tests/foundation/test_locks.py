"""Locks end with their process, however it ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reprompt.foundation import locks


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def job() -> Iterator[subprocess.Popen]:
    """Another process that holds the job lock."""
    code = "from reprompt.foundation.locks import job_lock\nwith job_lock(): print('held', flush=True); input()"
    environment = os.environ | {"PYTHONPATH": str(Path(locks.__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_two_jobs_run_side_by_side(job: subprocess.Popen) -> None:
    with locks.job_lock():
        assert job.poll() is None


def test_a_new_run_sees_a_job_that_is_alive_and_who_it_is(job: subprocess.Popen) -> None:
    with locks.no_jobs(wait=False) as alone:
        assert not alone
    assert list(locks.holders(locks.JOBS_LOCK)) == [job.pid]
    assert "job_lock" in locks.holders(locks.JOBS_LOCK)[job.pid]


def test_a_killed_job_holds_nothing(job: subprocess.Popen) -> None:
    job.send_signal(signal.SIGKILL)
    job.wait()
    with locks.no_jobs(wait=False) as alone:
        assert alone


def test_a_second_run_is_refused_until_the_first_one_ends() -> None:
    with locks.run_lock(), pytest.raises(locks.BusyError, match="another run"), locks.run_lock():
        pass
    with locks.run_lock():
        pass
