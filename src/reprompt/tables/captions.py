"""What stands around the numbers of a table: in its title where they are from, in its notes what to know of them."""

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from reprompt.tables.scope import Scope

INTERVALS = (
    "± is half the 95 % Student-t interval over seeds, which are few-shot draws; no ±: deterministic, or one seed."
)


def setting_of(scopes: list[Scope], backbones: list[str | None]) -> str:
    """Scale, backbones (as the paper writes them, where it names some), seeds, and the tasks of each scope."""
    if len(scopes) == 1:
        return scopes[0].words
    run = [(name or scope.backbone, scope) for name, scope in zip(backbones, scopes, strict=True) if scope.tasks]
    first = run[0][1] if run else scopes[0]
    words = replace(first, backbone=", ".join(dict.fromkeys(name for name, _ in run))).words
    counts = {scope.possible: f"{len(scope.tasks)} of {len(scope.possible)}" for scope in scopes}
    if len(counts) == 1:
        return words
    *others, last = counts.values()
    return f"{words.rpartition(', ')[0]}; {', '.join(others)} and {last} tasks"


def fewer_than_shots(records: pd.DataFrame) -> Iterator[str]:
    """Which tasks have classes of fewer images than shots, and how many the smallest has."""
    short = records[records["fewest"].notna()] if "fewest" in records else records.iloc[:0]
    if len(short):
        by_draw = short.groupby(["source", "shots"], sort=False)["fewest"].min().items()
        said = ", ".join(f"{task} {count:.0f} at {shots} shots" for (task, shots), count in by_draw)
        yield f"Classes with fewer images than shots are trained on all they have; the smallest has, of {said}."


def notes_of(scope: Scope, published_backbone: str) -> Iterator[str]:
    """What a reader must know before comparing the two numbers of a cell, of which one may be printed nowhere ("")."""
    yield INTERVALS
    if scope.scale != "paper" and published_backbone:
        yield (
            f"Published values (grey) were measured with CLIP {published_backbone} on the real datasets, ours on "
            "rendered counterparts with a miniature CLIP: compare the pattern (signs of the gains), not the numbers."
        )
    missing = [task for task in scope.possible if task not in scope.tasks]
    if scope.tasks and missing:
        yield f"Not in the numbers, because no run or not every run has them: {', '.join(missing)}."
