"""Sweeps: which cells they make, and that the sweep decides."""

import re
from collections import Counter

import pytest
import yaml

from project import PROJECT
from reprompt.cells.cell import cells_of, swept
from reprompt.cells.recipes import recipe_of
from reprompt.cells.tuning import ParameterError
from reprompt.planning.parameters import parse_parameters
from reprompt.planning.plan import make_plan

FILE = PROJECT / "params.yaml"


def sweeping(method, *sweep, shots=(4, 16), **block):
    """The cells of one method on one task over these grids."""
    raw = yaml.safe_load(FILE.read_text())
    raw["gradients"]["prograd"].update(block)
    raw["experiments"]["few_shot_lwf"] |= {"methods": [method], "sweep": list(sweep), "shots": list(shots)}
    return cells_of(parse_parameters(raw, "miniature"), "few_shot_lwf", method, "ViT-B-16", "dtd")


def test_every_combination_is_made_once_for_every_shot_and_seed():
    cells = sweeping("prograd", {"lambda": [0, 0.5, 1], "temperature": [1, 2]})
    counts = Counter((cell.resolved["lambda"], cell.resolved["temperature"]) for cell in cells)
    assert counts == {(strength, t): 2 * 3 for strength in (0.0, 0.5, 1.0) for t in (1.0, 2.0)}
    assert len({(cell.swept, cell.shots, cell.seed) for cell in cells}) == len(cells)


def test_a_combination_of_two_grids_is_made_once():
    """A cross of two lines meets in the middle; 1 and 1.0 are one value."""
    lines = ({"lambda": [0, 1], "temperature": [1]}, {"lambda": [1.0], "temperature": [1, 2]})
    cells = sweeping("prograd", *lines, shots=[4])
    counts = Counter((cell.resolved["lambda"], cell.resolved["temperature"]) for cell in cells)
    assert counts == {(0.0, 1.0): 3, (1.0, 1.0): 3, (1.0, 2.0): 3}


def test_figure_five_is_two_lines_through_the_default_without_it():
    plan = make_plan(parse_parameters(yaml.safe_load(FILE.read_text()), "miniature"))
    names = ("w_language", "w_isomorphism")
    cells = [cell for cell in plan.cells if cell.experiment == "imbalanced_weights"]
    swept = {tuple(cell.resolved[name] for name in names) for cell in cells}
    assert (0.3, 0.8) not in swept
    assert all(language == 0.3 or isomorphism == 0.8 for language, isomorphism in swept)
    assert min(sum(language == 0.3 for language, _ in swept), sum(other == 0.8 for _, other in swept)) >= 2
    others = (cell for cell in plan.cells if (cell.experiment, cell.recipe) == ("imbalanced", "maple+npt"))
    assert {tuple(cell.resolved[name] for name in names) for cell in others} == {(0.3, 0.8)}


def test_the_sweep_overrides_the_block_and_its_exceptions():
    where = [{"shots": 16, "lambda": 0.8}, {"task": "dtd", "lambda": 0.3}]
    cells = sweeping("prograd", {"lambda": [0, 0.5]}, where=where)
    assert {(cell.shots, cell.resolved["lambda"]) for cell in cells} == {(n, s) for n in (4, 16) for s in (0.0, 0.5)}
    assert all(cell.swept == swept(**{"lambda": cell.resolved["lambda"]}) for cell in cells)


def test_a_swept_number_keeps_the_type_of_its_setting():
    """`lambda: [0, 1]` is written in whole numbers, and the block has 1.0; epochs are whole."""
    cells = sweeping("prograd", {"lambda": [0, 1], "epochs": [2, 5]})
    assert {type(cell.resolved["lambda"]) for cell in cells} == {float}
    assert {type(cell.resolved["epochs"]) for cell in cells} == {int}
    alike = sweeping("prograd", {"lambda": [1]}, shots=[4])[0], sweeping("prograd", {"lambda": [1.0]}, shots=[4])[0]
    assert alike[0] == alike[1]


def test_other_settings_are_those_without_a_sweep():
    (cell, *_), (plain, *_) = sweeping("prograd", {"lambda": [0.25]}), sweeping("prograd")
    assert cell.resolved == plain.resolved | {"lambda": 0.25}
    assert (cell.swept, plain.swept) == ('{"lambda":0.25}', "")


def test_what_is_swept_is_written_in_one_way():
    assert swept() == ""
    assert swept(**{"lambda": 1}) == '{"lambda":1.0}'
    assert swept(w_language=0.3, w_isomorphism=1) == '{"w_isomorphism":1.0,"w_language":0.3}'


@pytest.mark.parametrize(("method", "name"), [("coop", "lambda"), ("prograd", "lamda"), ("lwf", "w_language")])
def test_a_setting_that_the_method_has_not_is_refused(method, name):
    with pytest.raises(ParameterError, match=re.escape(f"{recipe_of(method).expression} has no setting '{name}'")):
        sweeping(method, {name: [0, 1]})


def test_a_method_that_learns_nothing_is_not_swept():
    assert [cell.swept for cell in sweeping("zero_shot", {"lambda": [0, 1]})] == [""]


def test_a_classifier_that_is_solved_at_once_is_swept_too():
    cells = sweeping("linear_probe", {"iterations": [10, 20]}, shots=[4])
    assert {(cell.swept, cell.resolved["iterations"]) for cell in cells} == {
        ('{"iterations":10.0}', 10),
        ('{"iterations":20.0}', 20),
    }


@pytest.mark.parametrize("grid", [{"epochs": [1.5]}, {"batch": [0]}, {"lambda": [-1]}, {"augmentation": [1]}])
def test_a_value_that_the_setting_cannot_have_is_refused(grid):
    with pytest.raises(ParameterError, match=rf"experiments\.few_shot_lwf\.sweep: coop\+prograd: {next(iter(grid))}"):
        sweeping("prograd", grid)
