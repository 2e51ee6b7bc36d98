"""NPT's tables from fake records; tests/tables/fake_npt.py makes them."""

import math

import fake_npt
import numpy as np
import pandas as pd
import pytest

from reprompt.evidence.statistics import interval_over_seeds
from reprompt.tables import TABLES
from reprompt.tables.npt import npt_table1, npt_table2, npt_table3, npt_table4
from reprompt.tasks.groups import members
from reprompt.tasks.published import published_values

SHIFTS = members("imagenet4")
DATASETS_11 = members("datasets11")

NPT_TABLES = {name: table for name, table in TABLES.items() if name.startswith("npt")}
BALANCED, MILD, SEVERE = "Balanced, τ = 1", "Imbalance ratio τ = 0.05", "Imbalance ratio τ = 0.01"
SHORT = ["IN.", "Cal.", "OP.", "SC.", "Flw.", "Food.", "FA.", "SUN.", "DTD", "ES.", "UCF.", "Avg"]


@pytest.fixture(scope="module")
def records():
    return fake_npt.make_npt_records()


@pytest.fixture(scope="module")
def table1(records):
    return npt_table1(records)


def H_by_seed(records, recipe, tau, experiment="imbalanced"):
    """The mean over tasks of per-task H, one value per seed, worked with numpy alone."""
    rows = records[(records["experiment"] == experiment) & (records["recipe"] == recipe) & (records["tau"] == tau)]
    rows = rows[rows["metric"] == "accuracy"]
    base, new = (
        rows[rows["split"] == half].pivot(index="seed", columns="task", values="value")[list(DATASETS_11)]
        for half in ("base", "new")
    )
    return (2 * base * new / (base + new)).mean(axis=1)


def transferred(records, recipe, tau, tasks):
    """The mean accuracy over tasks of prompts tuned on ImageNet, one value per seed."""
    rows = records[records["experiment"].str.startswith("imbalanced") & (records["protocol"] == "transfer")]
    rows = rows[(rows["recipe"] == recipe) & (rows["tau"] == tau) & rows["task"].isin(tasks)]
    return rows.groupby("seed")["value"].mean()


def printed(table, method, tau, dataset):
    values = published_values("npt", table)
    rows = values[(values["method"] == method) & (values["imbalance_tau"] == tau) & (values["dataset"] == dataset)]
    return float(rows["value"].iloc[0])


def test_table_1_has_the_blocks_rows_and_columns_of_the_paper(table1):
    table = table1
    assert table.blocks == [BALANCED, MILD, SEVERE]
    assert table.columns == SHORT
    tuned = ["CoCoOp", "MaPLe", "CoCoOp + NPT", "MaPLe + NPT"]
    assert table.rows(BALANCED) == ["Zero-shot CLIP", *tuned]
    assert table.rows(MILD) == table.rows(SEVERE) == tuned
    assert len(table.cells) == len(published_values("npt", 1))
    assert table.cells["published"].notna().all()
    assert table.at(SEVERE, "MaPLe + NPT", "FA.")["published"] == 27.72


@pytest.mark.parametrize(("recipe", "label"), [("zero_shot", "Zero-shot CLIP"), ("maple_npt", "MaPLe + NPT")])
def test_average_h_is_the_mean_of_the_per_task_h(table1, records, recipe, label):
    cell = table1.at(BALANCED, label, "Avg")
    by_seed = H_by_seed(records, recipe, 1.0)
    assert cell["regenerated"] == pytest.approx(by_seed.mean())
    expected = interval_over_seeds(by_seed)
    assert [cell["low"], cell["high"]] == pytest.approx([expected.low, expected.high], nan_ok=True)


def test_a_gain_is_paired_by_seed(records):
    # NPT is half a point better on every draw, and draws differ by more: only pairing shows it.
    rows = records[records["recipe"].isin(["maple", "maple_npt"]) & (records["experiment"] == "imbalanced")]
    maple = rows[rows["recipe"] == "maple"]
    npt = maple.assign(recipe="maple_npt", value=maple["value"] + 0.5 * (maple["metric"] == "accuracy"))
    table = npt_table1(pd.concat([maple, npt]))
    cells = [table.at(SEVERE, row, "DTD") for row in ("MaPLe", "MaPLe + NPT")]
    assert cells[0]["high"] > cells[1]["low"]
    assert cells[1]["pattern"] == "above MaPLe, as published"
    assert table.at(BALANCED, "MaPLe + NPT", "SC.")["pattern"] == "above MaPLe, against published"
    assert table.at(SEVERE, "MaPLe", "DTD")["pattern"] == ""


def test_details_of_table_1_hold_base_and_novel_accuracy(table1):
    details = table1.details
    assert set(details["split"]) == {"base", "new", "H"}
    assert len(details) == 11 * 3 * (1 + 3 * 4)


