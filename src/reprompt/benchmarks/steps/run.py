"""The benchmark of training steps on a full-size architecture: random weights cost what trained ones do."""

import json
from pathlib import Path

import open_clip
import torch
from rich.console import Console

from reprompt.benchmarks.steps.compare import WorkloadComparison, compare
from reprompt.benchmarks.steps.measurement import device_name, multiply_rate
from reprompt.benchmarks.steps.table import as_json, printed
from reprompt.benchmarks.steps.workloads import Workload, workloads_for
from reprompt.clip.backbones import Backbone
from reprompt.clip.weights import freeze
from reprompt.foundation.atomic import write_text

WIDTH = 168


def bench_steps(
    name: str,
    device: str = "cpu",
    precision: str = "float32",
    threads: int | None = None,
    json_out: Path | None = None,
) -> None:
    """Time every workload's step on open_clip's architecture `name`, print a table, and write it where asked.

    `precision` is that of the frozen towers, float32 or bfloat16; learned tensors are in single precision.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    backbone = random_backbone(name, device, precision)
    rows, peak = measure(backbone, workloads_for(backbone))
    about = {
        "backbone": name,
        "device": device_name(backbone.device),
        "precision": precision,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "peak_operations_per_second": peak,
    }
    title = f"{name}, {about['device']}, {about['threads']} threads, {precision}, torch {torch.__version__}; "
    Console(width=WIDTH).print(printed(rows, f"{title}peak {peak / 1e12:.3g} TFLOP/s", peak))
    if json_out is not None:
        write_text(json_out, json.dumps({**about, "rows": as_json(rows, peak)}, indent=1) + "\n")


def random_backbone(name: str, device: str = "cpu", precision: str = "float32") -> Backbone:
    """open_clip's architecture `name` with random weights, always the same ones, frozen."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = freeze(open_clip.create_model(name, pretrained=None))
    mean, std = open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD
    size = model.visual.image_size
    size = size if isinstance(size, int) else size[0]
    backbone = Backbone(name, model, size, mean, std, weights_sha256="random")
    return backbone.to(device, {"float32": torch.float32, "bfloat16": torch.bfloat16}[precision])


def measure(backbone: Backbone, workloads: list[Workload]) -> tuple[list[WorkloadComparison], float]:
    """The rows, and the machine's best matrix-multiply rate seen before, between and after them."""
    progress = Console(stderr=True)
    rows, rates = [], [multiply_rate(backbone.device, backbone.dtype)]
    for workload in workloads:
        rows.append(compare(backbone, workload, lambda text: progress.print(text, markup=False, highlight=False)))
        rates.append(multiply_rate(backbone.device, backbone.dtype))
    return rows, max(rates)
