"""Which cells train together."""

from dataclasses import replace

import pytest

from project import PROJECT
from reprompt.cells.cell import Cell
from reprompt.cells.fleets import fleets_of, require_uniform, structure
from reprompt.cells.recipes import recipe_of
from reprompt.foundation.digests import canonical
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import make_plan

PLAN = make_plan(load_parameters(PROJECT / "params.yaml", "miniature"))


def cell_of(recipe: str, experiment: str = "few_shot") -> Cell:
    return next(cell for cell in PLAN.cells if (cell.experiment, cell.method) == (experiment, recipe_of(recipe)))


def with_settings(cell: Cell, **changes) -> Cell:
    assert changes.keys() <= cell.resolved.keys(), "a setting that it does not have shows nothing"
    return replace(cell, settings=canonical(cell.resolved | changes))


OWN = {"lambda": 0.1, "epochs": 7, "rate": 0.9, "warmup_rate": 0.1, "momentum": 0.5, "weight_decay": 0.0, "batch": 3}


@pytest.mark.parametrize("name", [*OWN, "steps_per_epoch"])
def test_runs_of_a_fleet_may_differ_in_what_each_has_for_itself(name):
    cell = cell_of("prograd")
    assert structure(with_settings(cell, **{name: OWN.get(name, 9)})) == structure(cell)


@pytest.mark.parametrize("name", ["w_language", "w_isomorphism"])
def test_runs_of_a_fleet_may_differ_in_the_weights_of_their_losses(name):
    cell = cell_of("maple_npt", "imbalanced")
    assert structure(with_settings(cell, **{name: 0.123})) == structure(cell)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("context_length", 5),
        ("augmentation", "none"),
        ("initialisation", "a photo of a"),
        ("projection", "flattened"),
        ("temperature", 2.0),
        ("teacher", "ensemble"),
    ],
)
def test_what_shapes_the_computation_is_shared_by_a_fleet(name, value):
    cell = cell_of("prograd")
    assert structure(with_settings(cell, **{name: value})) != structure(cell)


def test_tasks_do_not_share_a_fleet_but_shots_seeds_and_tau_do():
    cell = cell_of("prograd")
    assert structure(replace(cell, task="dtd")) != structure(cell)
    assert structure(replace(cell, shots=2, seed=3, tau=0.05, swept='{"lambda":0.1}')) == structure(cell)


@pytest.mark.parametrize(("name", "value"), [("epochs", 7), ("rate", 0.9), ("batch", 3)])
def test_the_schedule_of_an_oracle_is_that_of_the_runs_it_teaches(name, value):
    """It is trained once for a fleet, with the schedule of the first run."""
    cell = cell_of("prograd_oracle")
    assert structure(with_settings(cell, **{name: value})) != structure(cell)
    assert structure(with_settings(cell, **{"lambda": 0.1})) == structure(cell), "lambda is none of the oracle's"


def test_fleets_hold_every_cell_once_in_order_and_no_more_than_the_limit():
    job = PLAN.job("few_shot_lambda/prograd/ViT-B-16/part1")
    fleets = fleets_of(job.cells, 7)
    assert [cell for fleet in fleets for cell in fleet] == list(job.cells)
    assert max(map(len, fleets)) == 7 and len(fleets) == -(-len(job.cells) // 7)
    assert {len({structure(cell) for cell in fleet}) for fleet in fleets} == {1}


def test_a_sweep_over_lambda_is_one_fleet_where_it_fits():
    cells = [cell for cell in PLAN.cells if (cell.experiment, cell.task) == ("few_shot_lambda", "oxford_pets")]
    assert len(fleets_of(cells, len(cells))) == 1


def test_every_fleet_of_the_plan_is_uniform():
    for job in PLAN.jobs:
        for fleet in fleets_of(job.cells, 15):
            require_uniform(fleet)


def test_cells_that_differ_in_a_shared_setting_are_refused_by_name():
    cell = cell_of("prograd")
    hotter = with_settings(replace(cell, seed=2), temperature=2.0)
    of_cell = r" in few_shot/coop\+prograd on \w+, \d+ shots, seed "
    difference = rf"differ in temperature: 1\.0{of_cell}1, 2\.0{of_cell}2"
    with pytest.raises(ValueError, match=difference):
        require_uniform([cell, cell, hotter])
    require_uniform([cell, with_settings(replace(cell, seed=2), **{"lambda": 0.5})])


@pytest.mark.parametrize(
    ("name", "value"),
    [("recipe", "coop"), ("backbone", "other"), ("task", "other"), ("group", "best_2"), ("measures", ("angle",))],
)
def test_cells_that_differ_elsewhere_are_refused_too(name, value):
    cell = cell_of("prograd")
    with pytest.raises(ValueError, match="of one fleet differ in"):
        require_uniform([cell, replace(cell, **{name: value})])


def test_an_oracle_asks_for_one_schedule():
    cell = cell_of("prograd")
    require_uniform([cell, with_settings(cell, epochs=7)])
    taught = with_settings(cell, teacher="oracle")
    with pytest.raises(ValueError, match="differ in epochs"):
        require_uniform([taught, with_settings(taught, epochs=7)])
