"""Which GPUs there are, by the names that CUDA_VISIBLE_DEVICES takes, without PyTorch.

nvidia-smi lists them; of one that is cut into parts (MIG) every part is a device. CUDA_VISIBLE_DEVICES of the user
holds as CUDA reads it: indices, UUIDs or their beginnings, up to the first that names nothing. The list can also be
given, in REPROMPT_DEVICES: `GPU-a:80000,GPU-b:24000`, a name and the MB of memory that jobs may share, or a name alone
for a device that jobs have one by one. So a run hands its devices on to its jobs, a user overrides what is found, and a
test has devices where there are none.
"""

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

VARIABLE, VISIBLE, DEVICE = "REPROMPT_DEVICES", "CUDA_VISIBLE_DEVICES", "REPROMPT_DEVICE"
WHOLE = 1000  # stands for the memory of a device that jobs have one by one: less than any job takes
MB_OF_MIB = 1.048576
PART_MB_OF_GB = 900  # of a part, whose name has its memory rounded up
QUERY = ("index", "uuid", "memory.total", "compute_mode", "mig.mode.current", "name")
GPU = re.compile(r"GPU (\d+): ")
PART = re.compile(r"\s+MIG (\S+)\s+Device\s+\d+: \(UUID: (MIG-\S+)\)")


@dataclass(frozen=True)
class Device:
    """A GPU, or a part of one: the name that CUDA_VISIBLE_DEVICES takes, and its memory in MB."""

    name: str
    memory: int


@dataclass
class Listed:
    """A GPU as nvidia-smi lists it, and its parts where it is cut into some."""

    uuid: str
    memory: int
    model: str
    parts: list[Device] = field(default_factory=list)

    @property
    def devices(self) -> list[Device]:
        """What jobs can be put on."""
        return self.parts or [Device(self.uuid, self.memory)]


def found() -> list[Device]:
    """The devices that a run may use; none where the user wants the CPU (REPROMPT_DEVICE=cpu) or there are none.

    What is there and cannot be used is said on stderr. Raises ValueError for a REPROMPT_DEVICES that cannot be read,
    and for an index in CUDA_VISIBLE_DEVICES that may mean another card.
    """
    if os.environ.get(DEVICE, "cuda") != "cuda":
        return []
    if VARIABLE in os.environ:
        return given()
    listed = list_gpus()
    if listed and not torch_has_cuda():
        print(
            "reprompt: there are GPUs, but this PyTorch is built without CUDA: everything runs on the CPU",
            file=sys.stderr,
        )
        return []
    return visible(listed, os.environ.get(VISIBLE))


def given() -> list[Device]:
    """The devices in REPROMPT_DEVICES; none where it is not set. Raises ValueError for what it cannot read."""
    devices = []
    for entry in filter(None, (entry.strip() for entry in os.environ.get(VARIABLE, "").split(","))):
        name, colon, memory = entry.partition(":")
        if colon and not (memory.isdecimal() and int(memory)):
            raise ValueError(
                f"{VARIABLE}: {entry!r} is neither a device's name nor NAME:MEGABYTES, as in GPU-1a2b:80000"
            )
        devices.append(Device(name, int(memory or WHOLE)))
    return devices


def in_words(devices: Iterable[Device]) -> str:
    """The value of REPROMPT_DEVICES that `given` reads as these."""
    return ",".join(f"{device.name}:{device.memory}" for device in devices)


def total_memory() -> int:
    """The memory of all devices in MB: what the profile `workstation` has jobs share out; 0 where there are none."""
    return sum(device.memory for device in found())


def list_gpus() -> list[Listed]:
    """Every GPU that computes, in nvidia-smi's order; none where that is missing or fails, which it then says."""
    table = _nvidia_smi(f"--query-gpu={','.join(QUERY)}", "--format=csv,noheader,nounits")
    gpus: dict[str, Listed] = {}
    for line in table.splitlines():
        index, uuid, memory, mode, parted, model = (text.strip() for text in line.split(",", len(QUERY) - 1))
        if mode == "Prohibited":
            continue
        one_by_one = mode.startswith("Exclusive") or not memory.isdecimal()
        gpus[index] = Listed(uuid, WHOLE if one_by_one else round(int(memory) * MB_OF_MIB), model)
        if parted == "Enabled":
            gpus[index].parts = _parts(index)
            if not gpus[index].parts:
                print(f"reprompt: GPU {index} is in MIG mode and has no parts: it is left alone", file=sys.stderr)
                del gpus[index]
    return list(gpus.values())


def _parts(index: str) -> list[Device]:
    """The parts of a GPU; those that share their memory with another (`1c.3g.20gb`) are for one job at a time."""
    parts, of = [], None
    for line in _nvidia_smi("-L").splitlines():
        if gpu := GPU.match(line):
            of = gpu[1]
        elif of == index and (part := PART.match(line)):
            whole = re.fullmatch(r"\d+g\.(\d+)gb\S*", part[1])
            parts.append(Device(part[2], PART_MB_OF_GB * int(whole[1]) if whole else WHOLE))
    return parts


def _nvidia_smi(*options: str) -> str:
    """What it prints; nothing where there is none or it fails."""
    try:
        done = subprocess.run(["nvidia-smi", *options], capture_output=True, text=True, timeout=60)
    except FileNotFoundError:
        return ""
    except subprocess.TimeoutExpired:
        print("reprompt: nvidia-smi does not answer: everything runs on the CPU", file=sys.stderr)
        return ""
    if done.returncode:
        words = (done.stdout + done.stderr).strip().splitlines() or ["no reason given"]
        print(f"reprompt: nvidia-smi fails, so that everything runs on the CPU: {words[-1]}", file=sys.stderr)
        return ""
    return done.stdout


def visible(listed: list[Listed], asked: str | None) -> list[Device]:
    """What of the GPUs CUDA_VISIBLE_DEVICES leaves; all of them where it is not set.

    Raises ValueError for an index among cards of several models, which CUDA counts from the fastest on.
    """
    every = [device for gpu in listed for device in gpu.devices]
    if asked is None:
        return every
    chosen: dict[Device, None] = {}
    for entry in (entry.strip() for entry in asked.split(",")):
        if entry.isdecimal() and int(entry) < len(listed):
            by_bus = os.environ.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID"
            if len({gpu.model for gpu in listed}) > 1 and not by_bus:
                raise ValueError(
                    f"{VISIBLE}={asked}: the cards here differ, and CUDA counts them from the fastest on, not as"
                    " nvidia-smi does; name them by UUID (nvidia-smi -L) or set CUDA_DEVICE_ORDER=PCI_BUS_ID"
                )
            device = listed[int(entry)].devices[0]
        else:
            matching = [device for device in every if entry and device.name.startswith(entry)]
            if len(matching) != 1:
                break
            (device,) = matching
        chosen[device] = None
    return list(chosen)


def torch_has_cuda() -> bool:
    """Whether the installed PyTorch was built for CUDA, by its version file: importing it takes seconds."""
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        return False
    said = Path(spec.origin).with_name("version.py").read_text()
    return re.search(r"^cuda\b.*=\s*['\"]\d", said, re.MULTILINE) is not None