@pytest.mark.parametrize(
    ("make_table", "targets", "value"), [(npt_table2, DATASETS_11[1:], 64.64), (npt_table4, SHIFTS, 60.37)]
)
def test_transfer_averages_leave_the_source_out(records, make_table, targets, value):
    table = make_table(records)
    assert len(table.columns) == len(targets) + 2
    cell = table.at(MILD, "CoCoOp", "Avg")
    assert cell["published"] == value
    assert cell["regenerated"] == pytest.approx(transferred(records, "cocoop", 0.05, targets).mean())
    source = table.at(MILD, "CoCoOp", "IN.")
    assert source["regenerated"] == pytest.approx(transferred(records, "cocoop", 0.05, ["imagenet"]).mean())
    assert f"{len(targets)} of {len(targets)} targets" in table.title


@pytest.mark.parametrize("make_table", [npt_table2, npt_table4])
def test_balanced_transfer_is_shown_without_published_values(records, make_table):
    table = make_table(records)
    cell = table.at(BALANCED, "MaPLe + NPT", "Avg")
    assert math.isnan(cell["published"])
    assert cell["verdict"] == "no published value"
    assert table.rows(BALANCED)[0] == "Zero-shot CLIP"


def test_table_3_takes_each_column_from_its_own_setting(records):
    table = npt_table3(records)
    assert table.rows("") == ["MaPLe", "MaPLe + LC", "MaPLe + MI", "MaPLe + NPT"]
    expected = {
        "Base-to-novel": H_by_seed(records, "maple_lc", 0.01, "imbalanced_losses"),
        "Cross-dataset": transferred(records, "maple_lc", 0.01, DATASETS_11[1:]),
        "Domain generalisation": transferred(records, "maple_lc", 0.01, SHIFTS),
    }
    assert table.columns == list(expected)
    for column, by_seed in expected.items():
        cell, interval = table.at("", "MaPLe + LC", column), interval_over_seeds(by_seed)
        assert cell[["regenerated", "low", "high"]].tolist() == pytest.approx(
            [interval.estimate, interval.low, interval.high]
        )
    assert table.cells["published"].notna().all()
    assert "11 of 11, 10 of 10 and 4 of 4 tasks" in table.title


def test_what_the_notes_say_about_the_papers_arithmetic_is_so():
    columns = ["imagenet", *SHIFTS]
    with_npt = [printed(4, "cocoop+npt", 0.05, column) for column in columns]
    without = [printed(4, "cocoop", 0.05, column) for column in columns]
    assert [np.mean(with_npt), np.mean(with_npt[1:])] == pytest.approx([61.65, 59.65], abs=0.006)
    assert [np.mean(without[1:]), np.mean(without)] == pytest.approx([58.33, 60.35], abs=0.006)
    for method, improved, largest in (("maple", 8, 1.04), ("cocoop", 11, 7.29)):
        gains = [printed(1, f"{method}+npt", 1, task) - printed(1, method, 1, task) for task in DATASETS_11]
        assert sum(gain > 0 for gain in gains) == improved
        assert max(gains) == pytest.approx(largest)
    differing = {
        (tau, method): (printed(2, method, tau, "imagenet"), printed(4, method, tau, "imagenet"))
        for tau in (0.05, 0.01)
        for method in ("cocoop", "maple", "cocoop+npt", "maple+npt")
        if printed(2, method, tau, "imagenet") != printed(4, method, tau, "imagenet")
    }
    notes = " ".join(npt_table4(fake_npt.make_npt_records(tasks=(), variants=(), seeds=(1,))).notes)
    assert len(differing) == 6
    assert all(f"{one:.2f} and {other:.2f}" in notes for one, other in differing.values())


@pytest.mark.parametrize("make_table", NPT_TABLES.values())
def test_some_tasks_taus_and_seeds_make_the_table_of_them(make_table):
    few = fake_npt.make_npt_records(scale="smoke", tasks=("dtd", "eurosat"), taus=(1.0, 0.01), seeds=(1, 2))
    table = make_table(few)
    assert "scale smoke (rendered data)" in table.title
    assert "2 of 1" in table.title or "4 of 4 targets" in table.title
    assert not table.cells["verdict"].str.contains("reproduced").any()
    if MILD in table.blocks:
        assert set(table.cells.loc[table.cells["block"] == MILD, "verdict"]) == {"not run"}
    assert table.cells["regenerated"].notna().any()


def test_at_the_papers_scale_values_are_judged_with_the_papers_backbone():
    records = fake_npt.make_npt_records(scale="paper")
    for make_table in NPT_TABLES.values():
        verdicts = make_table(records).cells["verdict"].str.replace(" (deterministic)", "")
        assert set(verdicts) <= {"reproduced", "higher", "lower", "no published value"}
    maple = records[records["recipe"] == "maple"]
    other = npt_table1(maple.assign(backbone="RN50"))
    assert other.at(SEVERE, "MaPLe", "Avg")["verdict"] == "not comparable: RN50, published with ViT-B/16"
    few = npt_table1(maple[maple["task"].isin(["dtd", "eurosat"])])
    assert few.at(SEVERE, "MaPLe", "Avg")["verdict"] == "not comparable: 2 of 11 tasks"
    assert few.at(SEVERE, "MaPLe", "DTD")["verdict"] in ("higher", "lower")
