"""Rules without training: both codes make their outputs again, which are compared byte by byte."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reprompt.planning.plan import Plan
from reprompt.workflow.attest import sides
from reprompt.workflow.attest.comparing import Compared, compare_files, compare_weights, together
from reprompt.workflow.attest.order import covering
from reprompt.workflow.attest.stale import Made
from reprompt.workflow.attest.two_codes import TwoCodes
from reprompt.workflow.status_line import StatusLine


@dataclass(frozen=True)
class WholeComparison:
    """Jobs that one code made against today's code; `everything` compares all features, not some that stand for all."""

    plan: Plan
    codes: TwoCodes
    everything: bool
    cores: int
    line: StatusLine

    def compare(self, jobs: Sequence[Made]) -> None:
        """Compare jobs of which none is made of another; features are alone among them."""
        todo = self._with_weights_at_hand(self._not_agreed(jobs))
        if todo:
            self._compare(todo)
        if todo and todo[0].rule == "features":
            reasons = self.codes.findings.reasons
            wrong = next((why for job in todo if (why := reasons.get(job.name))), None)
            for job in jobs if wrong else ():  # those that were not made again too
                self.codes.findings.stays(job, wrong)

    def _not_agreed(self, jobs: Sequence[Made]) -> list[Made]:
        covered = covering(self.plan, jobs)
        chosen = [job for job in jobs if job.rule != "features" or self.everything or job in covered]
        return [job for job in chosen if not self.codes.logbook.agreed(job, job.name)]

    def _with_weights_at_hand(self, jobs: Sequence[Made]) -> list[Made]:
        """The jobs but for those that convert weights from a file that is not here."""
        at_hand = []
        for job in jobs:
            file = self.plan.parameters.backbones[job.wildcards["backbone"]].file if job.rule == "weights" else None
            if job.rule != "weights" or (file and Path(file).exists()):
                at_hand.append(job)
            else:
                self.codes.findings.stays(job, "the file that its weights are converted from is not at hand")
        return at_hand

    def _compare(self, jobs: Sequence[Made]) -> None:
        """Have the new code make the outputs again, and the old code those that differ: it may be the machine.

        Both make features, of which the outputs only are the manifests.
        """
        of_features = jobs[0].rule == "features"
        self.line.show(f"making again: {', '.join(job.name for job in jobs)}", always=True)
        started = time.monotonic()
        made, words = sides.made_again(self.codes.new, _outputs(jobs), self.cores)
        with_results = {
            job: compare_outputs(job, {output: Path(output) for output in job.outputs}, made) for job in jobs
        }
        again = [job for job, compared in with_results.items() if compared and (of_features or compared.first)]
        made_by_old, old_words = self._made_by_old(again)
        for job, compared in with_results.items():
            if compared is None:
                self.codes.findings.stays(job, f"could not be made again: {words}")
                continue
            if compared.first:
                difference, compared = compared.first, compare_outputs(job, made_by_old, made)
                if compared is None:
                    self.codes.findings.stays(job, f"{difference}; the old code failed: {old_words}")
                    continue
            if of_features:
                compared = together([compared, self._compare_features(job)])
            self.codes.write_down(job, job.name, compared, started)

    def _made_by_old(self, jobs: Sequence[Made]) -> tuple[dict[str, Path], str]:
        """Have the old code make the outputs of some jobs again: where they lie, and what Snakemake said last."""
        if not jobs:
            return {}, ""
        self.line.show(f"making again by {jobs[0].since[:12]}: {', '.join(job.name for job in jobs)}")
        return sides.made_again(self.codes.old, _outputs(jobs), self.cores)

    def _compare_features(self, job: Made) -> Compared:
        """The features themselves, which lie beside their manifest."""
        sides_of_it = (self.codes.old, self.codes.new)
        return compare_weights(*(side.at(job.outputs[0]).with_suffix(".safetensors") for side in sides_of_it), job.name)


def _outputs(jobs: Sequence[Made]) -> list[str]:
    return [output for job in jobs for output in job.outputs]


def compare_outputs(job: Made, then: Mapping[str, Path], now: Mapping[str, Path]) -> Compared | None:
    """Every byte of the outputs of a job; None where one was not made."""
    if not all(output in now and output in then for output in job.outputs):
        return None
    return together(compare_files(then[output], now[output], output) for output in job.outputs)
