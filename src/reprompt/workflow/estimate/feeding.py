"""Whether pictures come as fast as the device takes them: images a second that are read, and that a step needs.

Of every learner that prompts the image tower the plan's largest fleet counts: so many images in a step, which takes so
long by its trace and the device's rates. Reading is measured: photographs as large as ImageNet's, decoded from JPEG
and cut to an augmented view in as many threads as `data.workers` says, and views that are cut of what is kept decoded.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from reprompt.cells.parameters import FileData, Views
from reprompt.data.files.decoding import Decoded, stacked
from reprompt.data.files.listing import Item
from reprompt.data.preparation import Preparation
from reprompt.data.views import augmented
from reprompt.foundation.atomic import write_text
from reprompt.foundation.streams import numpy_stream
from reprompt.planning.plan import Plan
from reprompt.workflow.estimate.calibrate import PHOTOGRAPH
from reprompt.workflow.estimate.jobs import FleetWork, fleets, uses_gradients
from reprompt.workflow.estimate.rates import Rates

PHOTOGRAPHS = 64
ROUNDS = 3


@dataclass(frozen=True)
class Reading:
    """Images a second, of size `side`, in `threads`: decoded for every view, and cut from what was decoded once."""

    side: int
    threads: int
    decoded: float
    kept: float


@dataclass(frozen=True)
class Needed:
    """What the step of a learner's largest fleet needs: its images, its seconds by the device's rates."""

    learner: str
    runs: int
    images: int
    seconds: float

    @property
    def rate(self) -> float:
        """Images a second."""
        return self.images / self.seconds


def bench_input(plan: Plan, rates: Rates, json_out: Path | None = None) -> None:
    """Measure reading, set it beside what the plan's learners need, print both and write them.

    Raises ValueError where the plan's pictures are rendered: they are not decoded.
    """
    data = plan.parameters.data
    if not isinstance(data, FileData):
        raise ValueError(f"bench input: the pictures of scale {plan.scale} are rendered; take --scale paper")
    reading = measured(Preparation(), min(data.workers, os.cpu_count() or 1), plan.parameters.views)
    needs = list(needed(plan, rates))
    _print(reading, needs, rates)
    if json_out:
        about = {"reading": asdict(reading), "steps": [asdict(need) for need in needs], "rates": rates.about}
        write_text(json_out, json.dumps(about, indent=1) + "\n")


def measured(preparation: Preparation, threads: int, views: Views) -> Reading:
    """Read photographs from disk, the best of some rounds."""
    with TemporaryDirectory() as folder:
        items = list(_photographs(Path(folder)))
        wanted = [(item, n % views.count) for n, item in enumerate(items)]

        def per_second(pictures: Callable[[], Decoded]) -> float:
            def view(decoded: Decoded, which: tuple[Item, int]) -> np.ndarray:
                item, number = which
                return augmented(decoded.picture_of(item), preparation, views, "photographs", number, item.path.name)

            def once() -> float:
                work = partial(view, pictures())
                started = time.perf_counter()
                stacked(work, wanted, preparation.side, threads)
                return time.perf_counter() - started

            return PHOTOGRAPHS / min(once() for _ in range(ROUNDS))

        kept = Decoded()
        for item in items:
            kept.picture_of(item)
        return Reading(preparation.side, threads, per_second(lambda: Decoded(room=0)), per_second(lambda: kept))


def needed(plan: Plan, rates: Rates) -> Iterator[Needed]:
    """Learner by learner, of jobs that train on pictures, the fleet whose step shows most images."""
    largest: dict[str, tuple[int, FleetWork]] = {}
    for job in (job for job in plan.jobs if job.reads_pixels and uses_gradients(job) and not job.cells[0].is_meta):
        for fleet in (fleet for fleet in fleets(plan, job) if not fleet.unprojects):
            images = sum(min(cell.tuned.batch, fleet.few_shot(cell)) for cell in fleet.cells)
            learner = fleet.cells[0].method.members["learner"]
            if images > largest.get(learner, (0, fleet))[0]:
                largest[learner] = images, fleet
    for learner, (images, fleet) in sorted(largest.items()):
        yield Needed(learner, len(fleet.cells), images, rates.seconds(fleet.training.work))


def _photographs(folder: Path) -> Iterator[Item]:
    for n in range(PHOTOGRAPHS):
        noise = numpy_stream(0, "photograph", n).integers(0, 256, (PHOTOGRAPH[1] // 4, PHOTOGRAPH[0] // 4, 3), np.uint8)
        path = folder / f"{n}.jpg"
        Image.fromarray(noise).resize(PHOTOGRAPH, Image.Resampling.BICUBIC).save(path, quality=90)
        yield Item(path, None, 0)


def _print(reading: Reading, needs: list[Needed], rates: Rates) -> None:
    console = Console(width=max(100, Console().width))
    width, height = PHOTOGRAPH
    console.print(
        f"Views of {width} x {height} photographs, {reading.side} x {reading.side}, {reading.threads} threads: "
        f"{reading.decoded:,.0f} images a second decoded each time, {reading.kept:,.0f} once they are kept"
    )
    table = Table("learner", "runs", "images a step", "seconds a step", "images a second", "fed")
    for column in table.columns[1:]:
        column.justify = "right"
    for need in needs:
        bound = "yes" if need.rate <= reading.decoded else "once kept" if need.rate <= reading.kept else "no"
        numbers = (f"{need.runs}", f"{need.images}", f"{need.seconds:.3f}", f"{need.rate:,.0f}")
        table.add_row(need.learner, *numbers, bound)
    table.caption = f"A step's seconds: {rates.about}"
    console.print(table)
