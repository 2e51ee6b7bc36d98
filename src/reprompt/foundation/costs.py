"""What a job's sidecar says of machine, versions and time; unlike its records it may differ from run to run."""

import resource
import subprocess
import time
from importlib.metadata import version

import torch

from reprompt.foundation.processor import machine


def circumstances(started: float, device: torch.device, **counts: object) -> dict:
    """Time since `started` (of `time.monotonic`), memory, device, versions and commit, beside the job's own counts."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    return {
        **counts,
        "seconds": round(time.monotonic() - started, 2),
        "cpu_seconds": round(time.process_time(), 2),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "machine": machine(),
        "threads": torch.get_num_threads(),
        "commit": commit or "unknown",
        "versions": {name: version(name) for name in ("torch", "open_clip_torch", "numpy", "scikit-learn")},
    }
