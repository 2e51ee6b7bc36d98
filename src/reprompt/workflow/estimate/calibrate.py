"""A few seconds of measurements on the device at hand, and the rates that explain them best.

Small towers with random weights take the same steps as the real ones, through the same code. A trace of each says what
work it is; the rates are what, times that work, comes closest to the seconds. All are at least zero, and a measurement
counts by its relative error, so that small steps matter as much as large ones.
"""

import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from PIL import Image
from scipy.optimize import nnls

from reprompt.benchmarks.steps.measurement import device_name, seconds
from reprompt.benchmarks.steps.timed_step import FAST, timed_step
from reprompt.benchmarks.steps.workloads import PROGRAD, Workload
from reprompt.cells.parameters import Views
from reprompt.clip.backbones import Backbone
from reprompt.clip.vision import encode_prompted_images
from reprompt.clip.weights import build, freeze
from reprompt.data.files.rgb import Reading, rgb
from reprompt.data.preparation import Preparation
from reprompt.data.views import augmented
from reprompt.foundation.streams import numpy_stream
from reprompt.learners import cocoop, coop, cosine, vpt
from reprompt.workflow.estimate.rates import Rates
from reprompt.workflow.estimate.trace import META, Trace
from reprompt.workflow.estimate.work import Cost, Work

FITTED = ("operations", "batched", "moved", "launches")
ROUNDS = 4
PRODUCT = {"cpu": 1536, "cuda": 8192}
SMALL = {"width": 64, "heads": 2, "layers": 3}
LARGE = {"width": 384, "heads": 6, "layers": 4}
SMALL_VIT = {"image_size": 40, "patch_size": 8, "width": 96, "layers": 4, "head_width": 32}
LARGE_VIT = {"image_size": 224, "patch_size": 16, "width": 384, "layers": 4}
RESNET = {"image_size": 128, "layers": [1, 1, 1, 1], "width": 32, "head_width": 64}
COOP, VPT = coop.Settings(context_length=8), vpt.Settings(visual_length=4, visual_depth=1)
PHOTOGRAPH, SIZE = (500, 375), 224


@dataclass(frozen=True)
class Measurement:
    """What was run, the work that it is by its trace, and the seconds that it took: the best of a few rounds."""

    what: str
    work: Work
    seconds: float


def calibrate(device: str, precision: str, tell: Callable[[str], None] = lambda text: None) -> Rates:
    """Measure the device at hand. ValueError where there is none of that kind."""
    place, dtype = torch.device(device), getattr(torch, precision)
    if place.type == "cuda" and not torch.cuda.is_available():
        raise ValueError("--calibrate: PyTorch finds no GPU here; without it the rates are assumed ones")
    measured = []
    for measurement in measurements(place, dtype):
        tell(f"{measurement.what}: {1e3 * measurement.seconds:.2f} ms")
        measured.append(measurement)
    return Rates(
        f"measured on {device_name(place)}, {torch.get_num_threads()} threads, {precision}",
        **fitted(measured),
        pictures=seconds_per_cropped_pixel(),
        decoding=seconds_per_photograph(),
    )


def fitted(measured: list[Measurement]) -> dict[str, float]:
    """The rates, all at least zero, with the smallest squared relative errors."""
    rows = np.array([[getattr(run.work, kind) / run.seconds for kind in FITTED] for run in measured])
    scale = rows.max(axis=0)
    rates, _ = nnls(rows / scale, np.ones(len(measured)))
    return dict(zip(FITTED, (rates / scale).tolist(), strict=True))


def measurements(device: torch.device, dtype: torch.dtype):
    """Every measurement in turn: a large product, and steps of small and large towers."""
    size = PRODUCT[device.type]
    a, b = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    yield _best("a large product", Work(2 * size**3), lambda: a @ b, device)
    for text, vision in ((SMALL, SMALL_VIT), (LARGE, LARGE_VIT)):
        backbones = [_random(vision, text, place, dtype) for place in (META, device)]
        for classes in (10, 100):
            yield _step(Workload("CoOp", COOP, classes, 32), *backbones)
        yield _step(Workload("ProGrad", COOP, 40, 32, rule=PROGRAD), *backbones)
        yield _step(Workload("CoCoOp", cocoop.Settings(context_length=8), 20, 4), *backbones)
        yield _step(Workload("Cosine", cosine.Settings(), 50, 32), *backbones)
        # a fleet works on more than a cache holds: images enough that these do too
        runs, many = (8, 64) if vision is SMALL_VIT else (1, 8)
        yield _step(Workload("VPT", VPT, 10, many), *backbones)
        yield _forward("judging VPT", partial(_prompted_images, runs=runs, images=many), *backbones)
        yield _forward("ViT features", partial(_features, images=many), *backbones)
    backbones = [_random(RESNET, SMALL, place, dtype) for place in (META, device)]
    yield _forward("ResNet features", partial(_features, images=4), *backbones)


