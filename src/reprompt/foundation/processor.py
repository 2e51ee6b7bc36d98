"""What of a machine decides the last bit of a result: processor, instruction set, threads, BLAS.

PyTorch takes other kernels on other processors, and these sum in another order. So a number that was made elsewhere can
differ in its last bit, and after many steps in a prediction.
"""

import platform
import re
from pathlib import Path

import torch
from threadpoolctl import threadpool_info


def machine() -> str:
    """In words: `AMD EPYC, x86_64, AVX2, 1 thread, PyTorch's BLAS: MKL 2024.2, NumPy's: openblas 0.3.31 Haswell`."""
    threads = torch.get_num_threads()
    parts = [
        _model(),
        platform.machine(),
        torch.backends.cpu.get_cpu_capability(),
        f"{threads} thread{'s' if threads > 1 else ''}",
        f"PyTorch's BLAS: {_blas_of_torch()}",
        f"NumPy's: {_blas_of_numpy()}",
    ]
    return ", ".join(dict.fromkeys(parts))


def _model() -> str:
    """The processor's name for itself."""
    try:
        found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:  # not Linux
        found = None
    return found[1].strip() if found else platform.processor() or platform.machine()


def _blas_of_torch() -> str:
    said = torch.__config__.show()
    if mkl := re.search(r"Math Kernel Library Version (\S+?)-", said):
        return f"MKL {mkl[1]}"
    named = re.search(r"BLAS_INFO=(\w+)", said)
    return named[1] if named else "unknown"


def _blas_of_numpy() -> str:
    """The libraries that NumPy and SciPy brought with them and loaded."""
    found = [of for of in threadpool_info() if of["user_api"] == "blas"]
    told = {" ".join(filter(None, (of["internal_api"], of["version"], of.get("architecture")))) for of in found}
    return " and ".join(sorted(told)) or "unknown"
