"""What a reader should know of a claim beside its test, whatever came out of it."""

from reprompt.claims.claim import Claim
from reprompt.claims.expressions import Term
from reprompt.claims.terms import mean_H

H_BY_DRAW = (
    "H is taken in every draw and then averaged; CoOp's scripts average base and new accuracy first, which gives more "
    "(0.01 to 0.07 points at the miniature)"
)
PER_DRAW_H = ("prograd", "npt")  # papers whose average H is the mean of the tasks' own


def notes_of(claim: Claim) -> tuple[str, ...]:
    """All notes on a claim."""
    of_H = claim.paper in PER_DRAW_H and any(
        _has_H(side) for statement in claim.statement.stated for side in (statement.lhs, statement.rhs)
    )
    notes = (claim.note, H_BY_DRAW if of_H else "")
    return tuple(note for note in notes if note)


def _has_H(side: object) -> bool:
    """Whether a side is of harmonic means."""
    if not isinstance(side, Term):
        return False
    named = (*side.arguments, *dict(side.settings).values())
    of_split = any(isinstance(value, str) and value == "H" for value in named)
    return of_split or side.function is mean_H.__wrapped__ or any(map(_has_H, side.arguments))
