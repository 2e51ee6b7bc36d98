"""Fleets: a run's result is its own, whatever it shares its process with; and what each protocol evaluates."""

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import yaml

from project import PROJECT
from reprompt.cells.cell import Cell
from reprompt.cells.cell import TestSet as JudgedOn  # by its own name pytest would collect it
from reprompt.cells.fleets import fleets_of
from reprompt.cells.parameters import BLOCKS
from reprompt.clip.backbones import Backbone
from reprompt.clip.features import TaskFeatures
from reprompt.data.draws import draw, few_shot, validation
from reprompt.data.pictures import Pictures
from reprompt.data.splits import Split
from reprompt.evaluation.metrics import metrics
from reprompt.evaluation.task_data import Pixels, TaskData, Tasks
from reprompt.learners import linear_probe
from reprompt.learners.templates import class_features
from reprompt.planning.parameters import parse_parameters
from reprompt.planning.plan import make_plan
from reprompt.records.files import Result
from reprompt.records.prompts import Prompts, read_prompts, write_prompts
from reprompt.training import fleets as fleets_module
from reprompt.training.average import gaussian_weights
from reprompt.training.axes import learner_of_cell
from reprompt.training.fleets import trained
from reprompt.training.given import Finished, Given
from reprompt.training.groups import Groups, Partners
from reprompt.training.probe import columns_of
from reprompt.training.run import Run, run_of
from reprompt.training.training_set import TrainingSet

FILE = PROJECT / "params.yaml"
NAMES = {
    "imagenet": ["cat", "dog of some kind", "tree", "old car"],
    "imagenet_v2": ["cat", "dog of some kind", "tree", "old car"],
    "dtd": ["dotted", "striped", "woven fabric", "plain", "rough", "smooth"],
    "eurosat": ["river", "old car", "wood"],
}
SHORT = {"context_length": 3, "initialisation": "random", "rate": 0.3, "epochs": {2: 3, 4: 5}, "steps_per_epoch": 2}
BEST = {"augmentation": "none", "checkpoint": "best"}
COUPLED = {"depth": 2, "context_length": 2}
AVERAGE = {"checkpoint": ["average"], "average_mean": [2], "average_std": [1]}


def run_fleet(cells: list[Cell], tasks: Tasks, backbone: Backbone) -> list[dict[JudgedOn, Result]]:
    """The results of a fleet."""
    return [finished.results for finished in fleets_module.run_fleet(cells, tasks, backbone)]


def trained_on(cell: Cell, data: TaskData) -> TrainingSet:
    """The training set of a cell that is trained on one task."""
    return TrainingSet((cell.task,), (data,), cell.learns)


def run_of_cell(cell: Cell, data: TaskData, backbone: Backbone) -> Run:
    """The run of a cell."""
    training = trained_on(cell, data)
    return run_of(cell, training.few_shot_set(cell), learner_of_cell(cell, training.class_names, backbone))


def cells_of(
    recipe: str, protocol: str = "few_shot", recipes: dict | None = None, others: dict | None = None, **block
) -> list[Cell]:
    """The cells of an experiment with one recipe, trained on the task of four classes unless `tasks` says otherwise.

    `others` are further experiments, whose prompts it may start from or evaluate.
    """
    raw = yaml.safe_load(FILE.read_text())
    small = raw["scales"]["smoke"]
    del small["experiments"]
    raw["tuning"] |= {"short": SHORT, "best": SHORT | BEST}
    for name, settings in (recipes or {}).items():
        axis = next(axis for axis in BLOCKS.values() if name in raw[axis])
        raw[axis][name].update(settings)
        small.get(axis, {}).pop(name, None)
    default = {"protocol": protocol, "tuning": "short", "methods": [recipe], "shots": [2], "tasks": ["imagenet"]}
    raw["experiments"] = {name: default | other for name, other in (others or {}).items()} | {"one": default | block}
    return [cell for cell in make_plan(parse_parameters(raw, "smoke")).cells if cell.experiment == "one"]


