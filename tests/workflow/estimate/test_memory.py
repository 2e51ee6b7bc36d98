"""Peak memory: the prediction against the recorded steps at full size, and what it must grow with."""

import json
from pathlib import Path

import pytest
from uncut import uncut_plan

from reprompt.benchmarks import meta as bench_meta
from reprompt.benchmarks.steps.class_names import class_names
from reprompt.benchmarks.steps.workloads import workloads_for
from reprompt.cells.tuning import Episodes
from reprompt.learners import cocoop
from reprompt.workflow.estimate.memory import (
    PROCESS,
    SINGLE,
    WORKSPACE,
    encoding,
    features_memory,
    job_memory,
    meta_step_memory,
    step_memory,
)
from reprompt.workflow.estimate.sizes import AROUND_NAME, TaskSize
from reprompt.workflow.estimate.towers import towers_of

PAPER = uncut_plan("paper")
META = json.loads(Path("results/benchmarks/meta_ViT-B-16_cpu_float32.json").read_text())
MEASURED = Path("results/benchmarks/steps_ViT-B-16_cpu_float32.json")


class Tower:
    """As much of a backbone as the benchmark's settings look at: twelve blocks on either side."""

    def __init__(self):
        from open_clip.transformer import VisionTransformer

        self.visual = VisionTransformer.__new__(VisionTransformer)
        self.visual.__dict__["transformer"] = self.transformer = type("T", (), {"resblocks": [None] * 12})()


def rows():
    """The benchmark's settings with what their fast step took at its peak."""
    settings = workloads_for(type("B", (), {"model": Tower()})())
    measured = json.loads(MEASURED.read_text())["rows"]
    return [(setting, row["fast"]["peak_bytes"]) for setting, row in zip(settings, measured, strict=True)]


def episodes(**given):
    return Episodes(inner_rate=1.0, clip_norm=1.0, support_from="one_domain", **given)


def size_of_names(count):
    from reprompt.clip.text import tokenize

    ends = tokenize([f"{name}." for name in class_names(count)]).argmax(dim=1).tolist()  # with the full stop
    return TaskSize(count, 0, 0, sum(ends) / count - AROUND_NAME + 0.0, max(ends) - AROUND_NAME)


@pytest.mark.parametrize(("setting", "peak"), rows(), ids=lambda value: getattr(value, "title", ""))
def test_a_step_at_full_size_takes_what_was_measured(setting, peak):
    towers = towers_of(PAPER.parameters.backbones["ViT-B-16"])
    among = size_of_names(setting.classes)
    step = step_memory(setting.settings, towers, 1, setting.batch, among)
    assert PROCESS + SINGLE * towers.parameters + step == pytest.approx(peak, rel=0.2)


@pytest.mark.parametrize("cost", META["costs"], ids=lambda cost: f"{cost['learner']} {cost['order']}")
def test_an_outer_step_at_full_size_takes_what_was_measured(cost):
    towers, size = towers_of(PAPER.parameters.backbones["ViT-B-16"]), META["size"]
    inner = episodes(ways=size["ways"], queries=size["queries"], order=cost["order"])
    step = meta_step_memory(bench_meta.LEARNERS[cost["learner"]][1], inner, size["episodes"], towers, size["shots"])
    assert step == pytest.approx(cost["peak_bytes"], rel=0.2, abs=WORKSPACE)


def test_second_derivatives_take_more_for_the_support_than_for_the_query():
    towers = towers_of(PAPER.parameters.backbones["ViT-B-16"])
    learner = bench_meta.LEARNERS["UNIGRAM"][1]
    support, query = (
        meta_step_memory(learner, episodes(ways=4, queries=queries, order="second"), 1, towers, shots)
        for shots, queries in ((4, 1), (1, 4))
    )
    assert support > 1.5 * query


def test_a_job_on_a_few_images_is_as_large_as_reading_its_weights():
    memory = job_memory(PAPER, PAPER.job("few_shot/zero_shot/RN50/part10"), "cpu")
    small = PAPER.parameters.backbones["RN50"]
    assert memory.host >= PROCESS + 10 * towers_of(small).parameters
    assert memory.gpu == 0


def test_on_a_gpu_activations_are_there():
    name = "elevater/upt/ViT-B-16/part9"
    cpu, gpu = (job_memory(PAPER, PAPER.job(name), device) for device in ("cpu", "cuda"))
    assert gpu.gpu > 1e9 and gpu.host < cpu.host + gpu.gpu


def test_more_classes_than_can_be_kept_are_computed_again():
    towers = towers_of(PAPER.parameters.backbones["ViT-B-16"])
    learner = cocoop.Settings(context_length=4)
    kept, anew = (step_memory(learner, towers, 1, 4, TaskSize(k, 0, 0, 2.0, 4)) for k in (500, 640))
    assert anew < kept, "past the limit only what enters each block is kept"


def test_encoding_takes_no_more_than_a_batch():
    towers = towers_of(PAPER.parameters.backbones["RN50"])
    assert encoding(towers, 10) < encoding(towers, 256) == encoding(towers, 100_000)


@pytest.mark.parametrize(
    ("backbone", "images", "measured"), [("ViT-B-16", 48, 694e6 * 1.05), ("RN50", 48, 577e6 * 1.05)]
)
def test_encoding_takes_what_was_measured(backbone, images, measured):
    predicted = encoding(towers_of(PAPER.parameters.backbones[backbone]), images)
    assert predicted == pytest.approx(measured, rel=0.2)


def test_features_of_a_larger_part_take_more():
    small, large = (features_memory(PAPER, "RN50", part, "cpu").host for part in ("part10", "part6"))
    assert small < large
