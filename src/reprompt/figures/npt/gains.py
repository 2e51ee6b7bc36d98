"""NPT, Figure 4: what a method adds to another on base and on novel classes."""

from dataclasses import dataclass

import pandas as pd

from reprompt.figures.figure import Measured
from reprompt.tables.scope import HALVES, Which, scope_of

AVERAGE = "average"
COLUMNS = ["tau", "task", "split", "gain", "low", "high", "seeds"]


@dataclass(frozen=True)
class Gains:
    """One recipe minus another on the same draws, on each half of the classes under some imbalances."""

    experiment: str
    recipe: str
    over: str
    shots: int
    taus: tuple[float, ...]

    def of(self, records: pd.DataFrame) -> Measured:
        """Each task's gains, then the average's; nothing for what was not run."""
        scope = scope_of(records, self.experiment)
        rows = []
        for tau in self.taus:
            which = {half: [Which(name, self.shots, half, tau) for name in (self.recipe, self.over)] for half in HALVES}
            gains = {half: scope.gain(*pair) for half, pair in which.items()}
            for task in (*scope.tasks, AVERAGE):
                for half, gain in gains.items():
                    if gain is not None:
                        value = gain.over_seeds if task == AVERAGE else gain.by_task[task]
                        rows.append((tau, task, half, value.estimate, value.low, value.high, value.seeds))
        return Measured(pd.DataFrame(rows, columns=COLUMNS), scope.words)
