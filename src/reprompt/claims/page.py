"""The page of claims: what each paper states, what became of it here, and how that was decided."""

from pathlib import Path

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from reprompt.claims import wording
from reprompt.claims.results import OUTSIDE, counts
from reprompt.claims.verdict import HOLDS, LEVEL, NOT_RUN, VERDICTS
from reprompt.foundation.atomic import write_text

OPENS = ("templates/*.html",)
TONES = dict(zip(VERDICTS, ("as", "against", "small", "open", "quiet"), strict=True))


def write_claims_page(out: Path, frame: pd.DataFrame, null: pd.DataFrame) -> None:
    """Write the page to stand at `out`, beside the report's index.html, to which it links."""
    write_text(out, claims_page(frame, null))


def claims_page(frame: pd.DataFrame, null: pd.DataFrame) -> str:
    """The page as text, from the frame of `claims_frame` or `read_csv` and that of `null_frame`; of no other file."""
    templates = Environment(
        loader=PackageLoader("reprompt.claims", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    scale = next((scale for scale in frame["scale"] if scale), "")
    table = counts(frame)
    papers = [
        {
            "id": paper,
            "label": wording.PAPERS.get(paper, paper),
            "counts": [int(row[name]) for name in VERDICTS],
            "judged": [_row(claim) for _, claim in _of(frame, paper).iterrows() if claim["verdict"] != NOT_RUN],
            "not_run": [_row(claim) for _, claim in _of(frame, paper).iterrows() if claim["verdict"] == NOT_RUN],
        }
        for paper, row in table.iterrows()
    ]
    return templates.get_template("claims.html").render(
        scale=scale or "no records",
        real=scale == "paper",
        papers=papers,
        total=[int(table[name].sum()) for name in VERDICTS],
        verdicts=[{"name": name, "tone": TONES[name], "symbol": wording.SYMBOLS[name]} for name in VERDICTS],
        level=f"{LEVEL:g}",
        null=[_null_row(row) for _, row in null.iterrows()],
    )


def _of(frame: pd.DataFrame, paper: str) -> pd.DataFrame:
    return frame[frame["paper"] == paper]


def _row(claim: pd.Series) -> dict[str, str]:
    """A claim as words for the page."""
    _, _, number = claim["output"].partition("_")
    return {
        "id": claim["id"],
        "claim": claim["claim"],
        "verdict": claim["verdict"],
        "tone": TONES[claim["verdict"]],
        "symbol": wording.SYMBOLS[claim["verdict"]],
        "estimate": wording.estimate(claim),
        "unit": claim["unit"],
        "beyond": wording.beyond(claim),
        "printed": wording.printed(claim),
        "stated": claim["margin"] == claim["margin"],
        "parts": wording.parts(claim),
        "p": wording.p_value(claim),
        "reason": _remark(claim),
        "output": claim["output"],
        "output_words": number.replace("table", "Table ").replace("figure", "Figure "),
    }


def _null_row(row: pd.Series) -> dict[str, str]:
    """How often the rule errs, as words for the page: a share, or of one world a count."""
    value = f"{row['value']:.3f}" if row["worlds"] > 1 else f"{row['value']:.0f}"
    words = {name: str(row[name]) for name in ("check", "of", "claims", "worlds", "what")}
    return words | {"paper": wording.PAPERS.get(row["paper"], row["paper"]), "value": value}


def _remark(claim: pd.Series) -> str:
    """The reason, unless the numbers beside it say as much, and what the paper's own tables say where it is news."""
    plain = claim["verdict"] == HOLDS and claim["p_bh"] == claim["p_bh"] and ";" not in claim["reason"]
    on_paper = f"On the paper's own tables: {claim['printed_verdict']}."
    if claim["printed_verdict"] in (HOLDS, OUTSIDE):
        on_paper = "" if claim["printed_verdict"] == HOLDS else "No table of the paper has these numbers."
    sentences = ["" if plain else claim["reason"][:1].upper() + claim["reason"][1:] + ".", on_paper]
    return " ".join(sentence for sentence in sentences if sentence)
