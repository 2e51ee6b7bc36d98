"""What of the machine decides the last bit is told."""

import torch

from reprompt.foundation.costs import circumstances
from reprompt.foundation.processor import machine


def test_the_machine_is_told_by_what_decides_the_last_bit():
    torch.set_num_threads(1)
    words = machine()
    assert torch.backends.cpu.get_cpu_capability() in words
    assert "1 thread," in words and "PyTorch's BLAS: " in words and "NumPy's: " in words
    assert "unknown" not in words
    assert circumstances(0.0, torch.device("cpu"))["machine"] == words
