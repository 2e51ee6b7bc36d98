"""`reprompt tune` and `reprompt verify` on damaged files: found, said in the log, and never used."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from damages import DAMAGES
from project import PROJECT
from reprompt import cli
from reprompt.clip.weights import save
from reprompt.foundation.arrays import write_npz
from reprompt.planning.parameters import parse_parameters
from reprompt.planning.plan import make_plan
from tiny_clip import tiny_clip

BACKBONE = "ViT-B-16"
SOURCE = {
    **{"protocol": "elevater", "tuning": "elevater", "methods": ["coop_middle"], "shots": [5]},
    **{"tasks": ["imagenet", "dtd"], "backbones": [BACKBONE], "keeps_prompts": True},
}
# As many files of prompts as there are experiments that keep some: the second is what the first is replaced by.
EXPERIMENTS = {
    "source": SOURCE,
    "other": SOURCE,
    "grid": SOURCE
    | {"protocol": "transfer_grid", "prompts_of": "source", "keeps_prompts": False, "judged_on": ["imagenet", "dtd"]},
}


def parameters() -> dict:
    """A scale of its own with two tasks, small enough for the tiny CLIP."""
    raw = yaml.safe_load((PROJECT / "params.yaml").read_text())
    raw["scales"]["smoke"] |= {"tasks": ["imagenet", "dtd"], "shifts": []}
    del raw["scales"]["smoke"]["experiments"]
    return raw | {"scale": "smoke", "experiments": EXPERIMENTS, "seeds": [1]}


PLAN = make_plan(parse_parameters(parameters(), "smoke"))
MADE, OTHER, GRID = (next(job for job in PLAN.jobs if job.experiment == name) for name in EXPERIMENTS)
(PART, _), *_ = MADE.features
WEIGHTS = PLAN.root / f"backbones/{BACKBONE}.safetensors"
FEATURES = PLAN.root / f"features/{BACKBONE}/{PART}.safetensors"
PROMPTS = PLAN.prompts(MADE.name)


def reprompt(*words: object) -> int:
    """The exit code of a command."""
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as ended:
        patch.setattr(sys, "argv", ["reprompt", *map(str, words)])
        cli.main()
    return ended.value.code or 0


def tune(job) -> int:
    inputs = ("--weights", WEIGHTS, "--features", FEATURES.parent, "--splits", PLAN.root / "data")
    records = PLAN.records(job.name)
    return reprompt("tune", job.name, *inputs, "--out", records, "--costs", records.with_suffix(".json"))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder in which everything was made once by the commands of the workflow."""
    folder, tiny = tmp_path_factory.mktemp("made"), tiny_clip()
    vision = {"image_size": 40, "patch_size": 8, "width": 32, "layers": 2, "head_width": 16}
    text = {"width": 32, "heads": 2, "layers": 2}
    about = {"vision": vision, "text": text, "joint_width": 24, "mean": list(tiny.mean), "std": list(tiny.std)}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        Path("params.yaml").write_text(yaml.safe_dump(parameters()))
        save(WEIGHTS, tiny.model, torch.arange(49408), about, {})
        for task in PLAN.labelled_tasks:
            assert reprompt("split", task, "--out", PLAN.root / f"data/{task}.json") == 0
        assert reprompt("features", BACKBONE, PART, "--weights", WEIGHTS, "--out", FEATURES) == 0
        assert tune(MADE) == tune(OTHER) == 0
    return folder


