"""The command `reprompt compare`, and the line that `make reproduce` ends with. No PyTorch, and nothing is written."""

from pathlib import Path

from reprompt.workflow.comparison.findings import Comparison, Tolerance
from reprompt.workflow.comparison.predictions import compare_predictions
from reprompt.workflow.comparison.printed import compare_printed, compare_verdicts
from reprompt.workflow.comparison.sides import CLAIMS, InClone, Side, Stored, side_of

USUAL = Tolerance()


def compare(first: Path, second: Path | None, scale: str | None, tolerance: Tolerance = USUAL) -> Comparison:
    """Hold the results at two paths against each other; without a second, those of a clone against what it has stored.

    Raises FileNotFoundError for a path without results, ValueError where the two sides have nothing in common.
    """
    side = side_of(first, scale)
    if second is not None:
        return of_sides(side, side_of(second, scale), tolerance)
    if not isinstance(side, InClone):
        raise ValueError(f"{first}: is no clone, which would have results stored; name a second folder to compare with")
    return of_sides(Stored(side.project, side.scale), side, tolerance)


def with_stored(scale: str, project: Path = Path()) -> str | None:
    """`Beside what is stored (commit 1a2b3c4): equal ...`: of a clone's results; None where nothing is stored.

    What cannot be read (damaged, or of another schema) is said: it is no reason for a finished run to fail.
    """
    stored = Stored(project, scale)
    if not (stored.printed or stored.records):
        return None
    try:
        found = of_sides(stored, InClone(project, scale), USUAL)
    except ValueError as error:
        return f"Not held against what is stored ({stored.where}): {error}"
    more = "" if found.is_within else "\n`reprompt compare` lists what lies outside."
    return f"Beside what is stored ({stored.where}): {found.line}{more}"


def of_sides(first: Side, second: Side, tolerance: Tolerance) -> Comparison:
    """Hold two sides against each other. What of a kind (records, printed) one side lacks altogether is not counted.

    Raises ValueError where they have nothing in common.
    """
    records, printed = (first.records, second.records), (first.printed, second.printed)
    missing = []
    for one, other in (records, printed):
        if one and other:
            missing += [f"{name}: only {first.where}" for name in sorted(one.keys() - other.keys())]
            missing += [f"{name}: only {second.where}" for name in sorted(other.keys() - one.keys())]
    if not (records[0].keys() & records[1].keys() or printed[0].keys() & printed[1].keys() - {CLAIMS}):
        raise ValueError(f"{first.where} and {second.where} have no records and no tables in common")
    verdicts, apart = compare_verdicts(*printed)
    found, numbers = compare_predictions(*records), compare_printed(*printed)
    return Comparison(first.where, second.where, found, numbers, verdicts, apart, missing, tolerance)
