"""A table's three forms: CSV, HTML and picture."""

import re
from io import StringIO

import pandas as pd
import pytest

from reprompt.tables.html import embedded, fragment, to_html
from reprompt.tables.image import to_png
from reprompt.tables.prograd import prograd_table1, prograd_table3
from reprompt.tables.write import write_table


@pytest.fixture(scope="module")
def table(records):
    return prograd_table3(records)


def test_the_same_records_in_any_order_give_the_same_bytes(records, table):
    again = prograd_table3(records.sample(frac=1, random_state=1))
    assert again.to_csv() == table.to_csv()
    assert again.details_to_csv() == table.details_to_csv()
    assert to_html(again) == to_html(table)
    assert to_png(again) == to_png(table)


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


def test_the_picture_carries_no_date_and_no_version(table):
    picture = to_png(table)
    assert picture.startswith(b"\x89PNG")
    assert b"tEXt" not in picture and b"tIME" not in picture


def test_writing_leaves_four_files_and_nothing_else(table, tmp_path):
    write_table(table, tmp_path / "tables" / "prograd_table3")
    names = sorted(path.name for path in (tmp_path / "tables").iterdir())
    assert names == [f"prograd_table3.{end}" for end in ("csv", "details.csv", "html", "png")]