def task_of(name: str, backbone: Backbone, pixels: bool = False) -> TaskData:
    """A task of its own classes; its features lie around the next class's text, so that labels and CLIP conflict."""
    names = NAMES[name]
    train, test = np.arange(10 * len(names)) % len(names), np.arange(7 * len(names)) % len(names)
    stream = torch.Generator().manual_seed(len(name))
    centres = class_features(backbone, names, ("a photo of a {}.",)).roll(1, dims=0)
    noisy = [centres[torch.from_numpy(k)] + 0.2 * torch.randn(len(k), 24, generator=stream) for k in (train, test)]
    features = TaskFeatures(noisy[0], torch.stack([noisy[0], noisy[0] + 0.1]), noisy[1])
    draws = {str(seed): draw(train, len(names), name, seed, 4) for seed in (1, 2)}
    split = Split(name, names, "a photo of a {}.", train.tolist(), test.tolist(), draws, 4)
    if not pixels:
        return TaskData(split, features)
    shape = ((2, len(train), 40, 40, 3), (len(test), 40, 40, 3))
    views, shown = (torch.randint(256, of, generator=stream, dtype=torch.uint8) for of in shape)
    return TaskData(split, features, Pixels(Pictures.of(shown[None]), Pictures.of(views[:1]), Pictures.of(views)))


@pytest.fixture(scope="module")
def tasks(tiny) -> dict[str, TaskData]:
    return {name: task_of(name, tiny) for name in NAMES}


@pytest.fixture(scope="module")
def in_pixels(tiny) -> dict[str, TaskData]:
    return {"eurosat": task_of("eurosat", tiny, pixels=True)}


def assert_alike(one: dict, other: dict) -> None:
    """Two cells' results agree: predictions wholly, what was measured to the half precision it is kept in."""
    assert one.keys() == other.keys()
    for test in one:
        assert np.array_equal(one[test].predictions, other[test].predictions), test
        assert one[test].measured.keys() == other[test].measured.keys()
        for name, array in one[test].measured.items():
            assert np.allclose(array, other[test].measured[name], rtol=2e-3, atol=2e-3, equal_nan=True), name


def test_a_sweeps_lambda_of_zero_is_coop(tasks, tiny):
    coop, swept = cells_of("coop", shots=[4]), cells_of("prograd", shots=[4], sweep=[{"lambda": [0, 1]}])
    assert len(fleets_of(swept, 15)) == 1
    for one, other in zip(run_fleet(coop, tasks, tiny), run_fleet(swept, tasks, tiny)[: len(coop)], strict=True):
        assert_alike(one, other)
    prompts = [trained(cells, trained_on(cells[0], tasks["imagenet"]), tiny)[0]["context"] for cells in (coop, swept)]
    without, whole = prompts[1].chunk(2)
    assert (without - prompts[0]).abs().max() < 1e-6
    assert (whole - prompts[0]).abs().max() > 1e-3, "nothing conflicts: it shows nothing"


FLEETS = {
    "prograd over lambda, shots and seeds": ("prograd", {"shots": [2, 4], "sweep": [{"lambda": [0, 0.5, 1]}]}),
    "lwf over its weight": ("lwf", {"shots": [2], "sweep": [{"distillation": [0, 2]}]}),
    "kgcoop over its weight, shots and seeds": ("kgcoop", {"shots": [2, 4], "sweep": [{"guidance": [0, 8]}]}),
    "kgcoop under prograd's rule, imbalanced": (
        "kgcoop+prograd",
        {"protocol": "base_to_new", "shots": [4], "tau": [1, 0.05]},
    ),
    "averages of runs of two lengths": ("coop", {"shots": [2, 4], "sweep": [AVERAGE]}),
    "coop, imbalanced, on base classes": ("coop", {"protocol": "base_to_new", "shots": [4], "tau": [1, 0.05]}),
    "coop over its schedule": ("coop", {"shots": [4], "sweep": [{"rate": [0.01, 0.1], "epochs": [2, 4]}]}),
    "the curve of runs of two lengths": ("coop", {"shots": [2, 4], "measures": ["curve"]}),
    "the angles of runs of two lengths": ("prograd", {"shots": [2, 4], "measures": ["angle"]}),
    "cosines of cocoop": ("cocoop", {"shots": [2], "measures": ["collapse"], "seeds": [1, 2]}),
}


@pytest.mark.parametrize("name", FLEETS)
def test_a_runs_result_does_not_depend_on_its_fleet(tasks, tiny, name):
    recipe, block = FLEETS[name]
    cells = cells_of(recipe, recipes={"cocoop": {"where": []}, "prograd": {"where": []}}, **block)
    (fleet,) = fleets_of(cells, len(cells))
    together = run_fleet(fleet, tasks, tiny)
    predictions = {tuple(result.predictions) for results in together for result in results.values()}
    assert len(predictions) > 1, "all runs are the same"
    for cell, results in zip(fleet, together, strict=True):
        assert_alike(run_fleet([cell], tasks, tiny)[0], results)


