"""How well conditioned recipes are: what becomes of predictions when everything frozen changes in its last bits."""

from reprompt.benchmarks.conditioning.run import bench_conditioning

__all__ = ["bench_conditioning"]
