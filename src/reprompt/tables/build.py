"""From a specification and records to a table."""

import pandas as pd

from reprompt.tables.averages import Averages
from reprompt.tables.correlations import Correlations
from reprompt.tables.names import Partners
from reprompt.tables.specification import Specification
from reprompt.tables.table import Table

STATISTICS = {"average": Averages, "partners": Partners, "correlation": Correlations}


def build(specification: Specification, records: pd.DataFrame, backbone: str | None = None) -> Table:
    """The table of some records, of those of one backbone where there are several.

    Works on no records at all; then every cell is "not run". Raises ValueError for records of several scales, or of
    several backbones where none is named, and for a printed number that the specification does not tell from others.
    """
    measured = STATISTICS[specification.statistic](specification, records, backbone)
    return measured.form(
        name=specification.name,
        heading=specification.heading,
        setting=measured.setting,
        corner=specification.corner,
        cells=pd.DataFrame(measured.cells()),
        notes=measured.notes,
        details=measured.details(),
        spans=specification.spans,
        abreast=specification.abreast,
        signed=tuple(row.label for row in specification.rows if row.best),
    )
