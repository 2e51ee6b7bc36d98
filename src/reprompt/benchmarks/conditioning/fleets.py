"""Which fleets are trained twice: of every recipe that learns, under every protocol, the plan's first.

Its runs are those of the first task with the most shots, a few draws of them: what is trained longest strays furthest.
Prompts that are only evaluated (the transferability grid) are none. Beside ProGrad from "a photo of a", the start that
is its teacher, stands the same without a floor, the bare rule of the released code.
"""

from dataclasses import dataclass, replace

from reprompt.cells.cell import Cell
from reprompt.cells.fleets import fleets_of
from reprompt.cells.job import Job
from reprompt.foundation.digests import canonical
from reprompt.planning.plan import Plan

RUNS = 3  # at most, of a fleet
BARE = ("coop+prograd", "base_to_new")


@dataclass(frozen=True)
class Fleet:
    """Cells that train together, of one job, and what tells them from the recipe as it stands in the plan."""

    job: Job
    cells: tuple[Cell, ...]
    variant: str = ""

    @property
    def reads(self) -> Job:
        """The job with these cells alone, which reads only what they need."""
        return replace(self.job, cells=self.cells)


def fleets_in(plan: Plan) -> list[Fleet]:
    """A fleet for every recipe that learns and every protocol that trains it, on the standard backbone where it may."""
    chosen: dict[tuple[str, ...], Fleet] = {}
    for job in sorted(plan.jobs, key=lambda job: job.backbone != plan.backbones[0]):
        first = job.cells[0]
        if first.method.learned and not first.prompts_of:
            chosen.setdefault((first.recipe, first.protocol), Fleet(job, runs_of(job)))
    if BARE in chosen:
        chosen[*BARE, "bare"] = without_floor(chosen[BARE])
    return [chosen[key] for key in sorted(chosen)]


def runs_of(job: Job) -> tuple[Cell, ...]:
    """The draws of a job's first task with the most shots, as swept and as imbalanced as its first cell."""
    first = job.cells[0]
    most = max(cell.shots for cell in job.cells if cell.task == first.task)
    alike = [cell for cell in job.cells if _of_draw(cell) == (*_of_draw(first)[:-1], most)]
    return tuple(fleets_of(alike, RUNS)[0])


def _of_draw(cell: Cell) -> tuple:
    """What the draws of a cell have in common, its shots last."""
    return cell.task, cell.group, cell.start, cell.start_swept, cell.swept, cell.tau, cell.shots


def without_floor(fleet: Fleet) -> Fleet:
    """The same with a gradient rule that takes any direction for one."""
    bare = (replace(cell, settings=canonical(cell.resolved | {"floor": 0.0})) for cell in fleet.cells)
    return Fleet(fleet.job, tuple(bare), "floor 0")
