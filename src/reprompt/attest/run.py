"""`reprompt attest`: what is stale by its code alone is done by both codes, compared, and stamped where all agrees."""

import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from reprompt import locks, provenance, reproduce
from reprompt.attest import sides
from reprompt.attest.changes import Changes, changes_between
from reprompt.attest.sampling import STEPS, Fleet, fleets, pretraining, request, sampled, told
from reprompt.attest.sides import Sampler, SideError
from reprompt.attest.stale import Made, Refused, stale
from reprompt.code import code_hash, reached
from reprompt.entry_points import code_of_cells, of_job
from reprompt.entry_points import features as features_entries
from reprompt.plan.cells import canonical
from reprompt.plan.plan import Plan

if TYPE_CHECKING:
    from reprompt.attest.comparing import Compared

# Rules that are made again whole, in an order in which none of a row is made of another.
WHOLE = (
    ("split", "contact_sheet", "weights"),
    ("features",),
    ("corpus",),
    ("groups",),
    ("table", "figure", "corpus_figure", "claims"),
    ("report",),
)
UNSEEN = "it depends on changes that no sample executed; --all compares everything:"
SECONDS = {"features": 40, "corpus": 60}  # that a job takes about; others 5


@dataclass
class Outcome:
    """Why jobs stay stale, by job, and which changes were executed."""

    why: dict[str, str] = field(default_factory=dict)
    executed: set[str] = field(default_factory=set)
    unseen: dict[str, None] = field(default_factory=dict)  # changes that no sample executed, in order

    def stays(self, job: Made, why: str) -> None:
        """A job stays stale; the first reason counts."""
        self.why.setdefault(job.name, why)

    def agreed(self, jobs: Iterable[Made]) -> list[Made]:
        """Those of which all agreed."""
        return [job for job in jobs if self.why.get(job.name) == ""]


