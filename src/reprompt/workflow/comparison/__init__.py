"""Did I reproduce it? Two sets of results held against each other: predictions, printed numbers, verdicts."""

from reprompt.workflow.comparison.findings import Comparison
from reprompt.workflow.comparison.run import compare, with_stored

__all__ = ["Comparison", "compare", "with_stored"]