def test_neither_does_that_of_a_swept_visual_prompt(in_pixels, tiny):
    sweep = [{"w_language": [0, 1], "w_isomorphism": [0.8]}]
    cells = cells_of("maple_npt", recipes={"maple": COUPLED}, tasks=["eurosat"], seeds=[1], sweep=sweep)
    (fleet,) = fleets_of(cells, 15)
    for cell, results in zip(fleet, run_fleet(fleet, in_pixels, tiny), strict=True):
        assert_alike(run_fleet([cell], in_pixels, tiny)[0], results)


def test_neither_does_that_of_prompts_held_to_the_untouched_clip_and_averaged(in_pixels, tiny):
    averaged = {"checkpoint": "average", "average_mean": 2, "average_std": 1}
    recipes = {"ivlp": {"where": [], "rate": 0.05, "epochs": 3, **averaged}}
    sweep = [{"text_weight": [0, 25], "image_weight": [10]}]
    cells = cells_of("promptsrc", recipes=recipes, tasks=["eurosat"], seeds=[1], shots=[2, 4], sweep=sweep)
    (fleet,) = fleets_of(cells, 15)
    for cell, results in zip(fleet, run_fleet(fleet, in_pixels, tiny), strict=True):
        assert_alike(run_fleet([cell], in_pixels, tiny)[0], results)


ON_FEATURES = {
    "clip_adapter": {},
    "tip_adapter": {"cache_views": 2},
    "tip_adapter_f": {"cache_views": 2, "epochs": 4},
    "tip_adapter_f+prograd": {"cache_views": 2, "epochs": 4},
    "taskres+prograd": {"epochs": 4},
    "taskres+kgcoop": {"epochs": 4},
    "lpp": {"epochs": 12},
    "clap": {"epochs": 4},
}


@pytest.mark.parametrize("recipe", ON_FEATURES)
def test_neither_does_that_of_a_learner_on_features(tasks, tiny, recipe):
    learner = recipe.partition("+")[0]
    cells = cells_of(recipe, recipes={learner: {"where": [], **ON_FEATURES[recipe]}}, shots=[4])
    (fleet,) = fleets_of(cells, 15)
    together = run_fleet(fleet, tasks, tiny)
    for cell, results in zip(fleet, together, strict=True):
        assert_alike(run_fleet([cell], tasks, tiny)[0], results)


@pytest.mark.parametrize("recipe", ["prolip", "clip_lora", "clip_lora+prograd"])
def test_neither_does_that_of_a_learner_in_the_image_tower(in_pixels, tiny, recipe):
    fast = {"where": [], "rate": 0.01, "epochs": 3, "steps_per_epoch": 2, "batch": 8}
    cells = cells_of(recipe, recipes={recipe.partition("+")[0]: fast}, tasks=["eurosat"], shots=[4])
    (fleet,) = fleets_of(cells, 15)
    for cell, results in zip(fleet, run_fleet(fleet, in_pixels, tiny), strict=True):
        assert_alike(run_fleet([cell], in_pixels, tiny)[0], results)


def test_what_is_made_of_the_few_shot_images_is_trained_apart_by_their_number():
    cells = cells_of("tip_adapter_f", recipes={"tip_adapter_f": {"where": []}}, shots=[2, 4])
    assert [{cell.shots for cell in fleet} for fleet in fleets_of(cells, 15)] == [{2}, {4}]


def test_tensors_that_are_held_are_not_trained_and_not_kept(tasks, tiny):
    settings = {"tip_adapter_f": {"where": [], "cache_views": 1, "epochs": 4}}
    (cell, *_) = cells_of("tip_adapter_f", recipes=settings, keeps_prompts=True)
    params, _ = trained([cell], trained_on(cell, tasks["imagenet"]), tiny)
    assert set(params["values"].unique().tolist()) == {0, 1}
    (finished,) = fleets_module.run_fleet([cell], tasks, tiny)
    assert set(finished.prompt) == {"keys"}


