"""Jobs: from cells to records, and never training a finished cell again."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from reprompt import tune
from reprompt.clip.features import TaskFeatures, manifest, write_features
from reprompt.data.draws import draw
from reprompt.data.splits import Split
from reprompt.plan.parameters import load_parameters
from reprompt.plan.plan import make_plan
from reprompt.records import CellStore, read_predictions, read_records

PLAN = make_plan(load_parameters(Path(__file__).parents[1] / "params.yaml", "smoke"))
NAMES = ["cat", "dog of some kind", "tree", "car"]
TRAIN, TEST = np.arange(40) % 4, np.arange(20) % 4


def split(task: str) -> Split:
    draws = {str(seed): draw(TRAIN, 4, task, seed, PLAN.most_shots) for seed in (1, 2)}
    return Split(task, NAMES, "a photo of a {}.", TRAIN.tolist(), TEST.tolist(), draws, PLAN.most_shots)


def features() -> TaskFeatures:
    stream = torch.Generator().manual_seed(0)
    centres = torch.randn(4, 24, generator=stream)
    noisy = [centres[torch.from_numpy(k)] + 0.3 * torch.randn(len(k), 24, generator=stream) for k in (TRAIN, TEST)]
    return TaskFeatures(noisy[0], torch.stack([noisy[0], noisy[0] + 0.1]), noisy[1])


@pytest.fixture
def folder(tmp_path, tiny):
    """Splits and features of the smoke tasks as the workflow lays them out."""
    for task in PLAN.tasks:
        split(task).write(tmp_path / "data" / f"{task}.json")
    made_from = manifest(PLAN.features_spec("ViT-B-16", "part1"), tiny.weights_sha256)
    write_features(tmp_path / "features.safetensors", {task: features() for task in PLAN.tasks}, made_from)
    return tmp_path


def run(folder, tiny, name, out="part1"):
    job = PLAN.job(f"{name}/ViT-B-16/part1")
    done = []
    paths = [folder / f"{out}.npz", folder / f"{out}.json"]
    tune.tune_job(
        job, PLAN, tiny, folder / "features.safetensors", folder / "data", folder / ".cells", *paths, done.append
    )
    assert sum(done) == len(job.cells)
    return paths


@pytest.mark.parametrize("job", [f"{job.protocol}/{job.recipe}" for job in PLAN.jobs])
def test_every_recipe_leaves_a_record_of_every_cell(folder, tiny, job):
    records = read_records([run(folder, tiny, job)[0]])
    planned = PLAN.job(f"{job}/ViT-B-16/part1").cells
    assert len(records) == sum(len(cell.splits) for cell in planned)
    assert records["value"].between(0, 100).all()
    assert set(records["task"]) == set(PLAN.tasks)


def test_the_linear_probe_learns_what_can_be_learned(folder, tiny):
    assert read_records([run(folder, tiny, "few_shot/linear_probe")[0]])["value"].min() > 60


def test_the_same_job_twice_gives_the_same_bytes(folder, tiny):
    first = run(folder, tiny, "few_shot/prograd", "one")[0].read_bytes()
    for cell in (folder / ".cells").rglob("*.npz"):
        cell.unlink()
    assert run(folder, tiny, "few_shot/prograd", "two")[0].read_bytes() == first


def test_a_finished_cell_is_never_trained_again(folder, tiny, monkeypatch):
    first, costs = run(folder, tiny, "few_shot/coop", "one")
    assert json.loads(costs.read_text())["trained"] == len(read_records([first]))
    monkeypatch.setattr(tune, "run_fleet", lambda *_: pytest.fail("trained a finished cell"))
    second, costs = run(folder, tiny, "few_shot/coop", "two")
    assert second.read_bytes() == first.read_bytes()
    assert json.loads(costs.read_text())["trained"] == 0


def test_a_killed_job_trains_only_what_is_missing(folder, tiny):
    first, _ = run(folder, tiny, "few_shot/coop", "one")
    lost = next((folder / ".cells").rglob("*.npz"))
    lost.unlink()
    second, costs = run(folder, tiny, "few_shot/coop", "two")
    assert json.loads(costs.read_text())["trained"] == 1
    assert (read_predictions(first) == read_predictions(second)).all()


def test_other_data_is_another_cell(folder, tiny):
    cell = PLAN.job("few_shot/coop/ViT-B-16/part1").cells[0]
    data = tune.TaskData(split(cell.task), features())
    changed = tune.TaskData(Split(**{**vars(split(cell.task)), "template": "{}."}), features())
    store = CellStore(folder / "cells")
    fleets = [list(tune.tune_task([cell], d, tiny, store, 15, "x")) for d in (data, data, changed)]
    assert [fleet[0].trained for fleet in fleets] == [True, False, True]


def test_methods_are_compared_on_the_same_batches(tiny):
    coop, prograd = (PLAN.job(f"few_shot/{r}/ViT-B-16/part1").cells[0] for r in ("coop", "prograd"))
    one, two = (tune.run_of(cell, split(cell.task), "all", tiny) for cell in (coop, prograd))
    assert torch.equal(one.start["context"], two.start["context"])
    assert torch.equal(one.batch_plan(2)[0], two.batch_plan(2)[0])
