"""Records: same cells, same bytes; a number never without its predictions."""

import json
from dataclasses import replace

import numpy as np
import pytest

from reprompt.cells.cell import Cell
from reprompt.cells.cell import TestSet as JudgedOn  # by its own name pytest would collect it
from reprompt.foundation.arrays import write_npz
from reprompt.foundation.schema import SchemaError
from reprompt.records.files import (
    COLUMNS,
    CellStore,
    EvaluatedCell,
    Result,
    json_array,
    read_records,
    read_rows,
    write_records,
)
from reprompt.records.identity import name_of

BASE, NEW = JudgedOn("dtd", "base"), JudgedOn("dtd", "new")
TARGETS = {BASE: np.array([0, 1, 1, 0]), NEW: np.array([0, 1])}
MEASURED = {
    "curve": np.array([1, 700, 3]),
    "angle": np.array([90.5, np.nan], np.float16),
    "class_features": np.linspace(-1, 1, 6).reshape(2, 3).astype(np.float16),
    "grad_cam_images": np.arange(24, dtype=np.uint8).reshape(1, 2, 4, 3),
    "text_cosines": np.array([0.25], np.float16),
    "own_cosines": np.array([0.5, 0.75], np.float32),
    "nothing": np.zeros((0, 3), np.float32),
}


def evaluated(seed, measured=None):
    which = ("base_to_new", "base_to_new", "coop", "ViT-B-16", "dtd", 4, 0.05, seed, '{"rate":0.1}')
    cell = Cell(*which, '{"epochs":3,"rate":0.1}')
    results = {BASE: Result(np.array([0, 1, 0, 0]), measured or {}), NEW: Result(np.array([seed % 2, 1]))}
    return EvaluatedCell(cell, identity_of(cell), results)


def identity_of(cell):
    """Not a whole one."""
    return {"settings": cell.resolved, "seed": cell.seed, "test": [{"task": "dtd", "template": "{}."}]}


def test_values_follow_from_predictions(tmp_path):
    path = tmp_path / "part1.npz"
    write_records(path, "smoke", [evaluated(1), evaluated(2)], TARGETS)
    records = read_records([path])
    assert tuple(records.columns) == COLUMNS
    assert records["value"].tolist() == [75, 50, 75, 100]
    assert records["split"].tolist() == ["base", "new"] * 2
    assert records["images"].tolist() == [4, 2, 4, 2]
    assert records["targets"][0].tolist() == [0, 1, 1, 0]
    assert read_rows(path)[0].predictions.dtype == np.uint8


def test_a_row_says_which_cell_it_is_of(tmp_path):
    write_records(tmp_path / "part1.npz", "smoke", [evaluated(1)], TARGETS)
    row = read_records([tmp_path / "part1.npz"]).iloc[0]
    assert row["scale":"swept"].to_dict() == {
        **{"scale": "smoke", "experiment": "base_to_new", "protocol": "base_to_new", "recipe": "coop"},
        **{"backbone": "ViT-B-16", "source": "dtd", "task": "dtd", "shots": 4, "tau": 0.05, "seed": 1},
        "swept": '{"rate":0.1}',
    }
    assert row["settings"] == {"epochs": 3, "rate": 0.1}
    assert (row["cell"], row["file"]) == (name_of(identity_of(evaluated(1).cell)), str(tmp_path / "part1.npz"))


def test_a_row_says_of_a_trained_start_which_it_is_and_else_nothing(tmp_path):
    plain = evaluated(1)
    started = replace(plain, cell=replace(plain.cell, start="gram", source_seed=2, start_swept='{"rate":0.5}'))
    write_records(tmp_path / "part1.npz", "smoke", [plain, started], TARGETS)
    told = read_records([tmp_path / "part1.npz"])[["source_seed", "start_swept"]].drop_duplicates()
    assert told.to_numpy().tolist() == [[0, ""], [2, '{"rate":0.5}']]
    first, *_, last = read_rows(tmp_path / "part1.npz")
    assert not {"source_seed", "start_swept"} & first.stored.keys(), "as in records of before there was such a thing"
    assert last.stored["source_seed"] == 2


def test_a_row_says_that_its_cell_was_run_again_and_else_nothing(tmp_path):
    plain = evaluated(1)
    write_records(tmp_path / "part1.npz", "smoke", [plain, replace(plain, cell=replace(plain.cell, repeat=1))], TARGETS)
    assert read_records([tmp_path / "part1.npz"])["repeat"].drop_duplicates().tolist() == [0, 1]
    first, *_, last = read_rows(tmp_path / "part1.npz")
    assert "repeat" not in first.stored and last.stored["repeat"] == 1


def test_the_same_cells_give_the_same_bytes(tmp_path):
    for name in ("one.npz", "two.npz"):
        write_records(tmp_path / name, "smoke", [evaluated(1, MEASURED)], TARGETS)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_nothing_is_left_when_writing_fails(tmp_path):
    with pytest.raises(KeyError):
        write_records(tmp_path / "part1.npz", "smoke", [evaluated(1)], {})
    assert list(tmp_path.iterdir()) == []


def assert_same(actual, expected):
    assert actual.keys() == expected.keys()
    for name, array in expected.items():
        assert actual[name].shape == array.shape, name
        assert np.array_equal(actual[name], array, equal_nan=array.dtype.kind == "f"), name
        assert actual[name].dtype == array.dtype or actual[name].dtype.kind == array.dtype.kind == "u", name


