"""A rehearsal of the paper scale at full size: every learner takes one step of every protocol, through the workflow.

The towers are open_clip's real ViT-B/16 and RN50 with random weights; pictures, captions and splits are small data sets
in the makers' layouts. What is checked is that all of it runs, and within the memory that `reprompt estimate` predicts.
It takes 40 minutes on two cores, so `make rehearse` runs it and `make test` does not.
"""

import json
from pathlib import Path

import layouts
import open_clip
import pytest
import torch
import yaml
from copies import PROJECT, call, copy_project
from safetensors.torch import save_file

import files_at_hand
from reprompt.cells.axes import LearnerSettings
from reprompt.cells.members import members
from reprompt.cells.recipes import Recipe, recipe_of
from reprompt.data.files.readers import READERS
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import Plan, make_plan
from reprompt.records.files import read_rows
from reprompt.tasks.card import card_of
from reprompt.workflow.estimate.memory import job_memory

MIB = 2**20
TOLERANCE = 0.2
TOWERS = {"ViT-B-16": "vit", "RN50": "resnet"}
TASKS, SHIFTS, TARGETS = ["imagenet", "dtd"], ["imagenet_v2"], ["hateful_memes", "voc2007"]
STEP = {"epochs": 1, "steps_per_epoch": 1}
META = {"ways": 2, "queries": 2}
CAPTIONS = [
    f"a {tone} picture of a {what} {where} {when}"
    for tone in ("dark", "small", "bright", "faded", "large")
    for where in ("in a garden", "on a table", "by the sea", "in the snow", "under a bridge")
    for when in ("at night", "at noon", "in spring", "in the rain")
    for what in ("cat", "ship", "lamp")
]
PROTOCOLS = {
    "few_shot": {"tuning": "few_shot", "shots": [1], "tasks": ["dtd"]},
    "base_to_new": {"tuning": "base_to_new", "shots": [4], "tasks": ["dtd"]},
    "transfer": {"tuning": "transfer", "shots": [1], "tasks": ["imagenet"], "judged_on": ["imagenet_v2", "dtd"]},
    "elevater": {"tuning": "elevater", "shots": [5], "tasks": [*TARGETS], "tasks_per_job": 2, "keeps_prompts": True},
    "multitask": {"tuning": "source", "shots": [5], "tasks": [*TASKS]},
    "meta": {"tuning": "meta", "shots": [2], "tasks": ["corpus"], "keeps_prompts": True},
}
GRID = {"protocol": "transfer_grid", "tuning": "elevater", "shots": [5], "tasks": [*TARGETS], "judged_on": [*TARGETS]}
BY_NAME = {"judged_on": ["imagenet_v2"]}  # a linear probe tells no classes but its own


def methods_of(protocol: str, tower: str) -> list[str]:
    """A recipe of every learner that the protocol and the tower do not refuse."""
    ending = "+multitask" if protocol == "multitask" else ""
    recipes = [
        recipe_of(name + ending) for name, of in members("learner").items() if of.trained == "by_steps" or not ending
    ]
    return [one.expression for one in recipes if not one.refusal(protocol, tower, learner_of(one))]


def learner_of(recipe: Recipe) -> LearnerSettings:
    """Its learner's settings."""
    blocks = yaml.safe_load((PROJECT / "params.yaml").read_text())["learners"]
    return recipe.settings("learner", {"context_length": 4} | blocks.get(recipe.learner, {}))


def experiments() -> dict[str, dict]:
    """Every protocol on both towers; meta-training, and what starts from it, on the ViT."""
    made = {}
    for backbone, tower in TOWERS.items():
        for protocol, of in PROTOCOLS.items():
            if protocol != "meta" or tower == "vit":
                one = of | {"protocol": protocol, "backbones": [backbone]}
                methods = methods_of(protocol, tower)
                prompted = [name for name in methods if recipe_of(name).by_steps]
                made[f"{protocol}_{tower}"] = one | {"methods": prompted}
                if others := [name for name in methods if name not in prompted]:
                    one |= BY_NAME if protocol == "transfer" else {}
                    made[f"{protocol}_{tower}_others"] = one | {"methods": others, "keeps_prompts": False}
        kept = made[f"elevater_{tower}"]["methods"]
        recipes = map(recipe_of, kept)
        methods = [one.expression for one in recipes if not one.refusal("transfer_grid", tower, learner_of(one))]
        made[f"grid_{tower}"] = GRID | {
            "prompts_of": f"elevater_{tower}",
            "methods": methods,
            "backbones": [backbone],
        }
    start = {"protocol": "base_to_new", "tuning": "gram", "shots": [4], "tasks": ["dtd"], "starts": ["meta_vit"]}
    made["adapted"] = start | {
        "methods": ["coop+gram@gram", "vpt+gram@gram", "joint+gram@gram"],
        "backbones": ["ViT-B-16"],
    }
    topics = {"protocol": "multitask", "tuning": "pretraining", "shots": [2], "tasks": ["corpus"], "methods": ["joint"]}
    made["pretraining"] = topics | {"backbones": ["ViT-B-16"]}
    web = PROTOCOLS["meta"] | {"protocol": "meta", "tasks": ["webvision"], "methods": ["joint+gram"]}
    made["web"] = web | {"backbones": ["ViT-B-16"]}
    return made


