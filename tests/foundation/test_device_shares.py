"""Shares of devices: they end with their process, however it ends, and jobs of two folders do not meet."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from reprompt.foundation import device_shares, locks
from reprompt.foundation.device_shares import share_of_a_device, shares_of
from reprompt.foundation.devices import Device

A, B = Device("GPU-a", 8000), Device("GPU-b", 8000)
JOB = """
import sys
from pathlib import Path
from reprompt.foundation import device_shares
device_shares.FOLDER = Path(sys.argv[1])
devices = [device_shares.Device(name, 8000) for name in ("GPU-a", "GPU-b")]
with device_shares.share_of_a_device(sys.argv[2], int(sys.argv[3]), devices) as device:
    print(device.name, flush=True)
    input()
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(device_shares, "FOLDER", tmp_path / "shares")
    monkeypatch.setattr(device_shares, "WAIT", 0.02)
    return tmp_path / "shares"


@pytest.fixture
def start(folder: Path, tmp_path: Path):
    """Starts a process of another folder that holds a share until it is ended; returns it and its device."""
    processes = []

    def begin(job: str, memory: int) -> tuple[subprocess.Popen, str]:
        elsewhere = tmp_path / job
        elsewhere.mkdir()
        process = subprocess.Popen(
            [sys.executable, "-c", JOB, str(folder), job, str(memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=elsewhere,
            env=os.environ | {"PYTHONPATH": str(Path(locks.__file__).parents[2])},
        )
        processes.append(process)
        return process, process.stdout.readline().strip()

    yield begin
    for process in processes:
        process.kill()
        process.wait()


def test_large_jobs_have_a_device_each_and_the_third_waits_until_one_is_killed(start) -> None:
    first, of_first = start("one", 8000)
    _, of_second = start("two", 8000)
    assert {of_first, of_second} == {"GPU-a", "GPU-b"}
    told, got = [], []

    def third() -> None:
        with share_of_a_device("three", 8000, (A, B), told.append) as device:
            got.append(device.name)

    thread = threading.Thread(target=third)
    thread.start()
    time.sleep(0.3)
    assert got == []
    assert [sorted(share.job for share in shares) for shares in told] == [["one", "two"]]
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    thread.join(timeout=20)
    assert got == [of_first]


def test_small_jobs_go_where_most_room_is_and_share_a_device_as_far_as_it_has_memory(folder: Path) -> None:
    with (
        share_of_a_device("1", 3000, (A, B)) as first,
        share_of_a_device("2", 3000, (A, B)) as second,
        share_of_a_device("3", 3000, (A, B)) as third,
        share_of_a_device("4", 3000, (A, B)) as fourth,
    ):
        assert [first, second, third, fourth] == [A, B, A, B]
        assert device_shares._take("5", 3000, (A, B)) is None, "2,000 MB of either are left"
        assert {share.job for share in shares_of(A)} == {"1", "3"}
    assert shares_of(A) == shares_of(B) == []
    assert not list(folder.glob("*/*.json"))


def test_a_job_sees_its_device_alone_and_afterwards_what_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for before in ("GPU-b,GPU-a", None):
        if before is None:
            monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
        else:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", before)
        with share_of_a_device("job", 10, (A,)):
            assert os.environ["CUDA_VISIBLE_DEVICES"] == "GPU-a"
        assert os.environ.get("CUDA_VISIBLE_DEVICES") == before


@pytest.mark.parametrize("memory", [None, 100_000])
def test_what_is_unknown_or_more_than_any_has_is_all_of_the_largest(memory: int | None) -> None:
    large = Device("MIG-GPU-c/1/0", 9000)
    with share_of_a_device("job", memory, (A, large)) as device:
        assert device == large
        assert [share.memory for share in shares_of(large)] == [9000]


def test_who_waits_for_a_whole_device_is_not_overtaken(start) -> None:
    order, begun = [], threading.Event()
    small, _ = start("small", 2000)

    def wait_for(job: str, memory: int) -> None:
        with share_of_a_device(job, memory, (A,), lambda _: begun.set()):
            order.append(job)

    whole = threading.Thread(target=wait_for, args=("whole", 8000))
    whole.start()
    assert begun.wait(20)
    later = threading.Thread(target=wait_for, args=("later", 2000))
    later.start()
    time.sleep(0.3)
    assert order == [], "there is room for the later one, but it is not its turn"
    small.kill()
    small.wait()
    for thread in (whole, later):
        thread.join(timeout=20)
    assert order == ["whole", "later"]


def test_a_folder_of_somebody_else_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    folder.symlink_to(tmp_path / "theirs")
    with pytest.raises(PermissionError, match="own folder"), share_of_a_device("job", 10, (A,)):
        pass
