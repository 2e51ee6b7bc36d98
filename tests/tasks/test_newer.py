"""Printed numbers of newer methods: complete, with their source, and true to their own arithmetic."""

import pytest

from reprompt.tasks.groups import members
from reprompt.tasks.published.newer import newer_methods, newer_values, reruns

ELEVEN = members("datasets11")
KEY = ["method", "setting", "backbone", "dataset", "shots", "split"]
IN_HALVES = ("kgcoop", "promptsrc", "tcp")


@pytest.mark.parametrize("method", newer_methods())
def test_every_cell_has_a_value_and_a_source_and_stands_once(method):
    cells = newer_values(method)
    assert set(cells["method"]) == {method}
    assert cells["value"].between(0, 100).all() and cells["source"].str.len().gt(0).all()
    assert not cells[KEY].duplicated().any()
    assert {name for name in cells["dataset"] if not name.startswith("average")} <= {*ELEVEN, *members("imagenet4")}


@pytest.mark.parametrize("method", IN_HALVES)
def test_h_is_of_base_and_new_and_the_averages_are_of_the_eleven(method):
    cells = newer_values(method).query("setting == 'base_to_new'")
    table = cells.pivot(index="dataset", columns="split", values="value")
    assert {*table.index} == {*ELEVEN, "average_11"}
    assert (table["H"] - 2 * table["base"] * table["new"] / (table["base"] + table["new"])).abs().max() < 0.011
    means = table.loc[[*ELEVEN], ["base", "new"]].mean()
    assert (means - table.loc["average_11", ["base", "new"]]).abs().max() < 0.006


@pytest.mark.parametrize("method", ["clip_adapter", "tip_adapter", "tip_adapter_f"])
def test_averages_over_shots_are_of_the_eleven(method):
    cells = newer_values(method)
    table = cells.pivot(index="dataset", columns="shots", values="value")
    assert {*table.index} == {*ELEVEN, "average_11"} and set(table.columns) == {1, 2, 4, 8, 16}
    assert (table.loc[[*ELEVEN]].mean() - table.loc["average_11"]).abs().max() < 0.006


def test_a_method_that_is_not_there_names_those_that_are():
    with pytest.raises(KeyError, match=r"no published values of coop; transcribed are: .*kgcoop"):
        newer_values("coop")


def test_reruns_say_by_whom_and_five_seeds_of_eurosat_lie_below_what_is_printed():
    cells = reruns()
    assert set(cells["by"]) == {"author", "user", "other paper", "printed"}
    h = cells.query("method == 'mmrl' and dataset == 'eurosat' and split == 'H'")
    seeds, (printed,) = h[h["by"] == "user"]["value"], h[h["by"] == "printed"]["value"]
    assert len(seeds) == 5 and seeds.max() < printed == 87.21
    spread = cells.query("method == 'promptsrc' and by == 'user' and split == 'new' and dataset != 'average_11'")["std"]
    assert len(spread) == 11 and spread.max() == 3.92
