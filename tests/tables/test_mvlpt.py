"""MVLPT's tables from fake records; tests/tables/fake_mvlpt.py makes them."""

import math
import re
import time

import fake_mvlpt
import pandas as pd
import pytest

from reprompt.evidence.adaptation import adaptations
from reprompt.evidence.statistics import interval_over_seeds
from reprompt.tables import TABLES
from reprompt.tables.html import to_html
from reprompt.tables.mvlpt import mvlpt_table1, mvlpt_table2, mvlpt_table3, mvlpt_table4, mvlpt_table5
from reprompt.tables.names import agreement
from reprompt.tasks.card import card_of
from reprompt.tasks.groups import members
from reprompt.tasks.published import published_values
from reprompt.training.groups import grid_of, partners

ELEVATER_20 = members("elevater20")
TARGETS = fake_mvlpt.TARGETS_12
SIX = ["CoOp", "VPT", "UPT", "MCoOp", "MVPT", "MUPT"]
RENDERED = "not comparable: rendered data"


@pytest.fixture(scope="module")
def records():
    return fake_mvlpt.make_mvlpt_records()


@pytest.fixture(scope="module")
def real():
    return fake_mvlpt.make_mvlpt_records(scale="paper")


@pytest.fixture(scope="module")
def table1(records):
    return mvlpt_table1(records)


@pytest.fixture(scope="module")
def table2(records):
    return mvlpt_table2(records)


@pytest.fixture(scope="module")
def smoke():
    return fake_mvlpt.make_mvlpt_records(scale="smoke", tasks=("dtd", "mnist", "gtsrb", "voc2007"), seeds=(1, 2))


def scores(records, metric="score", **chosen) -> pd.DataFrame:
    """Values by seed and task of the records with these entries, without the package's own selection."""
    rows = records[records["metric"] == metric]
    for column, entry in chosen.items():
        rows = rows[rows[column] == entry]
    return rows.pivot(index="seed", columns="task", values="value")


def chosen_scores(records, learner, start, groups) -> pd.DataFrame:
    """Scores by seed and task of the size that is best on validation images on average over seeds, with a loop."""
    rows = records[(records["protocol"] == "elevater") & (records["start"] == start) & (records["swept"] == "")]
    rows = rows[rows["recipe"].str.contains(learner) & (rows["backbone"] == "ViT-B-16") & (rows["shots"] == 20)]
    best = {}
    for group in groups:  # from small to large
        for task, runs in rows[rows["group"] == group].groupby("task"):
            values = runs.pivot(index="seed", columns="metric", values="value")
            mean = values["validation"].mean()
            if task not in best or mean > best[task][0] + 1e-9:
                best[task] = (mean, values["score"])
    return pd.DataFrame({task: scores for task, (_, scores) in best.items()})


def printed(table, dataset, **chosen) -> float:
    values = published_values("mvlpt", table)
    for column, entry in {"dataset": dataset, **chosen}.items():
        values = values[values[column] == entry]
    assert len(values) == 1
    return float(values["value"].iloc[0])


def test_table_1_has_the_panels_rows_and_columns_of_the_paper(table1):
    assert table1.blocks[:3] == ["(a) Average over 12 tasks", "(b) CIFAR-100", "(c) Hateful Memes"]
    assert [len(band) for band in table1.bands] == [3, 3, 3, 3]
    assert table1.columns == ["1", "5", "20"]
    assert all(table1.rows(block) == SIX for block in table1.blocks)
    assert len(table1.cells) == len(published_values("mvlpt", 1)) == table1.cells["published"].notna().sum()
    assert table1.at("(h) Patch-Camelyon", "MVPT", "20")["published"] == 78.10
    assert "3 seeds, 12 of 12 tasks" in table1.title


def test_table_1_averages_the_tasks_own_metrics(table1, records):
    values = scores(records, experiment="cross_task", recipe="vpt_source", shots=5)
    assert list(values.columns) == sorted(TARGETS)
    cell, expected = table1.at("(a) Average over 12 tasks", "MVPT", "5"), interval_over_seeds(values.mean(axis=1))
    assert cell[["regenerated", "low", "high"]].tolist() == pytest.approx(
        [expected.estimate, expected.low, expected.high]
    )
    one = table1.at("(j) GTSRB", "MVPT", "5")
    assert one["regenerated"] == pytest.approx(values["gtsrb"].mean())
    few = scores(records, experiment="elevater_few", recipe="vpt_deep", shots=5)
    assert table1.at("(j) GTSRB", "VPT", "5")["regenerated"] == pytest.approx(few["gtsrb"].mean())


