"""The estimate as tables to read."""

from collections.abc import Callable, Iterable, Mapping

from rich.console import Console
from rich.table import Table

from reprompt.cells.recipes import from_path
from reprompt.planning.plan import Plan
from reprompt.workflow.estimate.costs import Cost
from reprompt.workflow.estimate.recorded import Errors, Recorded, by, errors_of

GB, HOUR = 1e9, 3600.0


def print_costs(plan: Plan, costs: list[Cost], about: str, console: Console) -> None:
    """Per rule, per study and in all: jobs, hours of GPU and CPU, the longest job, memory, disk."""
    console.print(f"[bold]Scale {plan.scale}[/bold], rates {about}", highlight=False)
    _print(console, "By rule", costs, lambda cost: cost.rule, total=True)
    tuned = [cost for cost in costs if cost.rule == "tune"]
    _print(console, "Tuning by study (a job counts where it is read first)", tuned, lambda cost: cost.study)
    _print(console, "Tuning by recipe", tuned, lambda cost: from_path(cost.name.split("/")[1]))


def print_waiting(plan: Plan, costs: list[Cost], waiting: Mapping[str, int], console: Console) -> None:
    """How much of that waits for data sets: `waiting` cells by job, each by its share of the job's time."""
    cells = {job.name: len(job.cells) for job in plan.jobs}
    waits = {name: count for name, count in waiting.items() if name in cells}
    tuned = {cost.name: cost.seconds for cost in costs if cost.rule == "tune"}
    hours = sum(tuned[name] * count / cells[name] for name, count in waits.items()) / HOUR
    console.print(
        f"{sum(waits.values()):,} of {sum(cells.values()):,} cells wait for data sets that are not there, about "
        f"{hours:,.1f} of {sum(tuned.values()) / HOUR:,.1f} hours of tuning; `reprompt plan` says which.",
        highlight=False,
    )


def print_errors(jobs: list[Recorded], console: Console) -> None:
    """How far the prediction is from the recorded costs, by experiment."""
    table = Table(title=f"The estimate beside {len(jobs)} jobs that were run: seconds on the clock, and of the CPU")
    columns = ("experiment", "jobs", "s clock", "s CPU", "s predicted", "median error", "of CPU", "largest of memory")
    _columns(table, columns)
    for name, errors in by(jobs, lambda ran: ran.job.experiment).items():
        table.add_row(name, *_errors(errors))
    table.add_section()
    table.add_row("all", *_errors(errors_of(jobs)))
    console.print(table)


def _print(console: Console, title: str, costs: list[Cost], key: Callable[[Cost], str], total: bool = False) -> None:
    table = Table(title=title)
    columns = ("", "jobs", "GPU h", "CPU h", "longest h", "host GB", "GPU GB", "disk GB")
    _columns(table, columns)
    groups: dict[str, list[Cost]] = {}
    for cost in costs:
        groups.setdefault(key(cost), []).append(cost)
    for name, members in groups.items():
        table.add_row(name, *_sums(members))
    if total:
        table.add_section()
        table.add_row("all", *_sums(costs))
    console.print(table)


def _sums(costs: Iterable[Cost]) -> list[str]:
    costs = list(costs)
    gpu = sum(cost.seconds for cost in costs if cost.gpu) / HOUR
    cpu = sum(cost.seconds * cost.threads for cost in costs) / HOUR
    longest = max(cost.seconds for cost in costs) / HOUR
    host, on_gpu = (max(getattr(cost.memory, kind) for cost in costs) / GB for kind in ("host", "gpu"))
    numbers = (gpu, cpu, longest, host, on_gpu, sum(cost.disk for cost in costs) / GB)
    return [str(len(costs)), *(f"{number:,.1f}" if number >= 0.05 else f"{number:.3f}" for number in numbers)]


def _errors(errors: Errors) -> list[str]:
    shares = (errors.median_error, errors.median_cpu_error, errors.largest_memory_error)
    sums = (errors.seconds, errors.cpu_seconds, errors.predicted)
    return [str(errors.jobs), *(f"{number:.0f}" for number in sums), *(_percent(share) for share in shares)]


def _percent(share: float) -> str:
    return "-" if share != share else f"{100 * share:.0f} %"  # NaN: no job ran long enough


def _columns(table: Table, names: tuple[str, ...]) -> None:
    for index, name in enumerate(names):
        table.add_column(name, justify="right" if index else "left")
