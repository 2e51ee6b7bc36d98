"""docs/methods.md is what the code, the parameters and the published data say."""

from project import PROJECT
from reprompt.cells.members import AXES, members
from reprompt.cells.recipes import DEFAULTS, recipe_of
from reprompt.planning.parameters import load_parameters
from reprompt.workflow.methods import Card, authors_code, page, tables_of

PARAMETERS = load_parameters(PROJECT / "params.yaml", "paper")


def test_the_page_is_written_anew_when_a_method_changes():
    written = (PROJECT / "docs/methods.md").read_text()
    assert written == page(PARAMETERS), "reprompt methods --out docs/methods.md"


def test_every_method_has_a_card_and_all_code_is_of_a_method():
    written = (PROJECT / "docs/methods.md").read_text()
    for axis in AXES:
        for name in members(axis):
            if name != DEFAULTS.get(axis):
                assert f"\n### {Card(axis, name, PARAMETERS).label}\n" in written
    for axis, folder in AXES.items():
        block = {"learners": "learners", "objectives": "objectives", "gradients": "gradients"}.get(folder, "starts")
        assert set(authors_code().get(block, {})) <= set(members(axis))


def test_a_card_says_paper_recipe_licence_means_and_switches():
    card = Card("objective", "kgcoop", PARAMETERS)
    assert card.recipe == recipe_of("coop+kgcoop") and "CVPR 2023" in card.paper
    assert card.code == "htyao89/KgCoOp at c43ccc3; licence: none found"
    assert "base_to_new, average of 11, base / new / H: 80.73 / 73.60 / 77.00 (16 shots)" in card.printed
    assert "`distance`: **cosine** or squared" in list(card.switches)


def test_a_recipe_of_the_four_papers_has_the_tables_that_print_it():
    assert tables_of(recipe_of("maple+npt")) == ["npt 1", "npt 2", "npt 3", "npt 4"]
    assert "prograd 7" in tables_of(recipe_of("coop+prograd")) and "prograd 1" in tables_of(recipe_of("coop"))
