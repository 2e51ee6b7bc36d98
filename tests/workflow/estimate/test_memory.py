"""Peak memory: the prediction against the recorded steps at full size, and what it must grow with."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from uncut import uncut_plan

from reprompt.benchmarks import meta as bench_meta
from reprompt.benchmarks.steps.workloads import workloads_for
from reprompt.data.pictures import Pictures
from reprompt.evaluation.images import Images
from reprompt.workflow.estimate.architecture import without_weights
from reprompt.workflow.estimate.calibrate import step_of
from reprompt.workflow.estimate.memory import (
    ENCODING,
    PROCESS,
    SINGLE,
    encoding,
    features_memory,
    in_process,
    job_memory,
)
from reprompt.workflow.estimate.trace import Trace
from reprompt.workflow.estimate.traced import backbone_of

PAPER = uncut_plan("paper")
FULL = without_weights(PAPER.parameters.backbones["ViT-B-16"])
WEIGHTS = SINGLE * backbone_of(PAPER, "ViT-B-16").architecture.parameters
META = json.loads(Path("results/benchmarks/meta_ViT-B-16_cpu_float32.json").read_text())
STEPS = json.loads(Path("results/benchmarks/steps_ViT-B-16_cpu_float32.json").read_text())["rows"]
# Its one step was taken under PyTorch's counter of operations, which holds on to what is computed anew.
COUNTED = ("CoCoOp", 1000)


def pictures_without_numbers(backbone, count):
    """The meta-batch's pictures: black ones, as numbers do not matter."""
    side = backbone.image_size
    pixels = Pictures(lambda _, indices: np.zeros((len(indices), side, side, 3), np.uint8), count)
    return Images(torch.empty(1, count, backbone.joint_width), pixels, backbone.normalise)


def rows():
    """The benchmark's workloads with what their fast step took at its peak."""
    measured = zip(workloads_for(FULL), (row["fast"]["peak_bytes"] for row in STEPS), strict=True)
    return [(workload, peak) for workload, peak in measured if (workload.title, workload.classes) != COUNTED]


@pytest.mark.parametrize(("workload", "peak"), rows(), ids=lambda value: getattr(value, "title", ""))
def test_a_step_at_full_size_takes_what_was_measured(workload, peak):
    assert PROCESS + WEIGHTS + in_process(step_of(workload, FULL).peak) == pytest.approx(peak, rel=0.2)


@pytest.mark.parametrize("cost", META["costs"], ids=lambda cost: f"{cost['learner']} {cost['order']}")
def test_an_outer_step_at_full_size_takes_what_was_measured(cost, monkeypatch):
    monkeypatch.setattr(bench_meta, "random_backbone", lambda *_: FULL)
    monkeypatch.setattr(bench_meta, "_images", pictures_without_numbers)
    with Trace() as trace:
        take = bench_meta.outer_step(cost["learner"], cost["order"], "", "", "", bench_meta.Size(**META["size"]))
        trace.start_over()
        before = trace.held
        take()
    assert in_process(trace.peak - before) == pytest.approx(cost["peak_bytes"], rel=0.2, abs=80e6)


def test_a_job_on_a_few_images_is_as_large_as_reading_its_weights():
    memory = job_memory(PAPER, PAPER.job("few_shot/zero_shot/RN50/part10"), "cpu")
    assert memory.host >= PROCESS + 10 * backbone_of(PAPER, "RN50").architecture.parameters
    assert memory.gpu == 0


def test_on_a_gpu_activations_are_there():
    name = "elevater/upt/ViT-B-16/part9"
    cpu, gpu = (job_memory(PAPER, PAPER.job(name), device) for device in ("cpu", "cuda"))
    assert gpu.gpu > 1e9 and gpu.host < cpu.host + gpu.gpu


def test_encoding_takes_no_more_than_a_batch():
    encoder = backbone_of(PAPER, "RN50")
    assert encoding(encoder, 10) < encoding(encoder, 256) == encoding(encoder, 100_000)


@pytest.mark.parametrize(("backbone", "measured"), [("ViT-B-16", 694e6), ("RN50", 577e6)])
def test_encoding_takes_what_was_measured(backbone, measured):
    assert ENCODING + encoding(backbone_of(PAPER, backbone), 48) == pytest.approx(measured, rel=0.2)


def test_features_of_a_larger_part_take_more():
    small, large = (features_memory(PAPER, "RN50", part, "cpu").host for part in ("part10", "part6"))
    assert small < large
