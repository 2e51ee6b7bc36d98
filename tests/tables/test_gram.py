"""GRAM's tables from fake records; tests/tables/fake_records.py makes them."""

import math
import re

import fake_records
import numpy as np
import pandas as pd
import pytest

from reprompt.cells.recipes import papers_name, recipe_of
from reprompt.evidence.statistics import interval_over_seeds
from reprompt.tables import TABLES
from reprompt.tables.gram import gram_table1, gram_table2, gram_table5, gram_table6, gram_table7
from reprompt.tables.methods import ABLATIONS, METHODS
from reprompt.tasks.groups import members
from reprompt.tasks.published import published_values

SHIFTS = members("imagenet4")
DATASETS_11 = members("datasets11")

GRAM_TABLES = {name: table for name, table in TABLES.items() if name.startswith("gram")}
AVERAGE, DTD = "(a) Average over 11 datasets", "(j) DTD"


@pytest.fixture(scope="module")
def records():
    return fake_records.make_gram_records(spread=0.1)


@pytest.fixture(scope="module")
def table1(records):
    return gram_table1(records)


def halves(records, recipe, start="", swept=""):
    """Base and new accuracy as two frames, seeds down and tasks across, found with pandas alone."""
    rows = records[(records["recipe"] == recipe) & (records["start"] == start) & (records["swept"] == swept)]
    rows = rows[(rows["protocol"] == "base_to_new") & (rows["experiment"] != "gram_long")]
    return [rows[rows["split"] == half].pivot(index="seed", columns="task", values="value") for half in ("base", "new")]


def H(base, new):
    return 2 * base * new / (base + new)


def printed(table):
    values = published_values("gram", table)
    return values.set_index(["method", "dataset", "split"])["value"]


def test_table_1_has_the_panels_rows_and_columns_of_the_paper(table1):
    assert [block.partition(" ")[0] for block in table1.blocks] == [f"({letter})" for letter in "abcdefghijkl"]
    assert table1.columns == ["Base", "New", "H"]
    for block in table1.blocks:
        assert table1.rows(block) == [
            *("Zero-shot CLIP", "CoCoOp", "CoOp", "CoOp + GRAM", "VPT", "VPT + GRAM", "UNIGRAM")
        ]
    assert table1.at("(l) UCF101", "CoOp + GRAM", "H")["published"] == 78.82


def test_the_sixteen_lost_cells_have_no_published_number(table1):
    lost = table1.cells[table1.cells["published"].isna()]
    assert len(lost) == 16
    assert set(lost["block"]) == {DTD, "(k) EuroSAT", "(l) UCF101"}
    assert set(lost["row"]) == {"VPT + GRAM", "UNIGRAM"}
    assert set(lost["verdict"]) == {"no published value"}
    assert lost["regenerated"].notna().all()


def test_the_average_h_is_the_harmonic_mean_of_the_averages(table1, records):
    base, new = (half.mean(axis=1) for half in halves(records, "unigram", "gram"))
    expected = interval_over_seeds(H(base, new))
    cell = table1.at(AVERAGE, "UNIGRAM", "H")
    assert cell[["regenerated", "low", "high"]].tolist() == pytest.approx(
        [expected.estimate, expected.low, expected.high]
    )
    of_tasks = H(*halves(records, "unigram", "gram")).mean(axis=1).mean()
    assert cell["regenerated"] - of_tasks > 0.002  # the mean of H is another number


def test_h_of_one_data_set_is_taken_draw_by_draw(table1, records):
    base, new = (half["dtd"] for half in halves(records, "coop_gram", "gram"))
    assert table1.at(DTD, "CoOp + GRAM", "H")["regenerated"] == pytest.approx(H(base, new).mean())


def test_gains_are_over_the_row_that_the_paper_names(table1):
    patterns = {row: table1.at(AVERAGE, row, "H")["pattern"] for row in table1.rows(AVERAGE)}
    assert patterns == {
        "Zero-shot CLIP": "",
        "CoCoOp": "",
        "CoOp": "",
        "CoOp + GRAM": "above CoOp, as published",
        "VPT": "",
        "VPT + GRAM": "above VPT, as published",
        "UNIGRAM": "above CoOp + GRAM, as published",
    }


def test_a_gain_in_average_h_is_paired_by_draw(records):
    # Half a point more on every draw, and draws that differ by far more: only pairing shows it.
    coop = records[(records["recipe"] == "coop") & (records["experiment"] == "gram_curves")]
    luck = coop["seed"].map({1: 0.0, 2: 7.0, 3: -7.0})
    coop = coop.assign(value=coop["value"].clip(upper=90) + luck)
    better = {"recipe": "coop_gram", "experiment": "gram_adapted", "start": "gram"}
    table = gram_table1(pd.concat([coop, coop.assign(**better, value=coop["value"] + 0.5)]))
    cells = [table.at(AVERAGE, row, "H") for row in ("CoOp", "CoOp + GRAM")]
    assert cells[0]["high"] > cells[1]["low"]
    assert cells[1]["pattern"] == "above CoOp, as published"


