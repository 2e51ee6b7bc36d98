"""The claims as they are listed in tasks/published/data/claims.csv, read into typed terms."""

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import pandas as pd

from reprompt.claims.grammar import Term, parse_claim

OPENS = ("../tasks/published/data/claims.csv",)
FIGURES_BY_PANEL = ("gram",)  # papers of which each panel of a figure is a figure here


@dataclass(frozen=True)
class Claim:
    """A row of claims.csv. `margin` is the difference that the paper states, NaN where it states none."""

    id: str
    paper: str
    text: str
    lhs: Term
    relation: str
    rhs: Term
    margin: float
    setting: str
    where: str

    @property
    def protocol(self) -> str:
        """The table setting: the first word of `setting`, or the second where the first is `analysis`."""
        first, *others = (part.strip() for part in self.setting.split(";"))
        return others[0] if first == "analysis" and others else first

    @property
    def defaults(self) -> dict[str, str]:
        """What `setting` says of every term: {"backbone": "RN50", "M": "16", ...}."""
        return dict(re.findall(r"(?:^|;)\s*(\w+)=([\w/.-]+)", self.setting))

    @property
    def output(self) -> str:
        """The table or figure that `where` names first, for example npt_figure2; empty where it names none."""
        output = re.search(r"\b(Table|Fig)[a-z]*\.? (\d+)([a-z]?)", self.where)
        if not output:
            return ""
        panel = output[3] if output[1] == "Fig" and self.paper in FIGURES_BY_PANEL else ""
        return f"{self.paper}_{'table' if output[1] == 'Table' else 'figure'}{output[2]}{panel}"


@lru_cache(maxsize=1)
def read_claims() -> tuple[Claim, ...]:
    """All claims in their listed order. Raises ClaimError for a row that cannot be parsed."""
    with (resources.files("reprompt.tasks.published") / "data" / "claims.csv").open(encoding="utf-8") as file:
        rows = pd.read_csv(file, dtype=str, keep_default_na=False).to_dict("records")
    return tuple(_claim(row) for row in rows)


def _claim(row: dict[str, str]) -> Claim:
    lhs, rhs = parse_claim(row["id"], row["lhs"], row["relation"], row["rhs"])
    margin = float(row["margin"]) if row["margin"] else float("nan")
    return Claim(row["id"], row["paper"], row["claim"], lhs, row["relation"], rhs, margin, row["setting"], row["where"])
