"""Stamp results with the code that was proved to give them: in the list of provenance, and in Snakemake's records.

A record says by which hash of the code an output was made, among the parameters of its rule. Stamping puts today's hash
in its place, and writes beside it from which commit to which this was proved.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from reprompt.workflow import provenance
from reprompt.workflow.attest.stale import Made


def stamp(
    root: Path, made: Iterable[Made], commit: str, of_cells: Mapping[str, str], read: Mapping[str, str]
) -> list[str]:
    """Stamp the outputs of some jobs; returns them.

    By job, `of_cells` is the hash of their cells' code, and `read` why what no sample executed changes no number.

    Raises ValueError where Snakemake's record of an output does not say by which code it was made.
    """
    entries = provenance.load(root)
    stamped = []
    for job in made:
        proof = {"from": job.since, "to": commit} | ({"read": read[job.name]} if job.name in read else {})
        for output in job.outputs:
            entry = entries[output]
            entry["params"] = _with_todays_hash(entry["params"], job)
            entry["made"] |= {"code": job.now} | ({"cells": of_cells[job.name]} if job.name in of_cells else {})
            entry["attested"] = [*entry.get("attested", ()), proof]
            stamped.append(output)
    provenance.write(root, entries)
    for output in stamped:
        provenance.change_params(output, entries[output]["params"])
    return stamped


def _with_todays_hash(params: list[str], job: Made) -> list[str]:
    """Snakemake's own list of parameters, sorted."""
    if repr(job.before) not in params and repr(job.now) not in params:
        raise ValueError(f"{job.name}: Snakemake's record does not say by which code it was made")
    return sorted(repr(job.now) if value == repr(job.before) else value for value in params)
