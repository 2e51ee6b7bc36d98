"""GRAM, Figure 1a: how much it matters where CoOp starts."""

import json
from dataclasses import dataclass

import pandas as pd

from reprompt.figures.figure import Measured
from reprompt.figures.points import MEASURED, measured
from reprompt.tables.methods import METHODS
from reprompt.tables.scope import Started, of_means, runs_of, scope_of_runs

SPLITS = ("base", "new", "H")
META_LEARNED = "meta-learned"
COLUMNS = ["initialisation", "comparable", "split", *MEASURED]


@dataclass(frozen=True)
class Starts:
    """Average accuracy of CoOp by where its four tokens start; a longer context and CoOp + GRAM beside them.

    The experiments: with other starts, with the usual one, with a longer context, and from the meta-learned start.
    """

    varied: str
    usual: str
    longer: str
    adapted: str

    def of(self, records: pd.DataFrame) -> Measured:
        """A point per start and split; `comparable` are those among which the start alone differs."""
        starts = {(words, True): ("coop", swept) for words, swept in self._starts(records).items()}
        for swept in sorted(records.loc[records["experiment"] == self.longer, "swept"].unique()):
            starts[f"random, {json.loads(swept)['context_length']:g} tokens", False] = ("coop", swept)
        starts[META_LEARNED, False] = ("coop_gram", "")
        shown = {(*words, split): _runs(*start, split) for words, start in starts.items() for split in SPLITS}
        scope = scope_of_runs(records, (self.varied, self.usual, self.longer, self.adapted), shown.values())
        averaged = of_means(scope)
        rows = [(*key, *measured(value)) for key, which in shown.items() if (value := averaged.average(which))]
        return Measured(pd.DataFrame(rows, columns=COLUMNS), scope.words)

    def _starts(self, records: pd.DataFrame) -> dict[str, str]:
        """What is swept, by what the start is called: random, then phrases; the usual start sweeps nothing."""
        usual = records.loc[(records["experiment"] == self.usual) & (records["recipe"] == "coop"), "settings"]
        phrases = {settings["initialisation"]: "" for settings in usual}
        for swept in records.loc[records["experiment"] == self.varied, "swept"].unique():
            phrases.setdefault(json.loads(swept)["initialisation"], swept)
        in_order = sorted(phrases, key=lambda phrase: (phrase != "random", phrase))
        return {phrase if phrase == "random" else f"“{phrase}”": phrases[phrase] for phrase in in_order}


def _runs(recipe: str, swept: str, split: str) -> Started:
    return Started(recipe, 16, split, swept=swept) if swept else runs_of(METHODS[recipe], split=split)
