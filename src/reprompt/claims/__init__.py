"""The papers' checkable statements, judged on what was measured: `holds`, `contradicted`, `inconclusive`, `not run`."""

from reprompt.claims.results import claims_frame, counts, read_csv, to_csv

__all__ = ["claims_frame", "counts", "read_csv", "to_csv"]
