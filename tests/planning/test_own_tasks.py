"""A task of one's own is one like the papers': any experiment names it, and it is planned and missed as they are."""

import shutil
from pathlib import Path

import pytest
import yaml

from own_tasks import write_task
from project import PROJECT
from reprompt.cells.tuning import ParameterError
from reprompt.planning.entry_points import code_of, spec_of, stage_hashes
from reprompt.planning.parameters import parse_parameters
from reprompt.planning.plan import Plan, make_plan
from reprompt.workflow.listings import Listings
from reprompt.workflow.there import missing

SETTINGS = {"protocol": "few_shot", "tuning": "few_shot", "methods": ["coop"], "shots": [1, 2]}


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def planned(*tasks: str, scale: str = "smoke", **more: object) -> Plan:
    raw = yaml.safe_load((PROJECT / "params.yaml").read_text())
    raw["scales"][scale].pop("experiments")
    raw["experiments"] = {"mine": {**SETTINGS, "tasks": [*tasks], **more}}
    parameters = parse_parameters(raw, scale)
    return make_plan(parameters, missing(parameters))


@pytest.mark.parametrize("scale", ["smoke", "paper"])
def test_each_is_a_part_with_a_job_of_its_own_at_every_scale(scale: str) -> None:
    write_task("flowers")
    plan = planned("flowers", scale=scale)
    assert plan.parts == {"flowers": ("flowers",)}
    assert [job.part for job in plan.jobs] == ["flowers"] and {cell.task for cell in plan.cells} == {"flowers"}
    assert plan.parameters.images_of("flowers")["source"] == "files"


def test_it_stands_beside_the_papers_tasks_and_moves_none_of_them() -> None:
    write_task("flowers")
    alone, beside = planned("dtd"), planned("dtd", "flowers")
    assert set(alone.cells) < set(beside.cells) and alone.parts["part1"] == beside.parts["part1"] == ("dtd",)
    assert alone.features_spec("ViT-B-16", "part1") == beside.features_spec("ViT-B-16", "part1")
    assert code_of(alone, "features", {"part": "part1"}) == code_of(beside, "features", {"part": "part1"})
    assert code_of(beside, "features", {"part": "part1"}) != code_of(beside, "features", {"part": "flowers"})


def test_folds_are_tasks_with_parts_of_their_own() -> None:
    write_task("flowers", folds=2)
    plan = planned("flowers")
    assert plan.labelled_tasks == ("flowers_fold1", "flowers_fold2") == tuple(plan.parts)
    assert {cell.task for cell in plan.cells} == {"flowers_fold1", "flowers_fold2"}


def test_a_class_that_is_corrected_renews_its_split_and_a_picture_that_goes_its_features() -> None:
    write_task("flowers")
    listing = Path("tasks/flowers.csv")

    def counts() -> tuple[dict, dict]:
        of_job = Listings(planned("flowers")).of_job
        return of_job("split", {"task": "flowers"}), of_job("features", {"part": "flowers"})

    split, features = counts()
    listing.write_text(listing.read_text().replace(",a rose,", ",a red rose,"))
    renamed, same = counts()
    assert renamed != split and same == features and split and features
    listing.write_text(listing.read_text().replace("a rose/0.png,a red rose,train\n", ""))
    assert counts()[1] != features
    assert Listings(planned("dtd")).of_job("split", {"task": "dtd"}) == {}


def test_its_cells_wait_while_its_pictures_are_not_there() -> None:
    folder = write_task("flowers")
    shutil.rmtree(folder)
    plan = planned("dtd", "flowers")
    assert {cell.task for cell in plan.cells} == {"dtd"} and "which is not there" in plan.missing["flowers"]


def test_what_counts_of_its_card_is_in_specifications_and_in_the_file_of_dvc() -> None:
    write_task("flowers")
    before, hashes = spec_of(planned("flowers"), "split", {"task": "flowers"}), stage_hashes()
    card = Path("tasks/flowers.yaml")
    card.write_text(card.read_text().replace("a picture of", "a drawing of"))
    assert spec_of(planned("flowers"), "split", {"task": "flowers"}) != before
    assert {name for name, value in stage_hashes().items() if value != hashes[name]} == {"cards"}


def test_halves_need_four_classes_and_versions_are_none_of_its() -> None:
    write_task("flowers", ("a rose", "a lily"))
    with pytest.raises(ParameterError, match=r"flowers: 2 classes; in a half of one class"):
        planned("flowers", protocol="base_to_new")
    with pytest.raises(ParameterError, match=r"version elevater: flowers is none of ELEVATER's"):
        planned("flowers", protocol="elevater", tuning="elevater", version="elevater")


def test_an_unknown_task_names_the_nearest_of_ones_own() -> None:
    write_task("flowers")
    with pytest.raises(ParameterError, match=r"no task 'flower'.*'flowers'"):
        planned("flower")