def test_an_average_is_of_what_every_epoch_left(tasks, tiny):
    class Epochs:
        """Keeps the contexts of every run after each of its epochs."""

        def __init__(self, runs):
            self.kept = [[] for _ in range(runs)]

        def after_step(self, state):
            for run in state.ends_epoch.nonzero().flatten().tolist():
                self.kept[run].append(state.params["context"][run].clone())

    cells = cells_of("coop", shots=[2, 4], sweep=[AVERAGE])
    epochs = Epochs(len(cells))
    params, _ = trained(cells, trained_on(cells[0], tasks["imagenet"]), tiny, hooks=[epochs])
    for cell, kept, average in zip(cells, epochs.kept, params["context"], strict=True):
        assert len(kept) == cell.tuned.epochs
        expected = sum(w * context for w, context in zip(gaussian_weights(len(kept), 2, 1), kept, strict=True))
        assert (average - expected).abs().max() < 1e-6 < (average - kept[-1]).abs().max()


def test_cells_of_one_protocol_share_batches_views_and_starts(tasks, tiny):
    """Whatever their experiment, recipe or settings: methods and weights are compared on the same batches."""
    cells = [
        *cells_of("coop", seeds=[1]),
        *cells_of("prograd", seeds=[1], sweep=[{"lambda": [0.5]}]),
        *(dataclasses.replace(cell, experiment="other") for cell in cells_of("lwf", seeds=[1], measures=["curve"])),
    ]
    runs = [run_of_cell(cell, tasks["imagenet"], tiny) for cell in cells]
    first, *others = [(run, *run.batch_plan(2)) for run in runs]
    for run, indices, views in others:
        assert torch.equal(run.images, first[0].images)
        assert torch.equal(run.start["context"], first[0].start["context"])
        assert torch.equal(indices, first[1]) and torch.equal(views, first[2])


def test_a_cell_is_tuned_on_fresh_views_where_it_says_so(tasks, tiny):
    (cell,) = cells_of("coop", seeds=[1], sweep=[{"augmentation": ["fresh"]}])
    with pytest.raises(ValueError, match=r"fresh takes 6 views .* there are 2"):  # of whole epochs, three of two steps
        run_fleet([cell], tasks, tiny)


def test_two_protocols_seeds_and_shots_share_none(tasks, tiny):
    (one, other), (shots,), (transfer,) = (
        cells_of("coop", **block)
        for block in (
            {"seeds": [1, 2]},
            {"seeds": [1], "shots": [4]},
            {"seeds": [1], "protocol": "transfer", "judged_on": ["dtd"]},
        )
    )
    starts = [run_of_cell(cell, tasks["imagenet"], tiny).start["context"] for cell in (one, other, shots, transfer)]
    assert all(not torch.equal(a, b) for a, b in itertools.combinations(starts, 2))


# What is evaluated


@pytest.mark.parametrize("recipe", ["coop", "cocoop", "prograd"])
def test_transfer_is_training_once_and_evaluating_by_hand(tasks, tiny, recipe):
    judged_on = ["imagenet", "dtd", "imagenet_v2"]
    cells = cells_of(recipe, "transfer", {"cocoop": {"where": []}}, judged_on=judged_on)
    by_run = run_fleet(cells, tasks, tiny)
    params, _ = trained(cells, trained_on(cells[0], tasks["imagenet"]), tiny)
    for run, results in enumerate(by_run):
        assert list(results) == [JudgedOn(task, "all") for task in judged_on]
        own = {name: tensor[run : run + 1] for name, tensor in params.items()}
        for test, result in results.items():
            learner = learner_of_cell(cells[0], NAMES[test.task], tiny)
            with torch.no_grad():
                by_hand = [
                    int(learner.forward(own, F.normalize(image, dim=-1)[None, None]).logits.argmax())
                    for image in tasks[test.task].features.test
                ]
            assert result.predictions.tolist() == by_hand


def test_transfer_to_the_source_is_few_shot_but_for_its_streams(tasks, tiny):
    """Judging elsewhere changes nothing of the training."""
    alone, both = (cells_of("coop", "transfer", judged_on=on) for on in (["imagenet"], ["dtd", "imagenet"]))
    test = JudgedOn("imagenet", "all")
    for one, other in zip(run_fleet(alone, tasks, tiny), run_fleet(both, tasks, tiny), strict=True):
        assert np.array_equal(one[test].predictions, other[test].predictions)


def test_nothing_learned_is_evaluated_on_every_test_set(tasks, tiny):
    (cell,) = cells_of("zero_shot", "transfer", judged_on=["imagenet", "dtd"])
    (results,) = run_fleet([cell], tasks, tiny)
    (alone,) = run_fleet(cells_of("zero_shot", tasks=["dtd"]), tasks, tiny)
    test = JudgedOn("dtd", "all")
    assert np.array_equal(results[test].predictions, alone[test].predictions)


