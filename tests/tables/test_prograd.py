"""ProGrad's tables from fake records."""

import math

import pandas as pd
import pytest

from reprompt.tables import TABLES
from reprompt.tables.prograd import prograd_table1, prograd_table3

PAPER_BLOCK, OUR_BLOCK = "4 shots, as in the paper", "16 shots, same protocol (no published value)"


def test_table_1_has_the_rows_columns_and_dashes_of_the_paper(records):
    table = prograd_table1(records)
    assert table.columns == ["0", "1", "2", "4", "8", "16"]
    rows = ["Zero-shot CLIP", "CLIP++ (ensemble)", "Linear probe", "CoOp", "ProGrad", "ProGrad++"]
    assert table.rows("") == rows
    assert len(table.cells) == 22
    assert table.at("", "CoOp", "0") is None
    assert table.at("", "Zero-shot CLIP", "1") is None


def test_every_printed_cell_stands_beside_ours(records):
    table = prograd_table1(records)
    assert table.cells["published"].notna().all()
    assert table.at("", "ProGrad", "1")["published"] == 62.61
    coop = records[(records["recipe"] == "coop") & (records["shots"] == 16) & (records["protocol"] == "few_shot")]
    assert table.at("", "CoOp", "16")["regenerated"] == pytest.approx(coop["value"].mean())


def test_h_in_table_3_is_the_mean_of_per_task_h(records):
    zero_shot = records[(records["recipe"] == "zero_shot") & (records["protocol"] == "base_to_new")]
    split = zero_shot.pivot(index="task", columns="split", values="value")
    by_hand = (2 * split["base"] * split["new"] / (split["base"] + split["new"])).mean()
    assert prograd_table3(records).at(PAPER_BLOCK, "Zero-shot CLIP", "H")["regenerated"] == pytest.approx(by_hand)


def test_table_3_has_a_block_of_its_own_for_16_shots_without_published_values(records):
    table = prograd_table3(records)
    assert table.blocks == [PAPER_BLOCK, OUR_BLOCK]
    assert math.isnan(table.at(OUR_BLOCK, "CoOp", "New")["published"])
    assert table.at(OUR_BLOCK, "CoOp", "New")["verdict"] == "no published value"
    assert table.at(OUR_BLOCK, "CoOp", "New")["pattern"] == "below zero-shot CLIP"


def test_a_method_without_records_is_not_run_and_keeps_its_printed_value(records):
    cell = prograd_table3(records).at(PAPER_BLOCK, "CoCoOp", "Base")
    assert cell["verdict"] == "not run"
    assert cell["published"] == 72.23
    assert math.isnan(cell["regenerated"])


def test_no_records_at_all_still_make_a_table(records):
    for make_table in TABLES.values():
        table = make_table(records.iloc[:0])
        assert set(table.cells["verdict"]) == {"not run"}
        assert "0 of 11 tasks" in table.title


def test_the_title_names_scale_backbone_seeds_and_tasks(records, make):
    assert prograd_table1(records).title.endswith(
        "scale miniature (rendered data), miniature CLIP standing for ViT-B-16, 3 seeds, 11 of 11 tasks"
    )
    two = make(scale="smoke", tasks=("dtd", "eurosat"), seeds=(1, 2))
    assert "scale smoke (rendered data)" in prograd_table3(two).title
    assert prograd_table3(two).title.endswith("2 seeds, 2 of 11 tasks")
    assert prograd_table1(make(scale="paper", backbone="RN50")).title.endswith(
        "scale paper, RN50, 3 seeds, 11 of 11 tasks"
    )


def test_nothing_rendered_is_called_reproduced(records):
    for make_table in TABLES.values():
        assert not make_table(records).cells["verdict"].str.contains("reproduced").any()


def test_at_the_papers_scale_values_are_judged(make):
    verdicts = set(prograd_table1(make(scale="paper", backbone="RN50")).cells["verdict"])
    assert verdicts <= {"reproduced", "higher", "lower", "higher (deterministic)", "lower (deterministic)"}
    other = prograd_table1(make(scale="paper", backbone="ViT-B-16")).at("", "CoOp", "1")
    assert other["verdict"] == "not comparable: ViT-B-16, published with RN50"


def test_a_task_that_one_run_lacks_is_left_out_of_every_average(records):
    lost = records[~((records["recipe"] == "coop") & (records["task"] == "dtd") & (records["seed"] == 2))]
    table = prograd_table1(lost)
    assert "10 of 11 tasks" in table.title
    assert any("dtd" in note for note in table.notes)
    without = prograd_table1(records[records["task"] != "dtd"])
    assert table.at("", "ProGrad", "4")["regenerated"] == without.at("", "ProGrad", "4")["regenerated"]


def test_two_backbones_must_be_told_apart(records):
    both = pd.concat([records, records.assign(backbone="RN50")])
    with pytest.raises(ValueError, match="more than one backbone"):
        prograd_table1(both)
    assert prograd_table1(both, backbone="RN50").at("", "CoOp", "1") is not None


def test_details_hold_every_task_by_itself(records):
    details = prograd_table1(records).details
    assert len(details) == 11 * (2 + 4 * 5)
    dtd = details[(details["task"] == "dtd") & (details["recipe"] == "coop") & (details["shots"] == 4)].iloc[0]
    runs = records[(records["task"] == "dtd") & (records["recipe"] == "coop") & (records["shots"] == 4)]
    assert dtd["regenerated"] == pytest.approx(runs.loc[runs["protocol"] == "few_shot", "value"].mean())
    assert dtd["low"] < dtd["regenerated"] < dtd["high"]
