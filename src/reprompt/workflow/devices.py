"""Jobs on the devices of one machine, where no scheduler hands these out: how much a job takes, and what runs where.

profile workstation     the memory of all devices is Snakemake's resource gpu_mb
gpu_mb of a job         what it takes of a device, by the estimate: small jobs share one, large ones have it alone
REPROMPT_DEVICES        hands the devices on to the jobs, .reprompt/shares.json what each of them takes
share_of_a_device       a job that begins waits for room on one of them and sees no other
"""

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from reprompt.foundation.atomic import write_text
from reprompt.foundation.device_shares import Share, share_of_a_device, shares_of
from reprompt.foundation.devices import DEVICE, VARIABLE, Device, given, in_words
from reprompt.foundation.locks import FOLDER
from reprompt.planning.plan import Plan
from reprompt.workflow import progress
from reprompt.workflow.progress import State
from reprompt.workflow.snakemake import TUNING
from reprompt.workflow.status_line import in_words as time_in_words

FILE = FOLDER / "shares.json"
RULES = (*TUNING, "features")  # whose jobs compute on a device
PROCESS = 1500.0  # MB of a process by itself: CUDA's context, kernels, the libraries' workspaces
MARGIN = 1.25  # predicted memory is right to 20 %, and what is freed comes back in pieces
SMALL = 0.25  # of a device: what takes more keeps it busy, and has it alone


def wanted_memory(plan: Plan, rule: str, wildcards: Mapping[str, str], devices: Sequence[Device]) -> int:
    """MB that a job takes of a device, as estimated: all of the smallest that has room for it, if it is not small.

    The first estimate of a step traces it, which imports PyTorch; it is remembered.
    """
    needed = PROCESS + MARGIN * _estimated(plan, rule, wildcards) / 1e6
    large_enough = [device.memory for device in devices if device.memory >= needed]
    whole = min(large_enough, default=max(device.memory for device in devices))
    return round(needed) if needed <= SMALL * whole else whole


def _estimated(plan: Plan, rule: str, wildcards: Mapping[str, str]) -> float:
    """Bytes on the device at the peak."""
    from reprompt.workflow.estimate.memory import features_memory, job_memory

    if rule == "features":
        return features_memory(plan, wildcards["backbone"], wildcards["part"], "cuda").gpu
    return job_memory(plan, plan.job("/".join(wildcards.values())), "cuda").gpu


def hand_out(devices: Sequence[Device], shares: Mapping[str, int]) -> None:
    """Have the jobs that this process starts compute on these devices. `shares` has the MB that each of them takes."""
    write_text(FILE, json.dumps(dict(shares), indent=1) + "\n")
    os.environ[VARIABLE] = in_words(devices)
    os.environ[DEVICE] = "cuda"


@contextmanager
def on_a_device(job: str, device: str) -> Iterator[str]:
    """Where a run hands out devices, wait for room on one and hold it; yields its name, empty where none does.

    `job` is named as Snakemake's steps are; one that the run has not estimated takes a whole device.
    """
    devices = given() if device == "cuda" else []
    if not devices:
        yield ""
        return
    shares = json.loads(FILE.read_text()) if FILE.exists() else {}
    with share_of_a_device(job, shares.get(job), devices, _say_who) as taken:
        print(f"{job} runs on device {taken.name}", file=sys.stderr)
        yield taken.name


def _say_who(shares: Iterable[Share]) -> None:
    who = ", ".join(f"{share.job} in {share.folder}" for share in shares)
    print(f"waiting for room on a device; they are taken by {who or 'jobs that end this moment'}", file=sys.stderr)


def listing(devices: Sequence[Device], now: float | None = None) -> list[str]:
    """Lines: of every device its memory and what of it is taken, and of each job there how far it is."""
    now, lines = time.time() if now is None else now, []
    for device in devices:
        shares = shares_of(device)
        taken = sum(share.memory for share in shares)
        lines.append(f"{device.name}: {taken:,} of {device.memory:,} MB taken" if shares else f"{device.name}: free")
        lines += [f"    {_job_in_words(share, now)}" for share in shares]
    return lines


def _job_in_words(share: Share, now: float) -> str:
    """`few_shot/coop/ViT-B-16/part1, 60 of 90 cells, 12 min left (1,900 MB for 3 min; process 4711 in /home/me)`."""
    folder = Path(share.folder)
    state = next((state for state in progress.running(folder / progress.FOLDER) if state.job == share.job), None)
    about = f"{share.memory:,} MB for {time_in_words(now - share.since)}; process {share.process} in {folder}"
    return f"{', '.join([share.job, *how_far(state)])} ({about})"


def how_far(state: State | None) -> Iterator[str]:
    """`60 of 90 cells`, and if anything is done `12 min left`."""
    if state is not None:
        yield f"{state.done} of {state.total} {state.unit}"
        if state.seconds_left is not None:
            yield f"{time_in_words(state.seconds_left)} left"