def probe_of(cell: Cell, data: TaskData):
    """The fitted probe, as the few-shot protocol fits it."""
    split, plain = data.split, data.features.plain.numpy()
    drawn, classes = split.draws[str(cell.seed)], split.classes("all")
    images, labels = few_shot(drawn, classes, cell.shots)
    held_out, held_out_labels = validation(drawn, classes, cell.shots, split.most_shots)
    return linear_probe.solve((plain[images], labels), (plain[held_out], held_out_labels), cell.learner)


def test_a_linear_probe_elsewhere_predicts_what_it_predicts_at_home(tasks, tiny):
    """The same classes: scikit-learn's own predictions, without a detour over names."""
    cells = cells_of("linear_probe", "transfer", judged_on=["imagenet", "imagenet_v2"])
    for cell, results in zip(cells, run_fleet(cells, tasks, tiny), strict=True):
        model = probe_of(cell, tasks["imagenet"])
        for test, result in results.items():
            assert np.array_equal(result.predictions, model.predict(tasks[test.task].features.test.numpy()))


def test_of_two_classes_with_one_name_a_linear_probe_predicts_either(tasks, tiny):
    """ImageNet has two "missile"; at home and under a shift with all its classes it is the label that counts."""
    names, ids = ["cat", "missile", "tree", "missile"], ["n1", "n2", "n3", "n4"]
    twice = {
        task: dataclasses.replace(
            tasks[task], split=dataclasses.replace(tasks[task].split, class_names=names, class_ids=ids)
        )
        for task in ("imagenet", "imagenet_v2")
    }
    cells = cells_of("linear_probe", "transfer", judged_on=["imagenet", "imagenet_v2"])
    for cell, results in zip(cells, run_fleet(cells, twice, tiny), strict=True):
        model = probe_of(cell, twice["imagenet"])
        for test, result in results.items():
            assert np.array_equal(result.predictions, model.predict(twice[test.task].features.test.numpy()))
            assert set(result.predictions) == {0, 1, 2, 3}


def test_a_shift_with_the_second_of_two_classes_of_one_name_is_scored_by_that(tasks, tiny):
    split = dataclasses.replace(
        tasks["imagenet"].split, class_names=["cat", "missile", "tree", "missile"], class_ids=["n1", "n2", "n3", "n4"]
    )
    some = dataclasses.replace(split, task="imagenet_a", class_names=["missile", "cat"], class_ids=["n4", "n1"])
    assert columns_of(split, "all", some, "all") == [3, 0]
    nameless = [dataclasses.replace(of, class_ids=None) for of in (split, some)]
    with pytest.raises(
        ValueError, match="imagenet: two classes have one name, and no ids to know them by in imagenet_a"
    ):
        columns_of(nameless[0], "all", nameless[1], "all")


def test_a_linear_probe_is_validated_on_the_validation_set_where_there_is_one(tasks, tiny):
    """With validation features that mislead, C is another: by the probe itself on those images."""
    data = tasks["imagenet"]
    labels = np.arange(40) % 4
    drawn = {str(seed): draw(labels, 4, "imagenet", seed, 0, "validation draw") for seed in (1, 2)}
    split = dataclasses.replace(data.split, validation_labels=labels.tolist(), validation_draws=drawn)
    held_out = torch.randn(40, 24, generator=torch.Generator().manual_seed(3))
    apart = dataclasses.replace(data, split=split, features=dataclasses.replace(data.features, validation=held_out))
    for cell in (cells := cells_of("linear_probe")):
        kind, images, of_images = split.validation(cell.seed, "all", cell.shots)
        assert kind == "validation" and sorted(of_images) == sorted([0, 1, 2, 3] * cell.shots)
        train, train_labels = split.few_shot(cell.seed, "all", cell.shots)
        expected = linear_probe.solve(
            (data.features.plain.numpy()[train], train_labels), (held_out.numpy()[images], of_images), cell.learner
        )
        assert expected.C != probe_of(cell, data).C, "the other images would choose the same C: it shows nothing"
        (result,) = run_fleet([cell], tasks | {"imagenet": apart}, tiny)[0].values()
        assert np.array_equal(result.predictions, expected.predict(data.features.test.numpy()))
    assert len(cells) == 2


