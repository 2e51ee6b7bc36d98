"""Notes under a table that depend on the records: where a switch stands, and what a row comes to in another way."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from reprompt.evidence.adaptation import partners_by
from reprompt.evidence.statistics import Interval
from reprompt.tables.scope import scope_of_runs
from reprompt.tables.specification import Place, Settings

if TYPE_CHECKING:
    from reprompt.tables.averages import Averages
    from reprompt.tables.names import OfTheGrid

PARTNERED = {
    "validation": "Partners are chosen by what their prompts score, in the mean over draws, on the target's own "
    "validation images (`partners_by: validation`): eight a task at the miniature, so ties are common; of tied "
    "partners the first by name. The paper chooses “based on the transferability map shown in Figure 4”, which is of "
    "test images.",
    "grid": "Partners are chosen by the transferability map, as in the paper (`partners_by: grid`). The map is of test "
    "images, so this leaks: groups are judged on the images that chose their partners, which favours the best "
    "groups and harms the worst.",
}


@dataclass(frozen=True)
class Chosen:
    """What the runs of a recipe in the table have a setting at, in the place `chosen` of `words`.

    `called` are other words for values. There is no such note where no run has the setting.
    """

    setting: str
    recipe: str
    words: str
    called: Mapping[Any, str] = field(default_factory=dict)

    experiments: tuple[str, ...] = ()  # all that it reads the table reads too

    def said(self, table: "Averages") -> str:
        """The note."""
        records, experiments = table.records, {e for place in table.places for e in place.runs["experiments"]}
        runs = records[records["experiment"].isin(experiments) & (records["recipe"] == self.recipe)]
        values = {given[self.setting] for given in runs["settings"] if self.setting in given}
        if not values:
            return ""
        return self.words.format(chosen=", ".join(self.called.get(value, f"{value}") for value in sorted(values)))


@dataclass(frozen=True)
class Partnered:
    """What the partners in MVLPT's groups were chosen by, and that the choice leaks where that is the printed map."""

    experiments: tuple[str, ...] = ()  # those that are trained in groups, where the table has none

    def said(self, table: "Averages | OfTheGrid") -> str:
        """The note."""
        return PARTNERED[partners_by(table.records)]


@dataclass(frozen=True)
class TunedBy:
    """What is said where a run of the table, whatever its recipe, has a setting at a value."""

    setting: str
    value: Any
    words: str

    experiments: tuple[str, ...] = ()  # all that it reads the table reads too

    def said(self, table: "Averages") -> str:
        """The note."""
        experiments = {name for place in table.places for name in place.runs["experiments"]}
        runs = table.records.loc[table.records["experiment"].isin(experiments), "settings"]
        return self.words if any(given.get(self.setting) == self.value for given in runs) else ""


FIXED_VIEWS = TunedBy(
    "augmentation",
    "views",
    "Prompts are tuned on so many fixed augmented views of every image (`views.count`); CoOp's loader crops an image "
    "anew at each visit (`augmentation: fresh`).",
)


@dataclass(frozen=True)
class Otherwise:
    """The gain of a row over another, and what it comes to where both are run in another way, by column.

    `runs` are what is other in their runs, `row` and `over` keys. It has the place `gains` in `words`. The four are
    compared on the tasks and draws that all have.
    """

    words: str
    row: str
    over: str
    columns: tuple[str, ...]
    runs: Settings

    @property
    def experiments(self) -> tuple[str, ...]:
        """Those it reads beside the table's."""
        return self.runs["experiments"]

    def said(self, table: "Averages") -> str:
        """The note."""
        return self.words.format(gains="; ".join(self._at(table, column) for column in self.columns))

    def _at(self, table: "Averages", column: str) -> str:
        here = [table.find(key, column) for key in (self.row, self.over)]
        there = [replace(place, runs={**place.runs, **self.runs}) for place in here]
        shown = [table.which(place) for place in (*here, *there)]
        experiments = (*here[0].runs["experiments"], *self.experiments)
        scope = scope_of_runs(table.records, experiments, shown, here[0].runs["tasks"], table.backbone)
        gains = [scope.gain(ours, theirs) for ours, theirs in (shown[:2], shown[2:])]
        if not all(gains):
            return f"{_shots(here[0])}: not run"
        usual, other = (_signed(gain.over_seeds) for gain in gains)
        return f"{_shots(here[0])}: {other}, and {usual} as in the table, on {len(scope.tasks)} tasks"


def _shots(place: Place) -> str:
    shots = place.runs["shots"]
    return f"{shots} shot{'' if shots == 1 else 's'}"


def _signed(gain: Interval) -> str:
    half = f" ± {gain.half_width:.1f}" if gain.has_width else ""
    return f"{gain.estimate:+.1f}{half}".replace("-", "−")
