import json

import pytest
import torch

from reprompt.benchmarks.steps import bench_steps, measurement, run
from reprompt.benchmarks.steps.class_names import class_names
from reprompt.benchmarks.steps.compare import compare
from reprompt.benchmarks.steps.measurement import in_own_process, operations
from reprompt.benchmarks.steps.timed_step import FAST, RELEASED, apart, timed_step
from reprompt.benchmarks.steps.workloads import workloads_for
from reprompt.clip.text import tokenize

ROWS = ["CoOp", "CoOp", "ProGrad", "CoCoOp", "CoCoOp", "VPT-deep", "IVLP", "MaPLe", "UPT"]
COMPARED = [row for row in range(len(ROWS)) if row != 4]


@pytest.fixture(scope="module")
def tiny_in_double(tiny):
    return tiny.to("cpu", torch.float64)


@pytest.mark.parametrize("row", COMPARED, ids=lambda row: f"{row}-{ROWS[row]}")
def test_released_and_fast_step_compute_the_same_losses_and_gradients(tiny_in_double, row):
    workload = workloads_for(tiny_in_double)[row]
    released, fast = (timed_step(tiny_in_double, workload, savings)() for savings in (RELEASED, FAST))
    assert all(gradient.norm() > 0 for gradient in released[1].values())
    assert apart(fast, released) < 1e-9


@pytest.mark.parametrize("row", COMPARED, ids=lambda row: f"{row}-{ROWS[row]}")
def test_fast_step_takes_fewer_operations(tiny, row):
    workload = workloads_for(tiny)[row]
    released, fast = (operations(timed_step(tiny, workload, savings))[0] for savings in (RELEASED, FAST))
    assert 0 < fast < released


def test_fused_attention_without_gradients_is_counted(tiny):
    images = torch.zeros(1, 3, 40, 40)
    with torch.no_grad():
        without_gradients, _ = operations(lambda: tiny.model.visual(images))
    with_gradients, _ = operations(lambda: tiny.model.visual(images.requires_grad_(True)))
    assert without_gradients == with_gradients > 0


def test_released_prograd_runs_a_second_image_tower(tiny):
    coop, _, prograd, *_ = workloads_for(tiny)
    images = timed_step(tiny, coop, RELEASED).images[0]
    with torch.no_grad():
        one_tower, _ = operations(lambda: tiny.model.visual(images))
    of_coop, of_prograd = (operations(timed_step(tiny, s, RELEASED))[0] for s in (coop, prograd))
    assert of_prograd - of_coop > one_tower  # and a second backward pass


def test_table_has_a_row_per_workload(tiny, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(run, "random_backbone", lambda *_: tiny)
    monkeypatch.setitem(measurement.PEAK_SIZE, "cpu", 128)
    bench_steps("tiny", json_out=tmp_path / "steps.json")
    printed, written = capsys.readouterr(), json.loads((tmp_path / "steps.json").read_text())
    assert [row["setting"] for row in written["rows"]] == ROWS
    assert [row["goal"] for row in written["rows"]] == [10, 40, 15, 5, None, 1.1, None, 1.4, None]
    for row in written["rows"]:
        assert row["setting"] in printed.out
        assert row["fast"]["operations"] > 0
        assert (row["released"] is None) == (row["goal_met"] is None and row["classes"] == 1000)
    assert "not run" in printed.out
    assert "round 1" in printed.err


def test_a_workload_is_timed_in_at_least_two_rounds(tiny):
    row = compare(tiny, workloads_for(tiny)[3], lambda text: None)
    assert len(row.released.rounds) == len(row.fast.rounds) >= 2
    assert row.apart < 1e-3


def test_class_names_differ_and_have_one_to_six_tokens():
    for count in (10, 100, 1000):
        names = class_names(count)
        lengths = tokenize(names).argmax(dim=1) - 1
        assert len(set(names)) == count
        assert (int(lengths.min()), int(lengths.max())) <= (1, 6)
    assert len({int(n) for n in tokenize(class_names(10)).argmax(dim=1)}) > 2


def test_a_measurement_in_a_process_of_its_own_is_the_last_line_it_prints(tmp_path, monkeypatch):
    (tmp_path / "measuring.py").write_text("import sys; print('first'); print('{\"asked\": \"' + sys.argv[1] + '\"}')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert in_own_process("measuring", "VPT") == {"asked": "VPT"}
