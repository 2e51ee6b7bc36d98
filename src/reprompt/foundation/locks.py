"""Who is at work in this folder: one run at a time, and none while jobs of a killed run still write.

Locks are the kernel's (flock): whatever way a process ends, its locks are gone with it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

FOLDER = Path(".reprompt")
RUN_LOCK = FOLDER / "run.lock"
JOBS_LOCK = FOLDER / "jobs.lock"


class BusyError(Exception):
    """Another run is at work in this folder."""


@contextmanager
def run_lock() -> Iterator[None]:
    """Held by `reprompt reproduce`; raises BusyError where another one has it."""
    with _opened(RUN_LOCK) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(
                f"another run is at work in this folder (process {_first(holders(RUN_LOCK))});"
                " wait for it, or stop it with Ctrl-C there"
            ) from None
        yield


@contextmanager
def job_lock() -> Iterator[None]:
    """Held, shared, by every command that a rule runs: a new run can tell when those of a killed one are over."""
    file = hold_job_lock()
    try:
        yield
    finally:
        file.close()


def hold_job_lock() -> IO[str]:
    """The same for Snakemake itself: the lock lasts as long as the returned file is open."""
    file = _opened(JOBS_LOCK)
    fcntl.flock(file, fcntl.LOCK_SH)
    return file


@contextmanager
def no_jobs(wait: bool = True) -> Iterator[bool]:
    """The block runs while no job is alive and none can start. Yields False where `wait` is off and some are."""
    with _opened(JOBS_LOCK) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            alone = True
        except BlockingIOError:
            alone = False
        yield alone


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Wait for, and hold, a lock named by a file: for work that two jobs would otherwise both do."""
    with _opened(path) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def holders(path: Path) -> dict[int, str]:
    """The processes that hold a lock, and their command lines (Linux; empty where the kernel does not say)."""
    try:
        inode, table = path.stat().st_ino, Path("/proc/locks").read_text()
    except OSError:
        return {}
    commands = {}
    for line in table.splitlines():  # 1: FLOCK  ADVISORY  READ 3214 fd:01:1441795 0 EOF
        fields = line.split()
        if "->" not in fields and fields[1] == "FLOCK" and int(fields[5].rsplit(":", 1)[1]) == inode:
            commands[int(fields[4])] = _command(int(fields[4]))
    return {pid: command for pid, command in commands.items() if pid != os.getpid()}


def _command(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return ""
    return " ".join(word for word in words if word)


def _first(processes: dict[int, str]) -> str:
    return str(next(iter(processes), "unknown"))


def _opened(path: Path) -> IO[str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    return open(path, "a")
