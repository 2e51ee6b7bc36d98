"""The benchmark of an outer step: it takes the loop's own step, in both orders, and tells them apart."""

import json

import pytest
import torch

from reprompt.benchmarks import meta as bench_meta
from reprompt.benchmarks.meta import LEARNERS, ORDERS, OuterStepCost, Size, measure, outer_step, printed

SMALL = Size(episodes=2, ways=2, shots=1, queries=1)


@pytest.fixture(autouse=True)
def small(monkeypatch, tiny):
    """The tiny CLIP in place of a full-size one."""
    monkeypatch.setattr(bench_meta, "random_backbone", lambda *_: tiny)


@pytest.mark.parametrize("learner", LEARNERS)
def test_the_second_order_has_a_term_that_the_first_has_not(learner):
    gradients = []
    for order in ORDERS:
        work = outer_step(learner, order, "tiny", "cpu", "float32", SMALL)
        work()
        theta, phi = work.args[:2]
        assert all(tensor.grad.isfinite().all() for tensor in (*theta.values(), *phi.values()))
        gradients.append(torch.cat([tensor.grad.flatten() for tensor in theta.values()]))
    assert not torch.allclose(*gradients, rtol=1e-3)


def test_a_cost_is_measured():
    cost = measure("CoOp", "second", "tiny", "cpu", "float32", SMALL)
    assert cost.seconds > 0
    assert cost.peak_bytes >= 0


def test_every_measurement_has_a_process_of_its_own(monkeypatch, tmp_path):
    def in_own_process(module, learner, order, *rest):
        assert module == "reprompt.benchmarks.meta"
        assert json.loads(rest[-1]) == vars(SMALL)
        return vars(OuterStepCost(learner, order, 2.0, 5))

    monkeypatch.setattr(bench_meta, "in_own_process", in_own_process)
    bench_meta.bench_meta("ViT-B-16", "cpu", "float32", SMALL, tmp_path / "costs.json")
    costs = json.loads((tmp_path / "costs.json").read_text())["costs"]
    assert [(cost["learner"], cost["order"]) for cost in costs] == [
        (name, order) for name in LEARNERS for order in ORDERS
    ]


def test_the_table_says_how_many_times_more_second_order_takes():
    table = printed(
        [OuterStepCost("CoOp", "first", 2.0, 10**6), OuterStepCost("CoOp", "second", 3.0, 4 * 10**6)],
        SMALL,
        "somewhere",
    )
    assert [next(iter(column.cells)) for column in table.columns] == ["CoOp", "2.00", "3.00", "1.50", "1", "4", "4.00"]
    assert "8 images" in table.title
