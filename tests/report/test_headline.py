"""The headline numbers."""

import json
import re

import fake_mvlpt
import fake_npt
import fake_records
import pandas as pd
import pytest

from project import PROJECT
from reprompt.report.headline import (
    HEADLINE,
    headline,
    headline_markdown,
    headline_rows,
    headline_text,
    in_figures,
    seeds_in_words,
)


@pytest.fixture(scope="module")
def everything(records) -> pd.DataFrame:
    """Invented records of all four studies, NPT's with a seed more."""
    npt = fake_npt.make_npt_records(seeds=(1, 2, 3, 4))
    return pd.concat([records, npt, fake_mvlpt.make_mvlpt_records(), fake_records.make_gram_records()])


@pytest.fixture(scope="module")
def numbers(everything) -> dict:
    return headline(everything)


def test_the_headline_has_each_number_with_interval_seeds_and_verdict(numbers):
    assert (numbers["scale"], numbers["tasks"], numbers["seeds"]) == ("miniature", 11, 3)
    assert numbers["zero_shot"]["seeds"] == 0 and "low" not in numbers["zero_shot"]
    gain = numbers["coop_minus_zero_shot_16_shots"]
    assert gain["low"] < gain["estimate"] < gain["high"]
    assert gain["estimate"] == pytest.approx(7, abs=0.5)
    assert gain["published"] == 14.72
    assert gain["verdict"] == "above zero-shot CLIP, as published"
    assert numbers["new_coop_minus_zero_shot"]["verdict"] == "below zero-shot CLIP, as published"
    assert numbers["new_prograd_minus_coop"]["published"] == 4.7


def test_every_number_is_what_a_table_prints_or_the_difference_of_two_of_its_cells(everything, numbers):
    tables = {row.table.name: row.table(everything) for row in HEADLINE.values()}
    for key, row in HEADLINE.items():
        labels = [row.table.row(name, row.block).label for name in (row.row, row.over) if name]
        table, block = tables[row.table.name], row.block.label
        cells = [(table.at(block, label, row.column), table.at(block, label, "0")) for label in labels]
        cells = [cell if cell is not None else untuned for cell, untuned in cells]
        estimates = [cell["regenerated"] for cell in cells]
        expected = estimates[0] - estimates[1] if row.over else estimates[0]
        assert numbers[key]["estimate"] == pytest.approx(expected, abs=0.006), key
        if row.printed_in is None:
            printed = [cell["published"] for cell in cells]
            assert numbers[key]["published"] == pytest.approx(printed[0] - sum(printed[1:])), key


def test_a_gain_at_16_shots_is_judged_by_the_printed_sign_at_4(numbers):
    at_4, at_16 = (numbers[f"new_prograd_minus_coop{shots}"] for shots in ("", "_16_shots"))
    assert at_4["published"] == at_16["published"] == 4.7 and at_4["estimate"] != at_16["estimate"]


def test_both_definitions_of_h_are_given(numbers):
    means, of_means = numbers["H"]["mean_of_H"], numbers["H"]["H_of_means"]
    assert set(means) == set(of_means) == {"zero_shot", "coop", "prograd"}
    assert means["coop"]["estimate"] <= of_means["coop"]["estimate"]


def test_the_headline_is_json_with_two_decimals(numbers):
    text = json.dumps(numbers, allow_nan=False)
    assert json.loads(text) == numbers
    assert not re.search(r"\d\.\d{3}", text)


def test_what_was_not_run_is_left_out_and_said_in_the_text(records):
    numbers = headline(records[records["recipe"] != "prograd"])
    assert "prograd_minus_coop_1_shot" not in numbers
    assert headline_text(numbers).count("not run") == 3 + 8  # ProGrad's, and the other studies'
    assert "No records" in headline_text(headline(records.iloc[:0]))


@pytest.mark.parametrize(
    "left_out",
    ["experiment == 'base_to_new' and recipe == 'coop'", "experiment == 'few_shot'", "experiment != 'few_shot'"],
)
def test_a_part_of_the_experiments_gives_its_rows(records, left_out):
    """Three rows of ProGrad's six are not run each time, and the other studies' eight."""
    text = headline_text(headline(records[~records.eval(left_out)]))
    assert text.count("not run") == 3 + 8 and "11 of 11 tasks, 3 seeds" in text


def test_the_terminal_and_readme_have_the_same_rows_and_the_page_three_more(numbers):
    lines, rows = headline_text(numbers).splitlines(), list(headline_rows(numbers))
    assert "miniature (rendered data" in lines[0]
    assert max(map(len, lines)) <= 118
    for line, readme, row in zip(lines[4:], headline_markdown(numbers).splitlines()[2:], rows, strict=True):
        cells = [cell.strip() for cell in readme.strip("|").split("|")]
        assert cells == [row["label"], row["value"], row["published"]]
        assert [part for part in re.split(r"\s{2,}", line.strip())[:2]] == cells[:2]
    on_the_page = [row["label"] for row in headline_rows(numbers, on_the_page=True)]
    assert len(rows) == 14 and len({*on_the_page} - {row["label"] for row in rows}) == 3


def test_seeds_that_differ_are_named(numbers):
    assert seeds_in_words(numbers) == "3 seeds (NPT: 4)"


def test_a_number_in_figures():
    assert in_figures({"estimate": 66.84, "seeds": 0}) == "66.8"
    assert in_figures({"estimate": -5.86, "low": -6.34, "high": -5.38, "seeds": 3}, signed=True) == "−5.9 ± 0.5"


def test_the_committed_numbers_have_every_row():
    numbers = json.loads((PROJECT / "results/miniature/headline.json").read_text())
    assert [*HEADLINE] == [key for key in numbers if key in HEADLINE]
