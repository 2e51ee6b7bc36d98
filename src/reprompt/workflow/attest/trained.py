"""What is trained: both codes train a sample of it side by side, and what each leaves is compared bit by bit."""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from reprompt.foundation.digests import canonical
from reprompt.planning.plan import Plan
from reprompt.workflow import reproduce
from reprompt.workflow.attest import sides
from reprompt.workflow.attest.comparing import Compared, compare_records, compare_weights, together
from reprompt.workflow.attest.sampling import (
    STEPS,
    TimedFleet,
    cell_in_request,
    fleets,
    pretraining_request,
    request,
    sampled,
)
from reprompt.workflow.attest.sides import SampleProcess, SideError
from reprompt.workflow.attest.stale import Made
from reprompt.workflow.attest.two_codes import TwoCodes
from reprompt.workflow.status_line import StatusLine
from reprompt.workflow.verify import recompute


@dataclass(frozen=True, eq=False)
class FleetPiece:
    """A fleet that is sampled, with all of its steps where `whole`.

    Without a `job` it is there only so that other pieces can evaluate its prompts.
    """

    job: Made | None
    fleet: TimedFleet
    whole: bool

    @property
    def request_name(self) -> str:
        """The name of the request that it belongs to, as `reprompt sample` prints it."""
        return self.fleet.job

    @property
    def name(self) -> str:
        """What it is called in the log: the same only if the same cells are compared."""
        digest = sha256(canonical([cell_in_request(cell) for cell in self.fleet.cells]).encode()).hexdigest()
        steps = f", {STEPS} steps" if self.fleet.is_meta and not self.whole else ""
        return f"{self.fleet}{steps} [{digest[:8]}]"

    @property
    def seconds(self) -> float:
        """About how long it takes."""
        return self.fleet.seconds


@dataclass(frozen=True, eq=False)
class PretrainingPiece:
    """The first steps of a pre-training, or all of them."""

    job: Made
    request: Mapping

    @property
    def request_name(self) -> str:
        """The name of its request, as `reprompt sample` prints it."""
        return self.request["backbone"]

    @property
    def name(self) -> str:
        """What it is called in the log."""
        return f"{self.job.name}: {self.request['steps']} steps"

    @property
    def seconds(self) -> float:
        """About how long it takes."""
        return self.request["steps"] * reproduce.SECONDS_PER_PRETRAINING_STEP


Piece = FleetPiece | PretrainingPiece