@pytest.mark.parametrize("shots", [16, 4])
def test_transfer_averages_leave_the_source_out_and_know_their_shots(records, shots):
    for number, targets, rows in ((2, SHIFTS, 7), (3, DATASETS_11[1:], 6)):
        table = GRAM_TABLES[f"gram_table{number if shots == 16 else number + 2}"](records)
        assert len(table.rows("")) == rows and len(table.columns) == len(targets) + 2
        rows = records[(records["recipe"] == "vpt_gram") & (records["shots"] == shots) & records["task"].isin(targets)]
        rows = rows[rows["protocol"] == "transfer"]
        assert table.at("", "VPT + GRAM", "Average")["regenerated"] == pytest.approx(rows["value"].mean())
        assert table.cells["published"].notna().all()
        assert table.at("", "VPT + GRAM", "Average")["pattern"] == "above VPT, as published"
        assert f"{len(targets)} of {len(targets)} targets" in table.title


def test_only_gains_by_gram_are_judged(records):
    for make_table in (gram_table2, gram_table5):
        cells = make_table(records).cells
        assert set(cells.loc[cells["pattern"] != "", "row"]) == {"CoOp + GRAM", "VPT + GRAM", "UNIGRAM"}


def test_an_ablation_is_told_apart_by_where_it_starts(records):
    table = gram_table6(records)
    assert [row.partition(" | ")[0] for row in table.rows("")] == list("012345")
    starts = ("gram", "gram_no_domain_shift", "gram_no_regulator", "gram_pretraining", "gram_supervised", "")
    recipes = ("unigram", "unigram", "unigram_plain", "joint_pretrained", "unigram", "joint")
    for row, recipe, start in zip(table.rows(""), recipes, starts, strict=True):
        base, new = (half.mean(axis=1) for half in halves(records, recipe, start))
        cells = [table.at("", row, column) for column in ("Base", "New", "H")]
        expected = [base.mean(), new.mean(), H(base, new).mean()]
        assert [cell["regenerated"] for cell in cells] == pytest.approx(expected)
        assert {cell["pattern"] for cell in cells} == {"" if start == "gram" else "below UNIGRAM, as published"}
    assert table.cells["published"].notna().all()


def test_the_share_of_the_regulator_is_said_as_printed_and_as_here(records):
    note = next(note for note in gram_table6(records).notes if "15 %" in note)
    lost, gain = 75.92 - 74.79, 75.92 - 72.85
    assert f"it is {100 * lost / gain:.0f} % as printed" in note
    means = [
        halves(records, *run)[1].mean(axis=None)
        for run in (("unigram", "gram"), ("unigram_plain", "gram_no_regulator"), ("joint", ""))
    ]
    assert f"{100 * (means[0] - means[1]) / (means[0] - means[2]):.0f} % here" in note
    worse = records.assign(value=records["value"] - 20 * (records["recipe"] == "unigram"))
    assert any("here there is no such gain" in note for note in gram_table6(worse).notes)
    lucky = records["recipe"].eq("unigram") & records["seed"].eq(1)
    uncertain = records.assign(value=records["value"] + 60 * lucky)
    assert any("here that gain cannot be told from none" in note for note in gram_table6(uncertain).notes)
    assert any("not run here" in note for note in gram_table6(records.iloc[:0]).notes)


def test_tokens_count_both_towers_and_each_row_is_judged_against_the_one_above(records):
    table = gram_table7(records)
    assert table.rows("") == ["2", "4", "6", "8"]
    base, _ = halves(records, "unigram", "gram_tokens", fake_records.TOKENS[6])
    assert table.at("", "6", "Base")["regenerated"] == pytest.approx(base.mean(axis=None))
    four, _ = halves(records, "unigram", "gram")
    assert table.at("", "4", "Base")["regenerated"] == pytest.approx(four.mean(axis=None))
    assert [table.at("", row, "New")["pattern"] for row in table.rows("")] == [
        "",
        "below 2 tokens, as published",
        "below 4 tokens, as published",
        "below 6 tokens, as published",
    ]


