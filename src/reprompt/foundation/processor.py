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
        match = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:  # not Linux
        match = None
    return match[1].strip() if match else platform.processor() or platform.machine()


def _blas_of_torch() -> str:
    configuration = torch.__config__.show()
    if mkl := re.search(r"Math Kernel Library Version (\S+?)-", configuration):
        return f"MKL {mkl[1]}"
    library = re.search(r"BLAS_INFO=(\w+)", configuration)
    return library[1] if library else "unknown"


def _blas_of_numpy() -> str:
    """The libraries that NumPy and SciPy brought with them and loaded."""
    libraries = [library for library in threadpool_info() if library["user_api"] == "blas"]
    keys = ("internal_api", "version", "architecture")
    names = {" ".join(filter(None, (library.get(key) for key in keys))) for library in libraries}
    return " and ".join(sorted(names)) or "unknown"