def with_small_integers(arrays):
    """Whole numbers are kept in the smallest type that holds them."""
    return {name: array.astype(np.uint16) if name == "curve" else array for name, array in arrays.items()}


def test_measured_arrays_of_any_shape_and_type_come_back(tmp_path):
    """The second cell has curves of another length, as runs of different epochs do; the third has none."""
    shorter = MEASURED | {"curve": np.array([5]), "class_features": np.ones((2, 3), np.float16)}
    cells = [evaluated(1, MEASURED), evaluated(2, shorter), evaluated(3)]
    write_records(tmp_path / "part1.npz", "smoke", cells, TARGETS)
    rows = read_rows(tmp_path / "part1.npz")
    assert [row.stored["split"] for row in rows] == ["base", "new"] * 3
    for row, expected in zip(rows[::2], (MEASURED, shorter, {}), strict=True):
        assert_same(row.measured, with_small_integers(expected))
    assert all(row.measured == {} for row in rows[1::2])
    assert all(np.array_equal(row.targets, TARGETS[BASE]) for row in rows[::2])


def test_a_row_has_a_line_for_each_metric_and_arrays_only_beside_the_accuracy(tmp_path):
    write_records(tmp_path / "part1.npz", "smoke", [evaluated(1, MEASURED)], TARGETS)
    records = read_records([tmp_path / "part1.npz"])
    assert records["metric"].tolist() == ["accuracy", "delta_lcd", "delta_mid", "accuracy"]
    assert records["value"].tolist() == pytest.approx([75, 0.25 + 1, 0.625 - 1, 50])
    assert [len(measured) for measured in records["measured"]] == [len(MEASURED), 0, 0, 0]
    assert [predictions is None for predictions in records["predictions"]] == [False, True, True, False]


def test_rows_that_have_the_same_labels_store_them_once(tmp_path):
    write_records(tmp_path / "part1.npz", "smoke", [evaluated(seed) for seed in range(5)], TARGETS)
    with np.load(tmp_path / "part1.npz") as file:
        assert len(file["targets"]) == 6
        assert len(file["predictions"]) == 5 * 6


def test_several_files_are_one_frame_whatever_their_order(tmp_path):
    paths = [tmp_path / name for name in ("b.npz", "a.npz")]
    for seed, path in enumerate(paths):
        write_records(path, "smoke", [evaluated(seed)], TARGETS)
    records, backwards = read_records(paths), read_records(reversed(paths))
    in_order = [str(path) for path in sorted(paths) for _ in range(2)]
    assert records["file"].tolist() == backwards["file"].tolist() == in_order
    assert read_records([]).empty


def test_a_finished_cell_is_found_by_its_key_only(tmp_path):
    store = CellStore(tmp_path)
    made = evaluated(1, MEASURED)
    store.put(made.results, made.prompt, "key1")
    entry = store.get(made.cell, made.identity, "key1")
    assert {k: v.predictions.tolist() for k, v in entry.results.items()} == {BASE: [0, 1, 0, 0], NEW: [1, 1]}
    assert_same(entry.results[BASE].measured, MEASURED)
    assert entry.results[NEW].measured == {}
    assert store.get(made.cell, made.identity, "key2") is None
    assert "key1" in store and "key2" not in store


def test_what_comes_from_the_store_gives_the_same_records(tmp_path):
    store, made = CellStore(tmp_path / "cells"), evaluated(1, MEASURED)
    store.put(made.results, made.prompt, "key")
    for name, entry in (("made.npz", made), ("found.npz", store.get(made.cell, made.identity, "key"))):
        write_records(tmp_path / name, "smoke", [entry], TARGETS)
    assert (tmp_path / "made.npz").read_bytes() == (tmp_path / "found.npz").read_bytes()


def test_rows_are_readable_without_this_package(tmp_path):
    write_records(tmp_path / "part1.npz", "smoke", [evaluated(1)], TARGETS)
    with np.load(tmp_path / "part1.npz") as file:
        about = json.loads(file["about"].tobytes())
    assert (about["rows"][0]["task"], about["rows"][0]["values"]) == ("dtd", {"accuracy": 75.0})
    assert about["cells"][about["rows"][0]["cell"]] == identity_of(evaluated(1).cell)


def test_records_of_another_schema_are_refused_by_name(tmp_path):
    """The first schema had its rows in an array of that name, and no number."""
    path = tmp_path / "part1.npz"
    write_npz(path, rows=np.frombuffer(b"[]", np.uint8))
    with pytest.raises(SchemaError, match=r"part1\.npz: records of schema 1, this version .* docs/schema\.md"):
        read_rows(path)
    write_npz(path, about=json_array({"schema": 2, "cells": [], "rows": []}))
    with pytest.raises(SchemaError, match="schema 2"):
        read_rows(path)


def test_a_finished_cell_of_another_schema_is_refused_by_name(tmp_path):
    store, made = CellStore(tmp_path), evaluated(1)
    store.put(made.results, made.prompt, "key")
    (path,) = tmp_path.rglob("*.npz")
    with np.load(path) as file:
        write_npz(path, **dict(file) | {"schema": np.array(1)})
    with pytest.raises(SchemaError, match="a finished cell of schema 1"):
        store.get(made.cell, made.identity, "key")
