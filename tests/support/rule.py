"""The rule by which tests judge claims: that of params.yaml, with fewer worlds."""

from reprompt.cells.parameters import Verdicts

RULE = Verdicts(delta={"points": 1.0, "share": 0.1, "cosine": 0.1, "delta": 0.1, "degrees": 5.0}, worlds=20)
