"""ProGrad's tables from fake records."""

import math

import pandas as pd
import pytest

from reprompt import tables
from reprompt.tables.prograd import (
    prograd_table1,
    prograd_table2,
    prograd_table3,
    prograd_table4,
    prograd_table5,
    prograd_table6,
    prograd_table7,
)
from reprompt.tables.scope import swept

TABLES = {name: table for name, table in tables.TABLES.items() if name.startswith("prograd")}
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
    coop = value_of(records, experiment="few_shot", recipe="coop", shots=16)
    assert table.at("", "CoOp", "16")["regenerated"] == pytest.approx(coop)


def value_of(records, **chosen) -> float:
    """The mean value of the records with these entries."""
    for column, entry in chosen.items():
        records = records[records[column] == entry]
    assert len(records)
    return records["value"].mean()


def test_table_2_has_a_block_for_each_backbone_with_its_own_numbers(records):
    table = prograd_table2(records)
    assert table.blocks == ["(a) ResNet50", "(b) ResNet101", "(c) ViT-B/32", "(d) ViT-B/16"]
    assert table.columns == ["ImageNet", "-V2", "-Sketch", "-A", "-R"]
    assert table.rows("(a) ResNet50") == ["Zero-shot CLIP", "Linear probe", "CoOp", "CoCoOp", "ProGrad"]
    cell = table.at("(c) ViT-B/32", "CoCoOp", "-Sketch")
    assert cell["published"] == 40.74
    chosen = {"experiment": "cross_domain", "recipe": "cocoop", "task": "imagenet_sketch", "backbone": "ViT-B-32"}
    assert cell["regenerated"] == pytest.approx(value_of(records, **chosen))
    assert "RN50, RN101, ViT-B/32, ViT-B/16" in table.title


def test_a_backbone_that_was_not_run_keeps_its_block(records):
    one = records[(records["experiment"] != "cross_domain") | (records["backbone"] == "ViT-B-16")]
    table = prograd_table2(one)
    assert len(table.blocks) == 4
    assert table.at("(a) ResNet50", "CoOp", "-A")["verdict"] == "not run"
    assert table.at("(d) ViT-B/16", "CoOp", "-A")["verdict"] == "not comparable: rendered data"


def test_the_average_of_table_4_includes_the_source(records):
    table = prograd_table4(records)
    assert len(table.columns) == 12 and table.columns[-1] == "Average"
    columns = [table.at("", "ProGrad", column)["regenerated"] for column in table.columns]
    assert columns[-1] == pytest.approx(sum(columns[:-1]) / 11)
    assert table.at("", "ProGrad", "Average")["published"] == 57.36
    assert table.spans["Source"] == ("ImageNet",) and len(table.spans["Target"]) == 10


def test_an_interval_of_one_task_is_over_its_own_seeds(records):
    cell = prograd_table4(records).at("", "CoOp", "DTD")
    rows = records[
        (records["experiment"] == "cross_dataset") & (records["recipe"] == "coop") & (records["task"] == "dtd")
    ]
    half = 4.302653 * rows["value"].std(ddof=1) / math.sqrt(3)
    assert cell["high"] - cell["regenerated"] == pytest.approx(half, abs=1e-4)


def test_table_5_keeps_the_alphas_apart_and_judges_them_against_coop(records):
    table = prograd_table5(records)
    assert table.rows("") == ["CoOp", *(f"LwF(KD), α = {a}" for a in (0.25, 0.5, 1, 2, 4)), "ProGrad"]
    cell = table.at("", "LwF(KD), α = 4", "16")
    assert cell["published"] == 65.42
    chosen = {"experiment": "few_shot_lwf", "shots": 16, "swept": swept(distillation=4)}
    assert cell["regenerated"] == pytest.approx(value_of(records, **chosen))
    assert cell["pattern"] == "below CoOp, as published"
    assert table.at("", "CoOp", "16")["pattern"] == ""  # zero-shot CLIP is no row of this table


def test_table_6_sets_prograd_against_the_same_classifier(records):
    table = prograd_table6(records)
    assert table.rows("") == ["Cosine classifier", "+ ProGrad"]
    assert table.at("", "+ ProGrad", "1")["published"] == 32.29
    assert table.at("", "+ ProGrad", "8")["pattern"] == "above cosine classifier, as published"


def test_table_7_has_a_block_for_each_dataset_and_says_what_its_sweep_lacks(records):
    table = prograd_table7(records)
    assert table.blocks == ["(a) OxfordPets", "(b) DTD"]
    assert table.rows("(b) DTD") == ["0", "0.2", "0.4", "0.7", "0.9", "1.0"]
    cell = table.at("(b) DTD", "0.9", "16 shots")
    assert cell["published"] == 64.28
    chosen = {"experiment": "few_shot_lambda", "task": "dtd", "shots": 16, "swept": swept(**{"lambda": 0.9})}
    assert cell["regenerated"] == pytest.approx(value_of(records, **chosen))
    assert any("0.8" in note and "sweep" in note for note in table.notes)


def test_a_dataset_that_was_not_run_is_not_run_and_the_other_stays(make):
    table = prograd_table7(make(scale="smoke", tasks=("dtd", "eurosat"), seeds=(1, 2)))
    assert table.at("(a) OxfordPets", "1.0", "1 shot")["verdict"] == "not run"
    assert table.at("(b) DTD", "1.0", "1 shot")["seeds"] == 2


def test_h_in_table_3_is_the_mean_of_per_task_h(records):
    zero_shot = records[(records["recipe"] == "zero_shot") & (records["experiment"] == "base_to_new")]
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
    by_hand = value_of(records, experiment="few_shot", task="dtd", recipe="coop", shots=4)
    assert dtd["regenerated"] == pytest.approx(by_hand)
    assert dtd["low"] < dtd["regenerated"] < dtd["high"]