def test_a_linear_probe_picks_among_the_classes_that_are_there(tasks, tiny):
    """ImageNet-A has some of ImageNet's classes, here in another order: by hand, the best of their scores."""
    few = ["tree", "cat"]
    split = dataclasses.replace(tasks["imagenet_v2"].split, class_names=few, test_labels=[0, 1] * 14)
    fewer = tasks | {"imagenet_v2": TaskData(split, tasks["imagenet_v2"].features)}
    cells = cells_of("linear_probe", "transfer", judged_on=["imagenet_v2"])
    for cell, results in zip(cells, run_fleet(cells, fewer, tiny), strict=True):
        scores = probe_of(cell, tasks["imagenet"]).decision_function(tasks["imagenet_v2"].features.test.numpy())
        (result,) = results.values()
        assert result.predictions.tolist() == [0 if of[2] > of[0] else 1 for of in scores]
        assert set(result.predictions) == {0, 1}


def test_a_linear_probe_of_two_classes_has_a_score_for_each(tasks, tiny):
    data = tasks["imagenet"]
    names, few = ["cat", "dog"], (np.asarray(data.split.train_labels) < 2, np.asarray(data.split.test_labels) < 2)
    train, test = ((np.arange(len(of)) % 2)[of] for of in few)
    draws = {str(seed): draw(train, 2, "imagenet", seed, 4) for seed in (1, 2)}
    split = Split("imagenet", names, "{}.", train.tolist(), test.tolist(), draws, 4)
    plain, tested = data.features.plain[few[0]], data.features.test[few[1]]
    two = TaskData(split, TaskFeatures(plain, plain[None], tested))
    cells = cells_of("linear_probe")
    for cell, results in zip(cells, run_fleet(cells, {"imagenet": two}, tiny), strict=True):
        (result,) = results.values()
        assert np.array_equal(result.predictions, probe_of(cell, two).predict(tested.numpy()))


def test_a_linear_probe_says_which_class_it_does_not_know(tasks, tiny):
    cells = cells_of("linear_probe", "transfer", judged_on=["imagenet", "eurosat"])
    with pytest.raises(ValueError, match=r"does not know 'river' of eurosat; take that task out of judged_on"):
        run_fleet(cells, tasks, tiny)


# What is measured


def test_a_curve_ends_at_the_accuracy_and_is_as_long_as_its_run(tasks, tiny):
    (fleet,) = fleets_of(cells_of("prograd", shots=[2, 4], measures=["curve"], recipes={"prograd": {"where": []}}), 15)
    assert {cell.resolved["epochs"] for cell in fleet} == {3, 5}
    targets = tasks["imagenet"].split.test_targets("all")
    for cell, results in zip(fleet, run_fleet(fleet, tasks, tiny), strict=True):
        (result,) = results.values()
        curve = result.measured["curve"]
        assert curve.shape == (cell.resolved["epochs"],)
        assert curve[-1] == (result.predictions == targets).sum()
        assert 0 < curve.min() <= curve.max() <= len(targets)


def test_base_and_new_classes_have_a_curve_each(tasks, tiny):
    cells = cells_of("coop", "base_to_new", tasks=["dtd"], measures=["curve"])
    for results in run_fleet(cells, tasks, tiny):
        for test, result in results.items():
            right = (result.predictions == tasks["dtd"].split.test_targets(test.split)).sum()
            assert result.measured["curve"][-1] == right


def test_measuring_changes_no_prediction(tasks, tiny):
    recipes = {"prograd": {"where": []}}
    plain, measured = (
        run_fleet(cells_of("prograd", recipes=recipes, measures=measures), tasks, tiny)
        for measures in ([], ["curve", "angle", "collapse", "features"])
    )
    names = {"curve", "angle", "text_cosines", "own_cosines", "class_features", "image_features"}
    for one, other in zip(plain, measured, strict=True):
        for test in one:
            assert np.array_equal(one[test].predictions, other[test].predictions)
            assert (one[test].measured.keys(), other[test].measured.keys()) == (set(), names)


