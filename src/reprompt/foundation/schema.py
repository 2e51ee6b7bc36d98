"""The number of the formats that this version writes: the parameter file, records, finished cells.

What each number changed, and how results of an earlier one are carried over, is in docs/schema.md.
"""

from pathlib import Path

SCHEMA = 3


class SchemaError(ValueError):
    """A file of another schema."""


def require_schema(path: Path | str, what: str, schema: object) -> None:
    """Refuse a file of another schema; one that says none is of the first, which had no number yet."""
    number = 1 if schema is None else schema
    if number != SCHEMA:
        raise SchemaError(
            f"{path}: {what} of schema {number}, this version of Reprompt reads schema {SCHEMA}: docs/schema.md says "
            "what changed and what to do"
        )
