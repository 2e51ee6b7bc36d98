"""Which data sets are there, on small trees in official layouts, and what commands say of those that are not."""

import json
import shutil
from pathlib import Path

import layouts
import pytest
import yaml
from subsets import RAW, needed_by, only
from typer.testing import CliRunner

from files_at_hand import write_card
from reprompt.cli import app
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import Plan, make_plan
from reprompt.report.assemble import plan_summary
from reprompt.tasks.card import card_of
from reprompt.workflow import there
from reprompt.workflow.summary import waiting_in_words


def put(*data_sets: str) -> None:
    """Small data sets where their cards say that they lie, and cards that count them."""
    Path("cards").mkdir(exist_ok=True)
    for name in data_sets:
        card = card_of(name)
        write_card(Path(), name, layouts.make(name, Path("data") / (card.elevater or card.folder), 8))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_parameters(*experiments: str) -> None:
    names = set().union(*map(needed_by, experiments))
    raw = only(names, "paper")
    paper = raw["scales"]["paper"]
    paper |= {"data": paper["data"] | {"cards": "cards", "pool": 8}}
    paper["backbones"] = {name: paper["backbones"][name] for name in ("RN50", "ViT-B-16")}
    Path("params.yaml").write_text(yaml.safe_dump(raw))
    Path("cards").mkdir(exist_ok=True)


def planned() -> Plan:
    parameters = load_parameters()
    return make_plan(parameters, there.missing(parameters))


def reprompt(*words: str) -> str:
    outcome = CliRunner().invoke(app, words, catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    return outcome.output


def test_prograds_table_1_is_planned_on_the_four_sets_that_are_there() -> None:
    write_parameters("few_shot")
    put("caltech101", "dtd", "eurosat", "oxford_pets")
    plan = planned()
    assert {cell.task for cell in plan.cells} == {"caltech101", "dtd", "eurosat", "oxford_pets"}
    assert plan.labelled_tasks == ("caltech101", "oxford_pets", "dtd", "eurosat") and "prograd_table1" in plan.outputs
    said = " ".join(reprompt("plan").split())
    assert "cells wait for data sets that are not there" in said
    assert "sun397: data/sun397 is missing: sun397 goes there; `reprompt data status sun397`" in said
    costs = " ".join(reprompt("estimate").split())
    assert f"{len(plan.cells_waiting):,} of {len(plan.whole.cells):,} cells wait" in costs
    assert plan_summary(plan)["tasks"] == "4 of 11: caltech101, oxford_pets, dtd, eurosat"


def test_a_set_that_arrives_brings_its_cells_and_no_others() -> None:
    write_parameters("few_shot")
    put("dtd")
    before = planned()
    put("eurosat")
    after = planned()
    assert {cell.task for cell in set(after.cells) - set(before.cells)} == {"eurosat"}
    assert set(before.cells) <= set(after.cells)


def test_mvlpts_table_2_is_planned_on_five_of_twenty() -> None:
    write_parameters("elevater_zero_shot", "elevater", "grouped_adapted")
    put("mnist", "gtsrb", "resisc45", "country211", "voc2007")
    plan = planned()
    assert {cell.task for cell in plan.cells} == {"mnist", "gtsrb", "resisc45", "country211", "voc2007"}
    assert "mvlpt_table2" in plan.outputs and "mvlpt_table3" not in plan.outputs
    assert {"multitask_20", "grouped_adapted"}.isdisjoint(cell.experiment for cell in plan.cells)


def test_a_study_whose_source_is_missing_is_left_out_with_the_reason() -> None:
    write_parameters("cross_dataset", "few_shot_lambda")
    put("dtd", "oxford_pets", "eurosat")
    plan = planned()
    assert {job.experiment for job in plan.jobs} == {"few_shot_lambda"} and "prograd_table4" not in plan.outputs
    (line,) = (line for line in waiting_in_words(plan) if line.startswith("imagenet: "))
    assert "data/imagenet is missing" in line and "cross_dataset (9)" in line


def test_a_set_that_no_reader_can_read_is_not_there_and_its_fault_is_said() -> None:
    write_parameters("few_shot_lambda")
    put("dtd", "oxford_pets")
    Path("data/dtd/split_zhou_DescribableTextures.json").write_text("{")
    assert set(planned().missing) == {"dtd"} and "not valid JSON" in planned().missing["dtd"]
    assert "waits for dtd" in " ".join(reprompt("plan", "--cells", "few_shot_lambda").split())


def test_a_set_with_another_number_of_classes_is_not_there() -> None:
    write_parameters("few_shot_lambda")
    put("dtd", "oxford_pets")
    Path("cards/dtd.yaml").unlink()
    assert "4 classes, expected 47" in planned().missing["dtd"]


def test_web_pictures_are_there_when_their_files_are() -> None:
    write_parameters("gram", "gram_supervised")
    assert set(planned().missing) == {"corpus", "webvision"}
    layouts.write_shard(Path("data/cc3m/00000.tar"), [("000000000", "a dog")])
    layouts.make("webvision", Path("data/webvision"), 4)
    assert not planned().missing and planned().has_corpus


def test_a_set_stays_in_the_plan_once_its_split_is_made() -> None:
    write_parameters("few_shot_lambda")
    put("dtd", "oxford_pets")
    split = Path("results/paper/data/dtd.json")
    split.parent.mkdir(parents=True)
    split.write_text("{}")
    shutil.rmtree("data/dtd")
    assert not planned().missing


def test_what_was_listed_is_not_listed_again_until_its_folder_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    from reprompt.data.files.source import Files

    write_parameters("few_shot_lambda")
    put("dtd", "oxford_pets")
    asked, listing = [], Files.listing
    monkeypatch.setattr(Files, "listing", lambda files, name: asked.append(name) or listing(files, name))
    assert not planned().missing and asked == ["dtd", "oxford_pets"]
    assert not planned().missing and asked == ["dtd", "oxford_pets"]
    Path("data/dtd/imdb.txt").touch()
    assert not planned().missing and asked == ["dtd", "oxford_pets", "dtd"]


def test_the_jobs_of_a_run_go_by_what_was_there_when_it_started() -> None:
    write_parameters("few_shot_lambda")
    put("oxford_pets")
    parameters = load_parameters()
    there.note(parameters, there.missing(parameters))
    put("dtd")
    assert set(there.noted(parameters)) == {"dtd"} and not there.missing(parameters)
    reprompt("split", "oxford_pets", "--out", "pets.json")
    with pytest.raises(ValueError, match="dtd is not there: "):
        reprompt("split", "dtd", "--out", "dtd.json")


def test_the_cells_of_an_experiment_are_all_said_and_which_wait() -> None:
    write_parameters("few_shot_lambda")
    put("oxford_pets")
    cells = json.loads(reprompt("plan", "--cells", "few_shot_lambda", "--json"))
    assert len(cells) == 2 * 5 * 3 * 6
    assert {(cell["task"], *cell.get("waits_for", ())) for cell in cells} == {("oxford_pets",), ("dtd", "dtd")}


def test_rendered_tasks_are_always_there() -> None:
    Path("params.yaml").write_text(yaml.safe_dump(RAW))
    parameters = load_parameters(scale="smoke")
    assert there.missing(parameters) == {} == there.noted(parameters)
    assert not Path(".reprompt").exists()
