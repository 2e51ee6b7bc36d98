import pytest

from reprompt.claims.results import CLAIMS, COUNTED, printed_counts, printed_judgements, printed_verdict


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
    wins = [33 * (part.effect.estimate + 0.5) for part in printed_judgements()["mvlpt-10"].parts]
    assert wins == pytest.approx([24, 28, 27])


@pytest.mark.parametrize("name", ["prograd-30", "prograd-31", "mvlpt-36", "npt-35"])
def test_the_papers_contradict_themselves_where_the_readme_says_so(name):
    assert printed_verdict(printed_judgements()[name]) == "contradicted"


def test_what_is_printed_agrees_with_the_tables_where_both_exist():
    for claim in CLAIMS:
        worst = printed_judgements()[claim.id].worst
        # mvlpt-02 states 1.73, which is the gain over UPT; prograd rounds 3.16 to 3.2
        if claim.prints == claim.prints and worst is not None and claim.id != "mvlpt-02":
            assert abs(worst.effect.estimate) == pytest.approx(claim.prints, abs=0.051), claim.id
