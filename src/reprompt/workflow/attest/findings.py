"""What attest has found out so far."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from reprompt.workflow.attest.stale import Made


@dataclass
class Findings:
    """Why jobs stay stale, by job ("" where all agreed), and which changes samples executed."""

    reasons: dict[str, str] = field(default_factory=dict)
    executed: set[str] = field(default_factory=set)
    read: dict[str, str] = field(default_factory=dict)  # why what else changed changes no number, by job
    unseen: dict[str, None] = field(default_factory=dict)  # changes that no sample executed, in order

    def stays(self, job: Made, why: str) -> None:
        """A job stays stale; the first reason counts."""
        self.reasons.setdefault(job.name, why)

    def agreed(self, jobs: Iterable[Made]) -> list[Made]:
        """Those of which all agreed."""
        return [job for job in jobs if self.reasons.get(job.name) == ""]
