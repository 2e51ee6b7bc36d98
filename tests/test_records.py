"""Records: same cells, same bytes; a number never without its predictions."""

import numpy as np
import pytest

from reprompt.plan.cells import Cell
from reprompt.records import CellStore, Judged, accuracy_percent, read_predictions, read_records, write_records

TARGETS = {("dtd", "base"): np.array([0, 1, 1, 0]), ("dtd", "new"): np.array([0, 1])}
HASHES = {"data": {"dtd": "d"}, "weights": "w"}


def judged(seed):
    cell = Cell("base_to_new", "coop", "ViT-B-16", "dtd", 4, seed, '{"rate":0.1}')
    return Judged(cell, f"key{seed}", {"base": np.array([0, 1, 0, 0]), "new": np.array([seed % 2, 1])})


def test_values_follow_from_predictions(tmp_path):
    path = tmp_path / "part1.npz"
    write_records(path, "smoke", [judged(1), judged(2)], TARGETS, HASHES)
    records = read_records([path])
    assert records["value"].tolist() == [75, 50, 75, 100]
    assert records["split"].tolist() == ["base", "new"] * 2
    assert records["images"].tolist() == [4, 2, 4, 2]
    assert read_predictions(path).dtype == np.uint8


def test_the_same_cells_give_the_same_bytes(tmp_path):
    for name in ("one.npz", "two.npz"):
        write_records(tmp_path / name, "smoke", [judged(1)], TARGETS, HASHES)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_nothing_is_left_when_writing_fails(tmp_path):
    with pytest.raises(KeyError):
        write_records(tmp_path / "part1.npz", "smoke", [judged(1)], {}, HASHES)
    assert list(tmp_path.iterdir()) == []


def test_a_finished_cell_is_found_by_its_key_only(tmp_path):
    store = CellStore(tmp_path)
    store.put(judged(1))
    found = store.get(judged(1).cell, "key1")
    assert {k: v.tolist() for k, v in found.predictions.items()} == {"base": [0, 1, 0, 0], "new": [1, 1]}
    assert store.get(judged(1).cell, "key2") is None


def test_accuracy_by_hand():
    assert accuracy_percent(np.array([1, 2, 3, 4]), np.array([1, 2, 0, 4])) == 75
