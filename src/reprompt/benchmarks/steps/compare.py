"""A workload's step as released and fast, timed in turn: on shared machines only interleaved timings compare."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import torch
from torch import Tensor

from reprompt.benchmarks.steps.measurement import forget_peak, operations, peak_bytes, seconds
from reprompt.benchmarks.steps.timed_step import FAST, RELEASED, TimedStep, apart, timed_step
from reprompt.benchmarks.steps.workloads import Workload
from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params

SECONDS_PER_ROW = 30.0
MOST_ROUNDS = 9


@dataclass
class StepCost:
    """What one way of taking a step costs: seconds of every round, operations counted, peak memory."""

    rounds: list[float]
    operations: float
    peak_bytes: int | None

    @property
    def seconds(self) -> float:
        """The median round."""
        return median(self.rounds)


@dataclass(frozen=True)
class WorkloadComparison:
    """A workload's two costs, and how far the two ways' losses and gradients are apart, relatively."""

    workload: Workload
    released: StepCost | None
    fast: StepCost
    apart: float | None

    @property
    def ratio(self) -> float | None:
        """How many times faster the fast step is."""
        return self.released.seconds / self.fast.seconds if self.released else None

    @property
    def goal_met(self) -> bool | None:
        """None where there is no goal or nothing to compare with."""
        return None if self.workload.goal is None or self.ratio is None else self.ratio >= self.workload.goal


def compare(backbone: Backbone, workload: Workload, tell: Callable[[str], None]) -> WorkloadComparison:
    """Count both ways once, then time them in turn, twice or more.

    A way with nothing to be compared with is timed once, and if a step takes long, the first step is that once.
    """
    ways = {"released": RELEASED, "fast": FAST} if workload.released_fits else {"fast": FAST}
    steps = {way: timed_step(backbone, workload, savings) for way, savings in ways.items()}
    about = f"{workload.title}, {workload.classes} classes, batch {workload.batch}"
    started, costs, results = time.perf_counter(), {}, {}
    for way, step in steps.items():
        tell(f"{about}: {way}, first step")
        costs[way], results[way] = _first_step(step, backbone.device)
    once = time.perf_counter() - started
    rounds = max(len(ways), min(MOST_ROUNDS, int(SECONDS_PER_ROW / once)))
    if len(ways) == 1 and once > SECONDS_PER_ROW:
        costs["fast"].rounds.append(once)
        rounds = 0
    for number in range(1, rounds + 1):
        for way, step in steps.items():
            costs[way].rounds.append(seconds(step, backbone.device))
        taken = ", ".join(f"{way} {cost.rounds[-1]:.3g} s" for way, cost in costs.items())
        tell(f"{about}: round {number} of {rounds}: {taken}")
    difference = apart(results["fast"], results["released"]) if workload.released_fits else None
    return WorkloadComparison(workload, costs.get("released"), costs["fast"], difference)


def _first_step(step: TimedStep, device: torch.device) -> tuple[StepCost, tuple[Tensor, Params]]:
    """Warms up, counts operations and measures memory in one go, because a step may take a minute."""
    measured = forget_peak(device)
    counted, result = operations(step)
    return StepCost([], counted, peak_bytes(device) if measured else None), result
