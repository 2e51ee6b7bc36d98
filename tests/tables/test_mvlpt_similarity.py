"""The table of what explains transfer; tests/tables/fake_grid.py makes the records."""

from io import StringIO

import fake_grid
import numpy as np
import pandas as pd
import pytest

from reprompt.evidence.explanation import grids_of_learner
from reprompt.tables.html import to_html
from reprompt.tables.mvlpt import mvlpt_table_similarity

BLOCKS = ["All pairs as they are", "Among the sources of one target", "Without the levels of sources and targets"]


@pytest.fixture(scope="module")
def records():
    return fake_grid.make_grid()


@pytest.fixture(scope="module")
def table(records):
    return mvlpt_table_similarity(records)


def note(table, learner):
    (words,) = [note for note in table.notes if note.startswith(learner)]
    return words


def test_every_learner_stands_in_every_view(table):
    assert table.blocks == BLOCKS
    for block in table.blocks:
        assert table.rows(block) == ["CoOp (56 pairs)", "VPT (56 pairs)", "UPT (56 pairs)"]
    assert table.columns == ["Label similarity", "Image similarity", "Label, given image", "Image, given label"]


def test_the_numbers_are_those_of_the_comparison(records, table):
    relation = grids_of_learner(records, "coop").related("label", given=True)
    cell = table.at(BLOCKS[0], "CoOp (56 pairs)", "Label, given image")
    assert (cell["regenerated"], cell["p"]) == (relation.correlation, relation.p)
    assert f"{relation.correlation:.2f}" in to_html(table) and f"p = {relation.p:.3f}" in to_html(table)


def test_what_transfer_follows_is_said_in_words(table):
    assert "With label similarity transfer rises in all three views; given image" in note(table, "CoOp")
    assert "that it rises with label similarity: as published" in note(table, "CoOp")
    assert "that it rises with image similarity: as published" in note(table, "VPT")
    assert "that it rises with image similarity: not shown" in note(table, "UPT")


def test_a_claim_can_fail():
    table = mvlpt_table_similarity(fake_grid.make_grid(weights={"coop_middle": (-1.0, 0.0)}))
    assert "With label similarity transfer falls in all three views" in note(table, "CoOp")
    assert note(table, "CoOp").endswith("that it rises with label similarity: against published.")


def test_a_target_on_which_all_sources_score_a_quarter_counts_as_before(records):
    """Its column is divided by its best entry."""
    scores = (records["task"] == "dtd") & (records["metric"] == "score")
    harder = records.assign(value=records["value"].mask(scores, records["value"] / 4))
    pd.testing.assert_frame_equal(mvlpt_table_similarity(harder).details, mvlpt_table_similarity(records).details)


def test_a_lost_pair_leaves_out_one_task_and_says_so():
    table = mvlpt_table_similarity(fake_grid.make_grid(lost=[("vpt_deep", "dtd", "mnist")]))
    assert table.rows(BLOCKS[0]) == ["CoOp (56 pairs)", "VPT (42 pairs)", "UPT (56 pairs)"]
    assert "Left out, because pairs are missing: dtd." in note(table, "VPT")
    assert "Left out" not in note(table, "CoOp")


def test_a_learner_without_a_grid_is_not_run():
    table = mvlpt_table_similarity(fake_grid.make_grid(recipes=("coop_middle",)))
    assert table.rows(BLOCKS[0]) == ["CoOp (56 pairs)", "VPT", "UPT"]
    assert note(table, "VPT") == "VPT: not run, or fewer than 4 tasks have every pair."
    assert np.isnan(table.at(BLOCKS[0], "VPT", "Label similarity")["regenerated"])


@pytest.mark.parametrize("tasks", [(), fake_grid.TASKS[:3]])
def test_with_nothing_or_too_little_all_is_not_run(tasks):
    table = mvlpt_table_similarity(fake_grid.make_grid(tasks=tasks))
    assert table.cells["regenerated"].isna().all() and set(table.cells["verdict"]) == {"not run"}
    assert table.details.empty
    assert "not run" in to_html(table)


def test_four_tasks_are_enough():
    table = mvlpt_table_similarity(fake_grid.make_grid(tasks=fake_grid.TASKS[:4], seeds=(1,)))
    assert table.rows(BLOCKS[0])[0] == "CoOp (12 pairs)"
    assert (table.details["p"].dropna() >= 1 / 24 - 1e-9).all()


def test_records_of_other_experiments_have_no_part(records, table):
    other = records.assign(experiment="elevater", protocol="elevater", value=50.0)
    assert mvlpt_table_similarity(pd.concat([records, other])).to_csv() == table.to_csv()


def test_the_same_records_in_any_order_give_the_same_bytes(records, table):
    again = mvlpt_table_similarity(records.sample(frac=1, random_state=1))
    assert again.to_csv() == table.to_csv()
    assert again.details_to_csv() == table.details_to_csv()


def test_the_details_have_every_correlation(table):
    frame = pd.read_csv(StringIO(table.details_to_csv()))
    assert len(frame) == 3 * 3 * 4
    assert frame["p"].min() == pytest.approx(0.001)  # 999 relabellings: nothing is rounded away
    assert set(frame["verdict"]) <= {"rises", "falls", "not shown"}
