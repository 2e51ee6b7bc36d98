"""The papers' numbers, as data."""

import pytest

from reprompt.tasks.groups import members
from reprompt.tasks.published import published_tables, published_values

DATASETS_11 = members("datasets11")


def test_every_transcribed_table_can_be_read():
    tables = published_tables()
    assert len(tables) == 23
    for name in tables:
        paper, number = name.split("_table")
        assert len(published_values(paper, number)) > 0


def test_a_number_reads_all_panels_and_a_letter_one():
    assert set(published_values("prograd", 2)["table"]) == {"2a", "2b", "2c", "2d"}
    assert set(published_values("prograd", "2c")["backbone"]) == {"ViT-B/32"}


def test_an_unknown_table_names_the_known_ones():
    with pytest.raises(KeyError, match=r"prograd_table9; transcribed are: .*prograd_table7"):
        published_values("prograd", 9)
    with pytest.raises(KeyError, match="nowhere_table1"):
        published_values("nowhere", 1)
    with pytest.raises(KeyError, match=r"gram_table1 has no panel 1z; it has: 1a"):
        published_values("gram", "1z")


def test_the_columns_but_the_value_are_a_key():
    for name in published_tables():
        cells = published_values(*name.split("_table"))
        if "value" in cells:
            assert not cells.drop(columns=["value", "std", "unit", "note"]).duplicated().any(), name


def test_per_dataset_tables_use_the_names_of_the_eleven_datasets():
    assert len(DATASETS_11) == 11
    printed = set(published_values("prograd", 4)["dataset"]) - {"average_11"}
    assert printed == set(DATASETS_11)
