"""Snakemake on a part of the experiments, and on a part of the data sets."""

from pathlib import Path

import layouts
import pytest
import yaml
from copies import call, copy_project, wanted
from subsets import RAW, needed_by, only

from files_at_hand import write_card
from reprompt.tasks.card import card_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("partial")
    copy_project(folder)
    return folder


@pytest.mark.parametrize(
    ("experiment", "without", "rules"),
    [
        ("few_shot", ("gram",), {"split"}),  # no corpus at all
        ("elevater_zero_shot", (), {"split"}),  # nothing is learned
        ("multitask_1", (), {"split"}),  # prompts are kept, and no grid reads any
        ("gram", (), {"corpus"}),  # nothing that comes with labels
        ("gram_supervised", (), {"split"}),  # meta-training without the corpus
        ("transfer_grid", (), {"split"}),  # no groups are trained
    ],
)
def test_snakemake_plans_a_part_of_the_experiments(folder: Path, experiment: str, without: tuple, rules: set) -> None:
    (folder / "params.yaml").write_text(yaml.safe_dump(only(needed_by(experiment), without=without)))
    steps = wanted(folder)
    assert {step.partition("/")[0] for step in steps} >= needed_by(experiment) | rules
    assert {"split", "corpus"} & {step.partition("/")[0] for step in steps} == rules & {"split", "corpus"}


def put(folder: Path, task: str) -> None:
    """A small data set where its card says that it lies."""
    (folder / "cards").mkdir(exist_ok=True)
    write_card(folder, task, layouts.make(task, folder / "data" / card_of(task).folder, 8))


def test_snakemake_plans_what_is_there_and_what_arrives(folder: Path) -> None:
    raw = only({"few_shot_lambda", "cross_dataset"}, "paper")
    raw["scales"]["paper"]["data"] = RAW["scales"]["paper"]["data"] | {"cards": "cards", "pool": 8}
    (folder / "params.yaml").write_text(yaml.safe_dump(raw))
    (folder / "cards").mkdir()
    said = call(folder, "snakemake", "-n", succeeds=False)
    assert "nothing can be run yet" in said and "oxford_pets: data/oxford_pets is missing" in said
    put(folder, "oxford_pets")
    before = {step for step in wanted(folder) if step.startswith("few_shot_lambda")}
    put(folder, "dtd")
    after = {step for step in wanted(folder) if step.startswith("few_shot_lambda")}
    assert len(before) == 1 and len(after) == 2 and before < after
    assert "cross_dataset (9)" in call(folder, "snakemake", "-n")