def attest(
    plan: Plan, names: Sequence[str] = (), dry_run: bool = False, everything: bool = False, cores: int | None = None
) -> int:
    """Attest what is stale by its code alone, as far as one of the patterns `names` fits it; returns the exit code."""
    line = reproduce.Line()
    try:
        if dry_run:
            return say(plan, *stale(plan, names), everything)
        with locks.run_lock():
            with locks.no_jobs(wait=False) as alone:
                if not alone:
                    raise SideError("jobs of another run are at work in this folder; wait for them")
                found, refused, outcome = compare(plan, names, everything, cores or os.cpu_count() or 1, line)
            return finish(plan, found, refused, outcome, line)
    except (locks.BusyError, SideError) as error:
        line.close()
        print(f"reprompt: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        line.close()
        print("reprompt: stopped; the same command goes on where it was", file=sys.stderr)
        return 130


def compare(
    plan: Plan, names: Sequence[str], everything: bool, cores: int, line: reproduce.Line
) -> tuple[list[Made], list[Refused], Outcome]:
    """Compare what is stale by its code alone, and stamp what agrees, even if it is stopped before the end."""
    commit = provenance.source_commit()
    if len(commit) != 40:
        raise SideError("the source has changes that are not committed, or lies in no git repository: commit them")
    line.show("looking for what is stale by its code alone", always=True)
    found, refused = stale(plan, names)
    outcome = Outcome()
    try:
        for since, jobs in by_commit(found).items():
            Comparison(plan, jobs, since, commit, everything, cores, line, outcome).run()
    finally:
        if agreed := outcome.agreed(found):
            stamp(plan, agreed, commit)
    sides.remove({commit, *by_commit(found)} if found else ())
    return found, refused, outcome


def finish(
    plan: Plan, found: Sequence[Made], refused: Sequence[Refused], outcome: Outcome, line: reproduce.Line
) -> int:
    """Tell DVC what was attested, and a person what was not; the exit code."""
    from reprompt.attest.registering import register

    agreed = outcome.agreed(found)
    left = {}
    if agreed:
        line.show("asking Snakemake what is left to do", always=True)
        left = reproduce.missing_steps(plan, pretrain=False)
        register(plan, [step.rule for step in left.values()])
    line.close()
    by_reason: dict[str, list[str]] = defaultdict(list)
    for job in found:
        by_reason[outcome.why[job.name]].append(job.name)
    for why, names in by_reason.items():
        if why:
            more = f" (and {len(names) - 1} more jobs)" if len(names) > 1 else ""
            print(f"stays stale: {names[0]}{more}: {why}")
            for statement in outcome.unseen if why == UNSEEN else ():
                print(f"    {statement}")
    for one in refused:
        print(f"refused: {one.name}: {one.why}")
    print(f"{len(agreed)} of {len(found) + len(refused)} stale jobs are attested.")
    if left:
        print(f"Snakemake has {len(left)} jobs to run.")
    return 1 if len(agreed) < len(found) + len(refused) else 0


def by_commit(jobs: Iterable[Made]) -> dict[str, list[Made]]:
    """Jobs by the commit that their old code is taken from."""
    found = defaultdict(list)
    for job in jobs:
        found[job.since].append(job)
    return dict(found)


def stamp(plan: Plan, agreed: Sequence[Made], commit: str) -> None:
    """Stamp what agreed, for Snakemake and for DVC."""
    from reprompt.attest.stamping import stamp as stamp_outputs

    which = {job.name: (job.wildcards["experiment"], job.wildcards["recipe"]) for job in agreed if job.trains}
    of_cells = {name: code_of_cells(plan, *of) for name, of in which.items()}
    stamp_outputs(plan.root, agreed, commit, of_cells)


def say(plan: Plan, found: Sequence[Made], refused: Sequence[Refused], everything: bool) -> int:
    """What would be compared and refused, and about how long it takes."""
    if len(provenance.source_commit()) != 40:
        print("The source has changes that are not committed: commit them first.")
    seconds = 0.0
    for since, jobs in by_commit(found).items():
        print(f"Against {since[:12]}:")
        for rule in (rule for row in WHOLE for rule in row):
            of_rule = [job for job in jobs if job.rule == rule]
            of_rule = covering(plan, of_rule) if rule == "features" and not everything else of_rule
            seconds += len(of_rule) * SECONDS.get(rule, 5)
            for job in of_rule:
                print(f"  made again whole: {job.name}")
        for job in (job for job in jobs if job.rule == "pretrain"):
            asked = pretraining(plan, job.wildcards["backbone"], everything)
            seconds += asked["steps"] * reproduce.SECONDS_PER_PRETRAINING_STEP
            print(f"  pre-trained: {job.name}, {asked['steps']} steps")
        for fleet in sampled(plan, [job.name for job in jobs if job.trains], everything):
            seconds += fleet.seconds
            print(f"  trained: {fleet}, {len(fleet.cells)} cells")
    for one in refused:
        print(f"refused: {one.name}: {one.why}")
    print(f"{len(found)} jobs are stale by their code alone, {len(refused)} have to be run.")
    if found:
        print(f"Both codes side by side take about {seconds / 60:.0f} minutes on two cores.")
    return 0


def covering(plan: Plan, jobs: Iterable[Made]) -> list[Made]:
    """Of the jobs that make features those that have every backbone and every part once."""
    seen: set[str] = set()
    found = []
    standard = plan.parameters.standard_backbone
    of_features = [job for job in jobs if job.rule == "features"]
    for job in sorted(of_features, key=lambda job: (job.wildcards["backbone"] != standard, job.name)):
        if not seen.issuperset(job.wildcards.values()):
            seen.update(job.wildcards.values())
            found.append(job)
    return found


@dataclass
class Comparison:
    """Jobs that were made by one commit against today's."""

    plan: Plan
    jobs: Sequence[Made]
    since: str
    commit: str
    everything: bool
    cores: int
    line: reproduce.Line
    outcome: Outcome

    def run(self) -> None:
        """Compare them all; the outcome has a reason, or an empty one, for each that was finished."""
        from reprompt.attest.logbook import Logbook

        self.logbook, self.started = Logbook(self.plan.root), time.monotonic()
        self.outcome.executed |= self.logbook.executed(self.since)
        self.line.show(f"a worktree of {self.since[:12]} and one of {self.commit[:12]}", always=True)
        self.old = sides.make_side(self.plan, self.since, own=True)
        self.new = sides.make_side(self.plan, self.commit)
        if self.same_features():
            sides.share(self.old, self.new, self.plan.root)
        reads = {job.name: set(reached(of_job(self.plan, job.rule, job.wildcards))) for job in self.jobs}
        self.changes: Changes = changes_between(self.old.package, self.new.package, set().union(*reads.values()))
        for side, lines in zip((self.old, self.new), self.changes.lines, strict=True):
            side.look_out(lines)
        for row in WHOLE:
            self.compare_whole([job for job in self.jobs if job.rule in row])
        trained = [job for job in self.jobs if job.trains or job.rule == "pretrain"]
        self.compare_training(trained)
        for job in trained:
            unseen = [] if self.everything else self.changes.unseen(reads[job.name], self.outcome.executed)
            self.outcome.unseen |= dict.fromkeys(unseen)
            if unseen:
                self.outcome.stays(job, UNSEEN)
        for job in self.jobs:
            self.outcome.stays(job, self.logbook.difference(job.name, job.before, job.now) or "")

    def same_features(self) -> bool:
        """Whether both codes make the same features."""
        entries = features_entries(self.plan.parameters.data.source)
        try:
            return code_hash(entries, self.old.package) == code_hash(entries, self.new.package)
        except FileNotFoundError:  # a module has moved
            return False

    # Rules without training

    def compare_whole(self, jobs: Sequence[Made]) -> None:
        """Have the new code make some jobs' outputs again, and the old code those that differ."""
        from reprompt.attest.comparing import compare_weights, together

        covered = covering(self.plan, jobs)
        chosen = [job for job in jobs if job.rule != "features" or self.everything or job in covered]
        todo = [job for job in chosen if not self.logbook.agreed(job.name, job.before, job.now)]
        for job in [job for job in todo if job.rule == "weights"]:
            file = self.plan.parameters.backbones[job.wildcards["backbone"]].file
            if not (file and Path(file).exists()):
                self.outcome.stays(job, "the file that its weights are converted from is not at hand")
                todo.remove(job)
        if not todo:
            return
        self.line.show(f"making again: {', '.join(job.name for job in todo)}", always=True)
        started, outputs = time.monotonic(), [output for job in todo for output in job.outputs]
        of_features = todo[0].rule == "features"  # a row of its own
        made, words = sides.made_again(self.new, outputs, self.cores)
        there = {job: compare_outputs(job, {output: Path(output) for output in job.outputs}, made) for job in todo}
        differing = [job for job in todo if there[job] is not None and (of_features or there[job].first)]
        before, old_words = {}, ""
        if differing:  # it may be the machine
            self.line.show(f"making again by {self.since[:12]}: {', '.join(job.name for job in differing)}")
            before, old_words = sides.made_again(self.old, [o for job in differing for o in job.outputs], self.cores)
        for job in todo:
            compared = there[job]
            if compared is None:
                self.outcome.stays(job, f"could not be made again: {words}")
                continue
            if job in differing and compared.first:
                compared = compare_outputs(job, before, made)
                if compared is None:
                    self.outcome.stays(job, f"{there[job].first or 'the old code'}; the old code failed: {old_words}")
                    continue
            if of_features:
                tensors = [side.at(job.outputs[0]).with_suffix(".safetensors") for side in (self.old, self.new)]
                compared = together([compared, compare_weights(*tensors, job.name)])
            self.write_down(job, job.name, compared, started)
        if of_features:
            wrong = next((why for job in todo if (why := self.outcome.why.get(job.name))), None)
            for job in jobs if wrong else ():
                self.outcome.stays(job, wrong)

    def write_down(self, job: Made, piece: str, compared: "Compared", started: float) -> None:
        """Log a piece, and what was executed since the last one; its job stays stale where it differs."""
        executed = self.changes.executed(self.old.executed(), self.new.executed()) - self.outcome.executed
        self.outcome.executed |= executed
        self.logbook.add((self.since, self.commit), (job.before, job.now), piece, compared, started, executed)
        if compared.first:
            self.outcome.stays(job, compared.first)

    # Training

    def compare_training(self, jobs: Sequence[Made]) -> None:
        """Have both codes train a sample of some jobs, or all of them, and compare what each leaves."""
        of_name = {job.name: job for job in jobs}
        pieces = [
            Piece(job, None, pretraining(self.plan, job.wildcards["backbone"], self.everything))
            for job in jobs
            if job.rule == "pretrain"
        ]
        some = sampled(self.plan, [job.name for job in jobs if job.trains], self.everything)
        pieces += [Piece(of_name.get(fleet.job), fleet, whole=self.everything) for fleet in some]
        of_jobs = [piece for piece in pieces if piece.job]
        todo = [one for one in of_jobs if not self.logbook.agreed(one.name, one.job.before, one.job.now)]
        sources = {name for piece in todo if piece.fleet for name in self.plan.job(piece.fleet.job).prompts}
        todo += [piece for piece in pieces if piece.fleet and piece.fleet.job in sources and piece not in todo]
        todo.sort(key=pieces.index)
        for job in (job for job in jobs if job.trains):
            if why := self.other_identity(job):
                self.outcome.stays(job, why)
        wrong = self.sample(todo) if todo else {}
        by_group = {piece.fleet.group: wrong[piece] for piece in reversed(todo) if piece.fleet and wrong.get(piece)}
        for job in jobs:
            if job.trains:
                groups = {fleet.group for fleet in fleets(self.plan, self.plan.job(job.name))}
                for why in (by_group[group] for group in by_group if group in groups):
                    self.outcome.stays(job, why)

    def other_identity(self, job: Made) -> str | None:
        """What a job's records, all of them, were made from other than they would be by today's code, if anything."""
        from reprompt.verify import recompute

        return next(iter(recompute(self.plan, self.plan.job(job.name)).complaints), None)

    def sample(self, pieces: Sequence["Piece"]) -> dict["Piece", str]:
        """Let both codes work through some pieces side by side; why those do not agree that do not."""
        by_request: dict[str, list[Piece]] = defaultdict(list)
        for piece in pieces:
            by_request[piece.of].append(piece)
        asked = [
            some[0].asked or request(self.plan, [piece.fleet for piece in some], self.everything)
            for some in by_request.values()
        ]
        samplers = [Sampler(side, asked) for side in (self.old, self.new)]
        wrong = {}
        total, done, started = sum(piece.seconds for piece in pieces), 0.0, time.monotonic()
        try:
            with sides.both(samplers) as names:
                waiting = list(by_request)
                self.show(waiting[0], 0, total, started)
                for name in (name for name in names if name in by_request):
                    for piece, compared in self.compared(name, by_request[name]).items():
                        if piece.job:
                            self.write_down(piece.job, piece.name, compared, started)
                        if compared.first:
                            wrong[piece] = compared.first
                    done += sum(piece.seconds for piece in by_request.pop(name))
                    if by_request:
                        self.show(next(iter(by_request)), done, total, started)
        except SideError as error:
            wrong |= {piece: str(error) for some in by_request.values() for piece in some}
        for piece, why in wrong.items():
            if piece.job:
                self.outcome.stays(piece.job, why)
        return wrong

    def show(self, name: str, done: float, total: float, started: float) -> None:
        """How far the samples are."""
        elapsed = time.monotonic() - started
        pace = elapsed / done if done > 0.1 * total else 1  # the first piece also bears the start
        self.line.show(f"{done / total:4.0%}  about {pace * (total - done):.0f} s left | {name}")

    def compared(self, name: str, pieces: Sequence["Piece"]) -> dict["Piece", "Compared"]:
        """What both codes left of one request, piece by piece."""
        from reprompt.attest.comparing import Compared, compare_records, compare_weights, together

        then, now = (side.samples / name for side in (self.old, self.new))
        try:
            if pieces[0].fleet is None:
                weights = (path.with_name(f"{path.name}.safetensors") for path in (then, now))
                return {pieces[0]: compare_weights(*weights, name)}
            records = (path.with_name(f"{path.name}.npz") for path in (then, now))
            found = compare_records(*records, [cell for piece in pieces for cell in piece.fleet.cells])
            return {piece: together(found[cell] for cell in piece.fleet.cells) for piece in pieces}
        except (OSError, ValueError, KeyError) as error:  # of a format that this code does not read
            return {piece: Compared(0, f"{name} cannot be compared: {error}") for piece in pieces}


@dataclass(frozen=True, eq=False)
class Piece:
    """A fleet that is sampled, or the first steps of a pre-training.

    Without a `job` it is there only so that other pieces can judge its prompts.
    """

    job: Made | None
    fleet: Fleet | None
    asked: Mapping | None = None  # of a pre-training
    whole: bool = False  # not the first steps alone

    @property
    def of(self) -> str:
        """The name of the request that it belongs to, as `reprompt sample` prints it."""
        return self.fleet.job if self.fleet else self.asked["backbone"]

    @property
    def name(self) -> str:
        """What it is called in the log: the same only if the same cells are compared."""
        if self.fleet is None:
            return f"{self.job.name}: {self.asked['steps']} steps"
        digest = sha256(canonical([told(cell) for cell in self.fleet.cells]).encode()).hexdigest()
        steps = f", {STEPS} steps" if self.fleet.is_meta and not self.whole else ""
        return f"{self.fleet}{steps} [{digest[:8]}]"

    @property
    def seconds(self) -> float:
        """About how long it takes."""
        return self.fleet.seconds if self.fleet else self.asked["steps"] * reproduce.SECONDS_PER_PRETRAINING_STEP


def compare_outputs(job: Made, there: Mapping[str, Path], made: Mapping[str, Path]) -> "Compared | None":
    """Every byte of the outputs of a job; None where one was not made."""
    from reprompt.attest.comparing import compare_files, together

    if not all(output in made and output in there for output in job.outputs):
        return None
    return together(compare_files(there[output], made[output], output) for output in job.outputs)
