"""Which rules are made again whole, in which order, and which jobs stand for the others of their rule."""

from collections.abc import Iterable

from reprompt.planning.plan import Plan
from reprompt.workflow.attest.stale import Made

# None of a row is made of another of it.
WHOLE = (
    ("split", "contact_sheet", "weights"),
    ("features",),
    ("corpus", "corpus_of_source"),
    ("groups",),
    ("table", "figure", "corpus_figure", "claims", "null"),
    ("report",),
)


def covering(plan: Plan, jobs: Iterable[Made]) -> list[Made]:
    """Of the jobs that make features those that have every backbone and every part once."""
    seen: set[str] = set()
    chosen = []
    standard = plan.parameters.standard_backbone
    of_features = [job for job in jobs if job.rule == "features"]
    for job in sorted(of_features, key=lambda job: (job.wildcards["backbone"] != standard, job.name)):
        if not seen.issuperset(job.wildcards.values()):
            seen.update(job.wildcards.values())
            chosen.append(job)
    return chosen
