"""Ways in which another machine computes, that this one can take: each in a process of its own.

    as it is              one thread, the instructions that the libraries choose: as the workflow's jobs
    two threads           sums are cut in two
    fewer instructions    PyTorch, oneDNN and MKL as on the next older processors: AVX2 for AVX-512, SSE4 for AVX2
    bfloat16 products     matrix products of single-precision numbers with factors rounded to bfloat16, summed in single
                          precision: torch.set_float32_matmul_precision("medium")

Libraries choose their instructions when they are loaded, so those are set in the environment of the process.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch

THREADS = 1  # of the workflow's jobs
OLDER = {  # PyTorch's name for what it uses -> the environment in which the libraries use the next older instructions
    "AVX512": {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"},
    "AVX2": {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41", "MKL_ENABLE_INSTRUCTIONS": "SSE4_2"},
}
SIDE = 512  # of the matrices by which it is found out whether there are products in bfloat16


def always() -> str:
    """For what every machine can."""
    return ""


@dataclass(frozen=True)
class Variation:
    """A way to compute. `missing` says why this machine cannot; empty where it can."""

    name: str
    threads: int = THREADS
    environment: dict[str, str] = field(default_factory=dict)
    products: str = "highest"  # as torch.set_float32_matmul_precision calls them
    missing: Callable[[], str] = always

    def take(self) -> None:
        """Compute in this way from now on, in a process that was started in its environment."""
        torch.set_num_threads(self.threads)
        torch.set_float32_matmul_precision(self.products)


def no_older() -> str:
    """Why there are no fewer instructions."""
    capability = torch.backends.cpu.get_cpu_capability()
    return "" if capability in OLDER else f"PyTorch uses {capability} here, and nothing older"


def no_products() -> str:
    """Why there are no products in bfloat16: they come to the same bits as those in single precision."""
    return "" if bits_of_products("medium") != bits_of_products("highest") else "this processor has none that are fast"


def bits_of_products(precision: str) -> bytes:
    """A matrix product of fixed random numbers at a precision, which is put back."""
    before, stream = torch.get_float32_matmul_precision(), torch.Generator().manual_seed(0)
    torch.set_float32_matmul_precision(precision)
    try:
        factors = torch.randn(2, SIDE, SIDE, generator=stream)
        return (factors[0] @ factors[1]).numpy().tobytes()
    finally:
        torch.set_float32_matmul_precision(before)


def variations() -> dict[str, Variation]:
    """All of them by name, the first as the workflow computes."""
    older = OLDER.get(torch.backends.cpu.get_cpu_capability(), {})
    every = (
        Variation("as it is"),
        Variation("two threads", threads=2),
        Variation("fewer instructions", environment=older, missing=no_older),
        Variation("bfloat16 products", products="medium", missing=no_products),
    )
    return {variation.name: variation for variation in every}
