"""What is made first: of every study something cheap, and of the rest what adds least."""

from pathlib import Path

import pytest

from project import PROJECT
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import Plan, make_plan
from reprompt.workflow import order
from reprompt.workflow.order import Wanted, in_order


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(load_parameters(PROJECT / "params.yaml", "miniature"))


def output(name: str, *needs: str) -> Wanted:
    study, kind, _ = name.split("_")
    return Wanted(name, study, kind == "table", frozenset(needs))


def test_each_study_has_its_cheapest_table_first_then_comes_what_adds_least() -> None:
    seconds = {"a": 10, "b": 100, "c": 50, "d": 1, "e": 60}
    outputs = [
        output("x_table_1", "a", "b"),
        output("x_table_2", "b"),
        output("x_figure_1", "d"),
        output("x_figure_2", "c"),
        output("y_table_1", "c"),
        output("y_table_2", "c", "e", "b"),
        output("y_figure_1"),
    ]
    names = [wanted.step for wanted in in_order(outputs, seconds)]
    free_at_once = ["y_figure_1"]
    tables = ["y_table_1", "x_figure_2", "x_table_2"]  # the figure needs what the table before it needed
    assert names == [*free_at_once, *tables, "x_figure_1", "x_table_1", "y_table_2"]


def test_what_an_output_needs_comes_before_it_and_never_after_what_comes_later(plan: Plan) -> None:
    seconds = {job.name: 10.0 for job in plan.jobs}
    urgent = order.priorities(plan, seconds, cores=2)
    for wanted in order.wanted(plan):
        assert all(urgent[step] >= urgent[wanted.step] > 0 for step in wanted.needs)
    assert {job.name for job in plan.jobs} <= urgent.keys(), "every job is for a table or figure"


def test_a_chain_is_as_long_as_the_steps_that_follow_one_another() -> None:
    needs = {"a": (), "b": ("a",), "c": ("a", "b"), "d": ("a",), "e": ()}
    seconds = {"a": 1, "b": 10, "c": 100, "d": 50}
    assert order.chains({step: frozenset(others) for step, others in needs.items()}, seconds) == {
        "a": 111,
        "b": 110,
        "c": 100,
        "d": 50,
        "e": 0,
    }


def test_long_chains_come_first_where_they_would_be_waited_for(plan: Plan) -> None:
    tokens = "gram_tokens/joint-gram/ViT-B-16/all"
    seconds = {job.name: 20.0 for job in plan.jobs} | {"corpus": 400.0, tokens: 400.0}
    chains = order.chains(order.needs_of_steps(plan, order.wanted(plan)), seconds)
    whole = sum(seconds.values())
    assert whole / 8 / 2 < chains[tokens] < chains["corpus"] < whole / 2 / 2
    on_two, on_eight = (order.priorities(plan, seconds, cores) for cores in (2, 8))
    highest = max(on_two.values())
    assert on_eight["corpus"] > on_eight[tokens] > highest >= on_two["corpus"]
    assert {step for step in on_two if on_two[step] != on_eight[step]} == {
        step for step, chain in chains.items() if chain > whole / 8 / 2
    }


def test_what_a_job_needs_is_what_the_rules_have_as_input(plan: Plan) -> None:
    needs = {wanted.step: wanted.needs for wanted in order.wanted(plan)}
    across = needs["table/gram_table2"]
    assert {"corpus", "split/imagenet_r", "features/ViT-B-16/corpus", "features/ViT-B-16/shifts"} <= across
    assert {step for step in needs["table/prograd_table6"] if "split" in step} == {
        f"split/{task}" for task in plan.tasks
    }
    assert any(step.startswith("gram/") for step in across), "from whose prompts the others start"
    grouped = needs["table/mvlpt_table3"]
    assert "groups" in grouped
    assert {job.name for job in plan.jobs if job.experiment == "transfer_grid"} <= grouped
    assert "corpus" not in needs["table/prograd_table1"]
    assert "pretrain/RN50" in needs["table/prograd_table2"]
    assert needs["corpus_figure/gram_figure_topics"] == order._needs_of_corpus(plan)


def test_the_rules_read_what_the_driver_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert order.read() == {}
    order.write({"split": 7})
    assert order.read() == {"split": 7}
