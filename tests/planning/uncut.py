"""A plan with a job for every part, whatever the parameters say of longer and shorter ones."""

from reprompt.cells.parameters import Parameters
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import Plan, make_plan


def uncut_plan(scale: str) -> Plan:
    """Every job one recipe on one part."""
    parameters = load_parameters("params.yaml", scale)
    return make_plan(parameters.model_copy(update={"experiments": uncut(parameters)}))


def uncut(parameters: Parameters) -> dict:
    """The same experiments, their jobs neither cut nor put together."""
    nothing = {"tasks_per_job": None, "runs_per_job": None}
    return {name: of.model_copy(update=nothing) for name, of in parameters.experiments.items()}
