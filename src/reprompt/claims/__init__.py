"""The papers' checkable statements, judged on what was measured. verdict.py has the rule."""

from reprompt.claims.results import claims_frame, counts, null_frame, read_csv, to_csv

__all__ = ["claims_frame", "counts", "null_frame", "read_csv", "to_csv"]