def test_a_start_from_eleven_tasks_is_judged_against_a_random_start_on_the_same_draws(table1):
    cell = table1.at("(a) Average over 12 tasks", "MUPT", "20")
    assert cell["pattern"] == "above UPT, as published"
    assert table1.at("(a) Average over 12 tasks", "UPT", "20")["pattern"] == ""
    country = table1.at("(f) Country-211", "MVPT", "20")
    assert country["pattern"] in ("above VPT, against published", "inconclusive against VPT: interval includes 0")
    gains = [note for note in table1.footnotes if note.startswith("Gain of ")]
    assert [note.split(":")[0] for note in gains] == ["Gain of MCoOp", "Gain of MVPT", "Gain of MUPT"]
    assert "(a) all" in gains[2]


def test_details_of_table_1_have_the_task_that_the_paper_does_not_print(table1, records):
    details = table1.details
    assert len(details) == 12 * 6 * 3
    row = details[(details["task"] == "cifar10") & (details["method"] == "mcoop") & (details["shots"] == 1)].iloc[0]
    values = scores(records, experiment="cross_task", recipe="coop_source", shots=1)
    assert row["regenerated"] == pytest.approx(values["cifar10"].mean())
    assert row["init"] == "multitask_11"


def test_table_2_has_the_rows_and_columns_of_the_paper(table2):
    assert table2.columns == [*(card_of(task).printed for task in ELEVATER_20), "Average"]
    assert [table2.label(row) for row in table2.rows("")] == [
        ["CLIP", "–", "–"],
        *([name, "–", "S"] for name in SIX[:3]),
        *([name, "–", "M"] for name in SIX[3:]),
        *([name, "M", "M"] for name in SIX[3:]),
        ["Δ", "", ""],
    ]
    assert table2.corners == ["Model", "Source", "Adaptation"]
    assert len(table2.cells) == len(published_values("mvlpt", 2)) == table2.cells["published"].notna().sum()
    assert table2.at("", "MVPT | M | M", "Average")["published"] == 74.13


@pytest.mark.parametrize(("row", "start"), [("MVPT | – | M", ""), ("MVPT | M | M", "multitask_20")])
def test_multitask_rows_take_for_every_task_the_group_that_validation_chooses(table2, records, row, start):
    values = chosen_scores(records, "vpt", start, ("", "best_2", "best_3"))
    expected = interval_over_seeds(values.mean(axis=1))
    cell = table2.at("", row, "Average")
    assert cell[["regenerated", "low", "high"]].tolist() == pytest.approx(
        [expected.estimate, expected.low, expected.high]
    )
    assert table2.at("", row, "FER 2013")["regenerated"] == pytest.approx(values["fer2013"].mean())
    assert cell["pattern"] == "above VPT, as published"


def test_zero_shot_clip_has_no_interval(table2):
    cell = table2.at("", "CLIP | – | –", "DTD")
    assert math.isnan(cell["low"]) and cell["seeds"] == 0
    assert cell["regenerated"] == pytest.approx(fake_mvlpt.zero_shot("dtd"))


def test_delta_is_the_best_multitask_row_less_the_best_single_task_row(table2):
    for column in ("DTD", "Average"):
        values = {row: table2.at("", row, column)["regenerated"] for row in table2.rows("")}
        single = max(value for row, value in values.items() if row.endswith("S"))
        multitask = max(value for row, value in values.items() if row.endswith("| M"))
        assert values["Δ"] == pytest.approx(multitask - single)
    assert table2.at("", "Δ", "GTSRB")["published"] == 4.28
    assert re.search(r"\+\d\.\d\d", to_html(table2))


def test_delta_needs_every_row(records):
    table = mvlpt_table2(records[(records["experiment"] != "adapted")])
    assert table.at("", "MUPT | M | M", "DTD")["verdict"] == "not run"
    assert set(table.cells.loc[table.cells["row"] == "Δ", "verdict"]) == {"not run"}
    assert table.at("", "MUPT | – | M", "DTD")["verdict"] == RENDERED