@pytest.mark.parametrize("recipe", ["coop", "cocoop", "zero_shot"])
def test_kept_features_and_cosines_explain_the_predictions(tasks, tiny, recipe):
    """One set of class features gives both; of CoCoOp, which has one for each image, the mean is kept."""
    recipes, measures = {"cocoop": {"where": []}}, ["collapse", "features"]
    for results in run_fleet(cells_of(recipe, recipes=recipes, measures=measures), tasks, tiny):
        (result,) = results.values()
        kept = {name: array.astype(np.float64) for name, array in result.measured.items()}
        scores = kept["image_features"] @ kept["class_features"].T
        agree = np.mean(scores.argmax(axis=1) == result.predictions)
        assert agree > (0.9 if recipe != "cocoop" else 0.5), "half precision may turn a tie"
        if recipe != "cocoop":
            between = kept["class_features"] @ kept["class_features"].T
            assert np.abs(between[np.triu_indices(4, 1)] - kept["text_cosines"]).max() < 4e-3
        targets = tasks["imagenet"].split.test_targets("all")
        own = [scores[targets == k, k].mean() for k in range(4)]
        assert np.abs(np.array(own) - kept["own_cosines"]).max() < (4e-3 if recipe != "cocoop" else 0.2)


def test_grad_cam_shows_the_first_image_of_the_first_classes(in_pixels, tiny):
    cells = cells_of("coop", tasks=["eurosat"], measures=["grad_cam"])
    for results in run_fleet(cells, in_pixels, tiny):
        (result,) = results.values()
        shown = result.measured
        assert shown["grad_cam_labels"].tolist() == [0, 1, 2]
        assert np.array_equal(shown["grad_cam_images"], in_pixels["eurosat"].pixels.test.plain([0, 1, 2]).numpy())
        assert shown["grad_cam"].shape == (3, 40, 40) and 0 <= shown["grad_cam"].min() <= shown["grad_cam"].max() <= 1


def test_without_augmentation_the_images_are_trained_on_as_they_are(tasks, tiny):
    images = tasks["imagenet"].training_images(tiny, "none")
    assert torch.equal(images.features[0], F.normalize(tasks["imagenet"].features.plain, dim=-1))
    assert len(images.features) == 1 and len(tasks["imagenet"].training_images(tiny).features) == 2


def test_an_imbalanced_run_has_fewer_images_of_later_classes(tasks, tiny):
    (cell,) = cells_of("coop", "base_to_new", tasks=["dtd"], shots=[4], tau=[0.05], seeds=[1])
    split = tasks["dtd"].split
    run = run_of_cell(cell, tasks["dtd"], tiny)
    assert torch.bincount(run.labels).tolist() == [4, 1, 1]  # floors of 4, 0.89 and 0.2, and at least one
    assert [split.train_labels[image] for image in run.images] == run.labels.tolist()


# MVLPT: several tasks, source prompts, the grid

ELEVATER = {"protocol": "elevater", "tuning": "best", "tasks": ["imagenet", "dtd", "eurosat"]}
KEPT = ELEVATER | {"methods": ["coop_middle"], "keeps_prompts": True, "seeds": [1, 2]}
SOURCE = ELEVATER | {"protocol": "multitask", "methods": ["mcoop"], "keeps_prompts": True, "seeds": [1, 2]}
GRID = {"protocol": "transfer_grid", "prompts_of": "kept", "judged_on": ["imagenet", "dtd"]}
FLEET = 20


def finished(cells: list[Cell], tasks: Tasks, backbone: Backbone, **given) -> dict[Cell, Finished]:
    """Every cell with what is left of it."""
    given = Given(**given)
    return {
        cell: entry
        for fleet in fleets_of(cells, FLEET)
        for cell, entry in zip(fleet, fleets_module.run_fleet(fleet, tasks, backbone, given), strict=True)
    }


def kept_in(folder: Path, entries: dict, backbone: Backbone) -> Prompts:
    """The prompts of finished cells after having been written and read."""
    write_prompts(
        folder / "kept.safetensors", "kept", [(cell, entry.prompt) for cell, entry in entries.items()], backbone
    )
    return read_prompts({"kept": folder / "kept.safetensors"}, backbone)


@pytest.mark.parametrize("class_mask", ["none", "zero", "exclude"])
def test_multitask_training_on_one_task_is_cross_entropy(tasks, tiny, class_mask):
    (alone,) = cells_of("coop_middle", "elevater", seeds=[1])
    (together,) = cells_of("mcoop", "elevater", seeds=[1], recipes={"multitask": {"class_mask": class_mask}})
    assert_alike(run_fleet([alone], tasks, tiny)[0], run_fleet([together], tasks, tiny)[0])


def test_a_source_prompt_is_trained_on_all_its_tasks_and_evaluated_on_each(tasks, tiny):
    cells = cells_of("mcoop", **{key: value for key, value in SOURCE.items() if key != "methods"})
    for cell, entry in finished(cells, tasks, tiny).items():
        assert [test.task for test in entry.results] == list(ELEVATER["tasks"])
        assert cell.task == "one" and entry.prompt["context"].dtype == np.float16
        for test, result in entry.results.items():
            held_out = len(NAMES[test.task])  # one of two shots of each class
            assert len(result.measured["validation_targets"]) == held_out


