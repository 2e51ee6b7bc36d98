"""The rows as a table to read and as JSON to keep."""

from rich.table import Table

from reprompt.benchmarks.steps.compare import StepCost, WorkloadComparison

COLUMNS = (
    "setting", "classes", "batch", "s released", "s fast", "ratio", "TFLOP rel.", "TFLOP fast", "% peak rel.",
    "% peak fast", "GB rel.", "GB fast", "apart", "goal", "",
)  # fmt: skip
CAPTION = (
    "released: what the papers' code computes; fast: the same losses and gradients, with the savings. Seconds per "
    "training step are medians of interleaved rounds; % peak: operations per second as a share of a large matrix "
    "product's; GB: peak memory; apart: the largest relative difference of losses and gradients"
)


def printed(rows: list[WorkloadComparison], title: str, peak: float) -> Table:
    """A row per workload; `peak` is the measured matrix-multiply rate in operations per second."""
    table = Table(*COLUMNS, title=title, caption=CAPTION)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        released, fast = _cells(row.released, peak), _cells(row.fast, peak)
        pairs = [cell for pair in zip(released[1:], fast[1:], strict=True) for cell in pair]
        goal = "-" if row.workload.goal is None else f"{row.workload.goal:g} x"
        table.add_row(
            row.workload.title,
            str(row.workload.classes),
            str(row.workload.batch),
            released[0],
            fast[0],
            "-" if row.ratio is None else f"{row.ratio:.2f} x",
            *pairs,
            "-" if row.apart is None else f"{row.apart:.0e}",
            goal,
            {None: "", True: "met", False: "not met"}[row.goal_met],
        )
    return table


def _cells(cost: StepCost | None, peak: float) -> list[str]:
    """Seconds, TFLOP, share of the peak and GB of one way."""
    if cost is None:
        return ["not run", "-", "-", "-"]
    memory = "-" if cost.peak_bytes is None else f"{cost.peak_bytes / 1e9:.2f}"
    share = 100 * cost.operations / cost.seconds / peak
    return [f"{cost.seconds:.3g}", f"{cost.operations / 1e12:.3g}", f"{share:.0f}", memory]


def as_json(rows: list[WorkloadComparison], peak: float) -> list[dict]:
    """The same, with every round's seconds."""
    return [
        {
            "setting": row.workload.title,
            "classes": row.workload.classes,
            "batch": row.workload.batch,
            **{way: _measured(cost, peak) for way, cost in (("released", row.released), ("fast", row.fast))},
            "ratio": row.ratio,
            "largest_relative_difference": row.apart,
            "goal": row.workload.goal,
            "goal_met": row.goal_met,
        }
        for row in rows
    ]


def _measured(cost: StepCost | None, peak: float) -> dict | None:
    if cost is None:
        return None
    share = cost.operations / cost.seconds / peak
    return {"seconds_per_step": cost.seconds, "share_of_peak": share, **vars(cost)}
