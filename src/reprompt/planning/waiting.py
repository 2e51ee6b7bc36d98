"""Cells that wait for data sets: a study is run on those that are there, with nothing edited for that."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from reprompt.cells.cell import Cell
from reprompt.cells.parameters import Experiment, Parameters
from reprompt.tasks.card import data_set_of
from reprompt.tasks.groups import pictures_of


@dataclass(frozen=True)
class Waiting:
    """What waits for the data sets that are `missing`, each with the reason why it is not there."""

    parameters: Parameters
    missing: Mapping[str, str]

    def there(self, cells: Iterable[Cell]) -> tuple[Cell, ...]:
        """The cells that wait for nothing, those of protocol `transfer` evaluated on what is there."""
        return tuple(self._evaluated_on_what_is_there(cell) for cell in cells if not self.of(cell))

    def of(self, cell: Cell) -> tuple[str, ...]:
        """The missing data sets that a cell cannot do without.

        These are what it is trained on, or its start, or the partners in its group are: a source prompt of fewer tasks,
        or partners chosen among fewer, would be another method. Of what it is evaluated on one data set is enough.
        """
        needed = [cell.data_set(task) for task in cell.trained_on]
        judged_on = [cell.data_set(task) for task in cell.judged_on]
        if all(map(self.lacks, judged_on)):
            needed += judged_on
        if cell.group:
            needed += self._of_partners
        if cell.start:
            needed += self._of_starts[cell.start]
        return tuple(dict.fromkeys(pictures_of(data_set) for data_set in needed if self.lacks(data_set)))

    def lacks(self, data_set: str) -> bool:
        """Whether the pictures that a data set shows are not there."""
        return pictures_of(data_set) in self.missing

    def _evaluated_on_what_is_there(self, cell: Cell) -> Cell:
        judged_on = tuple(task for task in cell.judged_on if not self.lacks(cell.data_set(task)))
        return cell if judged_on == cell.judged_on else replace(cell, judged_on=judged_on)

    @cached_property
    def _of_partners(self) -> list[str]:
        """What the transferability grid finds partners among."""
        experiments = self.parameters.experiments.values()
        grids = [experiment for experiment in experiments if experiment.protocol == "transfer_grid"]
        return [data_set for grid in grids for data_set in self._trained_on(grid)]

    @cached_property
    def _of_starts(self) -> dict[str, list[str]]:
        """What the prompts of every experiment that others may start from are trained on: all its tasks together."""
        return {name: self._trained_on(experiment) for name, experiment in self.parameters.experiments.items()}

    def _trained_on(self, experiment: Experiment) -> list[str]:
        version = self.parameters.version_of(experiment)
        return [data_set_of(task, version) for task in experiment.tasks or self.parameters.tasks]
