"""Jobs: from cells to records, and never training a finished cell again."""

import json
import typing
from dataclasses import replace

import numpy as np
import pytest
import torch
import yaml

from project import PROJECT
from reprompt.cells.parameters import Measure
from reprompt.cells.recipes import ALIASES, names_of, recipe_of
from reprompt.clip.features import TaskFeatures, write_features
from reprompt.clip.manifest import manifest
from reprompt.data.draws import draw
from reprompt.data.source import TaskSource
from reprompt.data.splits import Split
from reprompt.evaluation.task_data import TaskData
from reprompt.learners.coop import Learner
from reprompt.planning.entry_points import features_made_from
from reprompt.planning.parameters import load_parameters, parse_parameters
from reprompt.planning.plan import Plan, make_plan
from reprompt.records.files import read_records, read_rows
from reprompt.records.identity import name_of
from reprompt.training import tune
from reprompt.training.groups import groups_of, write_groups
from reprompt.training.run import run_of
from reprompt.training.training_set import TrainingSet

FILE = PROJECT / "params.yaml"
PLAN = make_plan(load_parameters(FILE, "smoke"))
GRID = "transfer_grid/coop_middle/ViT-B-16/all"
PICTURES = {"train": "a", "views": "b", "test": "c"}
NAMES = ["cat", "dog of some kind", "tree", "car"]
TRAIN, TEST = np.arange(40) % 4, np.arange(32) % 4


def split(task: str) -> Split:
    draws = {str(seed): draw(TRAIN, 4, task, seed, PLAN.most_shots(PLAN.labelled_tasks)) for seed in (1, 2)}
    return Split(
        task, NAMES, "a photo of a {}.", TRAIN.tolist(), TEST.tolist(), draws, PLAN.most_shots(PLAN.labelled_tasks)
    )


def features() -> TaskFeatures:
    stream = torch.Generator().manual_seed(0)
    centres = torch.randn(4, 24, generator=stream)
    noisy = [centres[torch.from_numpy(k)] + 0.3 * torch.randn(len(k), 24, generator=stream) for k in (TRAIN, TEST)]
    return TaskFeatures(noisy[0], torch.stack([noisy[0], noisy[0] + 0.1]), noisy[1])


@pytest.fixture
def folder(tmp_path, tiny, monkeypatch):
    """The working folder: splits and features of the smoke tasks as the workflow lays them out."""
    monkeypatch.chdir(tmp_path)
    for task in PLAN.all_tasks:
        split(task).write(tmp_path / "data" / f"{task}.json")
    return tmp_path


def run(folder, tiny, name, out="part1", plan=PLAN):
    job = plan.job(name if name.count("/") == 3 else f"{name}/ViT-B-16/part1")
    done = []
    for part, spec in job.features:
        path, tasks = folder / "features" / f"{part}.safetensors", plan.parts[part]
        made_from = {"made_from": features_made_from(plan, spec, {}), "weights_sha256": tiny.weights_sha256}
        pictures = {task: PICTURES for task in tasks}
        write_features(path, {task: features() for task in tasks}, json.dumps(made_from), pictures)
        path.with_suffix(".json").write_text(manifest(spec, tiny.weights_sha256, pictures, {}))
    tune.tune_job(job, plan, tiny, workplace(folder, out), done.append)
    assert sum(done) == len(job.cells)
    return folder / f"{out}.npz", folder / f"{out}.json"


def workplace(folder, out) -> tune.Workplace:
    inputs = (folder / "features", folder / "data", folder / ".cells")
    return tune.Workplace(*inputs, folder / f"{out}.npz", folder / f"{out}.json")


SMALL = {"visual_depth": 2, "text_depth": 2, "depth": 2, "mix_width": 16, "epochs": 2}


def plan_of(recipe: str, protocol: str) -> Plan:
    """A smoke plan with that recipe alone, on one task, small enough for the tiny backbone."""
    stored = recipe_of(recipe).stored
    tested = {"protocol": protocol, "tuning": protocol, "methods": [recipe], "shots": [4]}
    tested |= {"tasks": ["imagenet"]} if protocol in ("meta", "multitask") else {}
    if not stored:
        return small_plan({"tested": tested})
    # the recipe that makes its start is brought, and nothing else is run of that experiment
    tested |= {"tuning": "gram" if stored.made_under == "meta" else "elevater"}
    made = {"protocol": stored.made_under, "methods": [], "keeps_prompts": True, "tasks": ["imagenet"]}
    made |= {"tuning": "meta"} if stored.made_under == "meta" else {}
    return small_plan({"source": tested | made, "tested": tested | {"starts": ["source"]}})


def small_plan(experiments: dict, tasks: tuple[str, ...] = ("imagenet",)) -> Plan:
    """A smoke plan of these experiments, small enough for the tiny backbone."""
    raw = yaml.safe_load(FILE.read_text())
    raw["scales"]["smoke"] |= {"tasks": list(tasks), "shifts": []}
    del raw["scales"]["smoke"]["experiments"]
    raw["experiments"] = experiments
    for block in raw["learners"].values():
        block["where"] = [exception for exception in block.get("where", ()) if "start" in exception]
        for key, value in SMALL.items():
            if key in block and block[key] != 1:
                block[key] = value
    return make_plan(parse_parameters(raw, "smoke"))