@pytest.fixture
def here(made, tmp_path, monkeypatch):
    shutil.copytree(made, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")


def records_of(job) -> bytes:
    return PLAN.records(job.name).read_bytes()


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_cell_is_trained_again(here, capfd, damage):
    before = records_of(MADE)
    first, second, *_ = sorted(Path(".cells").rglob("*.npz"))
    DAMAGES[damage](first, second)
    assert tune(MADE) == 0
    (line,) = [line for line in capfd.readouterr().err.splitlines() if str(first) in line]
    assert line.endswith("the cell is trained again")
    assert records_of(MADE) == before
    assert tune(MADE) == 0 and str(first) not in capfd.readouterr().err


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_features_are_made_again(here, capfd, damage):
    before, features = records_of(MADE), FEATURES.read_bytes()
    shutil.rmtree(".cells")
    DAMAGES[damage](FEATURES, PROMPTS)
    assert tune(MADE) == 0
    (line,) = [line for line in capfd.readouterr().err.splitlines() if str(FEATURES) in line]
    assert line.endswith("made again")
    assert records_of(MADE) == before and FEATURES.read_bytes() == features


def test_the_job_that_makes_features_finds_damage_in_any_tensor(here, capfd):
    features = FEATURES.read_bytes()
    DAMAGES["flipped at the last byte"](FEATURES, None)
    assert reprompt("features", BACKBONE, PART, "--weights", WEIGHTS, "--out", FEATURES) == 0
    assert f"{FEATURES}: " in capfd.readouterr().err and FEATURES.read_bytes() == features


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_prompts_are_refused_with_the_command_that_makes_them_again(here, capfd, damage):
    DAMAGES[damage](PROMPTS, PLAN.prompts(OTHER.name))
    assert tune(GRID) == 1
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith(f"reprompt: {PROMPTS}: ")
    assert line.endswith(f": snakemake --cores all --forcerun {PROMPTS}")
    assert tune(MADE) == tune(GRID) == 0, "what that command does"


@pytest.mark.parametrize("damage", [name for name in DAMAGES if name != "replaced"])
def test_damaged_records_are_refused_with_the_command_that_makes_them_again(here, capfd, damage):
    DAMAGES[damage](path := PLAN.records(MADE.name), None)
    assert reprompt("groups", "--records", path, "--out", "groups.json") == 1
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith(f"reprompt: {path}: ")
    assert line.endswith(f"snakemake --cores all --forcerun {path}")


def test_a_damaged_manifest_is_refused(here, capfd):
    manifest = FEATURES.with_suffix(".json")
    DAMAGES["cut off"](manifest, None)
    assert tune(MADE) == 1
    assert f"{manifest}: it is damaged" in capfd.readouterr().err


def test_damaged_weights_are_refused_and_nothing_is_trained_with_them(here, capfd):
    DAMAGES["flipped at the last byte"](WEIGHTS, None)
    cells = set(Path(".cells").rglob("*"))
    assert tune(MADE) == 1
    assert f"made with other weights than those of {BACKBONE}" in capfd.readouterr().err
    assert set(Path(".cells").rglob("*")) == cells


def damaged_of(output: str) -> list[str]:
    return [line.split()[1].rstrip(":") for line in output.splitlines() if line.startswith("DAMAGED")]


def test_verify_finds_no_damage_where_there_is_none(here, capfd):
    reprompt("verify")
    assert damaged_of(capfd.readouterr().out) == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_verify_names_every_damaged_file(here, capfd, damage):
    first, second, *_ = sorted(Path(".cells").rglob("*.npz"))
    images, others, *_ = sorted(PLAN.images.glob("*.npy"))
    pairs = {FEATURES: WEIGHTS, PROMPTS: PLAN.prompts(OTHER.name), images: others, first: second}
    for path, other in pairs.items():
        DAMAGES[damage](path, other)
    assert reprompt("verify") == 1
    assert damaged_of(capfd.readouterr().out) == [str(path) for path in pairs]


def test_verify_goes_on_after_damaged_records(here, capfd):
    DAMAGES["flipped in the middle"](path := PLAN.records(MADE.name), None)
    DAMAGES["empty"](other := PLAN.records(OTHER.name), None)
    assert reprompt("verify") == 1
    output = capfd.readouterr().out
    assert f"WRONG    {path}: it is damaged" in output and f"WRONG    {other}: it is empty" in output


def test_a_cell_from_before_entries_had_their_key_is_no_damage(here, capfd):
    path = next(Path(".cells").rglob("*.npz"))
    with np.load(path) as file:
        write_npz(path, **{name: file[name] for name in file.files if name != "key"})
    reprompt("verify")
    assert damaged_of(capfd.readouterr().out) == []
