"""The preloaded command: the same words, code and signals as `reprompt`, and an end with who started it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from project import PROJECT
from reprompt.workflow import preloaded

SOURCE = {"PYTHONPATH": str(PROJECT / "src"), "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture(scope="module")
def served():
    """The folder of the command, its server and how to end that."""
    folder, server = preloaded.start(os.environ)
    while not (folder / "reprompt").exists() and server.poll() is None:
        time.sleep(0.05)
    yield folder, server
    server.stdin.close()
    server.wait(timeout=300)


def started(served, *words: str, **options) -> subprocess.Popen:
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([str(served[0] / "reprompt"), *words], env=os.environ | SOURCE, **streams, **options)


def test_it_prints_and_returns_what_the_command_does(served, tmp_path):
    by_itself = [sys.executable, "-P", "-c", preloaded.BY_ITSELF]
    for words in (["plan", "--cells", "nonsense", "--scale", "smoke"], ["nonsense"], ["split", "--help"]):
        expected = subprocess.run([*by_itself, *words], cwd=PROJECT, env=os.environ | SOURCE, capture_output=True)
        process = started(served, *words, cwd=PROJECT)
        out, err = process.communicate()
        assert (process.returncode, out.encode(), err.encode()) == (
            expected.returncode,
            expected.stdout,
            expected.stderr,
        )
    process = started(served, "plan", cwd=tmp_path)
    assert "params.yaml" in process.communicate()[1] and process.returncode == 1


def waiting(served, folder) -> tuple[subprocess.Popen, int]:
    """A command that waits for ever, and the process that does its work."""
    os.mkfifo(folder / "params.yaml")  # which nobody writes
    process = started(served, "plan", cwd=folder)
    children = Path(f"/proc/{served[1].pid}/task/{served[1].pid}/children")
    while not (workers := children.read_text().split()):
        time.sleep(0.05)
    return process, int(workers[-1])


def ends(worker: int) -> bool:
    for _ in range(200):
        if not os.path.exists(f"/proc/{worker}"):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_reaches_what_does_the_work(served, tmp_path, number):
    process, worker = waiting(served, tmp_path)
    time.sleep(0.5)
    process.send_signal(number)
    assert process.wait(timeout=300) != 0 and ends(worker)


def test_a_killed_command_leaves_nothing_at_work(served, tmp_path):
    process, worker = waiting(served, tmp_path)
    process.kill()
    assert process.wait(timeout=300) == -signal.SIGKILL and ends(worker)


def test_killed_work_is_a_failed_command(served, tmp_path):
    process, worker = waiting(served, tmp_path)
    os.kill(worker, signal.SIGKILL)
    assert process.wait(timeout=300) == 137


def test_a_server_that_is_gone_is_done_without(tmp_path):
    folder, server = preloaded.start(os.environ)
    while not (folder / "reprompt").exists():
        time.sleep(0.05)
    command = (folder / "reprompt").read_text()
    server.stdin.close()  # as the end of who started it does
    assert server.wait(timeout=300) == 0 and not folder.exists()
    (tmp_path / "reprompt").write_text(command)
    (tmp_path / "reprompt").chmod(0o755)
    process = started((tmp_path, server), "split", "--help")
    assert "Write the split file" in process.communicate()[0] and process.returncode == 0
