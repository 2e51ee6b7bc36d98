"""Printed numbers of two sides: the column `regenerated` of every table, the verdicts on the claims, the figures' CSV.

Tables print percent, in two decimals, and shares of one and correlations, in three: of those a hundredth counts as a
point. Ends of intervals follow from the same runs and are not counted.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import takewhile

from reprompt.workflow.comparison.findings import NumberApart, Printed, VerdictApart
from reprompt.workflow.comparison.sides import CLAIMS

NUMBER = "regenerated"
MEASURED = ("published", NUMBER, "low", "high", "seeds", "p")  # what stands beside it; the columns before say of what


def compare_printed(first: Mapping[str, str], second: Mapping[str, str]) -> Printed:
    """Hold the tables and figures that both sides have against each other."""
    found = Printed()
    for name in sorted(first.keys() & second.keys() - {CLAIMS}):
        if name.startswith("figures/"):
            found.figures += 1
            if first[name] != second[name]:
                found.figures_apart.append(name)
        else:
            found.tables += 1
            _compare_table(found, name.removeprefix("tables/").removesuffix(".csv"), first[name], second[name])
    return found


def _compare_table(found: Printed, table: str, first: str, second: str) -> None:
    one, other = dict(_numbers(first)), dict(_numbers(second))
    found.numbers += len(one.keys() | other.keys())
    for where in [*one, *(where for where in other if where not in one)]:
        pair = one.get(where, "–"), other.get(where, "–")
        if pair[0] != pair[1]:
            found.apart.append(NumberApart(table, ", ".join(filter(None, where)), *pair, _points(*pair)))


def _numbers(text: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """The number of every row that has one, by the names that say of what it is, and which of several of these."""
    seen: Counter[tuple[str, ...]] = Counter()
    for row in csv.DictReader(io.StringIO(text)):
        if value := row.get(NUMBER):
            names = tuple(row[name] for name in takewhile(lambda name: name not in MEASURED, row))
            seen[names] += 1
            yield (*names, f"number {seen[names]}" if seen[names] > 1 else ""), value


def _points(first: str, second: str) -> float | None:
    """How far two numbers are apart in points; None where either is none."""
    try:
        apart = abs(float(first) - float(second))
    except ValueError:
        return None
    decimals = max(len(text.partition(".")[2]) for text in (first, second))
    return 100 * apart if decimals > 2 else apart


def compare_verdicts(first: Mapping[str, str], second: Mapping[str, str]) -> tuple[int, list[VerdictApart]]:
    """How many claims both sides have judged, and those whose verdict differs."""
    if not (CLAIMS in first and CLAIMS in second):
        return 0, []
    one, other = (_verdicts(side[CLAIMS]) for side in (first, second))
    common = [claim for claim in one if claim in other]
    return len(common), [
        VerdictApart(claim, one[claim], other[claim]) for claim in common if one[claim] != other[claim]
    ]


def _verdicts(text: str) -> dict[str, str]:
    return {row["id"]: row["verdict"] for row in csv.DictReader(io.StringIO(text))}
