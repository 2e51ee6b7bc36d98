"""The transferability grid and the groups that follow from it."""

import json

import numpy as np
import pandas as pd
import pytest

from reprompt.training.groups import Partners, grid_of, groups_of, normalised, partners, read_groups, write_groups

TASKS = ["a", "b", "c", "d"]
GRID = pd.DataFrame(
    [[90.0, 10, 30, 50], [40, 80, 60, 20], [45, 40, 70, 30], [5, 40, 10, 60]], index=TASKS, columns=TASKS
)


def records(metric: str = "score", seeds: tuple[int, ...] = (1, 2)) -> pd.DataFrame:
    rows = [
        ("transfer_grid", "coop_middle", source, target, seed, metric, GRID.loc[source, target] + seed)
        for source in TASKS
        for target in TASKS
        for seed in seeds
    ]
    return pd.DataFrame(rows, columns=["protocol", "recipe", "source", "task", "seed", "metric", "value"])


def test_the_grid_is_the_mean_over_seeds_with_sources_as_rows():
    grid = grid_of(records(), "coop_middle")
    assert grid.loc["b", "a"] == 41.5 and grid.loc["a", "b"] == 11.5


def test_normalised_columns_have_their_best_entry_at_one():
    relative = normalised(GRID)
    assert np.allclose(relative.max(axis=0), 1)
    assert relative.loc["c", "a"] == pytest.approx(0.5)


def test_a_target_is_never_its_own_partner():
    for target, chosen in partners(GRID).items():
        assert target not in chosen.best + chosen.worst


def test_partners_are_the_two_highest_and_the_two_lowest_sources():
    chosen = partners(GRID)
    assert chosen["a"] == Partners(best=("c", "b"), worst=("d", "b"))
    assert chosen["d"] == Partners(best=("a", "c"), worst=("b", "c"))


def test_of_equals_the_first_by_name_is_taken():
    assert partners(GRID)["b"].best == ("c", "d")


def test_a_group_is_named_by_which_and_how_many():
    chosen = Partners(best=("x", "y"), worst=("z", "w"))
    assert chosen.of("best_2") == ("x",) and chosen.of("best_3") == ("x", "y") and chosen.of("worst_2") == ("z",)
    with pytest.raises(ValueError, match="needs 2 partners"):
        Partners(("x",), ("x",)).of("best_3")


def both() -> pd.DataFrame:
    """The map's scores, and validation scores that put the sources of every target in the opposite order."""
    upside_down = records("validation")
    upside_down["value"] = 100 - upside_down["value"]
    return pd.concat([records(), upside_down])


# Column a of the map: 40 of b, 45 of c, 5 of d; column d: 50 of a, 20 of b, 30 of c.
BY_HAND = {
    "grid": {"a": Partners(("c", "b"), ("d", "b")), "d": Partners(("a", "c"), ("b", "c"))},
    "validation": {"a": Partners(("d", "b"), ("c", "b")), "d": Partners(("b", "c"), ("a", "c"))},
}


@pytest.mark.parametrize("partners_by", BY_HAND)
def test_partners_are_those_of_the_map_or_of_validation_images(partners_by):
    (chosen,) = groups_of(both(), partners_by).partners.values()
    assert {target: chosen[target] for target in ("a", "d")} == BY_HAND[partners_by]


def test_partners_are_chosen_by_validation_where_nothing_is_said():
    assert groups_of(both()) == groups_of(both(), "validation") != groups_of(both(), "grid")


def test_an_unknown_way_to_choose_partners_is_refused():
    with pytest.raises(ValueError, match="partners_by: 'gird' chooses no partners; validation or grid does"):
        groups_of(both(), "gird")


@pytest.mark.parametrize(("partners_by", "keys"), [("validation", []), ("grid", ["partners_by"])])
def test_a_file_of_groups_names_a_choice_that_is_not_the_usual_one(tmp_path, partners_by, keys):
    groups = groups_of(both(), partners_by)
    write_groups(tmp_path / "groups.json", groups)
    assert list(json.loads((tmp_path / "groups.json").read_text())) == ["coop_middle", *keys]
    assert read_groups(tmp_path / "groups.json") == groups


def test_groups_that_are_not_there_are_missed_by_name(tmp_path):
    with pytest.raises(FileNotFoundError, match="which tasks are trained together"):
        read_groups(tmp_path / "none.json")