def test_table_3_compares_best_groups_with_single_tasks_and_worst_groups_with_best(records):
    table = mvlpt_table3(records)
    assert [table.label(row)[1:] for row in table.rows("")] == [
        *[["M", "S"]] * 3,
        *[["M", "Best M"]] * 3,
        *[["M", "Worst M"]] * 3,
    ]
    assert table.cells["published"].tolist() == published_values("mvlpt", 3)["value"].tolist()
    column = "Averaged ELEVATER"
    worst = chosen_scores(records, "upt", "multitask_20", ("worst_2", "worst_3"))
    assert table.at("", "MUPT | M | Worst M", column)["regenerated"] == pytest.approx(worst.mean(axis=None))
    assert table.at("", "MVPT | M | S", column)["pattern"] == ""
    best, worst = (table.at("", f"MVPT | M | {which} M", column)["pattern"] for which in ("Best", "Worst"))
    assert best.startswith(("above MVPT (M, S), as published", "inconclusive"))
    assert worst == "below MVPT (M, Best M), as published"
    assert len(table.details) == 20 * 9


def test_table_4_goes_from_imagenet_to_ten_to_eleven_sources(table1, records):
    table = mvlpt_table4(records)
    assert table.rows("")[::3] == [
        "CoOp | ImageNet1K | S",
        "MCoOp | 10 source tasks | S",
        "MCoOp | 11 source tasks | S",
    ]
    assert table.cells["published"].tolist() == published_values("mvlpt", 4)["value"].tolist()
    column = "Averaged 12 target tasks"
    values = scores(records, experiment="source_tasks", recipe="vpt_source", start="multitask_10")
    assert table.at("", "MVPT | 10 source tasks | S", column)["regenerated"] == pytest.approx(values.mean(axis=None))
    assert table.at("", "MVPT | 10 source tasks | S", column)["pattern"] == "above VPT (ImageNet1K, S), as published"
    of_table1 = table1.at("(a) Average over 12 tasks", "MVPT", "20")
    assert table.at("", "MVPT | 11 source tasks | S", column)["regenerated"] == of_table1["regenerated"]


def test_table_5_prints_the_papers_partners_beneath_ours(records):
    table = mvlpt_table5(records)
    assert table.bands == [["CoOp", "VPT", "UPT"]]
    assert table.columns == ["Task 1", "Task 2"]
    assert table.rows("UPT") == [card_of(task).printed for task in ELEVATER_20]
    cell = table.at("VPT", "KITTI Distance", "Task 2")
    assert cell["published"] == "Flowers102"
    ours = partners(grid_of(records, "vpt_deep", "validation"))["kitti_distance"].best[1]
    assert cell["regenerated"] == card_of(ours).printed
    assert set(table.cells["verdict"]) == {RENDERED}
    assert "Verdict on each published name: not comparable: rendered data." in table.footnotes


def test_a_partner_is_marked_where_the_paper_prints_it(records):
    better = records.copy()
    rows = (records["protocol"] == "transfer_grid") & (records["recipe"] == "upt") & (records["task"] == "mnist")
    rows &= records["metric"] == "validation"
    better.loc[rows & (records["source"] == "gtsrb"), "value"] = 99.0
    better.loc[rows & (records["source"] == "cifar100"), "value"] = 98.0
    table = mvlpt_table5(better)  # the paper prints CIFAR100, GTSRB
    first, second = (table.at("UPT", "MNIST", f"Task {place}") for place in (1, 2))
    assert (first["regenerated"], first["pattern"]) == ("GTSRB", "published in the row's other cell")
    assert table.entry(second).mark == "(✓)"
    better.loc[rows & (records["source"] == "cifar100"), "value"] = 99.5
    assert mvlpt_table5(better).at("UPT", "MNIST", "Task 1")["pattern"] == "as published"
    assert mvlpt_table5(better).entry(mvlpt_table5(better).at("UPT", "MNIST", "Task 1")).mark == "✓"


def by_grid(records):
    """The records of groups whose partners the map chose."""
    return records.assign(partners_by=["grid" if group else "" for group in records["group"]])


