"""What a finished table or figure is announced by."""

from pathlib import Path

import pytest

from project import PROJECT
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import Plan, make_plan
from reprompt.workflow.results import announced, first_result
from reprompt.workflow.snakemake import Started

TABLE = "block,row,column,published,regenerated,low,high,seeds,difference,verdict,pattern\n"
ZERO_SHOT = ",Zero-shot CLIP,New,61,62.10,,,0,1,not comparable,\n"


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(load_parameters(PROJECT / "params.yaml", "smoke"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            f"{TABLE}{ZERO_SHOT}(a) All,CoOp,New,63,-6.00,-6.52,-5.48,3,,,below X\n",
            "(a) All, CoOp, New: −6.00 ± 0.52, below X",
        ),
        (f"{TABLE}{ZERO_SHOT}", "Zero-shot CLIP, New: 62.10"),
        (f"{TABLE}CoOp,Cars,Task 1,DTD,Pets,,,,,,not published\n", "CoOp, Cars, Task 1: Pets, not published"),
        ("panel,recipe,regenerated,low,high,seeds\na,coop,1.5,1.0,2.0,3\n", "panel a, recipe coop: 1.5 ± 0.5"),
        ("panel,x,y\na,1,2\n", ""),
        (TABLE, ""),
    ],
)
def test_the_first_gain_is_told_in_words_or_else_the_first_number(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    assert first_result(tmp_path / "a.csv") == words


def test_every_committed_table_and_figure_has_a_line() -> None:
    results = PROJECT / "results/miniature"
    files = [*results.glob("tables/*.csv"), *results.glob("figures/*.csv")]
    told = [first_result(file) for file in files if ".details" not in file.name]
    assert len(told) > 40 and sum(map(bool, told)) > 35
    assert max(map(len, told)) < 140


def test_a_figure_is_announced_by_its_picture_and_other_jobs_are_not(tmp_path: Path, plan: Plan) -> None:
    (tmp_path / "gram_figure1a.csv").write_text("split,regenerated,low,high,seeds\nbase,81.78,,,0\n")
    outputs = tuple(str(tmp_path / f"gram_figure1a.{end}") for end in ("png", "csv"))
    figure = Started("figure/gram_figure1a", "figure", {"figure": "gram_figure1a"}, outputs, "", 0.0)
    assert announced(plan, figure) == f"gram_figure1a: Where CoOp starts | {outputs[0]}\n    split base: 81.78"
    assert announced(plan, Started("split", "split", {}, (), "", 0.0)) is None
