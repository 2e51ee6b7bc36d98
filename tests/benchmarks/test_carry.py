"""The benchmark of how far bits carry: how each way computes, that it is trained so, and what is counted."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from project import PROJECT
from reprompt.benchmarks.carry import run, train, variations
from reprompt.benchmarks.carry.run import bench_carry, in_process, markdown
from reprompt.benchmarks.carry.train import read_predictions, train_fleets, wanted, write_predictions
from reprompt.benchmarks.carry.variations import OLDER, Variation
from reprompt.benchmarks.conditioning.fleets import Fleet, fleets_in
from reprompt.cells.result import Result
from reprompt.data.splits import Split
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import make_plan
from reprompt.training.given import NOTHING

PLAN = make_plan(load_parameters(PROJECT / "params.yaml", "smoke"))


@pytest.fixture(autouse=True)
def as_it_was():
    threads, precision = torch.get_num_threads(), torch.get_float32_matmul_precision()
    yield
    torch.set_num_threads(threads)
    torch.set_float32_matmul_precision(precision)


def test_the_fleets_are_those_of_conditioning_without_its_variants():
    assert wanted(PLAN, ()) == [fleet for fleet in fleets_in(PLAN) if not fleet.variant]
    assert {fleet.cells[0].recipe for fleet in wanted(PLAN, ["coop"])} == {"coop"}
    with pytest.raises(ValueError, match="cop: no recipe that the plan trains"):
        wanted(PLAN, ["cop"])


def test_a_variation_sets_threads_and_products():
    Variation("a", threads=2, products="medium").take()
    assert (torch.get_num_threads(), torch.get_float32_matmul_precision()) == (2, "medium")
    variations.variations()["as it is"].take()
    assert (torch.get_num_threads(), torch.get_float32_matmul_precision()) == (1, "highest")


@pytest.mark.parametrize(
    ("capability", "of_pytorch"), [("AVX512", "avx2"), ("AVX2", "default"), ("DEFAULT", None), ("SVE256", None)]
)
def test_fewer_instructions_are_the_next_older_ones_of_all_three_libraries(monkeypatch, capability, of_pytorch):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    fewer = variations.variations()["fewer instructions"]
    assert fewer.environment.get("ATEN_CPU_CAPABILITY") == of_pytorch
    assert bool(fewer.missing()) == (of_pytorch is None)
    assert of_pytorch is None or fewer.environment.keys() == OLDER["AVX2"].keys()


@pytest.mark.parametrize("fast", [True, False])
def test_products_in_bfloat16_are_there_if_they_come_to_other_bits(monkeypatch, fast):
    of = {"highest": b"1", "medium": b"2" if fast else b"1"}
    monkeypatch.setattr(variations, "bits_of_products", of.__getitem__)
    assert bool(variations.no_products()) != fast


def test_asking_for_bits_leaves_the_precision_as_it_was():
    assert variations.bits_of_products("highest") == variations.bits_of_products("highest")
    assert torch.get_float32_matmul_precision() == "highest"


def test_a_process_has_the_environment_of_its_variation(monkeypatch, tmp_path):
    called = []
    monkeypatch.setattr(subprocess, "run", lambda command, env: called.append((command, env)) or DONE)
    DONE = SimpleNamespace(returncode=0)
    in_process(Variation("fewer", environment={"ATEN_CPU_CAPABILITY": "avx2"}), tmp_path, ["--scale", "smoke"])
    ((command, environment),) = called
    assert command[2:] == ["reprompt.cli", "bench", "carry-of", "fewer", "--out", str(tmp_path), "--scale", "smoke"]
    assert environment["ATEN_CPU_CAPABILITY"] == "avx2"
    DONE.returncode = 1
    with pytest.raises(ValueError, match="the training with fewer failed"):
        in_process(Variation("fewer"), tmp_path, [])


def test_a_fleet_is_trained_and_its_predictions_are_kept(cells, tasks, tiny, monkeypatch, tmp_path):
    fleet = Fleet(PLAN.jobs[0], tuple(cells))
    monkeypatch.setattr(train, "fleets_in", lambda plan: [fleet])
    monkeypatch.setattr(train, "read_for", lambda fleet, plan: (tasks, tiny, NOTHING))
    told = []
    for name in ("as it is", "two threads"):
        train_fleets(PLAN, name, (), tmp_path / name, told.append)
    assert told == [fleet.job.name] * 2
    kept = read_predictions(tmp_path / "as it is/0.npz", fleet)
    (test,) = cells[0].tests
    assert [of_run[test].predictions.shape for of_run in kept] == [(360,), (360,)]
    right = np.mean(kept[0][test].predictions == tasks["imagenet"].split.test_targets("all"))
    assert right > 0.5, "it has learned"


@pytest.fixture
def planted(monkeypatch, tmp_path):
    """Two fleets on a task of 200 images, and in place of their training predictions with so many wrong."""
    coop = [fleet for fleet in fleets_in(PLAN) if fleet.cells[0].recipe == "coop"][:2]
    fleets = [replace(fleet, cells=fleet.cells[:1]) for fleet in coop]
    split = Split("task", list("abcd"), "{}.", [0, 1, 2, 3], [0, 1, 2, 3] * 50, {"1": [[0], [1], [2], [3]]}, 16)
    monkeypatch.setattr(run, "wanted", lambda plan, recipes: fleets)
    monkeypatch.setattr(run, "read_splits", lambda job, folder: {test.task: split for test in job.tests})
    wrong = {"as it is": (0, 0), "two threads": (0, 0), "fewer instructions": (3, 0)}

    def start(variation: Variation, out: Path) -> None:
        for number, fleet in enumerate(fleets):
            results = {}
            for test in fleet.cells[0].tests:
                predictions = split.test_targets(test.split, fleet.cells[0].judged_images).copy()
                predictions[: wrong[variation.name][number]] += 1
                results[test] = Result(predictions, {})
            write_predictions(out / f"{number}.npz", [results])

    monkeypatch.setattr(variations, "no_products", lambda: "this processor has none that are fast")
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    return fleets, start


def test_what_changes_is_counted_and_what_this_machine_cannot_is_said(planted, tmp_path, capsys):
    fleets, start = planted
    bench_carry(PLAN, (), tmp_path / "carry.json", start=start)
    written, shown = json.loads((tmp_path / "carry.json").read_text()), capsys.readouterr().out
    assert [(row["recipe"], row["protocol"]) for row in written["rows"]] == [
        (fleet.cells[0].recipe, fleet.cells[0].protocol) for fleet in fleets
    ]
    first, second = (row["changed"] for row in written["rows"])
    tests = len(fleets[0].cells[0].tests)
    assert first.keys() == second.keys() == {"two threads", "fewer instructions"}
    assert (first["fewer instructions"]["changed"], second["fewer instructions"]["changed"]) == (3 * tests, 0)
    images = first["fewer instructions"]["predictions"] / tests
    assert first["fewer instructions"]["largest_printed"] == pytest.approx(100 * 3 / images)
    assert first["two threads"]["changed"] == 0
    assert written["variations"]["fewer instructions"]["environment"]["ATEN_CPU_CAPABILITY"] == "avx2"
    assert written["not_here"] == {"bfloat16 products": "this processor has none that are fast"}
    assert "bfloat16 products: not here" in shown
    page = markdown(written)
    assert page.startswith("| recipe | protocol | two threads | fewer instructions |\n|---|---|---|---|\n")
    assert "| 0.00 %, 0.00 | " in page