def test_table_5_has_the_partners_that_were_trained_together(records):
    """UPT's on MNIST: one source is made the best on test images, another on validation images."""
    rows = (records["protocol"] == "transfer_grid") & (records["recipe"] == "upt") & (records["task"] == "mnist")
    for metric, source in (("score", "cifar100"), ("validation", "gtsrb")):
        best = rows & (records["metric"] == metric) & (records["source"] == source)
        records = records.assign(value=records["value"].mask(best, 101.0))
    first = [mvlpt_table5(frame).at("UPT", "MNIST", "Task 1") for frame in (records, by_grid(records))]
    assert [cell["regenerated"] for cell in first] == ["GTSRB", "CIFAR100"]
    assert [cell["pattern"] for cell in first] == ["published in the row's other cell", "as published"]


@pytest.mark.parametrize("table", [mvlpt_table2, mvlpt_table3, mvlpt_table5])
def test_a_table_of_groups_says_what_partners_are_chosen_by_and_whether_that_leaks(table, records):
    for frame, value, leaks in ((records, "validation", False), (by_grid(records), "grid", True)):
        (note,) = [note for note in table(frame).notes if f"`partners_by: {value}`" in note]
        assert ("this leaks" in note) == leaks


def test_groups_chosen_in_two_ways_make_no_table(records):
    mixed = by_grid(records).assign(partners_by=lambda frame: frame["partners_by"].where(frame["seed"] == 1, ""))
    with pytest.raises(ValueError, match="partners were chosen by grid and by validation; have them made again"):
        mvlpt_table3(mixed)


def test_agreement_is_counted_against_chance():
    printed, sources = {"a": ("b", "c"), "b": ("a", "c")}, ("a", "b", "c", "d", "e")
    words = agreement({"a": ("b", "d"), "b": ("c", "a")}, printed, sources)
    # Two of four others are printed for each target: of two drawn, one is expected to be.
    assert (
        words.startswith("3 of 4 partners") and "(2.0 would" in words and words.endswith("1 of them in the same place")
    )
    assert agreement({}, printed, sources) == "not run"


def test_at_the_papers_scale_names_and_numbers_are_judged(real):
    assert set(mvlpt_table5(real).cells["verdict"]) <= {
        "as published",
        "published in the row's other cell",
        "not published",
    }
    for make_table in (mvlpt_table1, mvlpt_table3, mvlpt_table4):
        verdicts = set(make_table(real).cells["verdict"])
        assert verdicts <= {"reproduced", "undecided", "higher", "lower"}
    few = mvlpt_table4(real[real["task"].isin(["mnist", "gtsrb"])])
    assert set(few.cells["verdict"]) == {"not comparable: 2 of 12 tasks"}


def test_a_number_printed_under_another_task_is_not_compared(real):
    table = mvlpt_table2(real)
    shifted = [column for column in table.columns if "another" in table.at("", "CLIP | – | –", column)["verdict"]]
    notes = published_values("mvlpt", 2).dropna(subset=["note"])
    marked = notes.loc[notes["note"].str.contains("column-shifted"), "dataset"]
    assert shifted == [card_of(task).printed for task in marked]
    assert table.at("", "VPT | – | S", "GTSRB")["verdict"] in ("higher", "lower", "reproduced", "undecided")
    memes = table.cells[(table.cells["column"] == "Hateful Memes") & (table.cells["row"] != "CLIP | – | –")]
    assert set(memes["verdict"]) <= {"reproduced", "undecided", "higher", "lower"}, "both are accuracies"


def test_what_the_notes_say_about_the_papers_numbers_is_so():
    single, multitask = {"adaptation": "single"}, {"adaptation": "multitask_best"}
    gains = [
        printed(2, task, method=f"m{learner}", source_init="random", **multitask)
        - printed(2, task, method=learner, source_init="random", **single)
        for learner in ("coop", "vpt", "upt")
        for task in ELEVATER_20
    ]
    assert [sum(gain < 0 for gain in gains), sum(gain == 0 for gain in gains), len(gains)] == [0, 33, 60]
    both = [task for task in TARGETS if task != "cifar10"]
    start = {"source_init": "random", "shots": 20}
    for task in both:
        assert printed(2, task, method="vpt", **start) == printed(1, task, method="upt", **start)
    differences = {
        task: printed(2, task, method="coop", **start) - printed(1, task, method="coop", **start) for task in both
    }
    assert max(differences, key=lambda task: abs(differences[task])) == "rendered_sst2"
    assert differences["rendered_sst2"] == pytest.approx(59.55 - 54.75)
    for table in (1, 2):
        values = published_values("mvlpt", table)
        memes = values[(values["dataset"] == "hateful_memes") & (values["shots"] > 0)]
        assert (abs(15 * memes["value"] - (15 * memes["value"]).round()) < 0.151).all()  # printed to 0.01
    row = printed(2, "average_20", method="mvpt", source_init="multitask_20")
    assert row - printed(2, "average_20", method="vpt", source_init="random") == pytest.approx(1.81)
    assert printed(4, "average_12", method="upt", source_init="imagenet") == 67.45
    assert printed(1, "average_12", method="upt", **start) == 67.62


