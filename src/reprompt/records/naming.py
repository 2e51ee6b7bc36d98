"""What sets a cell apart within its job, and the cell in words: of a cell of the plan, or of a stored row."""

from typing import Any


def cell_within_job(fields: dict[str, Any]) -> tuple:
    """What sets a cell apart within its job, given the fields of the cell or of a stored row."""
    others = (fields[name] for name in ("shots", "tau", "seed", "swept", "start", "group"))
    return (fields.get("source", fields["task"]), *others)


def cell_in_words(fields: dict[str, Any]) -> str:
    """A cell in words, given its fields or those of a stored row, which also names a test set."""
    cell = f"{fields['recipe']} on {fields['task']}, {fields['shots']} shots, tau {fields['tau']:g}"
    others = filter(None, (fields["swept"], fields["start"], fields["group"], fields.get("split")))
    return ", ".join([f"{cell}, seed {fields['seed']}", *others])
