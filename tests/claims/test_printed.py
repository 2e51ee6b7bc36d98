import pytest

from reprompt.claims.claim import read_claims
from reprompt.claims.results import COUNTED, printed_counts, printed_judgements, printed_verdict


def test_the_counts_of_the_readme_come_back():
    assert printed_counts() == {
        "holds": 132,
        "holds as far as the cells survive": 3,
        "contradicted": 4,
        "outside the tables": 54,
    }


def test_five_of_those_outside_can_be_counted_from_cells():
    verdicts = {name: printed_verdict(judgement) for name, judgement in printed_judgements().items()}
    counted = {name: verdict.removeprefix(COUNTED) for name, verdict in verdicts.items() if verdict.startswith(COUNTED)}
    assert counted == {
        "prograd-27": "holds",
        "gram-48": "contradicted",
        "mvlpt-10": "holds",
        "npt-11": "contradicted",
        "npt-12": "contradicted",
    }


def test_mvlpt_wins_24_28_and_27_of_33_cells():
    wins = [33 * (part.effect.mean + 0.5) for part in printed_judgements()["mvlpt-10"].parts]
    assert wins == pytest.approx([24, 28, 27])


@pytest.mark.parametrize("name", ["prograd-30", "prograd-31", "mvlpt-36", "npt-35"])
def test_the_papers_contradict_themselves_where_the_readme_says_so(name):
    assert printed_verdict(printed_judgements()[name]) == "contradicted"


def test_a_margin_agrees_with_the_tables_where_both_exist():
    for claim in read_claims():
        worst = printed_judgements()[claim.id].worst
        # mvlpt-02 states 1.73, which is the gain over UPT; prograd rounds 3.16 to 3.2
        if claim.margin == claim.margin and worst is not None and claim.id != "mvlpt-02":
            assert abs(worst.effect.mean) == pytest.approx(claim.margin, abs=0.051), claim.id


def test_a_claim_points_at_the_table_or_figure_it_is_from():
    outputs = {claim.id: claim.output for claim in read_claims()}
    assert outputs["prograd-01"] == "prograd_table1"
    assert outputs["prograd-09"] == "prograd_figure4"
    assert outputs["npt-02"] == "npt_table1"
    assert outputs["npt-43"] == "npt_figure5"
    assert outputs["npt-18"] == "npt_figure2"
    assert outputs["gram-54"] == "gram_figure3a"
    assert outputs["prograd-37"] == ""