@pytest.mark.parametrize("name", [f"mvlpt_table{number}" for number in range(1, 6)])
def test_some_tasks_and_seeds_make_the_table_of_them(smoke, name):
    table = TABLES[name](smoke)
    assert "scale smoke (rendered data)" in table.title and "2 seeds" in table.title
    assert re.search(r"[34] of (12|20) tasks", table.title)
    assert set(table.cells["verdict"]) <= {RENDERED, "not run"}
    assert (table.cells["verdict"] == RENDERED).any()


@pytest.mark.parametrize(
    ("make_table", "lost", "row"),
    [
        (mvlpt_table1, "cross_task", "MVPT"),
        (mvlpt_table2, "grouped", "MVPT | – | M"),
        (mvlpt_table3, "grouped_adapted", "MVPT | M | Best M"),
        (mvlpt_table4, "source_tasks", "VPT | ImageNet1K | S"),
    ],
)
def test_an_experiment_that_was_not_run_leaves_its_rows_empty_and_the_others_in_place(records, make_table, lost, row):
    table = make_table(records[records["experiment"] != lost])
    rows = table.cells[table.cells["row"] == row]
    assert set(rows["verdict"]) == {"not run"} and rows["published"].notna().all()
    assert (table.cells["verdict"] == RENDERED).any()


def test_a_task_that_one_shown_run_lacks_is_left_out_of_every_average(records):
    lost = records[~((records["group"] == "best_3") & (records["task"] == "dtd") & (records["seed"] == 2))]
    table = mvlpt_table2(lost)
    assert "19 of 20 tasks" in table.title
    assert any("dtd" in note for note in table.notes)
    assert table.at("", "CoOp | – | S", "DTD")["verdict"] == "not run"
    worst = records[~((records["group"] == "worst_3") & (records["task"] == "dtd"))]
    assert "20 of 20 tasks" in mvlpt_table2(worst).title  # the worst groups are not in Table 2


def test_the_same_records_in_any_order_give_the_same_bytes(records):
    shuffled = records.sample(frac=1, random_state=1)
    for name in ("mvlpt_table2", "mvlpt_table5"):
        one, other = (TABLES[name](rows) for rows in (records, shuffled))
        assert one.to_csv() == other.to_csv()
        assert to_html(one) == to_html(other)


def test_other_backbones_and_lengths_stand_in_none_of_these_tables(records):
    swept_or_scaled = records["experiment"].str.startswith(("scaling", "length", "upt_block"))
    for make_table in (mvlpt_table1, mvlpt_table2, mvlpt_table4):
        assert make_table(records).to_csv() == make_table(records[~swept_or_scaled]).to_csv()


def test_the_frame_of_all_runs_is_quick(records):
    start = time.perf_counter()
    table = adaptations(records)
    assert time.perf_counter() - start < 2  # seconds; about 0.1 on an idle core
    assert set(table["method"]) == {"zero_shot_clip", "coop", "vpt", "upt", "mcoop", "mvpt", "mupt"}


def test_every_cell_has_its_verdict_where_cells_differ(real):
    assert "lower" in to_html(mvlpt_table2(real))


def test_panels_stand_side_by_side_under_their_names(table1):
    page = to_html(table1)
    assert page.count('colspan="3"') >= 12
    assert page.index("(a) Average over 12 tasks") < page.index("(d) MNIST") < page.index("(l) KITTI Distance")
    assert not re.search(r"https?://|<script|<link|@import|url\(", page)
