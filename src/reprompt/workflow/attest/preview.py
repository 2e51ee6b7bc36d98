"""`reprompt attest --dry-run`: what would be compared and refused, and about how long it takes."""

from collections.abc import Sequence

from reprompt.planning.plan import Plan
from reprompt.workflow import provenance, reproduce
from reprompt.workflow.attest.order import WHOLE, covering
from reprompt.workflow.attest.sampling import features_read, pretraining_request, sampled
from reprompt.workflow.attest.stale import Made, Refused, by_commit
from reprompt.workflow.attest.words import counted

SECONDS = {"features": 40, "corpus": 60}  # that a job takes about; others 5
LAYING_OUT = 15  # seconds: two worktrees, and the results in them


def preview(plan: Plan, stale_jobs: Sequence[Made], refused: Sequence[Refused], everything: bool) -> int:
    """Print what would be compared and refused, and about how long it takes; the exit code."""
    if len(provenance.source_commit()) != 40:
        print("The source has changes that are not committed: commit them first.")
    seconds = 0.0
    for since, jobs in by_commit(stale_jobs).items():
        print(f"Against commit {since[:12]}, which made them:")
        seconds += LAYING_OUT + _preview_whole(plan, jobs, everything) + _preview_trained(plan, jobs, everything)
    for job in refused:
        print(f"refused: {job.name}: {job.why}")
    single = len(stale_jobs) == 1
    print(
        f"{counted(len(stale_jobs), 'job')} {'is' if single else 'are'} stale by {'its' if single else 'their'} code"
        f" alone, {len(refused)} {'has' if len(refused) == 1 else 'have'} to be run."
    )
    if stale_jobs:
        print(f"Both codes side by side take about {counted(round(seconds / 60), 'minute')} on two cores.")
    return 0


def _preview_whole(plan: Plan, jobs: Sequence[Made], everything: bool) -> float:
    """Print what is made again whole; the seconds that it takes."""
    seconds = 0.0
    for rule in (rule for row in WHOLE for rule in row):
        for job in _of_rule(plan, jobs, rule, everything):
            seconds += SECONDS.get(rule, 5)
            print(f"  made again whole: {job.name}")
    return seconds


def _of_rule(plan: Plan, jobs: Sequence[Made], rule: str, everything: bool) -> list[Made]:
    of_rule = [job for job in jobs if job.rule == rule]
    return covering(plan, of_rule) if rule == "features" and not everything else of_rule


def _preview_trained(plan: Plan, jobs: Sequence[Made], everything: bool) -> float:
    """Print what is trained, and which features have to be made before; the seconds that it takes."""
    seconds = 0.0
    for job in jobs:
        if job.rule == "pretrain":
            steps = pretraining_request(plan, job.wildcards["backbone"], everything)["steps"]
            seconds += steps * reproduce.SECONDS_PER_PRETRAINING_STEP
            print(f"  pre-trained: {job.name}, {counted(steps, 'step')}")
    fleets = sampled(plan, [job.name for job in jobs if job.trains], everything)
    made_whole = {job.name.partition("/")[2] for job in _of_rule(plan, jobs, "features", everything)}
    for name in sorted(features_read(plan, fleets) - made_whole):
        # where the code of features changed, neither code uses those that lie here
        if made_whole or not (plan.root / f"features/{name}.safetensors").exists():
            seconds += SECONDS["features"]
            print(f"  features made first: {name}")
    for fleet in fleets:
        seconds += fleet.seconds
        print(f"  trained: {fleet}, {counted(len(fleet.cells), 'cell')}")
    return seconds
