"""Results of schema 2 carried over: other names, and every number as it was."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from reprompt.cells.cell import Cell
from reprompt.cells.cell import TestSet as JudgedOn  # by its own name pytest would collect it
from reprompt.cells.recipes import recipe_of
from reprompt.foundation.arrays import write_npz
from reprompt.records.files import EvaluatedCell, Result, json_array, read_rows, write_records

TOOL = Path(__file__).parents[2] / "tools/carry_over.py"
ALL = JudgedOn("dtd", "all")


@pytest.fixture
def tool():
    spec = importlib.util.spec_from_file_location("carry_over", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_schema_2(path: Path) -> None:
    """A file of records as schema 2 had it: the recipe by its name, and in identities by its modules."""
    cell = Cell(*("adapted", "few_shot", "coop+gram@gram", "ViT-B-16", "dtd", 4, 1.0, 1, "{}"), '{"epochs":3}')
    identity = {"seed": 1, "method": recipe_of("coop_gram").members}
    measured = {"curve": np.array([0.5, 0.25], np.float16)}
    evaluated = EvaluatedCell(cell, identity, {ALL: Result(np.array([0, 1]), measured)})
    write_records(path, "smoke", [evaluated], {ALL: np.array([0, 0])})
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    about = json.loads(arrays.pop("about").tobytes())
    about["schema"], about["rows"][0]["recipe"] = 2, "coop_gram"
    about["cells"][0]["method"] = {"learner": "coop", "initialisation": "stored"}
    write_npz(path, about=json_array(about), **arrays)


def test_a_folder_of_records_gets_canonical_names_and_keeps_its_arrays(tool, tmp_path):
    old = tmp_path / "records/adapted/coop_gram/ViT-B-16/part1.npz"
    old.parent.mkdir(parents=True)
    write_schema_2(old)
    with np.load(old) as file:
        arrays = {name: file[name].tobytes() for name in file.files if name != "about"}
    old.with_suffix(".safetensors").write_bytes(b"a prompt")
    old.with_suffix(".costs.json").write_text(json.dumps({"job": "adapted/coop_gram/ViT-B-16/part1", "seconds": 3}))
    contents = tool.carry_files(tmp_path)

    new = tmp_path / "records/adapted/coop-gram-from-gram/ViT-B-16/part1.npz"
    assert {Path(file) for file in contents} == {new, new.with_suffix(".safetensors"), new.with_suffix(".costs.json")}
    assert not old.parent.exists() and new.with_suffix(".safetensors").read_bytes() == b"a prompt"
    assert json.loads(new.with_suffix(".costs.json").read_text()) == {
        "job": "adapted/coop-gram-from-gram/ViT-B-16/part1", "seconds": 3
    }  # fmt: skip
    (row,) = read_rows(new)
    assert row.stored["recipe"] == "coop+gram@gram" and row.stored["values"]["accuracy"] == 50
    assert row.identity["method"] == recipe_of("coop+gram@gram").members
    with np.load(new) as file:
        assert {name: file[name].tobytes() for name in file.files if name != "about"} == arrays


def test_a_folder_that_was_carried_over_stays_as_it_is(tool, tmp_path):
    old = tmp_path / "records/adapted/coop_gram/ViT-B-16/part1.npz"
    old.parent.mkdir(parents=True)
    write_schema_2(old)
    once = tool.carry_files(tmp_path)
    assert tool.carry_files(tmp_path) == once


def test_a_file_of_another_schema_stops_it(tool, tmp_path):
    path = tmp_path / "records/adapted/coop/ViT-B-16/part1.npz"
    path.parent.mkdir(parents=True)
    write_npz(path, about=json_array({"schema": 1, "cells": [], "rows": []}))
    with pytest.raises(SystemExit, match="of schema 1"):
        tool.carry_files(tmp_path)
