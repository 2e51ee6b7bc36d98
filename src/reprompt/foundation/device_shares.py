"""Which job has which device: each holds a file, locked by the kernel, that says how much memory it takes.

    /tmp/reprompt-devices-UID/queue.lock            held while a job looks for room, so that they go in turn
    /tmp/reprompt-devices-UID/GPU-1a2b/1f2e.json    held as long as a process computes there

There is no counter: whatever way a process ends, its lock is gone with it, and the next one to look removes its file.
The folder is one for all runs of a user on a machine, so two runs in two folders do not meet on a device.
"""

import fcntl
import json
import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO
from uuid import uuid4

from reprompt.foundation.devices import VISIBLE, Device
from reprompt.foundation.locks import exclusive

FOLDER = Path("/tmp") / f"reprompt-devices-{os.getuid()}"  # not TMPDIR, which may differ between two shells
WAIT = 0.5  # seconds between two looks


@dataclass(frozen=True)
class Share:
    """What a job takes of a device: memory in MB, since when (seconds since the epoch), and who it is."""

    job: str
    memory: int
    folder: str
    process: int
    since: float


@contextmanager
def share_of_a_device(
    job: str, memory: int | None, devices: Sequence[Device], waiting: Callable[[list[Share]], None] | None = None
) -> Iterator[Device]:
    """Wait for room on one of the devices, and hold it; within the block it is the only one that CUDA shows.

    `memory` in MB is what the job takes; None, or more than any has, is all of the largest. CUDA must not be in use.
    `waiting` is told once who has the devices, if there is no room.
    """
    needed = min(memory or _largest(devices), _largest(devices))
    with exclusive(_own(FOLDER) / "queue.lock"):  # who waits for a whole device is not overtaken by small jobs for ever
        while (taken := _take(job, needed, devices)) is None:
            if waiting is not None:
                waiting([share for device in devices for share in shares_of(device)])
                waiting = None
            time.sleep(WAIT)
    device, file = taken
    before = os.environ.get(VISIBLE)
    os.environ[VISIBLE] = device.name
    try:
        yield device
    finally:
        if before is None:
            del os.environ[VISIBLE]
        else:
            os.environ[VISIBLE] = before
        Path(file.name).unlink(missing_ok=True)
        file.close()


def shares_of(device: Device) -> list[Share]:
    """The shares of a device that living processes hold."""
    shares = []
    for path in sorted(_of(device).glob("*.json")):
        with open(path) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # only where its holder is gone
            except BlockingIOError:
                shares.append(Share(**json.load(file)))
    return shares


def _take(job: str, needed: int, devices: Sequence[Device]) -> tuple[Device, IO[str]] | None:
    """A share of the device with the most room, if any has enough; what dead processes left is removed."""
    for device in devices:
        _forget_the_dead(device)
    room = {device: device.memory - sum(share.memory for share in shares_of(device)) for device in devices}
    device = max(devices, key=room.__getitem__)
    if room[device] < needed:
        return None
    path = _of(device) / f"{uuid4()}.json"  # not the process's number, which two containers may both have
    path.parent.mkdir(exist_ok=True)
    file = open(path, "w")  # noqa: SIM115 - as long as it is open, the share is held
    json.dump(asdict(Share(job, needed, os.getcwd(), os.getpid(), time.time())), file)
    file.flush()
    fcntl.flock(file, fcntl.LOCK_EX)  # after the last word: who finds it locked can read it
    return device, file


def _forget_the_dead(device: Device) -> None:
    """Remove the files that nobody holds; only the job whose turn it is does so."""
    for path in _of(device).glob("*.json"):
        with open(path) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            path.unlink(missing_ok=True)


def _largest(devices: Sequence[Device]) -> int:
    return max(device.memory for device in devices)


def _of(device: Device) -> Path:
    return FOLDER / device.name.replace("/", "_")  # old names of parts have slashes


def _own(folder: Path) -> Path:
    """The folder, made if it is missing. Raises PermissionError where it is another user's."""
    folder.mkdir(mode=0o700, exist_ok=True)
    there = folder.lstat()
    if there.st_uid != os.getuid() or not stat.S_ISDIR(there.st_mode):
        raise PermissionError(1, "is not this user's own folder; remove it, jobs keep their locks there", str(folder))
    return folder
