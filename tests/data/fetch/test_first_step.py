"""From a maker's server to a record, for every task, by the commands that a user types: fetch, split, features, tune.

The archives are small and the CLIP is tiny; the parameters are those of scale `paper` but for that.
"""

from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from typer.testing import CliRunner

from project import PROJECT
from reprompt.cli import app
from reprompt.clip.features import encode_images, read_features
from reprompt.clip.openai import load
from reprompt.clip.weights import save
from reprompt.data.preparation import Preparation
from reprompt.data.sources import source_of
from reprompt.planning.parameters import load_parameters, parse_parameters
from reprompt.planning.plan import make_plan
from reprompt.records.files import read_rows
from reprompt.records.identity import read_splits
from reprompt.tasks.card import card_of, data_set_of, data_sets
from reprompt.tasks.groups import members
from reprompt.training.tune import read_tasks

PARAMS = PROJECT / "params.yaml"
PAPER = load_parameters(PARAMS, "paper")
BACKBONE = "ViT-B-16"
ONE_STEP = {"epochs": 1, "steps_per_epoch": 1, "warmup_rate": 0.01, "epochs_of_task": {}, "batch": 4}


def experiments_of(data_set: str) -> tuple[list[str], dict]:
    """The tasks that are needed, and what is run: CoOp and VPT by the protocol in which the papers use the data set."""
    task = card_of(data_set).task
    if task in PAPER.shifts:
        experiment = {
            "protocol": "transfer",
            "tuning": "few_shot",
            "tasks": ["imagenet"],
            "judged_on": ["imagenet", task],
        }
        return ["imagenet", task], experiment | {"methods": ["coop", "vpt"], "shots": [1]}
    if task in PAPER.targets or data_set != task:
        experiment = {"protocol": "elevater", "tuning": "elevater", "version": "elevater", "tasks": [task]}
        return [task], experiment | {"methods": ["coop_middle", "vpt_deep"], "shots": [2]}
    return [task], {"protocol": "few_shot", "tuning": "few_shot", "methods": ["coop", "vpt"], "shots": [1]}


def parameters(root: Path, cards: Path, data_set: str) -> dict:
    """The parameter file at a scale of its own: only what a data set needs."""
    raw = yaml.safe_load(PARAMS.read_text())
    needed, experiment = experiments_of(data_set)
    paper = raw["scales"]["paper"]
    raw["seeds"], raw["experiments"], raw["scale"] = [1], {"one": experiment | {"backbones": [BACKBONE]}}, "fixture"
    raw["tasks"] = [name for name in needed if name in PAPER.tasks]
    raw["shifts"] = [name for name in needed if name in PAPER.shifts]
    raw["targets"] = [name for name in needed if name in PAPER.targets]
    data = paper["data"] | {"root": str(root), "cards": str(cards), "pool": 8, "workers": 2}
    raw["scales"] = {"fixture": paper | {"data": data, "views": {"count": 2, "smallest_crop": 0.08, "flip": 0.5}}}
    for unused in ("gram", "experiments"):
        raw["scales"]["fixture"].pop(unused)
    raw["scales"]["fixture"]["tuning"] = {"few_shot": ONE_STEP, "elevater": ONE_STEP | {"checkpoint": "last"}}
    raw["scales"]["fixture"]["learners"] = {"vpt_deep": {"visual_length": 2, "visual_depth": 2}}
    return raw


@pytest.fixture
def written(tiny, tmp_path):
    """Weights of a tiny CLIP in a file, which says how they want pictures: written(resize="squashed")."""
    vision = {"image_size": 40, "patch_size": 8, "width": 32, "layers": 2, "head_width": 16}
    architecture = {"vision": vision, "text": {"width": 32, "heads": 2, "layers": 2}, "joint_width": 24}
    about = architecture | {"mean": list(tiny.mean), "std": list(tiny.std)}

    def write(**preparation: str) -> Path:
        save(tmp_path / "tiny.safetensors", tiny.model, torch.arange(49408), about | preparation, {})
        return tmp_path / "tiny.safetensors"

    return write


def reprompt(*words: object) -> None:
    outcome = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output


@pytest.mark.parametrize("data_set", [name for name in data_sets() if name not in members("web")])
def test_a_data_set_is_fetched_split_encoded_and_tuned(data_set, served, written, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    weights = written()
    needed, experiment = experiments_of(data_set)
    root, cards = tmp_path / "data", tmp_path / "cards"
    for name in (data_set_of(task, experiment.get("version", "")) for task in needed):
        served(name)
        reprompt("data", "fetch", name, "--root", root, "--cards", cards)
    raw = parameters(root, cards, data_set)
    Path("params.yaml").write_text(yaml.safe_dump(raw))
    plan = make_plan(parse_parameters(raw, "fixture"))
    for task in plan.labelled_tasks:
        reprompt("split", task, "--out", f"splits/{task}.json")
    for part in plan.parts:
        reprompt("features", BACKBONE, part, "--weights", weights, "--out", f"features/{part}.safetensors")
    for job in plan.jobs:
        folders = ("--weights", weights, "--features", "features", "--splits", "splits")
        reprompt("tune", job.name, *folders, "--out", "records.npz", "--costs", "costs.json")
        rows = read_rows(Path("records.npz"))
        assert {row.stored["task"] for row in rows} == {test.task for test in job.tests}
        assert all(0 <= value <= 100 for row in rows for value in row.stored["values"].values())


def test_features_and_what_image_prompts_see_are_prepared_as_the_weights_want_it(
    served, written, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    root, cards, weights = tmp_path / "data", tmp_path / "cards", written(resize="squashed", interpolation="bilinear")
    served("dtd")
    reprompt("data", "fetch", "dtd", "--root", root, "--cards", cards)
    raw = parameters(root, cards, "dtd")
    Path("params.yaml").write_text(yaml.safe_dump(raw))
    plan = make_plan(parse_parameters(raw, "fixture"))
    part, backbone = plan.part_of("dtd"), load(weights, BACKBONE)
    for task in plan.labelled_tasks:
        reprompt("split", task, "--out", f"splits/{task}.json")
    reprompt("features", BACKBONE, part, "--weights", weights, "--out", f"features/{part}.safetensors")
    features = read_features(Path("features") / f"{part}.safetensors", "dtd")
    everything = range(len(features.test))

    def pictures(preparation: Preparation) -> np.ndarray:
        return source_of(plan.parameters, preparation).images("dtd", "test", everything)

    wanted = pictures(Preparation(40, "squashed", "bilinear"))
    assert torch.allclose(features.test, encode_images(backbone, wanted), atol=1e-6)
    job = next(job for job in plan.jobs if job.reads_pixels)
    tasks = read_tasks(job, plan, backbone, Path("features"), read_splits(job, Path("splits")))
    assert np.array_equal(tasks["dtd"].pixels.test.plain(torch.tensor(everything)), wanted)
    assert not np.array_equal(wanted, pictures(Preparation(40)))