def test_what_the_notes_say_about_the_printed_numbers_is_so(records):
    one = printed(1)
    assert (one["unigram", "average_11", "base"], one["cocoop", "average_11", "base"]) == (80.34, 80.47)
    for task, gain in (("dtd", 6.38), ("eurosat", 11.34)):
        assert one["unigram", task, "new"] == pytest.approx(one["cocoop", task, "new"] + gain)
    tables = {
        number: published_values("gram", number).set_index(["method", "dataset"])["value"] for number in range(2, 6)
    }
    notes = {number: " ".join(GRAM_TABLES[f"gram_table{number}"](records).notes) for number in tables}
    for many, few in ((2, 4), (3, 5)):
        more_with_fewer = [
            method
            for method in ("coop", "cocoop", "coop+gram", "vpt", "vpt+gram", "unigram")
            if tables[few][method, "imagenet"] > tables[many][method, "imagenet"]
        ]
        assert more_with_fewer == ["vpt", "vpt+gram"]
        said = [tables[number][method, "imagenet"] for method in more_with_fewer for number in (few, many)]
        assert all(f"{value:.2f}" in notes[many] and f"{value:.2f}" in notes[few] for value in said)
    prograd = published_values("prograd", "2d").set_index(["method", "dataset"])["value"]
    for method in ("coop", "cocoop"):
        assert all(prograd[method, task] == tables[4][method, task] for task in ("imagenet", *SHIFTS))
    assert any(prograd["zero_shot_clip", task] != tables[4]["zero_shot_clip", task] for task in SHIFTS)
    worse = {
        (method, task): (tables[5][f"{method}+gram", task], tables[5][method, task])
        for method in ("coop", "vpt")
        for task in DATASETS_11
        if tables[5][f"{method}+gram", task] <= tables[5][method, task]
    }
    assert set(worse) == {("coop", "dtd"), ("vpt", "flowers102"), ("vpt", "sun397")}
    assert all(f"{one:.2f} and {other:.2f}" in notes[5] for one, other in worse.values())
    best = {4: ("imagenet_sketch", SHIFTS), 5: ("caltech101", DATASETS_11)}
    for number, (only, places) in best.items():
        methods = tables[number].index.unique("method")
        not_best = [t for t in places if tables[number]["unigram", t] < max(tables[number][m, t] for m in methods)]
        assert not_best == [only]


def test_every_row_is_a_recipe_that_can_be_run_and_goes_by_the_name_that_records_are_read_as():
    for method in (*METHODS.values(), *ABLATIONS):
        assert papers_name(recipe_of(method.recipe).expression) == method.recipe


@pytest.mark.parametrize("make_table", GRAM_TABLES.values())
def test_some_tasks_seeds_and_experiments_make_the_table_of_them(make_table):
    few = fake_records.make_gram_records(scale="smoke", tasks=("imagenet", "dtd", "eurosat"), seeds=(1, 2))
    few = few[~few["experiment"].isin(["gram_universal", "gram_pretrained"])]
    table = make_table(few)
    assert "scale smoke (rendered data)" in table.title
    assert re.search(r"(3 of 11 tasks|2 of 10 targets|4 of 4 targets)$", table.title)
    assert not table.cells["verdict"].str.contains("reproduced").any()
    assert table.cells["regenerated"].notna().any()


def test_rows_with_fewer_draws_are_compared_on_the_draws_of_all(records):
    fewer = records[(records["experiment"] != "gram_ablation") | (records["seed"] == 2)]
    table = gram_table6(fewer)
    base, _ = halves(records, "unigram", "gram")
    assert table.at("", "0 | UNIGRAM", "Base")["regenerated"] == pytest.approx(base.loc[2].mean())
    assert "1 seed," in table.title


def test_at_the_papers_scale_values_are_judged_with_the_papers_backbone():
    records = fake_records.make_gram_records(scale="paper")
    for make_table in GRAM_TABLES.values():
        verdicts = make_table(records).cells["verdict"].str.replace(" (deterministic)", "")
        assert set(verdicts) <= {"reproduced", "higher", "lower", "no published value"}
    other = gram_table6(records.assign(backbone="ViT-B-32"))
    assert other.at("", "0 | UNIGRAM", "H")["verdict"] == "not comparable: ViT-B-32, published with ViT-B/16"
    some = gram_table1(records[records["task"].isin(["dtd", "eurosat"])])
    assert some.at(AVERAGE, "CoOp", "H")["verdict"] == "not comparable: 2 of 11 tasks"
    assert some.at(DTD, "CoOp", "H")["verdict"] in ("higher", "lower")


def test_details_of_table_1_hold_every_data_set(table1):
    assert len(table1.details) == 11 * 7 * 3
    assert not math.isnan(table1.details["regenerated"].sum())
    assert np.isnan(table1.details.loc[table1.details["recipe"] == "zero_shot", "low"]).all()