def parameters() -> dict:
    """The project's own, at a scale that is the paper's on small data with one step for every method."""
    raw = yaml.safe_load((PROJECT / "params.yaml").read_text())
    paper, smoke = raw["scales"]["paper"], raw["scales"]["smoke"]
    wanted = experiments()
    for name in {recipe_of(name).learner for of in wanted.values() for name in of["methods"]}:
        block = raw["learners"].get(name, {})
        block |= {"where": [exception for exception in block.get("where", ()) if "start" in exception]}
        if recipe_of(name).by_steps:
            block |= STEP | {"batch": 1 if name == "cocoop" else 4}
        raw["learners"][name] = block
    for block in (*raw["gradients"].values(), *raw["starts"].values()):
        block["where"] = []
    for name in ("meta", "meta_no_domain_shift", "meta_supervised"):
        raw["tuning"][name] = raw["tuning"][name] | META
    backbones = {name: {**paper["backbones"][name], "file": f"weights/{name}.safetensors"} for name in TOWERS}
    clustering = {**smoke["gram"]["clustering"], "chunk": 100}
    scale = {
        **paper,
        "standard_backbone": "ViT-B-16",
        "data": {**paper["data"], "pool": 8, "workers": 2, "cards": "cards"},
        "gram": {**paper["gram"], "clustering": clustering},
        "views": {**paper["views"], "count": 2},
        "backbones": backbones,
        "experiments": wanted,
    }
    changed = {"seeds": [1], "tasks": TASKS, "shifts": SHIFTS, "targets": TARGETS, "tasks_per_job": 2}
    return raw | changed | {"scale": "rehearsal", "scales": {"rehearsal": scale}, "experiments": {}}


def write_weights(folder: Path) -> None:
    """Random weights of OpenAI's architectures, as open_clip's state dicts."""
    folder.mkdir()
    torch.manual_seed(0)
    for name in TOWERS:
        model = open_clip.create_model(f"{name}-quickgelu", pretrained=None)
        save_file(
            {key: tensor.contiguous() for key, tensor in model.state_dict().items()}, folder / f"{name}.safetensors"
        )


def write_data(root: Path, cards: Path) -> None:
    """Small data sets where their cards say that they lie, what they have of all, and pairs of a few topics."""
    cards.mkdir()
    for task in (*TASKS, *SHIFTS, *TARGETS, "webvision"):
        official = {"official": True} if card_of(task).elevater else {}
        made = layouts.make(task, root / card_of(task).folder, 8, **official)
        if task in READERS:
            files_at_hand.write_card(cards.parent, task, made)
    for shard in range(3):
        pairs = [(f"{shard:05d}{n:04d}", caption) for n, caption in enumerate(CAPTIONS[shard::3])]
        layouts.write_shard(root / "cc3m" / f"{shard:05d}.tar", pairs)


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Plan]:
    """A copy of the project in which the rehearsal has run, and its plan."""
    folder = tmp_path_factory.mktemp("rehearsal")
    copy_project(folder)
    write_weights(folder / "weights")
    write_data(folder / "data", folder / "cards")
    (folder / "params.yaml").write_text(yaml.safe_dump(parameters()))
    call(folder, "snakemake", "--cores", "2", "stage_records", seconds=7200)
    return folder, make_plan(load_parameters(folder / "params.yaml"))


def test_every_learner_takes_a_step_of_every_protocol(rehearsed):
    folder, plan = rehearsed
    ran = set()
    for job in plan.jobs:
        rows = read_rows(folder / plan.records(job.name))
        assert {row.stored["task"] for row in rows} == {test.task for test in job.tests}, job.name
        assert all(0 <= value <= 100 for row in rows for value in row.stored["values"].values()), job.name
        protocol = plan.parameters.experiments[job.experiment].protocol
        ran.add((recipe_of(job.recipe).members["learner"], protocol, TOWERS[job.backbone]))
    assert set(members("learner")) == {learner for learner, _, _ in ran}
    for tower in TOWERS.values():
        for protocol in PROTOCOLS:
            if protocol != "meta" or tower == "vit":
                expected = {recipe_of(name).members["learner"] for name in methods_of(protocol, tower)}
                assert {learner for learner, of, on in ran if (of, on) == (protocol, tower)} >= expected


def test_every_job_stays_within_a_fifth_of_the_memory_that_was_predicted(rehearsed, monkeypatch):
    folder, plan = rehearsed
    monkeypatch.chdir(folder)  # where the splits say how large the tasks are
    ratios = {}
    for job in plan.jobs:
        costs = json.loads((folder / plan.records(job.name)).with_suffix(".json").read_text())
        ratios[job.name] = costs["peak_memory_mb"] * MIB / job_memory(plan, job, "cpu").host
    for name, ratio in sorted(ratios.items(), key=lambda item: item[1]):
        print(f"{ratio:.2f} of the predicted memory: {name}")
    assert {name: ratio for name, ratio in ratios.items() if abs(ratio - 1) > TOLERANCE} == {}
