"""What of the machine decides the last bit is told."""

import torch

from reprompt.foundation.costs import circumstances
from reprompt.foundation.processor import machine


def test_the_machine_is_told_by_what_decides_the_last_bit():
    torch.set_num_threads(1)
    told = machine()
    assert torch.backends.cpu.get_cpu_capability() in told
    assert "1 thread," in told and "PyTorch's BLAS: " in told and "NumPy's: " in told
    assert "unknown" not in told
    assert circumstances(0.0, torch.device("cpu"))["machine"] == told
