"""The command `reprompt estimate`."""

from pathlib import Path

from rich.console import Console

from reprompt.planning.plan import Plan
from reprompt.workflow.estimate.costs import costs_of
from reprompt.workflow.estimate.printing import print_costs, print_errors, print_waiting
from reprompt.workflow.estimate.rates import Rates, reference
from reprompt.workflow.estimate.recorded import recorded
from reprompt.workflow.estimate.resources import write_resources

WIDTH = 120


def estimate(plan: Plan, device: str, calibrate: bool, write: Path | None, records: Path | None) -> None:
    """Print what a plan costs on a device, write it for the rules, and say how far off it is.

    That of which the data sets are not there is counted too: it is said how much that is.

    `records` is a folder of results; what jobs cost there is held against the prediction. Raises ValueError where none
    ran there.
    """
    rates = _rates(plan, device, calibrate)
    console = Console(width=max(WIDTH, Console().width))
    plan, waiting = plan.whole, {name: len(cells) for name, cells in plan.waiting.items()}
    costs = costs_of(plan, rates, device)
    if write:
        write_resources(write, costs, f"scale {plan.scale} on {device}, rates {rates.about}")
    print_costs(plan, costs, rates.about, console)
    if waiting:
        print_waiting(plan, costs, waiting, console)
    if records:
        jobs = recorded(plan, rates, records)
        if not jobs:
            raise ValueError(
                f"{records}: no job of scale {plan.scale} has trained all of its cells there; name the folder that"
                f" holds {plan.scale}/records, as `results` does"
            )
        print_errors(jobs, console)


def _rates(plan: Plan, device: str, calibrate: bool) -> Rates:
    assumed = reference(device)  # an unknown device is named whether it is measured or not
    if not calibrate:
        return assumed
    from reprompt.workflow.estimate.calibrate import calibrate as measure  # torch and open_clip take seconds to import

    tell = Console(stderr=True)
    return measure(device, plan.parameters.precision, lambda text: tell.print(text, markup=False, highlight=False))
