"""A few seconds of measurements on the device at hand, and the rates that explain them best.

Small towers with random weights take the same steps as the real ones, through the same code. The formulas say what
work each step is; the rates are what, times that work, comes closest to the seconds. All are at least zero, and a
measurement counts by its relative error, so that small steps matter as much as large ones.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
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
from reprompt.clip.prompts import ClassPrompts
from reprompt.clip.vision import encode_prompted_images
from reprompt.clip.weights import build, freeze
from reprompt.data.views import augmented
from reprompt.foundation.streams import numpy_stream
from reprompt.learners import cocoop, coop, cosine, vpt
from reprompt.workflow.estimate.learners import step
from reprompt.workflow.estimate.rates import Rates
from reprompt.workflow.estimate.sizes import AROUND_NAME, TaskSize
from reprompt.workflow.estimate.towers import Towers, _towers
from reprompt.workflow.estimate.work import Work

FITTED = ("operations", "elements", "packed", "scores", "launches", "steps")
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
    """What was run, the work that it is by the formulas, and the seconds that it took: the best of a few rounds."""

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
        towers, backbone = _random(vision, text, device, dtype)
        for classes in (10, 100):
            yield _step(Workload("CoOp", COOP, classes, 32), towers, backbone)
        yield _step(Workload("ProGrad", COOP, 40, 32, rule=PROGRAD), towers, backbone)
        yield _step(Workload("CoCoOp", cocoop.Settings(context_length=8), 20, 4), towers, backbone)
        yield _step(Workload("Cosine", cosine.Settings(), 50, 32), towers, backbone)
        # a fleet works on more than a cache holds: images enough that these do too
        runs, many = (8, 64) if vision is SMALL_VIT else (1, 8)
        yield _step(Workload("VPT", VPT, 10, many), towers, backbone)
        images = torch.zeros(1, many, backbone.image_size, backbone.image_size, 3, dtype=torch.uint8, device=device)
        prompts = torch.randn(runs, 1, 4, vision["width"], device=device)
        work = towers.image.prompted(runs, many, 4, 1).forward + Work(steps=1)
        evaluate = _without_gradients(_image_features, backbone, images, prompts)
        yield _best("judging VPT", work, evaluate, device)
        work, pixels = towers.image.features(many), backbone.normalise(images[0]).to(dtype)
        yield _best("ViT features", work, _without_gradients(backbone.model.visual, pixels), device)
    towers, backbone = _random(RESNET, SMALL, device, dtype)
    pixels = torch.randn(4, 3, RESNET["image_size"], RESNET["image_size"], device=device, dtype=dtype)
    yield _best("ResNet features", towers.image.features(4), _without_gradients(backbone.model.visual, pixels), device)


def seconds_per_cropped_pixel() -> float:
    """Of an augmented view, by the pixel that comes out."""
    picture, views = Image.new("RGB", (SIZE, SIZE)), Views(count=16, smallest_crop=0.08, flip=0.5)

    def make() -> None:
        for view in range(views.count):
            augmented(picture, SIZE, views, "calibration", view, 0)

    return min(seconds(make, torch.device("cpu")) for _ in range(2)) / (views.count * SIZE**2)


def seconds_per_photograph() -> float:
    """To decode a photograph as large as ImageNet's are on average, and to scale it."""
    noise = numpy_stream(0, "calibration").integers(0, 256, (PHOTOGRAPH[1] // 4, PHOTOGRAPH[0] // 4, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).resize(PHOTOGRAPH, Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)

    def decode() -> None:
        for _ in range(8):
            Image.open(file).convert("RGB").resize((SIZE, SIZE), Image.Resampling.BICUBIC)

    return min(seconds(decode, torch.device("cpu")) for _ in range(2)) / 8


def _random(vision: dict, text: dict, device: torch.device, dtype: torch.dtype) -> tuple[Towers, Backbone]:
    joint = text["width"]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = freeze(build(vision, text, joint))
    backbone = Backbone("random", model, vision["image_size"], (0.5,) * 3, (0.25,) * 3, "random")
    return _towers(vision, text, joint), backbone.to(device, dtype)


def _step(setting: Workload, towers: Towers, backbone: Backbone) -> Measurement:
    take = timed_step(backbone, setting, FAST)
    among, backwards = names_of(take.method.learner, setting.classes), 2 if setting.rule == PROGRAD else 1
    work = step(setting.settings, towers, 1, setting.batch, among, backwards)
    name = f"{setting.title}, {setting.classes} classes, {setting.batch} images, width {towers.text.width}"
    return _best(name, work, take, backbone.device)


def names_of(learner: Any, classes: int) -> TaskSize:
    """The classes that a learner was built among, by the tokens of their names."""
    if not isinstance(getattr(learner, "prompts", None), ClassPrompts):
        return TaskSize(classes, 0, 0, 2.0, 5)
    ends = learner.prompts.ends_K.float()
    return TaskSize(classes, 0, 0, ends.mean().item() + 1 - AROUND_NAME, int(ends.max()) + 1 - AROUND_NAME)


def _image_features(backbone: Backbone, images: torch.Tensor, prompts: torch.Tensor) -> torch.Tensor:
    return encode_prompted_images(backbone.model, backbone.normalise(images), prompts, before_norm=True)


def _without_gradients(work: Callable, *inputs: Any) -> Callable[[], Any]:
    @torch.inference_mode()
    def run() -> Any:
        return work(*inputs)

    return run


def _best(what: str, work: Work, run: Callable[[], Any], device: torch.device) -> Measurement:
    run()
    return Measurement(what, work, min(seconds(run, device) for _ in range(ROUNDS)))
