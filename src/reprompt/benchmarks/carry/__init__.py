"""How far bits carry: what becomes of predictions with two threads, fewer instructions, or products in bfloat16."""

from reprompt.benchmarks.carry.run import bench_carry
from reprompt.benchmarks.carry.train import train_fleets

__all__ = ["bench_carry", "train_fleets"]
