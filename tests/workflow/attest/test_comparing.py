"""Comparison bit by bit, and its words."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from reprompt.cells.recipes import recipe_of
from reprompt.workflow.attest.comparing import (
    SHOWN,
    StoredRow,
    compare_files,
    compare_prompts,
    compare_rows,
    compare_weights,
)

IDENTITY = {"images": "a", "test": [{"pictures": "b"}]}


def row(predictions=(0, 1), curve=(1.0, 2.0), identity=IDENTITY, **changes) -> StoredRow:
    """A row of records as it is stored."""
    stored = {
        **{"recipe": "coop", "task": "dtd", "source": "dtd", "shots": 16, "tau": 1.0, "seed": 2, "swept": ""},
        **{"start": "", "group": "", "split": "all", "values": {"accuracy": 50.0}, "offset": 0, "cell": 0},
    }
    arrays = {"predictions": np.array(predictions), "targets": np.array([0, 1]), "curve": np.array(curve)}
    return StoredRow(stored | changes, identity, arrays)


def test_the_same_rows_agree_and_their_numbers_are_counted() -> None:
    compared = compare_rows(row(), row())
    assert (compared.numbers, compared.first) == (2 + 2 + 2 + 1, None)


def test_where_a_row_lies_and_under_which_key_does_not_matter() -> None:
    assert compare_rows(row(), row(offset=7, cell=3)).first is None


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"predictions": (0, 0)}, "its predictions differs at 1 of 2 places, first 1 was and 0 is"),
        ({"predictions": (0, 1, 1)}, "its predictions has shape (3,) and had (2,)"),
        ({"curve": (1.0, np.nextafter(2, 3))}, "its curve differs at 1 of 2 places"),
        ({"curve": (1.0, 2)}, None),
        ({"values": {"accuracy": 51.0}}, "values.accuracy was 50.0 and is 51.0"),
        ({"values": {"accuracy": 50.0, "new": 1}}, None),
        ({"identity": {"images": "a", "test": [{"pictures": "c"}]}}, "identity.test was"),
        ({"identity": {"images": "a", "test": [{"pictures": "b"}], "new": 1}}, None),
        ({"identity": {"test": [{"pictures": "b"}]}}, "identity.images is gone"),
    ],
)
def test_a_row_that_differs_is_told_by_its_cell(changes: dict, words: str | None) -> None:
    first = compare_rows(row(), row(**changes)).first
    assert (
        first is None if words is None else first.startswith("coop on dtd, 16 shots, tau 1, seed 2") and words in first
    )


def test_minus_zero_and_another_type_are_other_bits() -> None:
    assert "sign of a zero" in compare_rows(row(curve=(0.0, 1.0)), row(curve=(-0.0, 1.0))).first
    smaller = StoredRow(row().stored, IDENTITY, row().arrays | {"predictions": np.array([0, 1], np.uint8)})
    assert compare_rows(row(), smaller).first is None, "whole numbers have the smallest type of their file"


def test_a_recipe_of_schema_2_is_compared_by_its_members() -> None:
    before = row(recipe="coop_gram", identity={"method": {"learner": "coop", "initialisation": "stored"}})
    members = recipe_of("coop+gram@gram").members
    assert compare_rows(before, row(recipe="coop+gram@gram", identity={"method": members})).first is None
    assert "identity.method" in compare_rows(before, row(recipe="coop+gram@gram", identity={"method": {}})).first
    assert "row.recipe" in compare_rows(before, row(recipe="vpt+gram@gram", identity={"method": members})).first


def test_what_is_not_a_number_agrees_with_itself() -> None:
    assert compare_rows(row(curve=(np.nan, 1.0)), row(curve=(np.nan, 1.0))).first is None


def test_weights_and_prompts_are_compared_tensor_by_tensor(tmp_path: Path) -> None:
    then, now = tmp_path / "then.safetensors", tmp_path / "now.safetensors"
    tensors = {"0/context": np.ones(3, np.float16), "1/context": np.ones(3, np.float16)}
    save_file(tensors, then)
    save_file({**tensors, "1/context": np.array([1, 2, 1], np.float16)}, now)
    assert compare_weights(then, then, "RN50").numbers == 6
    assert compare_weights(then, now, "RN50").first.startswith("RN50: 1/context differs at 1 of 3 places")
    assert compare_prompts(then, now, 0, "coop").first is None
    assert compare_prompts(then, now, 1, "coop").first.startswith("coop: 1/context")


def test_the_first_other_line_of_a_table_is_shown(tmp_path: Path) -> None:
    then, now = tmp_path / "then", tmp_path / "now"
    then.write_text("a,b\n1,2\n")
    now.write_text("a,b\n1,3\n")
    first = compare_files(then, now, "results/smoke/tables/t.csv").first
    assert first == "results/smoke/tables/t.csv, line 2: `1,2` was, `1,3` is"
    assert compare_files(then, now, "results/smoke/corpus/costs.json").first is None
    assert compare_files(then, then, "results/smoke/tables/t.csv").numbers == 8


@pytest.mark.parametrize("before, after", [("", ""), ("x" * 200, "y" * 200), ("x" * 200, ""), ("", "y" * 200)])
def test_of_a_long_line_the_part_around_the_first_difference_is_shown(tmp_path: Path, before: str, after: str) -> None:
    then, now = tmp_path / "then", tmp_path / "now"
    then.write_text(f"{before}was{after}\n")
    now.write_text(f"{before}is{after}\n")
    first = compare_files(then, now, "report/index.html").first
    _, was, _, is_now, _ = first.split("`")
    assert "was" in was and "is" in is_now
    assert was.startswith("...") == is_now.startswith("...") == bool(before)
    assert was.endswith("...") == is_now.endswith("...") == bool(after)
    assert max(len(was), len(is_now)) <= SHOWN + 6


def test_a_long_value_of_an_identity_is_shown_around_its_first_difference() -> None:
    settings = [{"settings": "x" * 300 + end} for end in ("was", "is")]
    first = compare_rows(row(identity=settings[0]), row(identity=settings[1])).first
    assert 'xwas" and is ...' in first and first.endswith('xis"')
