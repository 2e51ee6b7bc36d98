"""`reprompt attest`: what is stale by its code alone is done by both codes, compared, and stamped where all agrees."""

import os
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reprompt.foundation import locks
from reprompt.foundation.code import reached
from reprompt.planning.entry_points import code_of_cells, job_entries
from reprompt.planning.plan import Plan
from reprompt.workflow import provenance, reproduce
from reprompt.workflow.attest import sides
from reprompt.workflow.attest.findings import Findings
from reprompt.workflow.attest.order import WHOLE
from reprompt.workflow.attest.preview import preview
from reprompt.workflow.attest.sides import SideError
from reprompt.workflow.attest.stale import Made, Refused, by_commit, stale
from reprompt.workflow.attest.words import counted
from reprompt.workflow.status_line import StatusLine

if TYPE_CHECKING:
    from reprompt.workflow.attest.two_codes import TwoCodes

UNSEEN = (
    "it depends on changes that no sample executed; --all compares everything, and once you have read them"
    ' --read "why they change no number" takes them as they are:'
)


@dataclass(frozen=True)
class Extent:
    """How much is compared: `everything` or a sample; why what no sample executes changes no number, if it was read."""

    everything: bool = False
    read: str | None = None


SAMPLE = Extent()


def attest(
    plan: Plan, names: Sequence[str] = (), dry_run: bool = False, extent: Extent = SAMPLE, cores: int | None = None
) -> int:
    """Attest what is stale by its code alone, as far as one of the patterns `names` fits it; returns the exit code."""
    line = StatusLine()
    try:
        if dry_run:
            return preview(plan, *stale(plan, names), extent.everything)
        attestation = Attestation(plan, extent, cores or os.cpu_count() or 1, line)
        with locks.run_lock():
            with locks.no_jobs(wait=False) as alone:
                if not alone:
                    raise SideError("jobs of another run are at work in this folder; wait for them")
                stale_jobs, refused = attestation.compare(names)
            return attestation.finish(stale_jobs, refused)
    except (locks.BusyError, SideError) as error:
        line.close()
        print(f"reprompt: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        line.close()
        print("reprompt: stopped; the same command goes on where it was", file=sys.stderr)
        return 130


@dataclass(frozen=True)
class Attestation:
    """One run of `reprompt attest`, on so many cores."""

    plan: Plan
    extent: Extent
    cores: int
    line: StatusLine
    findings: Findings = field(default_factory=Findings)

    def compare(self, names: Sequence[str]) -> tuple[list[Made], list[Refused]]:
        """Compare what is stale by its code alone, and stamp what agrees, even if it is stopped before the end.

        Returns what is stale and what is refused. Raises SideError where the source is not committed.
        """
        commit = provenance.source_commit()
        if len(commit) != 40:
            raise SideError("the source has changes that are not committed, or lies in no git repository: commit them")
        self.line.show("looking for what is stale by its code alone", always=True)
        stale_jobs, refused = stale(self.plan, names)
        try:
            for jobs in by_commit(stale_jobs).values():
                self._compare_with(jobs, commit)
        finally:
            if agreed := self.findings.agreed(stale_jobs):
                self._stamp(agreed, commit)
        sides.remove({commit, *by_commit(stale_jobs)} if stale_jobs else ())
        return stale_jobs, refused

    def _compare_with(self, jobs: Sequence[Made], commit: str) -> None:
        """Compare jobs that one commit made; each then has a reason to stay stale, an empty one where all agreed."""
        from reprompt.workflow.attest.trained import TrainingComparison
        from reprompt.workflow.attest.two_codes import lay_out
        from reprompt.workflow.attest.whole import WholeComparison

        self.line.show(f"a worktree of {jobs[0].since[:12]} and one of {commit[:12]}", always=True)
        reads = {job.name: set(reached(job_entries(self.plan, job.rule, job.wildcards))) for job in jobs}
        codes = lay_out(self.plan, jobs, commit, set().union(*reads.values()), self.findings)
        whole = WholeComparison(self.plan, codes, self.extent.everything, self.cores, self.line)
        for row in WHOLE:
            whole.compare([job for job in jobs if job.rule in row])
        trained = [job for job in jobs if job.trains or job.rule == "pretrain"]
        TrainingComparison(self.plan, codes, self.extent.everything, self.line).compare(trained)
        if not self.extent.everything:
            self._unseen(trained, codes, reads)
        for job in jobs:
            self.findings.stays(job, codes.logbook.difference(job) or "")

    def _unseen(self, trained: Sequence[Made], codes: "TwoCodes", reads: Mapping[str, set[str]]) -> None:
        """What no sample executed of the files that each job reads: it stays stale, unless a person has read it."""
        unseen = {job: codes.changes.unseen(reads[job.name], self.findings.executed) for job in trained}
        statements = list(dict.fromkeys(statement for of_job in unseen.values() for statement in of_job))
        if self.extent.read and statements:
            codes.logbook.add_reading(trained[0].since, statements, self.extent.read)
            self.findings.read |= {job.name: self.extent.read for job, of_job in unseen.items() if of_job}
            return
        self.findings.unseen |= dict.fromkeys(statements)
        for job in (job for job, of_job in unseen.items() if of_job):
            self.findings.stays(job, UNSEEN)

    def _stamp(self, agreed: Sequence[Made], commit: str) -> None:
        """Stamp what agreed, for Snakemake and for DVC."""
        from reprompt.workflow.attest.stamping import stamp

        of_cells = {
            job.name: code_of_cells(self.plan, job.wildcards["experiment"], job.wildcards["recipe"])
            for job in agreed
            if job.trains
        }
        stamp(self.plan.root, agreed, commit, of_cells, self.findings.read)

    def finish(self, stale_jobs: Sequence[Made], refused: Sequence[Refused]) -> int:
        """Tell DVC what was attested, and a person what was not; the exit code."""
        from reprompt.workflow.attest.registering import register

        agreed = self.findings.agreed(stale_jobs)
        left = {}
        if agreed:
            self.line.show("asking Snakemake what is left to do", always=True)
            left = reproduce.missing_steps(self.plan, pretrain=False)
            register(self.plan, [job.rule for job in left.values()])
        self.line.close()
        self._print_stale(stale_jobs)
        for job in refused:
            print(f"refused: {job.name}: {job.why}")
        total = len(stale_jobs) + len(refused)
        print(f"{len(agreed)} of {counted(total, 'stale job')} {'is' if total == 1 else 'are'} attested.")
        if left:
            print(
                f"Snakemake has {counted(len(left), 'job')} to run, missing, stale for another reason or below a job"
                " that stays stale: `reprompt reproduce` (or `snakemake --cores all`) makes what is left."
            )
        return 1 if len(agreed) < total else 0

    def _print_stale(self, jobs: Sequence[Made]) -> None:
        """Print which jobs stay stale, once for each reason."""
        by_reason: dict[str, list[str]] = defaultdict(list)
        for job in jobs:
            by_reason[self.findings.reasons[job.name]].append(job.name)
        for why, names in by_reason.items():
            if why:
                more = f" (and {counted(len(names) - 1, 'more job')})" if len(names) > 1 else ""
                print(f"stays stale: {names[0]}{more}: {why}")
                for statement in self.findings.unseen if why == UNSEEN else ():
                    print(f"    {statement}")
