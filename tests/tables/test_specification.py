"""Tables as data: where cells are, and that the papers' specifications fit what is printed and what is planned."""

import math

import fake_records
import pytest

from reprompt.planning.outputs import OUTPUTS
from reprompt.tables import TABLES
from reprompt.tables.html import to_html
from reprompt.tables.specification import Head, Row, Specification
from reprompt.tasks.published import published_values

NO_RECORDS = fake_records.make_gram_records(tasks=("dtd",), seeds=(1,)).iloc[:0]
ROWS = (Row("CLIP", {"recipe": "zero_shot", "tau": 1}, key="clip"), Row("CoOp", {"recipe": "coop"}, over="clip"))
BLOCKS = (Head("balanced", {"tau": 1}), Head("imbalanced", {"tau": 0.05}))
COLUMNS = (Head("0", {"tau": 1}, span="first"), Head("any", span="both"), Head("other", span="both"))


def table(**changed) -> Specification:
    return Specification(**{"name": "t", "heading": "T", "corner": "", "rows": ROWS, "columns": COLUMNS} | changed)


def test_heads_that_contradict_each_other_leave_a_dash():
    at = [(place.block.label, place.row.label, place.column.label) for place in table(blocks=BLOCKS).places()]
    everywhere = [("balanced", row, column) for row in ("CLIP", "CoOp") for column in ("0", "any", "other")]
    assert at == [*everywhere, ("imbalanced", "CoOp", "any"), ("imbalanced", "CoOp", "other")]


def test_a_gain_is_over_a_row_that_the_block_has():
    balanced, imbalanced = BLOCKS
    assert table(blocks=BLOCKS).row("clip", balanced) is ROWS[0]
    assert table(blocks=BLOCKS).row("clip", imbalanced) is None
    assert table(blocks=BLOCKS).row("", balanced) is None  # rows without a key are named by none


def test_in_a_comparison_the_row_has_the_last_word():
    place = table(runs={"shots": 4}).place(Head(""), ROWS[0], Head("imbalanced", {"tau": 0.05}))
    assert (place.runs["tau"], place.runs["shots"]) == (1, 4)


def test_what_is_printed_is_found_by_what_the_heads_say_of_the_runs_unless_they_say_otherwise():
    assert Head("", {"tau": 1, "task": "dtd", "recipe": "coop"}).entries == {"imbalance_tau": 1, "dataset": "dtd"}
    assert Head("", {"tau": 1}, {"setting": "few_shot"}).entries == {"setting": "few_shot"}
    assert table(columns=(Head("", in_print=False),)).place(Head(""), ROWS[1], Head("", in_print=False)).printed is None


def test_columns_of_one_span_have_it_over_them():
    assert table().spans == {"first": ("0",), "both": ("any", "other")}


@pytest.mark.parametrize("name", [name for name, table in TABLES.items() if table.printed])
def test_every_printed_number_has_its_place(name):
    cells = TABLES[name](NO_RECORDS).cells
    values = published_values(*TABLES[name].printed)
    printed = values["value"].notna().sum() if "value" in values else 2 * len(values)  # Table 5 of MVLPT prints names
    assert cells["published"].notna().sum() == printed


@pytest.mark.parametrize("name", TABLES)
def test_no_records_at_all_still_make_a_table(name):
    table = TABLES[name](NO_RECORDS)
    assert set(table.cells["verdict"]) == {"not run"} and table.details.empty
    assert "no records, 0 of" in table.title or "no records; 0 of" in table.title
    assert "not run" in to_html(table) and "not run" in table.to_csv()


@pytest.mark.parametrize("name", TABLES)
def test_what_a_table_reads_is_planned_for_it(name):
    (planned,) = (set(output.experiments) for output in OUTPUTS if output.name == name)
    read = {experiment for place in TABLES[name].places() for experiment in place.runs["experiments"]}
    assert read and read <= planned


def test_every_table_of_the_plan_has_a_specification_of_its_name():
    assert {output.name for output in OUTPUTS if output.kind == "table"} == {*TABLES}
    assert all(table.name == name for name, table in TABLES.items())


def test_a_specification_holds_data_alone():
    def values(part):
        if isinstance(part, dict):
            for value in part.values():
                yield from values(value)
        elif isinstance(part, tuple):
            for value in part:
                yield from values(value)
        elif hasattr(part, "__dataclass_fields__"):
            for name in part.__dataclass_fields__:
                yield from values(getattr(part, name))
        else:
            yield part

    kinds = {type(value) for table in TABLES.values() for value in values(table)}
    assert kinds <= {str, int, float, bool, type(None)}
    assert not any(isinstance(v, float) and math.isnan(v) for table in TABLES.values() for v in values(table))