@dataclass(frozen=True)
class TrainingComparison:
    """Jobs that one code trained against today's code: a sample of them, or `everything`."""

    plan: Plan
    codes: TwoCodes
    everything: bool
    line: StatusLine

    def compare(self, jobs: Sequence[Made]) -> None:
        """Have both codes train a sample of some jobs, or all of them, and compare what each leaves."""
        trained = [job for job in jobs if job.trains]
        for job in trained:
            if why := self._other_identity(job):
                self.codes.findings.stays(job, why)
        todo: list[Piece] = [*self._pretrainings(jobs), *self._fleets(trained)]
        wrong = self._sample(todo) if todo else {}
        by_group = {
            piece.fleet.group: wrong[piece]
            for piece in reversed(todo)
            if isinstance(piece, FleetPiece) and piece in wrong
        }
        for job in trained:
            groups = {fleet.group for fleet in fleets(self.plan, self.plan.job(job.name))}
            for group, why in by_group.items():
                if group in groups:
                    self.codes.findings.stays(job, why)

    def _other_identity(self, job: Made) -> str | None:
        """What a job's records, all of them, were made from other than they would be by today's code, if anything."""
        return next(iter(recompute(self.plan, self.plan.job(job.name)).complaints), None)

    def _pretrainings(self, jobs: Iterable[Made]) -> list[PretrainingPiece]:
        """The pre-trainings among some jobs that did not agree so far."""
        pieces = [
            PretrainingPiece(job, pretraining_request(self.plan, job.wildcards["backbone"], self.everything))
            for job in jobs
            if job.rule == "pretrain"
        ]
        return [piece for piece in pieces if not self._agreed(piece)]

    def _fleets(self, jobs: Sequence[Made]) -> list[FleetPiece]:
        """The sampled fleets of some jobs that did not agree so far, and those whose prompts they evaluate."""
        of_name = {job.name: job for job in jobs}
        pieces = [
            FleetPiece(of_name.get(fleet.job), fleet, self.everything)
            for fleet in sampled(self.plan, [*of_name], self.everything)
        ]
        wanted = [piece for piece in pieces if piece.job and not self._agreed(piece)]
        sources = {name for piece in wanted for name in self.plan.job(piece.fleet.job).prompts}
        return [piece for piece in pieces if piece in wanted or piece.fleet.job in sources]

    def _agreed(self, piece: Piece) -> bool:
        return self.codes.logbook.agreed(piece.job, piece.name)

    def _sample(self, pieces: Sequence[Piece]) -> dict[Piece, str]:
        """Let both codes work through some pieces side by side; why those do not agree that do not."""
        by_request: dict[str, list[Piece]] = defaultdict(list)
        for piece in pieces:
            by_request[piece.request_name].append(piece)
        requests = [self._request(of_request) for of_request in by_request.values()]
        samples = [SampleProcess(side, requests) for side in (self.codes.old, self.codes.new)]
        wrong: dict[Piece, str] = {}
        total, done, started = sum(piece.seconds for piece in pieces), 0.0, time.monotonic()
        try:
            with sides.finished_by_all(samples) as names:
                self._show(next(iter(by_request)), 0, total, started)
                for name in (name for name in names if name in by_request):
                    for piece, compared in self._compared(name, by_request[name]).items():
                        if piece.job:
                            self.codes.write_down(piece.job, piece.name, compared, started)
                        if compared.first:
                            wrong[piece] = compared.first
                    done += sum(piece.seconds for piece in by_request.pop(name))
                    if by_request:
                        self._show(next(iter(by_request)), done, total, started)
        except SideError as error:
            wrong |= {piece: str(error) for of_request in by_request.values() for piece in of_request}
        for piece, why in wrong.items():
            if piece.job:
                self.codes.findings.stays(piece.job, why)
        return wrong

    def _request(self, pieces: Sequence[Piece]) -> Mapping:
        """What `reprompt sample` is asked for: a pre-training, or the pieces of one job together."""
        if isinstance(pieces[0], PretrainingPiece):
            return pieces[0].request
        return request([piece.fleet for piece in pieces], self.everything)

    def _show(self, name: str, done: float, total: float, started: float) -> None:
        """How far the samples are."""
        elapsed = time.monotonic() - started
        pace = elapsed / done if done > 0.1 * total else 1  # the first piece also bears the start
        self.line.show(f"{done / total:4.0%}  about {pace * (total - done):.0f} s left | {name}")

    def _compared(self, name: str, pieces: Sequence[Piece]) -> dict[Piece, Compared]:
        """What both codes left of one request, piece by piece."""
        then, now = (side.samples / side.name_of(name) for side in (self.codes.old, self.codes.new))
        try:
            if isinstance(pieces[0], PretrainingPiece):
                weights = (path.with_name(f"{path.name}.safetensors") for path in (then, now))
                return {pieces[0]: compare_weights(*weights, name)}
            records = (path.with_name(f"{path.name}.npz") for path in (then, now))
            by_cell = compare_records(*records, [cell for piece in pieces for cell in piece.fleet.cells])
            return {piece: together(by_cell[cell] for cell in piece.fleet.cells) for piece in pieces}
        except (OSError, ValueError, KeyError) as error:  # of a format that this code does not read
            return {piece: Compared(0, f"{name} cannot be compared: {error}") for piece in pieces}
