"""Write a table beside its stem: STEM.csv, STEM.html, and STEM.details.csv where the table has details."""

from pathlib import Path

from reprompt.foundation.atomic import write_text
from reprompt.tables.html import to_html
from reprompt.tables.table import Table


def write_table(table: Table, stem: Path) -> None:
    """Write every form of the table; each file appears whole or not at all."""
    write_text(Path(f"{stem}.csv"), table.to_csv())
    if len(table.details):
        write_text(Path(f"{stem}.details.csv"), table.details_to_csv())
    write_text(Path(f"{stem}.html"), to_html(table))