def protocol_of(recipe: str) -> str:
    """One that the recipe can be run under."""
    resolved = recipe_of(recipe)
    if resolved.stored or resolved.several_tasks:
        return "elevater"
    if resolved.by_steps and resolved.declared["gradient"].regulated:
        return "meta"
    return "few_shot" if recipe in ("linear_probe", "cosine", "cosine+prograd") else "base_to_new"


COMBINED = ("maple+npt+prograd", "upt+prograd@multitask", "ivlp+npt@gram", "coop+lwf@meta")  # of no paper
RECIPES = dict.fromkeys((*names_of("learner"), *(expression for expression, _ in ALIASES.values()), *COMBINED))


@pytest.mark.parametrize(
    ("recipe", "protocol"), [*((recipe, protocol_of(recipe)) for recipe in RECIPES), ("joint", "meta")]
)
def test_every_recipe_leaves_a_record_of_every_cell(folder, tiny, recipe, protocol, monkeypatch):
    monkeypatch.setattr(tune, "stored_source_of", lambda *_: Noise())
    plan = plan_of(recipe, protocol)
    *sources, job = plan.jobs
    for source in sources:
        run(folder, tiny, source.name, plan.records(source.name).with_suffix(""), plan)
    records = read_records([run(folder, tiny, job.name, plan=plan)[0]])
    assert len(records[records["metric"] == "accuracy"]) == sum(len(cell.tests) for cell in job.cells)
    assert records["value"].between(0, 100).all()
    assert set(records["task"]) == set(plan.tasks)


class Noise(TaskSource):
    """Pictures of the shape that the tiny backbone sees, the same in every view."""

    def labels(self, task, part):
        return TRAIN if part == "train" else TEST

    def images(self, task, part, indices):
        return np.random.default_rng(len(indices)).integers(0, 256, (len(indices), 40, 40, 3), np.uint8)

    def views(self, task, indices, numbers, of):
        return self.images(task, "train", indices)


def test_the_linear_probe_learns_what_can_be_learned(folder, tiny):
    records = read_records([run(folder, tiny, "cross_domain/linear_probe")[0]])
    assert records["value"].min() > 60
    assert set(records["task"]) == {"imagenet", "imagenet_v2"} and set(records["source"]) == {"imagenet"}


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
    for one, other in zip(read_rows(first), read_rows(second), strict=True):
        assert np.array_equal(one.predictions, other.predictions)


def test_a_job_whose_cells_are_all_finished_needs_no_features(folder, tiny):
    first, _ = run(folder, tiny, "few_shot/coop", "one")
    job = PLAN.job("few_shot/coop/ViT-B-16/part1")
    for file in (folder / "features").glob("*.safetensors"):
        file.unlink()
    tune.tune_job(job, PLAN, tiny, workplace(folder, "two"), lambda cells: None)
    assert (folder / "two.npz").read_bytes() == first.read_bytes()


def test_features_of_other_pictures_than_the_manifest_has_are_refused(folder, tiny):
    run(folder, tiny, "few_shot/coop", "one")
    job = PLAN.job("few_shot/coop/ViT-B-16/part1")
    (path,) = (folder / "features").glob("*.json")
    path.write_text(path.read_text().replace('"test": "c"', '"test": "d"'))
    with pytest.raises(ValueError, match=r"part1\.json: the pictures of imagenet are not those .* --forcerun features"):
        tune.tune_job(job, PLAN, tiny, workplace(folder, "two"), lambda cells: None)


def test_methods_are_compared_on_the_same_batches(tiny):
    coop, prograd = (PLAN.job(f"few_shot/{r}/ViT-B-16/part1").cells[0] for r in ("coop", "prograd"))
    learner = Learner(tiny, NAMES, coop.learner)
    training = TrainingSet((coop.task,), (TaskData(split(coop.task), features()),), "all")
    one, two = (run_of(cell, training.few_shot_set(cell), learner) for cell in (coop, prograd))
    assert torch.equal(one.start["context"], two.start["context"])
    assert torch.equal(one.batch_plan(2)[0], two.batch_plan(2)[0])


def test_a_run_again_has_the_same_images_with_other_batches_views_and_starts(tiny):
    coop = PLAN.job("few_shot/coop/ViT-B-16/part1").cells[0]
    assert coop.random_purpose == (coop.protocol, coop.task, coop.shots), "streams that were there before stay"
    learner = Learner(tiny, NAMES, coop.learner)
    training = TrainingSet((coop.task,), (TaskData(split(coop.task), features()),), "all")
    first, again = (run_of(cell, training.few_shot_set(cell), learner) for cell in (coop, replace(coop, repeat=1)))
    assert torch.equal(first.images, again.images)
    assert not torch.equal(first.start["context"], again.start["context"])
    assert not all(torch.equal(*both) for both in zip(first.batch_plan(2), again.batch_plan(2), strict=True))


