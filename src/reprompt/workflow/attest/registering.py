"""Tell DVC what was attested: its stages depend on hashes of code too, and would run where these have changed.

A stage is registered anew only where Snakemake has nothing left to do for it.
"""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import yaml

from reprompt.planning.entry_points import STAGES, write_stage_hashes
from reprompt.planning.plan import Plan
from reprompt.workflow.attest.sides import SideError
from reprompt.workflow.snakemake import TUNING, environment, last_words

LOCK = Path("dvc.lock")
CODE = Path("code.json")


def register(plan: Plan, left: Iterable[str]) -> list[str]:
    """Write the hashes of code anew and register the stages none of whose rules is `left` to run; returns them.

    DVC knows the active scale alone, and only what it ran once. Raises SideError where it refuses.
    """
    if not LOCK.exists() or active_scale() != plan.scale:
        return []
    write_stage_hashes(CODE)
    known, to_run = yaml.safe_load(LOCK.read_text())["stages"], entry_point_names(left)
    stages = ["code", *(stage for stage, rules in STAGES.items() if stage in known and not to_run & set(rules))]
    command = [sys.executable, "-m", "dvc", "commit", "--quiet", "--force", *stages]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
    if done.returncode:
        raise SideError(f"DVC could not register {', '.join(stages)}: {last_words(done.stderr)}")
    return stages


def entry_point_names(rules: Iterable[str]) -> set[str]:
    """Rules as entry_points.py calls them: those that train are one."""
    return {"tune" if rule in TUNING else rule for rule in rules}


def active_scale() -> str:
    """The scale that DVC's stages are of."""
    return yaml.safe_load(Path("params.yaml").read_text())["scale"]
