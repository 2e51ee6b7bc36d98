"""The page of claims: what each paper states, what became of it here, and how that was decided."""

from pathlib import Path

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from reprompt.claims import wording
from reprompt.claims.results import OUTSIDE, counts
from reprompt.claims.verdict import HOLDS, LEVEL, NOT_RUN, VERDICTS
from reprompt.foundation.atomic import write_text

OPENS = ("templates/*.html",)
TONES = dict(zip(VERDICTS, ("as", "against", "open", "quiet"), strict=True))


def write_claims_page(out: Path, frame: pd.DataFrame) -> None:
    """Write the page to stand at `out`, beside the report's index.html, to which it links."""
    write_text(out, claims_page(frame))


def claims_page(frame: pd.DataFrame) -> str:
    """The page as text, from the frame of `claims_frame` or `read_csv`. It needs no other file."""
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
            "judged": [_row(one) for _, one in _of(frame, paper).iterrows() if one["verdict"] != NOT_RUN],
            "not_run": [_row(one) for _, one in _of(frame, paper).iterrows() if one["verdict"] == NOT_RUN],
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
    )


def _of(frame: pd.DataFrame, paper: str) -> pd.DataFrame:
    return frame[frame["paper"] == paper]


def _row(one: pd.Series) -> dict[str, str]:
    """A claim as words for the page."""
    _, _, number = one["output"].partition("_")
    return {
        "id": one["id"],
        "claim": one["claim"],
        "verdict": one["verdict"],
        "tone": TONES[one["verdict"]],
        "symbol": wording.SYMBOLS[one["verdict"]],
        "estimate": wording.estimate(one),
        "unit": one["unit"],
        "printed": wording.printed(one),
        "stated": one["margin"] == one["margin"],
        "parts": wording.parts(one),
        "p": wording.p_value(one),
        "reason": _remark(one),
        "output": one["output"],
        "output_words": number.replace("table", "Table ").replace("figure", "Figure "),
    }


def _remark(one: pd.Series) -> str:
    """The reason, unless the numbers beside it say as much, and what the paper's own tables say where it is news."""
    plain = one["verdict"] == HOLDS and one["p_holm"] == one["p_holm"] and ";" not in one["reason"]
    on_paper = f"On the paper's own tables: {one['printed_verdict']}."
    if one["printed_verdict"] in (HOLDS, OUTSIDE):
        on_paper = "" if one["printed_verdict"] == HOLDS else "No table of the paper has these numbers."
    sentences = ["" if plain else one["reason"][:1].upper() + one["reason"][1:] + ".", on_paper]
    return " ".join(sentence for sentence in sentences if sentence)
