"""What a fleet gets of other jobs, and what is left of its cells."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from reprompt.cells.cell import Cell
from reprompt.clip.params import Params
from reprompt.evaluation.evaluate import Results
from reprompt.foundation.arrays import Arrays
from reprompt.records.prompts import Prompts
from reprompt.training.checkpoint import Checkpoint, nowhere
from reprompt.training.groups import Groups, trained_on


@dataclass(frozen=True)
class Given:
    """What other jobs give: kept prompts by experiment, and the groups that the grid gives.

    `checkpoint` gives that of cells that are trained together. `steps` stops meta-training after the first so many
    outer steps (a sample of it).
    """

    prompts: Mapping[str, Prompts] = field(default_factory=dict)
    groups: Groups = field(default_factory=Groups)
    checkpoint: Callable[[Sequence[Cell]], Checkpoint] = lambda cells: nowhere()
    steps: int | None = None

    def start(self, cell: Cell) -> Params:
        """The prompt that a cell starts from, with what was kept beside it; nothing where it has a start of its own."""
        return self.prompts[cell.start].start(cell) if cell.start else {}

    def prompt(self, cell: Cell) -> Params:
        """The prompt of another job that a cell evaluates or starts from; nothing where there is none."""
        return self.prompts[cell.prompts_of].evaluated_by(cell) if cell.prompts_of else self.start(cell)

    def trained_on(self, cell: Cell) -> tuple[str, ...]:
        """The tasks that a cell is trained on, the target of a group first."""
        return trained_on(cell, self.groups)


NOTHING = Given()


@dataclass(frozen=True)
class Finished:
    """What is left of a cell: its results per test set and, if it is kept, its tuned prompt in half precision."""

    results: Results
    prompt: Arrays = field(default_factory=dict)
