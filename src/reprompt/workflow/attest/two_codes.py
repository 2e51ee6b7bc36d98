"""The code that made some results and today's, each in a worktree, and what is written down of their comparison."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

from reprompt.foundation.code import code_hash
from reprompt.planning.entry_points import features_entries
from reprompt.planning.plan import Plan
from reprompt.workflow.attest import sides
from reprompt.workflow.attest.changes import Changes, changes_between
from reprompt.workflow.attest.comparing import Compared
from reprompt.workflow.attest.findings import Findings
from reprompt.workflow.attest.logbook import Logbook
from reprompt.workflow.attest.sides import Side
from reprompt.workflow.attest.stale import Made


@dataclass(frozen=True)
class TwoCodes:
    """An old code and today's, and what changed between them."""

    old: Side
    new: Side
    changes: Changes
    logbook: Logbook
    findings: Findings

    def write_down(self, job: Made, piece: str, compared: Compared, started: float) -> None:
        """Log a piece, and what was executed since the last one; its job stays stale where it differs."""
        executed = self.changes.executed(self.old.executed(), self.new.executed()) - self.findings.executed
        self.findings.executed |= executed
        self.logbook.add(job, piece, compared, started, executed)
        if compared.first:
            self.findings.stays(job, compared.first)


def lay_out(plan: Plan, jobs: Sequence[Made], commit: str, files: Set[str], findings: Findings) -> TwoCodes:
    """Lay out the code that made some jobs, all by one commit, and that of today's `commit`.

    `files` of the package are those that the jobs read, of which changes count.
    """
    since, logbook = jobs[0].since, Logbook(plan.root, commit)
    findings.executed |= logbook.executed(since)
    old, new = sides.make_side(plan, since, own=True), sides.make_side(plan, commit)
    if _same_features(plan, old, new):
        sides.share(old, new, plan.root)
    changes = changes_between(old.package, new.package, files)
    for side, lines in zip((old, new), changes.lines, strict=True):
        side.look_out(lines)
    return TwoCodes(old, new, changes, logbook, findings)


def _same_features(plan: Plan, old: Side, new: Side) -> bool:
    """Whether both codes make the same features."""
    entries = features_entries(plan.parameters.data.source)
    try:
        return code_hash(entries, old.package) == code_hash(entries, new.package)
    except FileNotFoundError:  # a module has moved
        return False
