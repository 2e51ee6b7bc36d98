"""GRAM's claims on invented records in which the truth is known; tests/tables/fake_records.py makes them."""

from dataclasses import replace

import numpy as np
import pytest
import yaml

from project import PROJECT
from reprompt.claims import claims_frame
from reprompt.claims.lookup import At, Lookup, Setting, Slice
from reprompt.claims.records import EXPERIMENTS, lookups
from reprompt.claims.results import CLAIMS as ALL_CLAIMS
from reprompt.claims.results import COUNTED, printed_judgements, printed_verdict
from reprompt.claims.runs import H_of_means
from reprompt.claims.verdict import judge
from reprompt.evidence.lookup import Missing
from reprompt.evidence.values import Origin, Values, difference
from reprompt.figures.gram import GRAM_FIGURES
from reprompt.tables import TABLES
from reprompt.tables.gram import gram_table1
from rule import RULE

CLAIMS = {claim.id: claim for claim in ALL_CLAIMS if claim.paper == "gram"}


@pytest.fixture(scope="module")
def records(make_gram):
    return make_gram(spread=0.05, seeds=(1, 2, 3, 4, 5))


@pytest.fixture(scope="module")
def lookup(records):
    return gram_in(records)


@pytest.fixture(scope="module")
def judged(records):
    frame = claims_frame(records, RULE)
    return frame[frame["paper"] == "gram"].set_index("id")


def gram_in(records):
    return lookups(records)["gram"]


def at(method, place, split="new", setting="base_to_new", **named):
    return Slice(Setting("gram", setting, (("shots", 16.0),)), method, place, split, tuple(named.items()))


def share_of_the_regulator(lookup):
    """The left side of gram-48."""
    return CLAIMS["gram-48"].statement.lhs.values(At(lookup, CLAIMS["gram-48"].setting))


def mean(values):
    return float(np.mean(list(values.by_origin.values())))


def test_every_claim_is_judged(judged):
    assert len(judged) == 56
    assert "not run" not in set(judged["verdict"])


def test_what_was_built_in_holds(judged):
    assert judged.loc[judged["verdict"] != "holds", "reason"].to_dict() == {}


def test_estimates_are_those_built_in(judged):
    expected = {
        "gram-01": 1.2,  # CoOp 8.0 and 9.2 above zero-shot CLIP on base classes
        "gram-13": 2.8,
        "gram-14": 4.3,
        "gram-21": 4.0,
        "gram-28": 1.2,
        "gram-33": 1.2,
        "gram-41": -0.4,
        "gram-43": -1.8,
        "gram-48": 0.0,
        "gram-49": 2.8,
        "gram-51": -0.55,  # 1.8, 1.5, 0.7: the slope over three places
        "gram-52": 2.0,
        "gram-53": -1.5 / 9,
        "gram-54": -1.5 / 9,
    }
    assert judged["estimate"][list(expected)].to_dict() == pytest.approx(expected, abs=0.05)


def test_the_opposite_of_what_was_built_in_is_contradicted(lookup):
    for name in ("gram-05", "gram-13", "gram-22", "gram-28", "gram-33", "gram-41", "gram-46"):
        statement = CLAIMS[name].statement
        judgement = judge(stating(name, lhs=statement.rhs, rhs=statement.lhs), lookup)
        assert judgement.verdict(judgement.p) == "contradicted", name
    for name, opposite in (("gram-51", {"relation": "increases_with"}), ("gram-54", {"relation": ">"})):
        judgement = judge(stating(name, **opposite), lookup)
        assert judgement.verdict(judgement.p) == "contradicted", name


def stating(name, **changes):
    """A claim with its statement changed."""
    return replace(CLAIMS[name], statement=replace(CLAIMS[name].statement, **changes))


def test_every_claim_on_a_meta_trained_start_says_that_it_is_one(judged):
    told = judged["reason"].str.contains("one start: of one clustering of the corpus and one seed of meta-training")
    assert told.to_dict() == {name: bool(claim.start) for name, claim in CLAIMS.items()}


def test_noise_settles_nothing(make_gram):
    frame = claims_frame(make_gram(spread=30.0, seeds=(1, 2)), RULE)
    frame = frame[(frame["paper"] == "gram") & (frame["id"] != "gram-56")]  # the noise of which is that of its steps
    assert "holds" not in set(frame.loc[frame["p"].notna(), "verdict"])


