"""What topics cost as the corpus grows: seconds and memory at several sizes, and a projection to the paper's.

Two ways are measured on generated embeddings, each size in a process of its own so that its peak memory is its own:
`fit` clusters all embeddings at once; `assign` puts as many new ones, made chunk by chunk, into topics that were fitted
on a sample of fixed size, the way of topics.py. Compiling is over before the clock starts. Seconds are those of the
processor, which a busy machine does not stretch; memory is what the process holds at its peak beyond what it held then.
"""

import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from reprompt.benchmarks.steps.measurement import device_name, forget_peak, in_own_process, peak_bytes
from reprompt.cells.clustering import TopicClustering
from reprompt.corpus.topics import TopicModel
from reprompt.foundation.atomic import write_text
from reprompt.foundation.streams import numpy_stream

SIZES = (10_000, 30_000, 100_000, 300_000)
WAYS = ("fit", "assign")
PAPER = 3_100_000  # pairs of Conceptual Captions, as GRAM counts them
WIDTH = 384  # of all-MiniLM-L6-v2
GROUPS = 100
SPREAD = 0.6  # of a group around its centre, in lengths of the centre
WARM_UP = 5_000  # embeddings: enough for UMAP's approximate neighbours, which have code of their own
CPU = torch.device("cpu")


@dataclass(frozen=True)
class TopicsCost:
    """CPU seconds and peak memory of one way with so many embeddings."""

    way: str
    embeddings: int
    seconds: float
    peak_bytes: int


@dataclass(frozen=True)
class Growth:
    """A power law, `factor` * embeddings ** `exponent`, fitted by least squares between logarithms."""

    exponent: float
    factor: float

    @classmethod
    def of(cls, embeddings: list[int], values: list[float]) -> "Growth":
        """Fit at least two points."""
        exponent, intercept = np.polyfit(np.log(embeddings), np.log(values), 1)
        return cls(float(exponent), float(np.exp(intercept)))

    def at(self, embeddings: int) -> float:
        """What it says for another size."""
        return self.factor * embeddings**self.exponent


def bench_topics(
    settings: TopicClustering, chunk: int, sizes: tuple[int, ...] = SIZES, json_out: Path | None = None
) -> None:
    """Measure both ways at every size, print a table with exponents and projections, and write it where asked."""
    progress, costs = Console(stderr=True), []
    for way in WAYS:
        for size in sizes:
            progress.print(f"{way} {size:,}", markup=False, highlight=False)
            asked = (way, str(size), settings.model_dump_json(), str(chunk))
            costs.append(TopicsCost(**in_own_process("reprompt.benchmarks.topics", *asked)))
    about = {"machine": device_name(CPU), "settings": settings.model_dump(mode="json"), "chunk": chunk}
    Console(width=110).print(printed(costs, settings.sample, about["machine"]))
    if json_out is not None:
        growth = {way: {resource: asdict(law) for resource, law in laws(costs, way).items()} for way in WAYS}
        entries = {**about, "costs": [asdict(cost) for cost in costs], "growth": growth}
        write_text(json_out, json.dumps(entries, indent=1) + "\n")


def measure(way: str, size: int, settings: TopicClustering, chunk: int) -> TopicsCost:
    """Measure in this process, after a small run of the same code."""
    model = fitted(settings, WARM_UP)
    model.assign(*generated(settings, chunk, "warm-up"))
    if way == "assign":
        model = fitted(settings, settings.sample)
    forget_peak(CPU)
    before, started = peak_bytes(CPU), time.process_time()
    if way == "fit":
        fitted(settings, size)
    else:
        for start in range(0, size, chunk):
            model.assign(*generated(settings, min(chunk, size - start), start))
    return TopicsCost(way, size, time.process_time() - started, peak_bytes(CPU) - before)


def fitted(settings: TopicClustering, size: int) -> TopicModel:
    """Topics of so many embeddings; a topic needs the same share of them at every size."""
    smallest = max(2, settings.min_cluster_size * size // settings.sample)
    return TopicModel(*generated(settings, size, "sample"), settings.model_copy(update={"min_cluster_size": smallest}))


def generated(settings: TopicClustering, size: int, purpose: object) -> tuple[list[str], np.ndarray]:
    """Captions and embeddings (size, 384) of length 1 in groups, other ones for every purpose."""
    centres = numpy_stream(settings.seed, "benchmark", "centres").normal(size=(GROUPS, WIDTH)).astype(np.float32)
    stream = numpy_stream(settings.seed, "benchmark", purpose)
    group = stream.integers(GROUPS, size=size)
    embeddings = stream.standard_normal((size, WIDTH), np.float32)
    embeddings *= SPREAD
    embeddings += centres[group]
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    return [f"group{number}" for number in group], embeddings


def laws(costs: list[TopicsCost], way: str) -> dict[str, Growth]:
    """How seconds and memory of one way grow."""
    costs = [cost for cost in costs if cost.way == way]
    sizes = [cost.embeddings for cost in costs]
    return {
        name: Growth.of(sizes, [max(getattr(cost, name), 1) for cost in costs]) for name in ("seconds", "peak_bytes")
    }


def printed(costs: list[TopicsCost], sample: int, machine: str) -> Table:
    """A row per measurement, and per way the exponents and the projection."""
    ways = {"fit": "fit on all", "assign": f"assign to topics of {sample:,}"}
    table = Table("way", "embeddings", "CPU seconds", "peak MB", title=f"Topics of captions: {machine}")
    for column in table.columns[1:]:
        column.justify = "right"
    for way, words in ways.items():
        for cost in (cost for cost in costs if cost.way == way):
            table.add_row(words, f"{cost.embeddings:,}", f"{cost.seconds:.1f}", f"{cost.peak_bytes / 1e6:.0f}")
        growth = laws(costs, way)
        table.add_row("", "exponent", *(f"{law.exponent:.2f}" for law in growth.values()))
        projected = growth["seconds"].at(PAPER), growth["peak_bytes"].at(PAPER) / 1e6
        table.add_row("", f"projected: {PAPER:,}", *(f"{value:.0f}" for value in projected), end_section=True)
    return table


if __name__ == "__main__":
    way, size, settings, chunk = sys.argv[1:]
    print(json.dumps(asdict(measure(way, int(size), TopicClustering.model_validate_json(settings), int(chunk)))))