def test_precision_is_that_of_the_towers_while_tuning_and_makes_other_cells(folder, tiny):
    raw = yaml.safe_load(FILE.read_text())
    half = make_plan(parse_parameters(raw | {"precision": "bfloat16"}, "smoke"))
    job = "few_shot/coop"
    records = [read_rows(run(folder, tiny, job, name, plan)[0]) for name, plan in (("one", PLAN), ("two", half))]
    assert {row.identity["settings"].get("precision") for row in records[1]} == {"bfloat16"}
    names = [{name_of(row.identity) for row in rows} for rows in records]
    assert names[0].isdisjoint(names[1])


# Of each measure one job of the smoke plan, and the arrays that figures read.
MEASURED = {
    "curve": ("few_shot/coop", {"curve"}),
    "angle": ("few_shot_angles/prograd", {"angle"}),
    "collapse": ("imbalanced/cocoop", {"text_cosines", "own_cosines"}),
    "features": ("collapse_picture/maple", {"class_features", "image_features"}),
    "grad_cam": ("gradient_strategies/coop", {"grad_cam", "grad_cam_images", "grad_cam_labels"}),
}


@pytest.mark.parametrize("measure", [name for name in typing.get_args(Measure) if name != "similarity"])
def test_what_an_experiment_measures_is_in_its_records(folder, tiny, monkeypatch, measure):
    monkeypatch.setattr(tune, "stored_source_of", lambda *_: Noise())
    name, arrays = MEASURED[measure]
    assert {row.measured.keys() == arrays for row in read_rows(run(folder, tiny, name)[0])} == {True}


def test_what_is_not_measured_is_not_in_the_records(folder, tiny):
    assert all(row.measured == {} for row in read_rows(run(folder, tiny, "few_shot_lwf/lwf")[0]))


def test_the_grid_evaluates_kept_prompts_and_its_groups_are_trained_together(folder, tiny):
    """From single tasks to prompts, to the grid, to groups, to tasks trained with their partners."""
    for source in PLAN.job(GRID).prompts:
        run(folder, tiny, source, PLAN.records(source).with_suffix(""))
    grid = read_records([run(folder, tiny, GRID, "grid")[0]])
    tasks = PLAN.parameters.experiments["transfer_grid"].tasks
    pairs = grid[grid["metric"] == "score"].groupby(["source", "task"])["seed"].nunique()
    assert len(pairs) == len(tasks) ** 2 and (pairs == 2).all()
    assert {"validation", "label_similarity", "image_similarity"} <= set(grid["metric"])
    write_groups(PLAN.groups, groups_of(grid))
    grouped = read_records([run(folder, tiny, "grouped/mcoop/ViT-B-16/targets", "grouped")[0]])
    assert set(grouped["group"]) == {"best_2", "best_3"} and set(grouped["partners_by"]) == {""}
    write_groups(PLAN.groups, replace(groups_of(grid), partners_by="grid"))
    path, costs = run(folder, tiny, "grouped/mcoop/ViT-B-16/targets", "by_grid")
    assert set(read_records([path])["partners_by"]) == {"grid"}
    assert json.loads(costs.read_text())["trained"] == 0  # the same partners, by whatever they were chosen


@pytest.mark.parametrize("recipe", ["vpt_deep", "upt"])
def test_the_grid_evaluates_on_tasks_that_no_prompt_is_of(folder, tiny, monkeypatch, recipe):
    """Of learners of pixels: a target's held-out images are training pictures, whatever the prompts were tuned on."""
    monkeypatch.setattr(tune, "stored_source_of", lambda *_: Noise())
    source = {"protocol": "elevater", "tuning": "elevater", "methods": [recipe], "shots": [5], "tasks": ["imagenet"]}
    grid = source | {"protocol": "transfer_grid", "prompts_of": "source", "judged_on": ["dtd"]}
    plan = small_plan({"source": source | {"keeps_prompts": True}, "grid": grid}, tasks=("imagenet", "dtd"))
    made, job = plan.jobs
    run(folder, tiny, made.name, plan.records(made.name).with_suffix(""), plan)
    records = read_records([run(folder, tiny, job.name, plan=plan)[0]])
    assert set(records["source"]) == {"imagenet"} and set(records["task"]) == {"dtd"}
    assert "validation" in set(records["metric"])


def test_a_lost_pair_of_the_grid_alone_is_evaluated_again(folder, tiny):
    for source in PLAN.job(GRID).prompts:
        run(folder, tiny, source, PLAN.records(source).with_suffix(""))
    stored = set((folder / ".cells").rglob("*.npz"))
    first, _ = run(folder, tiny, GRID, "one")
    next(path for path in (folder / ".cells").rglob("*.npz") if path not in stored).unlink()
    second, costs = run(folder, tiny, GRID, "two")
    assert json.loads(costs.read_text())["trained"] == 1
    assert second.read_bytes() == first.read_bytes()
