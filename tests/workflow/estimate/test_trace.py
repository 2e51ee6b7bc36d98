"""What a trace counts is what PyTorch does: operations by its own counter, memory by its own profiler."""

from dataclasses import replace

import pytest
import torch
from torch.profiler import ProfilerActivity, profile

from reprompt.benchmarks.steps.measurement import operations
from reprompt.benchmarks.steps.timed_step import FAST, timed_step
from reprompt.benchmarks.steps.workloads import PROGRAD, Workload
from reprompt.clip.backbones import Backbone
from reprompt.clip.weights import build, freeze
from reprompt.learners import cocoop, coop, maple, upt, vpt
from reprompt.workflow.estimate.trace import META, Trace

TEXT = {"width": 64, "heads": 2, "layers": 3}
VIT = {"image_size": 48, "patch_size": 8, "width": 64, "layers": 3, "head_width": 32}
UPT = {"context_length": 2, "visual_length": 2, "visual_depth": 3, "mix_width": 8, "attention": "tokens"}
ANEW = replace(FAST, recompute_above=0)
WORKLOADS = {
    "CoOp": Workload("CoOp", coop.Settings(context_length=4), 20, 8),
    "ProGrad": Workload("ProGrad", coop.Settings(context_length=4), 20, 8, rule=PROGRAD),
    "CoCoOp": Workload("CoCoOp", cocoop.Settings(context_length=4), 12, 3),
    "VPT": Workload("VPT", vpt.Settings(visual_length=3, visual_depth=2), 10, 4),
    "MaPLe": Workload("MaPLe", maple.Settings(context_length=2, words="of a", depth=2), 10, 4, "a photo"),
    "UPT": Workload("UPT", upt.Settings(**UPT), 10, 4),
}


def clip(place):
    with torch.device(place):
        model = freeze(build(VIT, TEXT, 48))
    return Backbone("small", model, VIT["image_size"], (0.5,) * 3, (0.25,) * 3, "none")


def traced(workload, savings=FAST):
    """The cost of a step, and the memory that was held before it."""
    with Trace() as trace:
        take = timed_step(clip(META), workload, savings)
        trace.start_over()
        before = trace.held
        take()
    return trace.cost, before


def allocated(work):
    """Bytes that PyTorch's allocator gave out at most, less what it took back."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        work()
    held = most = 0
    for event in profiled.profiler.kineto_results.events():
        if event.name() == "[memory]":
            held += event.nbytes()
            most = max(most, held)
    return most


@pytest.mark.parametrize("name", WORKLOADS)
def test_operations_are_those_of_pytorchs_counter(name):
    counted, _ = operations(timed_step(clip("cpu"), WORKLOADS[name], FAST))
    work = traced(WORKLOADS[name])[0].work
    assert work.operations + work.batched == pytest.approx(counted, rel=0.02)


@pytest.mark.parametrize("savings", [FAST, ANEW], ids=["kept", "anew"])
@pytest.mark.parametrize("name", WORKLOADS)
def test_memory_is_what_is_allocated(name, savings):
    take = timed_step(clip("cpu"), WORKLOADS[name], savings)
    take()
    cost, before = traced(WORKLOADS[name], savings)
    assert cost.peak - before == pytest.approx(allocated(take), rel=0.05)


def test_what_is_computed_anew_is_computed_twice_and_not_kept():
    workload = replace(WORKLOADS["CoCoOp"], classes=200)
    (kept, _), (anew, _) = traced(workload), traced(workload, ANEW)
    assert 1.3 < anew.work.operations / kept.work.operations < 1.6, "forward twice, backward once"
    assert anew.peak < 0.9 * kept.peak


def test_whole_numbers_are_computed_and_others_are_not():
    with Trace():
        ends = torch.tensor([2, 5, 3])
        places = torch.arange(int(ends.max()) + 1, device=ends.device)
        numbers = torch.randn(3, 6) * places
        assert int(places.sum()) == 15 and numbers.device == META
        assert numbers[ends > 2].shape == (2, 6)
        assert torch.isfinite(numbers).all()


def test_memory_is_free_again_when_nothing_refers_to_it():
    with Trace() as trace:
        numbers = torch.zeros(1000, device=META)
        seen = numbers.view(10, 100)[1]
        assert trace.held == 4000, "a view takes none"
        del numbers
        assert trace.held == 4000
        del seen
        assert trace.held == 0 and trace.peak == 4000


def test_frozen_weights_are_not_counted():
    backbone = clip(META)
    with Trace() as trace:
        backbone.model.visual(torch.zeros(1, 3, 48, 48, device=META))
    assert trace.peak < 4 * sum(weight.numel() for weight in backbone.model.parameters())


def test_batch_normalisation_in_training_is_traced_though_it_writes_its_running_means():
    layers = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8), torch.nn.ReLU()).to(META)
    with Trace() as trace:
        layers(torch.zeros(4, 3, 10, 10, device=META)).sum().backward()
    assert layers[0].weight.grad.shape == (8, 3, 3, 3)
    assert trace.cost.work.operations == 2 * 4 * 8 * 64 * 27 * 2, "forward, and backward for the weights alone"


def test_what_is_made_like_a_tensor_without_numbers_has_none_and_is_not_kept():
    with Trace() as trace:
        like = torch.zeros(3, 5, device=META)
        made = like.new_zeros((7, 11), device=META)
        assert made.is_meta and torch.zeros_like(like, device=META).is_meta
    kept = [kernel.results for kernel in trace.known.values() if isinstance(kernel.results, torch.Tensor)]
    assert all(tensor.is_meta or not tensor.is_floating_point() for tensor in kept)
