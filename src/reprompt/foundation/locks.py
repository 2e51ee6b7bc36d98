"""Who is at work in this folder: one run at a time, and none while jobs of a killed run still write.

Locks are the kernel's (flock): whatever way a process ends, its locks are gone with it. Some network file systems are
mounted without them; that is said with the remedy, for without locks two runs would write over each other.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

FOLDER = Path(".reprompt")
RUN_LOCK = FOLDER / "run.lock"
JOBS_LOCK = FOLDER / "jobs.lock"


NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP)


class BusyError(Exception):
    """Another run is at work in this folder."""


@contextmanager
def run_lock() -> Iterator[None]:
    """Held by `reprompt reproduce`; raises BusyError where another one has it."""
    with _opened(RUN_LOCK) as file:
        try:
            _lock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
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
    _lock(file, fcntl.LOCK_SH)
    return file


@contextmanager
def no_jobs(wait: bool = True) -> Iterator[bool]:
    """The block runs while no job is alive and none can start. Yields False where `wait` is off and some are."""
    with _opened(JOBS_LOCK) as file:
        try:
            _lock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            alone = True
        except BlockingIOError:
            alone = False
        yield alone


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Wait for, and hold, a lock named by a file: for work that two jobs would otherwise both do."""
    with _opened(path) as file:
        _lock(file, fcntl.LOCK_EX)
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


def _lock(file: IO[str], how: int) -> None:
    """Lock an opened file. Raises BlockingIOError where another has it, OSError that names the remedy without locks."""
    try:
        fcntl.flock(file, how)
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        remedy = (
            f"this file system has no locks ({error.strerror}); work in a folder on one that has them (a local disk;"
            " NFS with its lock service, Lustre mounted with -o flock), and keep only the data here"
        )
        raise OSError(error.errno, remedy, file.name) from None


def _opened(path: Path) -> IO[str]:
    path.parent.mkdir(parents=True, exist_ok=True)
    return open(path, "a")
