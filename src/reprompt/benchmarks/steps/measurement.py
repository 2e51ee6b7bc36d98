"""Seconds, floating-point operations and memory of a step, and the matrix-multiply peak to hold them against."""

import ctypes
import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch.utils.flop_counter import FlopCounterMode

Result = TypeVar("Result")
PROCESS = Path("/proc/self")
PEAK_SIZE = {"cpu": 3072, "cuda": 8192}


def synchronise(device: torch.device) -> None:
    """Wait until the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def seconds(work: Callable[[], object], device: torch.device) -> float:
    """Wall-clock seconds of `work`."""
    synchronise(device)
    started = time.perf_counter()
    work()
    synchronise(device)
    return time.perf_counter() - started


def operations(work: Callable[[], Result]) -> tuple[float, Result]:
    """Floating-point operations of the matrix products, convolutions and attention of `work`, and what it returns.

    PyTorch's counter does not know the fused block that `nn.MultiheadAttention` uses without gradients: it is off here.
    """
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with FlopCounterMode(display=False) as counter:
            result = work()
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
    return float(counter.get_total_flops()), result


def multiply_rate(device: torch.device, dtype: torch.dtype, repeats: int = 3) -> float:
    """Operations per second of the best of a few products of large square matrices."""
    size = PEAK_SIZE[device.type]
    a, b = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    a @ b
    return 2 * size**3 / min(seconds(lambda: a @ b, device) for _ in range(repeats))


def in_own_process(module: str, *arguments: str) -> dict[str, Any]:
    """Run a module in a fresh interpreter, so that its peak memory is its own: the JSON of the last line it prints."""
    finished = subprocess.run([sys.executable, "-m", module, *arguments], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(finished.stdout.splitlines()[-1])


def forget_peak(device: torch.device) -> bool:
    """Start measuring peak memory anew; false where the system has no way to.

    On a CPU that is the resident set of this process, weights and interpreter included, as Linux keeps it. What the
    allocator holds back from earlier steps goes back to the system first.
    """
    gc.collect()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        return True
    if hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)
    try:
        (PROCESS / "clear_refs").write_text("5")
    except OSError:
        return False
    return True


def peak_bytes(device: torch.device) -> int:
    """Peak memory since `forget_peak`."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    (line,) = (line for line in (PROCESS / "status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def device_name(device: torch.device) -> str:
    """The GPU's or the processor's name."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    about = Path("/proc/cpuinfo")
    models = (
        [line.split(":")[1] for line in about.read_text().splitlines() if "model name" in line]
        if about.exists()
        else []
    )
    return f"{models[0].strip()}, {len(models)} cores" if models else "CPU"
