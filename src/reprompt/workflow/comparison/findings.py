"""What a comparison finds, and how it is said: in one line, in a list of what lies outside, as JSON."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

SHOWN = 12  # lines of a kind; the rest is counted


@dataclass(frozen=True)
class Tolerance:
    """How far two runs on two machines may lie apart: a cell in percent of its predictions, a table in points."""

    percent: float = 1.0
    points: float = 1.0


@dataclass(frozen=True)
class CellApart:
    """A cell on a test set with other predictions."""

    job: str
    cell: str
    images: int
    changed: int

    @property
    def percent(self) -> float:
        """The share of its predictions that differ."""
        return 100 * self.changed / self.images


@dataclass
class Predictions:
    """The cells of both sides, on every test set, and their predictions.

    `other` has cells that are not the same ones: made with other settings, or judged on other images.
    """

    cells: int = 0
    predictions: int = 0
    apart: list[CellApart] = field(default_factory=list)
    other: list[str] = field(default_factory=list)

    @property
    def changed(self) -> int:
        """Predictions that differ."""
        return sum(cell.changed for cell in self.apart)


@dataclass(frozen=True)
class NumberApart:
    """A number of a table that differs, as both print it; `points` is None where it is no number but a name."""

    table: str
    where: str
    first: str
    second: str
    points: float | None


@dataclass
class Printed:
    """The regenerated numbers of all tables, and how many of the figures' CSV files are not the same."""

    tables: int = 0
    numbers: int = 0
    apart: list[NumberApart] = field(default_factory=list)
    figures: int = 0
    figures_apart: list[str] = field(default_factory=list)

    @property
    def points(self) -> float:
        """The largest difference of a number."""
        return max((number.points for number in self.apart if number.points is not None), default=0.0)


@dataclass(frozen=True)
class VerdictApart:
    """A claim that is judged otherwise."""

    claim: str
    first: str
    second: str


@dataclass(frozen=True)
class Comparison:
    """Two sides held against each other. `missing` names what only one of them has, with that side."""

    first: str
    second: str
    predictions: Predictions
    printed: Printed
    verdicts: int
    verdicts_apart: list[VerdictApart]
    missing: list[str]
    tolerance: Tolerance

    @property
    def is_equal(self) -> bool:
        """Whether nothing at all differs."""
        apart = self.predictions.apart or self.printed.apart or self.printed.figures_apart or self.verdicts_apart
        return not (apart or self.predictions.other or self.missing)

    @property
    def is_within(self) -> bool:
        """Whether all is there and the same, but for what lies within the tolerance."""
        outside = self.cells_outside or self.numbers_outside or self.verdicts_apart
        return not (outside or self.predictions.other or self.missing)

    @property
    def cells_outside(self) -> list[CellApart]:
        """Cells of which a larger share differs than the tolerance says."""
        return [cell for cell in self.predictions.apart if cell.percent > self.tolerance.percent]

    @property
    def numbers_outside(self) -> list[NumberApart]:
        """Numbers of tables that differ by more, and names that differ."""
        return [of for of in self.printed.apart if of.points is None or of.points > self.tolerance.points]

    @property
    def line(self) -> str:
        """The answer: `equal`, or `equal within 12 of 345 predictions (3.48 %), tables within 0.7 points; ...`."""
        counted = [
            *_counted(self.predictions.predictions, "prediction"),
            *_counted(self.printed.numbers, "number", f" of {self.printed.tables} tables"),
            *_counted(self.verdicts, "verdict"),
        ]
        if self.is_equal:
            return f"equal: {', '.join(counted)}"
        return "; ".join(self._parts())

    def _parts(self) -> Iterator[str]:
        of, printed = self.predictions, self.printed
        said = []
        if of.predictions:
            share = f" ({100 * of.changed / of.predictions:.2f} %)" if of.changed else ""
            said.append(f"{of.changed:,} of {of.predictions:,} predictions{share}")
        if printed.numbers:
            said.append(f"tables within {printed.points:.2f} points")
        yield f"{'equal within' if self.is_within else 'not equal: apart by'} {', '.join(said)}"
        if self.verdicts:
            yield f"{self.verdicts - len(self.verdicts_apart)} of {self.verdicts} verdicts are the same"
        if self.cells_outside:
            yield f"{len(self.cells_outside):,} of {of.cells:,} cells outside {self.tolerance.percent:g} %"
        if self.numbers_outside:
            limit = f"{self.tolerance.points:.1f} points"
            yield f"{len(self.numbers_outside):,} of {printed.numbers:,} numbers outside {limit}"
        if of.other:
            yield f"{len(of.other):,} cells are other ones"
        if self.missing:
            yield f"{len(self.missing):,} files are on one side only"

    @property
    def lines(self) -> list[str]:
        """The list under that line: what lies outside, by job and table, and which verdicts differ."""
        by_job: dict[str, list[CellApart]] = {}
        for cell in self.cells_outside:
            by_job.setdefault(cell.job, []).append(cell)
        cells = [
            f"{job}: {len(of)} {'cell' if len(of) == 1 else 'cells'}, most {worst.cell}:"
            f" {worst.changed} of {worst.images} predictions ({worst.percent:.1f} %)"
            for job, of in sorted(by_job.items(), key=lambda item: -max(cell.percent for cell in item[1]))
            if (worst := max(of, key=lambda cell: cell.percent))
        ]
        by_size = sorted(self.numbers_outside, key=lambda of: -(of.points if of.points is not None else float("inf")))
        numbers = [f"{of.table}: {of.where}: {of.first} and {of.second}" for of in by_size]
        verdicts = [f"{of.claim}: {of.first} and {of.second}" for of in self.verdicts_apart]
        figures = [f"{name}: not the same numbers" for name in self.printed.figures_apart]
        kinds = (
            (f"cells outside {self.tolerance.percent:g} %, by job", cells),
            (f"numbers outside {self.tolerance.points:.1f} points", numbers),
            ("verdicts that differ", verdicts),
            ("cells that are other ones: other settings, or judged on other images", self.predictions.other),
            ("on one side only", self.missing),
            ("figures", figures),
        )
        return [line for title, of_kind in kinds for line in _cut(title, of_kind)]

    def as_json(self) -> dict:
        """Everything, also what lies within the tolerance."""
        of, printed = self.predictions, self.printed
        return {
            "first": self.first,
            "second": self.second,
            "says": self.line,
            "equal": self.is_equal,
            "within": self.is_within,
            "tolerance": asdict(self.tolerance),
            "cells": of.cells,
            "predictions": of.predictions,
            "predictions_apart": of.changed,
            "cells_apart": [asdict(cell) | {"percent": round(cell.percent, 4)} for cell in of.apart],
            "other_cells": of.other,
            "tables": printed.tables,
            "numbers": printed.numbers,
            "largest_points": round(printed.points, 6),
            "numbers_apart": [asdict(number) for number in printed.apart],
            "figures": printed.figures,
            "figures_apart": printed.figures_apart,
            "verdicts": self.verdicts,
            "verdicts_apart": [asdict(verdict) for verdict in self.verdicts_apart],
            "missing": self.missing,
        }


def _counted(count: int, of_what: str, more: str = "") -> list[str]:
    return [f"{count:,} {of_what}{'' if count == 1 else 's'}{more}"] if count else []


def _cut(title: str, lines: list[str]) -> Iterator[str]:
    """A title and the first lines under it; nothing where there are none."""
    if lines:
        yield f"{title}:"
        yield from (f"    {line}" for line in lines[:SHOWN])
        if len(lines) > SHOWN:
            yield f"    and {len(lines) - SHOWN} more (--json has all)"
