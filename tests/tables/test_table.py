"""A table's two forms: CSV and HTML."""

import math
import re
from io import StringIO

import pandas as pd
import pytest

from reprompt.evidence.statistics import Interval
from reprompt.tables import prograd
from reprompt.tables.html import embedded, fragment, to_html
from reprompt.tables.prograd import prograd_table1, prograd_table3
from reprompt.tables.table import Table, cell, in_cell, in_words, pieces
from reprompt.tables.write import write_table
from reprompt.tasks.groups import members

DATASETS_11 = members("datasets11")


@pytest.fixture(scope="module")
def table(records):
    return prograd_table3(records)


def test_the_same_records_in_any_order_give_the_same_bytes(records, table):
    again = prograd_table3(records.sample(frac=1, random_state=1))
    assert again.to_csv() == table.to_csv()
    assert again.details_to_csv() == table.details_to_csv()
    assert to_html(again) == to_html(table)


def test_the_csv_is_tidy_and_has_two_decimals(table):
    frame = pd.read_csv(StringIO(table.to_csv()))
    assert len(frame) == 24
    assert not re.search(r"\d\.\d{3}", table.to_csv())
    assert table.to_csv().count("\r") == 0


def test_the_page_loads_nothing_and_shows_both_numbers(table):
    page = to_html(table)
    assert not re.search(r"https?://|<script|<link|@import|url\(", page)
    assert "63.64" in page and "not run" in page
    assert "scale miniature" in page


def test_a_page_can_be_embedded(table):
    assert embedded(to_html(table)) == fragment(table)


def test_a_verdict_that_all_cells_share_is_said_once(records, make):
    assert to_html(prograd_table1(records)).count("not comparable: rendered data") == 1
    real = prograd_table1(make(scale="paper", backbone="RN50"))
    assert real.common_verdict == ()
    assert "reproduced" in to_html(real)


def test_a_row_says_in_words_where_its_gain_holds(records):
    table = prograd_table1(records)
    assert table.pattern("", "ProGrad")[0] == ("above CoOp, as published", ["1", "2"])
    assert table.pattern("", "Zero-shot CLIP") == []


def test_writing_leaves_three_files_and_nothing_else(table, tmp_path):
    write_table(table, tmp_path / "tables" / "prograd_table3")
    names = sorted(path.name for path in (tmp_path / "tables").iterdir())
    assert names == [f"prograd_table3.{end}" for end in ("csv", "details.csv", "html")]


def test_a_wide_table_says_its_gains_beneath_itself(records):
    wide, narrow = prograd.prograd_table4(records), prograd_table1(records)
    assert wide.wide and any(note.startswith("Gain of ProGrad: ") for note in wide.footnotes)
    assert not any(note.startswith("Gain of") for note in narrow.footnotes)
    assert "Gain of ProGrad" in to_html(wide) and "Gain, where it holds" not in to_html(wide)


def test_heads_that_span_columns_stand_over_them(records):
    page = to_html(prograd.prograd_table4(records))
    assert re.search(r'colspan="1"[^>]*>\s*<span[^>]*>Source', page)
    assert re.search(r'colspan="10"[^>]*>\s*<span[^>]*>Target', page)


def test_a_name_is_broken_where_a_reader_would_break_it():
    assert pieces("StanfordCars") == ["Stanford", "Cars"]
    assert pieces("FGVCAircraft") == ["FGVC", "Aircraft"]
    assert pieces("Caltech101") == ["Caltech", "101"]
    for whole in ("-Sketch", "UCF101", "DTD", "16"):
        assert pieces(whole) == [whole]


def test_a_verdict_in_a_cell_is_short():
    assert in_cell("higher (one seed, no interval)") == "higher"
    assert in_cell("not comparable: 10 of 11 tasks") == "not comparable"


def test_the_parts_of_a_label_stand_in_columns_of_their_own():
    cells = [cell(row, "Average", Interval(50, 49, 51, 3), 51, "lower") for row in ("MVPT | M | Best M", "Δ")]
    table = Table("parts", "Parts", "scale paper", "Model | Source | Adaptation", pd.DataFrame(cells), signed=("Δ",))
    assert [table.label(row) for row in table.rows("")] == [["MVPT", "M", "Best M"], ["Δ", "", ""]]
    assert in_words("MVPT | M | Best M") == "MVPT (M, Best M)" and in_words("Δ") == "Δ"
    page = to_html(table)
    assert re.search(r"<td[^>]*>Best M</td>", page) and "MVPT |" not in page
    assert "+50.00" in page and "+51.00" in page  # a difference carries its sign


def test_panels_share_their_row_labels_and_say_where_a_gain_holds_by_their_marks():
    values = {"(a) DTD": 50.0, "(b) MNIST": 60.0, "(c) GTSRB": 70.0}
    cells = [
        cell("MVPT", column, Interval(value, math.nan, math.nan, 1), value, "reproduced", "above VPT", block)
        for block, value in values.items()
        for column in ("1", "5")
    ]
    cells[-1]["pattern"] = "below VPT"
    table = Table("panels", "Panels", "scale paper", "# shots", pd.DataFrame(cells), abreast=2)
    assert table.bands == [["(a) DTD", "(b) MNIST"], ["(c) GTSRB"]]
    assert table.footnotes[-1] == "Gain of MVPT: above VPT ((a) all, (b) all, (c) 1); below VPT ((c) 5)."
    page = to_html(table)
    assert page.count(">MVPT<") == 2  # once for each band
    assert 'id="panels"' in page and 'id="panels_2"' in page
