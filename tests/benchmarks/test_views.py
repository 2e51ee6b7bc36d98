"""The benchmark of augmented views: the study's own cells, on no more views than they need, compared draw by draw."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from project import PROJECT
from reprompt.benchmarks import views as bench
from reprompt.benchmarks.views import InViews, World, tuned_on, views_needed
from reprompt.benchmarks.views_table import COMPARED, COUNTS, FRESH, Tuned, by_task, gaps, printed
from reprompt.cells.parameters import Views
from reprompt.data.sources import stored_source_of
from reprompt.evaluation.task_data import TaskData
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import make_plan
from reprompt.training.axes import learner_of_cell
from reprompt.training.run import run_of
from reprompt.training.training_set import TrainingSet

TASK = "eurosat"
CROPS = Views(count=1, smallest_crop=0.3, flip=0.5)
WHOLE = Views(count=1, smallest_crop=1, flip=0)  # every view is the picture


@pytest.fixture(scope="module")
def world(tiny, tmp_path_factory):
    """Two draws of the pictures of the tests' scale, and the tiny CLIP, which the plan knows by the standard's name."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("world")
        patch.chdir(folder)
        patch.setattr(bench, "DRAWS", (1, 2))
        patch.setattr(bench, "SHOTS", (1, 4))
        parameters = load_parameters(PROJECT / "params.yaml", "smoke")
        source = stored_source_of(parameters, folder / "images", {"rendered": "code"}, tiny.preparation)
        yield World(replace(tiny, name=parameters.standard_backbone), source, parameters, most_shots=4)


@pytest.fixture(scope="module")
def images(world):
    """A task in the views that CoOp and MaPLe need of it."""
    split = world.split(TASK)
    cells = [
        cell for recipe in ("coop", "maple") for way in ("views", FRESH) for cell in world.cells(recipe, TASK, way)
    ]
    return InViews(world, split, CROPS, views_needed(split, cells))


def test_the_cells_are_those_of_the_study_but_for_their_views(world):
    fixed, fresh = (world.cells("coop+prograd", TASK, way) for way in ("views", FRESH))
    at = ("few_shot", "coop+prograd", TASK, 1, 1)
    (of_study,) = (
        cell
        for cell in make_plan(world.parameters).cells
        if (cell.experiment, cell.recipe, cell.task, cell.shots, cell.seed) == at
    )
    assert fixed[0].resolved == of_study.resolved
    assert [(cell.shots, cell.seed) for cell in fixed] == [(1, 1), (1, 2), (4, 1), (4, 2)]
    assert [cell.resolved for cell in fresh] == [cell.resolved | {"augmentation": FRESH} for cell in fixed]


@pytest.mark.parametrize("recipe", ["coop", "maple"])
def test_fresh_views_are_as_many_as_an_image_has_visits(world, recipe):
    """Against the runs' own batches."""
    split = world.split(TASK)
    for cell in world.cells(recipe, TASK, FRESH):
        needed = views_needed(split, [cell])
        training = TrainingSet((TASK,), (TaskData(split, None),), cell.learns)
        run = run_of(cell, training.few_shot_set(cell), learner_of_cell(cell, training.class_names, world.backbone))
        indices, views = run.batch_plan(int(needed.max()))
        seen = np.zeros_like(needed)
        np.maximum.at(seen, run.images[indices].numpy(), views.numpy() + 1)
        assert (seen <= needed).all()
        assert seen.max() == needed.max()


def test_no_view_is_made_that_is_not_needed(images):
    made = images.all.features.views.isfinite().all(dim=-1).numpy()
    assert np.array_equal(made, images.needed > np.arange(len(made))[:, None])
    assert len(made) == 64
    assert not made[:, images.needed == 0].any() and (images.needed == 0).any()


def test_fewer_views_are_the_first_of_more(images):
    every, four = images.all.features, images.first(4).features
    there = images.needed > 0
    assert torch.equal(four.views[:, there], every.views[:4, there])
    assert not torch.equal(four.views[0, there], four.views[1, there])


def test_where_all_views_of_an_image_are_one_their_number_does_not_matter(world):
    rows = tuned_on(world, TASK, WHOLE)
    for recipe in bench.RECIPES:
        for shots in bench.SHOTS:
            of_setting = [row for row in rows if (row.recipe, row.shots) == (recipe, shots)]
            assert [row.views for row in of_setting] == [*COUNTS, FRESH]
            assert all(row.accuracy == of_setting[0].accuracy for row in of_setting)
            assert of_setting[0].accuracy.keys() == {1, 2}
    assert len({tuple(row.accuracy.values()) for row in rows}) > 1, "whatever is tuned, nothing changes"


def rows(**by_task_and_views) -> list[Tuned]:
    """Accuracies of two draws by task and views, named task_views."""
    named = ((name.rsplit("_", 1), values) for name, values in by_task_and_views.items())
    return [Tuned("coop", task, 1, views, dict(enumerate(values, 1))) for (task, views), values in named]


ROWS = rows(
    **{"dtd_4": (50, 60), "dtd_16": (51, 63), "dtd_64": (50, 60), "dtd_fresh": (52, 64)},
    **{"cars_4": (70, 70), "cars_16": (70, 71), "cars_64": (70, 70), "cars_fresh": (70, 70)},
)


def test_what_is_compared_is_paired_by_draw_and_averaged_by_draw():
    found = {(gap.task, gap.views, gap.over): gap for gap in gaps(ROWS)}
    assert len(found) == 3 * len(COMPARED)
    more = found["dtd", "16", "4"]
    assert more.points == pytest.approx(2)  # of 1 and 3
    assert (more.high - more.low) / 2 == pytest.approx(12.7062, abs=1e-3)  # Student's t of one degree, times 1
    mean = found["mean", FRESH, "16"]  # of 0.5 and 0, draw by draw (1 + 0, 1 - 1 over two tasks)
    assert mean.points == pytest.approx(0.25)
    assert (mean.high - mean.low) / 2 == pytest.approx(12.7062 * 0.25, abs=1e-3)


def test_the_table_has_the_accuracy_and_the_differences_of_every_task_and_their_mean():
    table = printed(ROWS, "somewhere")
    cells = [list(column.cells) for column in table.columns]
    assert cells[2] == ["dtd", "cars", "mean"] == [task for *_, task in by_task(ROWS)]
    assert cells[3] == ["55.0", "70.0", "62.5"]
    assert [column[0] for column in cells[4:]] == ["+2.00 ± 12.71", "+0.00 ± 0.00", "+3.00 ± 12.71", "+1.00 ± 0.00"]


def test_every_task_is_measured_and_every_draw_written(world, monkeypatch, tmp_path):
    asked = []

    def tuned_on(_, task, crops):
        asked.append((task, crops))
        return [row for row in ROWS if row.task == task]

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(bench, "TASKS", ("dtd", "cars"))
    monkeypatch.setattr(bench, "tuned_on", tuned_on)
    monkeypatch.setattr(bench, "load", lambda *_: world.backbone)
    bench.bench_views(make_plan(world.parameters), tmp_path / "views.json")
    assert asked == [("dtd", world.parameters.views), ("cars", world.parameters.views)]
    written = json.loads((tmp_path / "views.json").read_text())
    assert written["views"] == {"smallest_crop": 0.8, "flip": 0.5}
    assert [row["accuracy"]["2"] for row in written["tuned"]] == [60, 63, 60, 64, 70, 71, 70, 70]
    assert len(written["differences"]) == 3 * len(COMPARED)
