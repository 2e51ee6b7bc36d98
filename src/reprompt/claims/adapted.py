"""MVLPT's runs as a source of numbers: its terms name where a prompt starts and how it is adapted, not recipes.

A term that does not say is meant as section 4.1 and Figures 1 and 5 mean it: MCoOp, MVPT and MUPT start from eleven
source tasks, CoOp, VPT and UPT at random; each task is adapted to alone; a prompt is as long as its learner's usually
is. Values are the task's own metric.

An interval is over draws of the target tasks. Where one source prompt starts every draw (`hand_over: mean`), how lucky
that prompt is, is in no interval.
"""

from collections import defaultdict
from typing import NamedTuple

import pandas as pd

from reprompt.cells.recipes import recipe_of
from reprompt.claims.parameter_share import share_percent
from reprompt.evidence.adaptation import LABELS, LEARNERS, adaptations
from reprompt.evidence.lookup import Lookup, Missing, Slice
from reprompt.evidence.values import DETERMINISTIC, POOLED, Origin, Values
from reprompt.tasks.groups import members

KEYS = ("init", "adapt", "shots", "backbone", "M")  # what a term may name


class _AdaptedRow(NamedTuple):
    """One row of the adaptations; `usual` where the number of tokens is not swept."""

    task: str
    shots: int
    seed: int
    backbone: str
    tokens: int
    value: float
    usual: bool


class Adapted(Lookup):
    """Looks terms up in the adaptations that the records of one scale hold."""

    def __init__(self, records: pd.DataFrame):
        self._grid = records[records["protocol"] == "transfer_grid"]
        self._rows: dict[tuple[str, str, str], list[_AdaptedRow]] = defaultdict(list)
        swept = records["swept"] != ""
        for usual, rows in ((True, records[~swept]), (False, records[swept])):
            table = adaptations(rows)
            table = table[table["swept"] == ""]  # what else than the number of tokens is swept is in no claim
            columns = ("method", "init", "adapt", "task", "shots", "seed", "backbone", "M", "value")
            for method, init, adapt, *row in zip(*(table[name].tolist() for name in columns), strict=True):
                self._rows[method, init, adapt].append(_AdaptedRow(*row, usual))

    def accuracies(self, where: Slice) -> Values:
        """The score in percent of every run; at the usual number of tokens where none is named."""
        named, tokens = _named(where), dict(where.settings).get("M")
        scores: dict[Origin, float] = {}
        for row in self._at(where):
            if row.usual if tokens is None else row.tokens == tokens:
                origin = Origin(row.task, row.task, 0 if named["shots"] else row.shots, row.seed)
                scores.setdefault(origin, row.value)
        if not scores:
            named |= {"M": f"{tokens:g}"} if tokens else {}
            words = ", ".join(f"{key} {value}" for key, value in named.items() if value)
            raise Missing(f"no records of {LABELS[where.method]} on {where.place} ({words})")
        return Values(scores)

    def variants(self, where: Slice, keys: tuple[str, ...]) -> list[Slice]:
        """The slice at every number of tokens that was run. Raises Missing for fewer than two."""
        lengths = sorted({row.tokens for row in self._at(where)}) if keys == ("M",) else []
        if len(lengths) < 2:
            raise Missing(f"no experiment varies {' and '.join(keys)} of {LABELS[where.method]}")
        return [where.having(M=float(length)) for length in lengths]

    def transfers(self, learner: str, metric: str) -> pd.DataFrame:
        """The experiment `transfer_grid` of a learner, draw by draw."""
        recipe = recipe_of(f"m{learner}").alone.expression
        rows = self._grid[(self._grid["recipe"] == recipe) & (self._grid["metric"] == metric)]
        if rows.empty:
            raise Missing(f"no records of how prompts of {LABELS[learner]} do on other tasks")
        return rows.pivot(index=["seed", "source"], columns="task", values="value")

    def parameter_share(self, learner: str) -> Values:
        """Counted for ViT-B/16, whatever backbone was run."""
        return Values({Origin("", POOLED, 0, DETERMINISTIC): share_percent(learner)})

    def _at(self, where: Slice) -> list[_AdaptedRow]:
        """The rows of a slice at any number of tokens; of equal runs those that are not swept come first."""
        named, tasks = _named(where), set(members(where.place))
        return [
            row
            for row in self._rows.get((where.method, named["init"], named["adapt"]), [])
            if row.task in tasks and named["shots"] in (None, row.shots) and named["backbone"] in (None, row.backbone)
        ]


def _named(where: Slice) -> dict[str, str | int | None]:
    """Start, adaptation, shots and backbone of a slice: what its term names, else its claim, else what is usual.

    None is any.
    """
    named, of_claim = dict(where.settings), dict(where.defaults)
    unknown = [key for key in named if key not in KEYS]
    if unknown:
        raise Missing(f"no experiment of MVLPT varies {' and '.join(unknown)}")
    shots, backbone = (named.get(key, of_claim.get(key)) for key in ("shots", "backbone"))
    return {
        "init": named.get("init", "random" if where.method in LEARNERS else "multitask_11"),
        "adapt": named.get("adapt", "single"),
        "shots": None if shots is None else int(shots),
        "backbone": None if backbone is None else str(backbone).replace("/", "-"),
    }
