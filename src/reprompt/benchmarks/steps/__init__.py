"""What a training step costs at full size: as the papers' released code does it, and with the exact savings."""

from reprompt.benchmarks.steps.run import bench_steps

__all__ = ["bench_steps"]
