"""Scale evidence: the miniature's world with ten draws, which takes over what the miniature has trained."""

from dataclasses import replace

import pytest

from project import PROJECT
from reprompt.cells.cell import Cell
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import make_plan

MINIATURE, EVIDENCE = (
    make_plan(load_parameters(PROJECT / "params.yaml", scale)) for scale in ("miniature", "evidence")
)
TRAINED_STARTS = ("multitask", "gram", "meta", "pretrained")
SMALLER = {"gradient_strategies", "collapse_picture"}  # a picture of one draw


def starts_from_a_training(cell: Cell) -> bool:
    return cell.method.start in TRAINED_STARTS


def test_every_cell_of_the_miniature_without_a_trained_start_is_among_those_of_evidence():
    ours, theirs = ({*plan.cells} for plan in (EVIDENCE, MINIATURE))
    assert {cell for cell in theirs if not starts_from_a_training(cell)} <= ours
    taken = theirs & ours
    assert len(taken) > 0.8 * len(theirs)


def test_cells_that_start_from_one_training_differ_in_how_it_is_handed_over_alone():
    ours = {replace(cell, settings=cell.settings.replace('"seed"', '"mean"'), source_seed=0) for cell in EVIDENCE.cells}
    assert {cell for cell in MINIATURE.cells if starts_from_a_training(cell)} <= ours


def test_the_world_is_the_miniatures():
    """Weights, pictures, features and the clustering of source seed 1 depend on the same parameters."""
    assert EVIDENCE.parts == MINIATURE.parts
    for backbone in MINIATURE.backbones:
        assert EVIDENCE.pretraining_spec(backbone) == MINIATURE.pretraining_spec(backbone)
        for part in MINIATURE.parts:
            assert EVIDENCE.features_spec(backbone, part) == MINIATURE.features_spec(backbone, part)
    assert EVIDENCE.most_shots_of_labelled == MINIATURE.most_shots_of_labelled, "else draws would move"
    assert EVIDENCE.parameters.gram == MINIATURE.parameters.gram
    assert EVIDENCE.parameters.partners_on == MINIATURE.parameters.seeds


def test_all_that_is_tuned_has_ten_draws_and_meta_training_five_source_seeds():
    sources = {name for name, one in EVIDENCE.parameters.experiments.items() if one.protocol == "meta"}
    sources |= {"gram_pretraining"}
    for name in {cell.experiment for cell in EVIDENCE.cells} - SMALLER:
        seeds = {cell.seed for cell in EVIDENCE.cells if cell.experiment == name} - {0}
        assert seeds in ({*range(1, 11)}, set()) if name not in sources else seeds == {1, 2, 3, 4, 5}, name


@pytest.mark.parametrize(("experiment", "source"), [("gram_adapted", 5), ("gram_pretrained", 5), ("cross_task", 10)])
def test_draws_start_from_source_seeds_in_turn(experiment, source):
    cells = [cell for cell in EVIDENCE.cells if cell.experiment == experiment]
    assert {(cell.seed, cell.source_seed) for cell in cells} == {(d, (d - 1) % source + 1) for d in range(1, 11)}


def test_the_miniature_keeps_three_draws_and_is_the_default():
    assert MINIATURE.parameters.seeds == (1, 2, 3)
    assert load_parameters(PROJECT / "params.yaml").scale == "miniature"