def test_the_prompt_after_no_steps_is_the_source_prompt(tasks, tiny, tmp_path):
    source = finished(cells_of("mcoop", **{k: v for k, v in SOURCE.items() if k != "methods"}), tasks, tiny)
    as_source = {dataclasses.replace(cell, task="source"): entry for cell, entry in source.items()}
    prompts = kept_in(tmp_path, as_source, tiny)
    cells = cells_of(
        *("coop_source", "elevater"),
        recipes={"coop_middle": {"rate": 1e-9, "epochs": 1}},
        others={"source": SOURCE},
        **{"starts": ["source"], "tuning": "best", "tasks": ["dtd"], "keeps_prompts": True, "seeds": [1, 2]},
    )
    mean = np.mean([entry.prompt["context"].astype(np.float32) for entry in source.values()], axis=0)
    for entry in finished(cells, tasks, tiny, prompts={"source": prompts}).values():
        assert np.abs(entry.prompt["context"] - mean).max() < 2e-3


def test_a_kept_prompt_on_its_own_task_repeats_its_own_record(tasks, tiny, tmp_path):
    kept = finished(cells_of("coop_middle", **{k: v for k, v in KEPT.items() if k != "methods"}), tasks, tiny)
    prompts = kept_in(tmp_path, kept, tiny)
    grid = cells_of("coop_middle", others={"kept": KEPT}, tuning="best", tasks=ELEVATER["tasks"], seeds=[1, 2], **GRID)
    assert len(grid) == 3 * 2 * 2 and len(fleets_of(grid, FLEET)) == 2, "all sources share one fleet per target"
    diagonal = 0
    for cell, entry in finished(grid, tasks, tiny, prompts={"kept": prompts}).items():
        (test,) = entry.results
        assert test.task == cell.judged_on[0]
        own = next(kept[c].results for c in kept if (c.task, c.seed) == (cell.task, cell.seed))
        if test in own:
            diagonal += 1
            assert np.array_equal(entry.results[test].predictions, own[test].predictions)
    assert diagonal == 4


def test_a_group_is_trained_with_its_partners_and_evaluated_on_its_target(tasks, tiny):
    grouping = {"grid": ELEVATER | GRID | {"methods": ["coop_middle"]}, "kept": KEPT}
    cells = cells_of("mcoop", "elevater", others=grouping, tuning="best", groups=["best_2", "best_3"], seeds=[1])
    partners = {"coop_middle": {"imagenet": Partners(("dtd", "eurosat"), ("eurosat", "dtd"))}}
    grouped = finished(cells, tasks, tiny, groups=Groups(partners))
    (alone,) = finished(cells_of("mcoop", "elevater", tuning="best", seeds=[1]), tasks, tiny).values()
    seen = [entry.results[JudgedOn("imagenet", "all")] for entry in (alone, *grouped.values())]
    assert all(list(entry.results) == [JudgedOn("imagenet", "all")] for entry in grouped.values())
    curves = {tuple(result.predictions) for result in seen}
    assert len(curves) > 1, "partners change nothing"


def test_the_checkpoint_is_one_that_a_look_at_every_epoch_finds(tasks, tiny):
    cells = cells_of("coop_middle", "elevater", tuning="best", seeds=[1, 2], shots=[4])
    for entry in finished(cells, tasks, tiny).values():
        (result,) = entry.results.values()
        value = metrics(result.predictions, tasks["imagenet"].split.test_targets("all"), result.measured, "accuracy")
        assert 0 <= value["validation"] <= 100 and value["score"] == value["accuracy"]


def test_at_most_so_many_test_images_are_evaluated_the_same_for_all(tasks, tiny):
    (cell,) = cells_of("coop_middle", "elevater", tuning="best", seeds=[1])
    (fewer,) = finished([dataclasses.replace(cell, judged_images=10)], tasks, tiny).values()
    (every,) = finished([cell], tasks, tiny).values()
    (ten,), (whole,) = fewer.results.values(), every.results.values()
    chosen = tasks["imagenet"].split.test_images("all", 10)
    assert len(ten.predictions) == 10 and len(set(chosen)) == 10
    assert np.array_equal(ten.predictions, whole.predictions[chosen])
