"""Which results are stale by the code alone, job by job of Snakemake, and which cannot be attested and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from reprompt.foundation.digests import digest_of_text
from reprompt.planning.entry_points import code_of, spec_of
from reprompt.planning.plan import Plan
from reprompt.workflow import provenance
from reprompt.workflow.listings import Listings, changed
from reprompt.workflow.snakemake import TUNING

UNKNOWN = "unknown"
ORDER = ("experiment", "recipe", "backbone", "part")  # of wildcards in a name


@dataclass(frozen=True)
class Made:
    """What a job of Snakemake made, by which code, and the hash that this code has today.

    `since` is the commit that is known to give what lies here: the one that made it, or the last that was attested.
    """

    rule: str
    wildcards: Mapping[str, str]
    outputs: tuple[str, ...]
    before: str
    now: str
    since: str

    @property
    def name(self) -> str:
        return name_of(self.rule, self.wildcards)

    @property
    def trains(self) -> bool:
        """Whether it is a job of the plan."""
        return self.rule in TUNING

    def __hash__(self) -> int:
        return hash((self.name, self.before, self.now))


@dataclass(frozen=True)
class Refused:
    """A job that has to be run, and why."""

    name: str
    why: str


def name_of(rule: str, wildcards: Mapping[str, str]) -> str:
    """The path-like name of a job of Snakemake: `few_shot/coop/ViT-B-16/part1`, `table/prograd_table3`."""
    ordered = sorted(wildcards, key=lambda name: ORDER.index(name) if name in ORDER else -1)
    return "/".join([*([] if rule in TUNING else [rule]), *(wildcards[name] for name in ordered)])


def by_job(entries: Mapping[str, provenance.Entry]) -> dict[str, list[provenance.Entry]]:
    """Entries by the name of the job that made them; by their output where nobody wrote that down."""
    jobs: dict[str, list[provenance.Entry]] = {}
    for entry in entries.values():
        name = name_of(entry["rule"], entry["wildcards"]) if "wildcards" in entry else entry["output"]
        jobs.setdefault(name, []).append(entry)
    return jobs


def since(entry: provenance.Entry) -> str:
    """The commit that is known to give an output: the one that made it, or the last that was attested."""
    return entry["attested"][-1]["to"] if entry.get("attested") else entry.get("made", {}).get("commit", UNKNOWN)


def stale(plan: Plan, names: Iterable[str] = ()) -> tuple[list[Made], list[Refused]]:
    """What is stale by its code alone, and what is refused, among the jobs that one of the patterns `names` fits."""
    entries, listings = provenance.load(plan.root), Listings(plan)
    stale_jobs, refused = [], []
    for name, entries_of_job in by_job(entries).items():
        first = entries_of_job[0]
        made, known = first.get("made", {}), "wildcards" in first
        try:
            now = code_of(plan, first["rule"], first["wildcards"]) if known else ""
        except KeyError:  # no longer in the plan
            continue
        job = Made(
            first["rule"],
            first.get("wildcards", {}),
            tuple(entry["output"] for entry in entries_of_job),
            made.get("code", ""),
            now,
            since(first),
        )
        if not _wanted(name, job.rule, names) or (job.before and job.before == job.now):
            continue
        why = _why_refused(plan, job, entries_of_job, entries, listings)
        if why:
            refused.append(Refused(name, why))
        else:
            stale_jobs.append(job)
    return stale_jobs, refused


def by_commit(jobs: Iterable[Made]) -> dict[str, list[Made]]:
    """Jobs by the commit that their old code is taken from."""
    of_commits: dict[str, list[Made]] = {}
    for job in jobs:
        of_commits.setdefault(job.since, []).append(job)
    return of_commits


def _wanted(name: str, rule: str, patterns: Iterable[str]) -> bool:
    patterns = list(patterns)
    return not patterns or any(fnmatchcase(name, pattern) or rule == pattern for pattern in patterns)


def _why_refused(
    plan: Plan,
    job: Made,
    entries: list[provenance.Entry],
    all_entries: Mapping[str, provenance.Entry],
    listings: Listings,
) -> str | None:
    """Why more than the code may have changed, or nobody knows by which code it was made."""
    if not job.before:
        return "nobody wrote down by which code it was made: it has to be run"
    try:
        spec = spec_of(plan, job.rule, job.wildcards)
    except KeyError as lacking:
        return f"made when the rule had no jobs by {lacking}: it has to be run"
    if entries[0]["made"].get("spec", digest_of_text("")) != digest_of_text(spec):
        return "its parameters changed: it has to be run"
    if others := [*changed(entries[0]["made"].get("listings", {}), listings.of_job(job.rule, job.wildcards))]:
        return f"the files of {others[0]} changed: it has to be run"
    for entry in entries:
        if entry["sha256"] is None:
            continue
        if not Path(entry["output"]).is_file():
            return f"{entry['output']} is missing; `dvc pull` restores it"
        if _sha256(entry["output"]) != entry["sha256"]:
            return f"{entry['output']} is not the file that was made"
    for file, checksum in (entries[0].get("input_checksums") or {}).items():
        if file in all_entries and all_entries[file]["sha256"] is None:
            continue  # passed on and deleted: it was that of its job
        if not Path(file).is_file():
            return f"its input {file} is missing; `dvc pull` restores it"
        if checksum.removeprefix("sha256:") != _sha256(file):
            return f"its input {file} changed: it has to be run"
    if job.since == UNKNOWN:
        return "made by a commit that nobody knows: it has to be run"
    if job.since.endswith("+"):
        return f"made by source that was not committed, on {job.since[:12]}: it has to be run"
    return None


@cache
def _sha256(file: str) -> str:
    return provenance.sha256(file)
