"""What explains transfer? Rank correlations of the transferability grid with similarities; no paper prints any."""

import math
from functools import cached_property

import pandas as pd

from reprompt.evidence.adaptation import LABELS
from reprompt.evidence.explanation import CLAIMED, LEAST_TASKS, OTHER, VIEWS, LearnerGrids, grids_of_learner
from reprompt.evidence.mantel import Mantel
from reprompt.evidence.statistics import Interval
from reprompt.tables.names import OfTheGrid
from reprompt.tables.specification import Place
from reprompt.tables.table import Entry, Table, cell, columns_in_words

LEVEL = 0.05  # below this p a correlation is called shown
NOT_RUN, NOT_SHOWN, UNDEFINED = "not run", "not shown", "undefined"
IN_A_VIEW = {"pairs": "over all pairs", "targets": "among the sources of a target", "interaction": "without levels"}
DETAIL_COLUMNS = ["scale", "backbone", "learner", "view", "similarity", "given", "correlation", "p", "pairs", "verdict"]


def direction(relation: Mantel) -> str:
    """What a correlation says: transfer `rises` or `falls`, or `not shown`, at the level of 5 percent."""
    if math.isnan(relation.p):
        return UNDEFINED
    if relation.p >= LEVEL:
        return NOT_SHOWN
    return "rises" if relation.correlation > 0 else "falls"


class CorrelationTable(Table):
    """A `Table` of correlations, each with its p; with the three decimals that a p of 0.001 needs."""

    decimals = 3

    def entry(self, cell: pd.Series) -> Entry:
        """The correlation with two decimals, marked where it is shown, and p beneath."""
        if math.isnan(cell["regenerated"]):
            return Entry(cell["verdict"], was_run=False)
        shown = "" if cell["verdict"] == NOT_SHOWN else "*"
        return Entry(f"{cell['regenerated']:.2f}".replace("-", "−"), mark=shown, published=f"p = {cell['p']:.3f}")


class Correlations(OfTheGrid):
    """A block for each `view`, a row for each `learner`, a column for each `similarity`, with the other `given`."""

    form = CorrelationTable

    @cached_property
    def grids(self) -> dict[str, LearnerGrids | None]:
        """What is compared, by learner; None where too few tasks have every pair."""
        learners = (row.runs["learner"] for row in self.table.rows)
        return {learner: grids_of_learner(self.of_grid, learner) for learner in learners}

    @cached_property
    def relations(self) -> dict[tuple[str, str, str, bool], Mantel]:
        """Every correlation, by learner, view, similarity and whether the other similarity is given."""
        keys = [_key(place) for place in self.table.places() if self.grids[place.runs["learner"]]]
        return {key: self.grids[key[0]].related(key[2], key[3], key[1]) for key in keys}

    def cells(self) -> list[dict]:
        """Every correlation with its p, or "not run"."""
        return [self.cell(place) for place in self.table.places()]

    def cell(self, place: Place) -> dict:
        """One cell, with the number of pairs in its row's label."""
        relation = self.relations.get(_key(place))
        value = Interval(relation.correlation, math.nan, math.nan, self.scope.seeds) if relation else None
        row = f"{place.row.label} ({relation.pairs} pairs)" if relation else place.row.label
        verdict = direction(relation) if relation else NOT_RUN
        heads = {"row": row, "column": place.column.label, "block": place.block.label}
        return cell(**heads, value=value, published=math.nan, verdict=verdict) | {
            "p": relation.p if relation else math.nan
        }

    @property
    def notes(self) -> tuple[str, ...]:
        """What each learner's correlations say, then the table's own."""
        return (*map(self._verdict, self.grids), *self.table.notes)

    def details(self) -> pd.DataFrame:
        """Every correlation as a row, learner by learner."""
        where, order = (self.scope.scale, self.scope.backbone), list(self.grids)
        rows = [
            (*where, *key[:3], OTHER[key[2]] if key[3] else "", said.correlation, said.p, said.pairs, direction(said))
            for key, said in sorted(self.relations.items(), key=lambda item: order.index(item[0][0]))
        ]
        return pd.DataFrame(rows, columns=DETAIL_COLUMNS)

    def _verdict(self, learner: str) -> str:
        """What the correlations of a learner say, and whether over all pairs this is what the paper says."""
        grids = self.grids[learner]
        if grids is None:
            return f"{LABELS[learner]}: not run, or fewer than {LEAST_TASKS} tasks have every pair."
        words = []
        for similarity, other in OTHER.items():
            alone, beyond = (self._said(learner, similarity, given) for given in (False, True))
            words.append(f"With {similarity} similarity transfer {alone}; given {other} similarity it {beyond}.")
        claimed = direction(self.relations[learner, "pairs", CLAIMED[learner], False])
        agrees = {"rises": "as published", "falls": "against published"}.get(claimed, claimed)
        words.append(f"The paper's claim, that it rises with {CLAIMED[learner]} similarity: {agrees}.")
        if grids.left_out:
            words.append(f"Left out, because pairs are missing: {', '.join(grids.left_out)}.")
        return f"{LABELS[learner]}. {' '.join(words)}"

    def _said(self, learner: str, similarity: str, given: bool) -> str:
        """In which views it rises or falls: "rises over all pairs and among the sources of a target"."""
        shown = {view: direction(self.relations[learner, view, similarity, given]) for view in VIEWS}
        words = []
        for way in ("rises", "falls"):
            where = [IN_A_VIEW[view] for view in VIEWS if shown[view] == way]
            if where:
                everywhere = len(where) == len(VIEWS)
                words.append(f"{way} {'in all three views' if everywhere else columns_in_words(where, [])}")
        return " and ".join(words) or "shows no change"


def _key(place: Place) -> tuple[str, str, str, bool]:
    return tuple(place.runs[name] for name in ("learner", "view", "similarity", "given"))
