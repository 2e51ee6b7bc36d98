"""What an older code called the jobs of today's plan: until schema 3 a recipe had a name, which now is an alias.

An old name is found in the old parameters themselves: of the methods of a job's experiment the one that resolves to its
recipe. Where both codes have one schema, both call their jobs alike.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from reprompt.cells.recipes import recipe_of
from reprompt.foundation.schema import SCHEMA
from reprompt.planning.plan import Plan


def old_names(plan: Plan, parameters: Path) -> dict[str, str]:
    """The name of every job in the code that reads this file of parameters, where it is another one."""
    raw = yaml.safe_load(parameters.read_text()) if parameters.exists() else {}
    if raw.get("schema", SCHEMA) == SCHEMA:
        return {}
    names = {}
    for job in plan.jobs:
        by_recipe = {recipe_of(name).expression: name for name in _methods(raw, plan.scale, job.experiment)}
        if old := by_recipe.get(job.recipe):
            names[job.name] = "/".join((job.experiment, old, *job.name.split("/")[2:]))
    return {new: old for new, old in names.items() if new != old}


def _methods(raw: Mapping[str, Any], scale: str, experiment: str) -> list[str]:
    """The methods of an experiment at a scale."""
    at_scale = (raw["scales"][scale].get("experiments") or {}).get(experiment, {})
    return at_scale.get("methods", raw["experiments"].get(experiment, {}).get("methods", []))