def test_an_ablation_is_found_by_recipe_and_start(records, lookup):
    recipes = {
        "unigram": ("unigram", "gram"),
        "unigram-no_domain_shift": ("unigram", "gram_no_domain_shift"),
        "unigram-no_gradient_regulating": ("unigram_plain", "gram_no_regulator"),
        "unigram-prompt_pretraining": ("joint_pretrained", "gram_pretraining"),
        "unigram-supervised_meta": ("unigram", "gram_supervised"),
        "coop+vpt_joint": ("joint", ""),
        "coop+gram": ("coop_gram", "gram"),
    }
    for method, (recipe, start) in recipes.items():
        rows = records[(records["recipe"] == recipe) & (records["start"] == start) & (records["task"] == "dtd")]
        rows = rows[(rows["split"] == "new") & (rows["protocol"] == "base_to_new")]
        assert lookup.accuracies(at(method, "dtd")).by_origin == {
            Origin("dtd", "dtd", 0, r.seed): r.value for r in rows.itertuples()
        }


def test_tokens_are_those_of_both_towers(records, lookup):
    for tokens, gain in ((2.0, 2.2), (4.0, 1.8), (6.0, 1.5), (8.0, 0.7)):
        above = difference(
            lookup.accuracies(at("unigram", "datasets11", M=tokens)),
            lookup.accuracies(at("zero_shot_clip", "datasets11")),
        )
        assert mean(above) == pytest.approx(gain, abs=0.03)
    assert lookup.accuracies(at("unigram", "dtd", M=4.0)) == lookup.accuracies(at("unigram", "dtd"))


def test_the_length_of_coops_context_is_compared_from_random_starts(records, lookup):
    rows = records[(records["task"] == "dtd") & (records["split"] == "new")]
    random = rows[(rows["experiment"] == "gram_initialisations") & rows["swept"].str.contains("random")]
    assert (
        list(lookup.accuracies(at("coop", "dtd", M=4.0, init="random")).by_origin.values()) == random["value"].tolist()
    )
    longer = rows[rows["experiment"] == "gram_context"]
    assert (
        list(lookup.accuracies(at("coop", "dtd", M=16.0, init="random")).by_origin.values()) == longer["value"].tolist()
    )


def test_ten_epochs_are_the_usual_ones_and_two_hundred_the_long_ones(records, lookup):
    usual, ten, many = (
        lookup.accuracies(at("coop", "dtd", **named)) for named in ({}, {"epochs": 10.0}, {"epochs": 200.0})
    )
    assert usual == ten
    rows = records[(records["experiment"] == "gram_long") & (records["task"] == "dtd") & (records["split"] == "new")]
    assert list(many.by_origin.values()) == rows["value"].tolist()


def test_long_runs_do_not_stand_in_for_the_usual_ones(records):
    alone = gram_in(records[records["experiment"] == "gram_long"])
    with pytest.raises(Missing, match="no records of CoOp on dtd"):
        alone.accuracies(at("coop", "dtd"))


def test_a_mean_h_is_that_of_the_tables(records, lookup, judged):
    table = gram_table1(records)
    cells = [table.at("(a) Average over 11 datasets", row, "H")["regenerated"] for row in ("CoOp + GRAM", "CoOp")]
    for method, cell in zip(("coop+gram", "coop"), cells, strict=True):
        assert mean(lookup.accuracies(at(method, "datasets11", "H"))) == pytest.approx(cell, abs=1e-3)
    assert judged.loc["gram-05", "estimate"] == pytest.approx(cells[0] - cells[1], abs=1e-3)


def values_of(by_task):
    """Values from {task: [value of seed 1, 2, ...]}."""
    return Values({Origin(t, t, 0, seed): value for t, row in by_task.items() for seed, value in enumerate(row, 1)})


def test_h_of_means_by_hand():
    H = H_of_means(values_of({"dtd": [50.0], "eurosat": [70.0]}), values_of({"dtd": [30.0], "eurosat": [50.0]}))
    # averages 60 and 40: H = 48, slopes 2 (40/100)^2 = 0.32 and 2 (60/100)^2 = 0.72
    assert list(H.by_origin.values()) == pytest.approx([48 - 3.2 - 7.2, 48 + 3.2 + 7.2])


def test_the_spread_of_h_of_means_is_that_of_recomputing_it_in_every_draw():
    random = np.random.default_rng(0)
    tasks = ("dtd", "eurosat", "food101")
    base, new = ({task: 60 + random.normal(size=5) for task in tasks} for _ in range(2))
    H = H_of_means(values_of(base), values_of(new)).over_tasks()
    means = [np.mean([half[task] for task in tasks], axis=0) for half in (base, new)]
    expected = 2 * means[0] * means[1] / (means[0] + means[1])
    assert list(H.by_origin.values()) == pytest.approx(expected, abs=0.01)