def seconds_per_cropped_pixel() -> float:
    """Of an augmented view, by the pixel that comes out."""
    picture, preparation = Image.new("RGB", (SIZE, SIZE)), Preparation(SIZE)
    views = Views(count=16, smallest_crop=0.08, flip=0.5)

    def make() -> None:
        for view in range(views.count):
            augmented(picture, preparation, views, "calibration", view, 0)

    return min(seconds(make, torch.device("cpu")) for _ in range(2)) / (views.count * SIZE**2)


def seconds_per_photograph() -> float:
    """To decode a photograph as large as ImageNet's are on average, and to scale it."""
    noise = numpy_stream(0, "calibration").integers(0, 256, (PHOTOGRAPH[1] // 4, PHOTOGRAPH[0] // 4, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).resize(PHOTOGRAPH, Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)

    def decode() -> None:
        for _ in range(8):
            rgb(file, Reading()).resize((SIZE, SIZE), Image.Resampling.BICUBIC)

    return min(seconds(decode, torch.device("cpu")) for _ in range(2)) / 8


def step_of(workload: Workload, backbone: Backbone) -> Cost:
    """What a step of a workload is, on a backbone without weights."""
    with Trace() as trace:
        take = timed_step(backbone, workload, FAST)
        trace.start_over()
        take()
        return trace.cost


def _random(vision: dict, text: dict, device: torch.device, dtype: torch.dtype) -> Backbone:
    with torch.random.fork_rng(devices=[]), device:
        torch.manual_seed(0)
        model = freeze(build(vision, text, text["width"]))
    return Backbone("random", model, vision["image_size"], (0.5,) * 3, (0.25,) * 3, "random").to(device, dtype)


def _step(workload: Workload, without_weights: Backbone, backbone: Backbone) -> Measurement:
    name = f"{workload.title}, {workload.classes} classes, {workload.batch} images, width {backbone.text_width}"
    work = step_of(workload, without_weights).work
    return _best(name, work, timed_step(backbone, workload, FAST), backbone.device)


def _forward(
    what: str, run: Callable[[Backbone], object], without_weights: Backbone, backbone: Backbone
) -> Measurement:
    with Trace() as trace:
        run(without_weights)
    return _best(what, trace.cost.work, partial(run, backbone), backbone.device)


@torch.inference_mode()
def _prompted_images(backbone: Backbone, runs: int, images: int) -> torch.Tensor:
    """Features of some images as the prompts of some runs have them see, the first pictures of every run alike."""
    side, device = backbone.image_size, backbone.device
    pictures = torch.zeros(1, images, side, side, 3, dtype=torch.uint8, device=device)
    prompts = torch.zeros(runs, 1, 4, backbone.model.visual.proj.shape[0], device=device)
    return encode_prompted_images(backbone.model, backbone.normalise(pictures), prompts, before_norm=True)


@torch.inference_mode()
def _features(backbone: Backbone, images: int) -> torch.Tensor:
    side = backbone.image_size
    return backbone.model.visual(torch.zeros(images, 3, side, side, device=backbone.device, dtype=backbone.dtype))


def _best(what: str, work: Work, run: Callable[[], Any], device: torch.device) -> Measurement:
    run()
    return Measurement(what, work, min(_seconds(run, device) for _ in range(ROUNDS)))


def _seconds(run: Callable[[], Any], device: torch.device) -> float:
    """On the clock; of one CPU thread its own, without what else the machine does."""
    if device.type != "cpu" or torch.get_num_threads() > 1:
        return seconds(run, device)
    started = time.process_time()
    run()
    return time.process_time() - started
