"""What second derivatives cost: an outer step of GRAM's meta-training at full size, second order against first.

Random weights cost what trained ones do, and an episode's images are random too. Every learner and order is measured in
a process of its own, so that its peak memory is its own: what the process holds beyond weights and images.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from reprompt.benchmarks.steps.class_names import class_names
from reprompt.benchmarks.steps.measurement import device_name, forget_peak, in_own_process, peak_bytes, seconds
from reprompt.benchmarks.steps.run import random_backbone
from reprompt.clip.backbones import Backbone
from reprompt.data.pictures import Pictures
from reprompt.evaluation.images import Images
from reprompt.foundation.atomic import write_text
from reprompt.foundation.streams import numpy_stream, torch_stream
from reprompt.gradients.gram import DirectionRegulator, regulator_tensors
from reprompt.learners import coop, ivlp, vpt
from reprompt.learners.learner import frozen_image_features
from reprompt.objectives import cross_entropy
from reprompt.training.meta.bilevel import Outer, outer_gradient, widths
from reprompt.training.meta.corpus import MetaTrainingSet
from reprompt.training.meta.episodes import EpisodeSampler
from reprompt.training.schedule import Schedule

LEARNERS = {
    "CoOp": (coop, coop.Settings(context_length=4), "a photo of a"),
    "VPT": (vpt, vpt.Settings(visual_length=4, visual_depth=1), "random"),
    "UNIGRAM": (ivlp, ivlp.Settings(context_length=2, text_depth=1, visual_length=2, visual_depth=1), "a photo"),
}
ORDERS = ("first", "second")
REPEATS = 3


@dataclass(frozen=True)
class Size:
    """A meta-batch: its episodes, the topics of each, and a topic's images in its support and its query set."""

    episodes: int = 1
    ways: int = 4
    shots: int = 1
    queries: int = 2


@dataclass(frozen=True)
class OuterStepCost:
    """Seconds of an outer step, the least of a few, and its peak memory beyond weights and images."""

    learner: str
    order: str
    seconds: float
    peak_bytes: int


def bench_meta(backbone: str, device: str, precision: str, size: Size, json_out: Path | None = None) -> None:
    """Measure every learner in both orders, print a table, and write it where asked."""
    progress, costs = Console(stderr=True), []
    for learner in LEARNERS:
        for order in ORDERS:
            progress.print(f"{learner}, {order} order", markup=False, highlight=False)
            asked = (learner, order, backbone, device, precision, json.dumps(asdict(size)))
            costs.append(OuterStepCost(**in_own_process("reprompt.benchmarks.meta", *asked)))
    about = {"machine": device_name(torch.device(device)), "backbone": backbone, "precision": precision}
    Console(width=110).print(printed(costs, size, f"{backbone}, {about['machine']}, {precision}"))
    if json_out is not None:
        entries = {**about, "size": asdict(size), "costs": [asdict(cost) for cost in costs]}
        write_text(json_out, json.dumps(entries, indent=1) + "\n")


def measure(learner: str, order: str, backbone: str, device: str, precision: str, size: Size) -> OuterStepCost:
    """Measure in this process, after a step that warms up."""
    on = torch.device(device)
    work = outer_step(learner, order, backbone, device, precision, size)
    work()
    held = torch.cuda.memory_allocated(on) if on.type == "cuda" else None
    forget_peak(on)
    before = peak_bytes(on) if held is None else held
    least = min(seconds(work, on) for _ in range(REPEATS))
    return OuterStepCost(learner, order, least, peak_bytes(on) - before)


def outer_step(learner: str, order: str, name: str, device: str, precision: str, size: Size) -> Callable[[], Tensor]:
    """An outer step on the same random meta-batch every time: it gives the summed query loss, a scalar.

    The gradients of theta and phi are left in them.
    """
    backbone = random_backbone(name, device, precision)
    module, settings, words = LEARNERS[learner]
    topics = class_names(size.ways * size.episodes)

    def learner_among(names: list[str]) -> object:
        return module.Learner(backbone, names, settings)

    each = size.shots + size.queries
    labels = np.repeat(np.arange(len(topics)), each)
    sampler = EpisodeSampler(labels, np.zeros_like(labels), size.ways, size.shots, size.queries, one_domain=False)
    training_set = MetaTrainingSet(_images(backbone, len(labels)), topics, sampler, learner_among, cross_entropy.loss)
    start = learner_among(["a"]).start(words, torch_stream(0, "bench meta"))
    prompts = {name: tensor.to(backbone.device, backbone.learned_dtype) for name, tensor in start.items()}
    regulators = {modality: DirectionRegulator.scaling(width, 0.9) for modality, width in widths(prompts).items()}
    theta = {name: tensor.requires_grad_(True) for name, tensor in prompts.items()}
    phi = {
        name: tensor.to(backbone.device, backbone.learned_dtype).requires_grad_(True)
        for name, tensor in regulator_tensors(regulators).items()
    }
    schedule = Schedule(
        rate=0.002,
        warmup_rate=1e-5,
        epochs=1,
        steps_per_epoch=1,
        batch=size.episodes,
        momentum=0.9,
        weight_decay=0,
    )
    outer = Outer(
        schedule,
        inner_rate=1.0,
        first_order=order == "first",
        clip_norm=1.0,
        adam=True,
        regulator_rate=1e-3,
        kind=DirectionRegulator,
    )
    support, query = training_set.losses(sampler.episodes(size.episodes, numpy_stream(0, "bench meta")))
    return partial(outer_gradient, theta, phi, support, query, outer)


def _images(backbone: Backbone, count: int) -> Images:
    """Random images (1, count, 3, H, W) that need no normalisation, and their features (1, count, E)."""
    size = backbone.image_size
    pixels = torch.randn(1, count, 3, size, size, generator=torch_stream(0, "bench meta", "images"))
    with torch.no_grad():
        features = frozen_image_features(backbone, pixels.to(backbone.device))
    return Images(features, Pictures.of(pixels), lambda images: images)


def printed(costs: list[OuterStepCost], size: Size, title: str) -> Table:
    """A row per learner: seconds and memory in first and in second order, and how many times more the second takes."""
    columns = ("learner", "s, first", "s, second", "times", "MB, first", "MB, second", "times")
    images = size.episodes * size.ways * (size.shots + size.queries)
    table = Table(*columns, title=f"An outer step on {images} images: {title}")
    for column in table.columns[1:]:
        column.justify = "right"
    for learner in dict.fromkeys(cost.learner for cost in costs):
        first, second = (next(c for c in costs if (c.learner, c.order) == (learner, order)) for order in ORDERS)
        table.add_row(
            learner,
            *(f"{cost.seconds:.2f}" for cost in (first, second)),
            f"{second.seconds / first.seconds:.2f}",
            *(f"{cost.peak_bytes / 1e6:.0f}" for cost in (first, second)),
            f"{second.peak_bytes / max(first.peak_bytes, 1):.2f}",
        )
    return table


if __name__ == "__main__":
    *asked, size = sys.argv[1:]
    print(json.dumps(asdict(measure(*asked, Size(**json.loads(size))))))
