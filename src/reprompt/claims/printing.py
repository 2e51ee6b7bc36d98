"""Judged claims on the terminal: counts first, then the claims."""

import pandas as pd
from rich.console import Console
from rich.table import Table
from rich.text import Text

from reprompt.claims import wording
from reprompt.claims.results import counts
from reprompt.claims.verdict import BELOW, CONTRADICTED, HOLDS, NOT_RUN, OPEN, VERDICTS

STYLES = {HOLDS: "green", CONTRADICTED: "red", BELOW: "cyan", OPEN: "yellow", NOT_RUN: "dim"}


def print_claims(
    frame: pd.DataFrame, paper: str | None = None, verdict: str | None = None, console: Console | None = None
) -> None:
    """Print counts per paper, then the claims of one paper or with one verdict.

    Raises ValueError for a paper or a verdict that does not exist.
    """
    console = console or Console()
    for name, value, known in (("paper", paper, [*dict.fromkeys(frame["paper"])]), ("verdict", verdict, VERDICTS)):
        if value is not None and value not in known:
            raise ValueError(f"no {name} {value!r}; there are: {', '.join(known)}")
    console.print(_counts(frame))
    shown = frame[(frame["paper"] == paper) | (paper is None)]
    shown = shown[(shown["verdict"] == verdict) | (verdict is None)]
    if len(shown):
        console.print(_claims(shown))
    else:
        console.print("No claim fits.")


def _counts(frame: pd.DataFrame) -> Table:
    table = Table(title=f"Claims at scale {_scale(frame)}", title_justify="left")
    table.add_column("Paper")
    for name in VERDICTS:
        table.add_column(f"{wording.SYMBOLS[name]} {name}", justify="right", style=STYLES[name])
    for paper, row in counts(frame).iterrows():
        table.add_row(wording.PAPERS.get(paper, paper), *(str(row[name]) for name in VERDICTS))
    return table


def _claims(shown: pd.DataFrame) -> Table:
    table = Table(show_lines=False)
    table.add_column("Claim", no_wrap=True)
    table.add_column("")
    table.add_column("Verdict", no_wrap=True)
    table.add_column("Found", justify="right")
    table.add_column("Printed", justify="right")
    table.add_column("As claimed", justify="right")
    table.add_column("p (BH)", justify="right", no_wrap=True)
    for _, row in shown.iterrows():
        words = Text.assemble(row["claim"], "\n", (row["reason"], "dim"))
        verdict = Text(f"{wording.SYMBOLS[row['verdict']]} {row['verdict']}", style=STYLES[row["verdict"]])
        estimate = f"{wording.estimate(row)} {row['unit']}" if row["parts_run"] else ""
        numbers = (estimate, wording.printed(row), wording.parts(row), wording.p_value(row))
        table.add_row(row["id"], words, verdict, *numbers)
    return table


def print_null(frame: pd.DataFrame, console: Console | None = None) -> None:
    """Print how often the rule errs."""
    table = Table(title="How often the rule errs", title_justify="left")
    for name in frame.columns:
        table.add_column(name, justify="right" if name in ("claims", "worlds", "value") else "left")
    for row in frame.itertuples(index=False):
        table.add_row(*(f"{value:.3f}" if isinstance(value, float) else str(value) for value in row))
    (console or Console()).print(table)


def _scale(frame: pd.DataFrame) -> str:
    return next((scale for scale in frame["scale"] if scale), "") or "unknown (no records)"