def test_few_shot_accuracy_is_on_the_classes_that_have_shots(records, lookup):
    few_shot = lookup.accuracies(at("coop", "dtd", "base", init="random"))
    rows = records[(records["experiment"] == "gram_initialisations") & (records["task"] == "dtd")]
    rows = rows[rows["swept"].str.contains("random") & (rows["split"] == "base")]
    assert list(few_shot.by_origin.values()) == rows["value"].tolist()
    starts = lookup.variants(Setting("gram", "base_to_new"), "coop", ("init",))
    assert starts == [("a photo of a",), ("random",), ("this is one big",)]


def test_the_range_over_starts_is_told_beside_that_of_chance(judged):
    assert "3 starts; " in judged.loc["gram-52", "reason"]
    assert judged.loc["gram-52", "p"] == pytest.approx(1e-4)


def test_the_rise_of_the_inner_product_is_told_in_cosines(judged):
    row = judged.loc["gram-56"]
    assert row["unit"] == "cosine" and row["seeds"] == 1
    assert "of 120 logged steps, 1 run" in row["reason"]


def test_the_share_of_the_regulator_by_hand(records):
    rows = records[(records["task"] == "dtd") & (records["split"] == "new") & (records["seed"] == 1)]
    values = {"unigram": 60.0, "unigram_plain": 57.0, "joint": 50.0}
    kept = rows["recipe"].isin(values) & rows["start"].isin(["", "gram", "gram_no_regulator"])
    lookup = gram_in(rows[kept].assign(value=rows["recipe"].map(values)))
    share = share_of_the_regulator(lookup)
    assert list(share.by_origin.values()) == pytest.approx([0.3])
    gainless = gram_in(rows[kept].assign(value=rows["recipe"].map(values | {"joint": 61.0})))
    with pytest.raises(Missing, match="no gain to have a share of"):
        share_of_the_regulator(gainless)


def test_a_draw_without_a_gain_does_not_upset_the_share():
    gains = {"unigram": [60.0, 60.0], "unigram_plain": [59.0, 58.0], "joint": [60.0, 50.0]}

    class Invented(Lookup):
        def accuracies(self, where):
            recipe = {"unigram": "unigram", "coop+vpt_joint": "joint"}.get(where.method, "unigram_plain")
            return values_of({"dtd": gains[recipe]})

    share = share_of_the_regulator(Invented())
    # lost 1 and 2, gained 0 and 10: R = 1.5 / 5, and each draw R + (lost - R gain) / 5
    assert list(share.by_origin.values()) == pytest.approx([0.3 + 1 / 5, 0.3 + (2 - 3) / 5])


def test_the_printed_share_is_not_the_stated_one():
    judgement = printed_judgements()["gram-48"]
    assert judgement.worst.effect.estimate + 0.15 == pytest.approx((75.92 - 74.79) / (75.92 - 72.85))
    assert printed_verdict(judgement) == f"{COUNTED}contradicted"


def test_what_was_not_run_says_why(records):
    left_out = ["gram", "gram_long", "gram_unregulated", "gram_initialisations"]
    without = gram_in(records[~records["experiment"].isin(left_out)])
    reasons = {n: str(judge(CLAIMS[f"gram-{n}"], without).missing[0]) for n in (21, 42, 48, 52, 56)}
    regulator = "no records of UNIGRAM without regulator under base_to_new in an experiment for this paper"
    assert reasons == {
        21: "no records of CoOp on datasets11 under base_to_new, new classes, epochs 200",
        42: regulator,
        48: regulator,
        52: "no experiment varies init of CoOp",
        56: "no records of CoOp + GRAM under meta in an experiment for this paper",
    }


def test_some_tasks_and_one_seed_are_judged_as_far_as_they_go(make_gram):
    frame = claims_frame(make_gram(tasks=("imagenet", "dtd"), seeds=(1,)), RULE).set_index("id")
    assert "on 2 of 11 data sets" in frame.loc["gram-01", "reason"]
    assert frame.loc["gram-01", "verdict"] == "open"
    assert frame.loc["gram-56", "verdict"] == "holds"


def test_other_studies_lend_nothing_to_this_one(records):
    borrowed = records.assign(experiment="base_to_new")
    assert "no records" in str(judge(CLAIMS["gram-01"], gram_in(borrowed)).missing[0])


def test_a_claim_points_at_the_output_that_shows_it():
    assert {claim.output for claim in CLAIMS.values()} - {""} <= {*TABLES, *GRAM_FIGURES}
    assert [CLAIMS[name].output for name in ("gram-01", "gram-53", "gram-56")] == [
        *("gram_table1", "gram_figure1b", "gram_figure3b")
    ]


def test_the_experiments_of_the_claims_are_planned():
    planned = yaml.safe_load((PROJECT / "params.yaml").read_text())["experiments"]
    assert set(EXPERIMENTS["gram"]) <= set(planned)
