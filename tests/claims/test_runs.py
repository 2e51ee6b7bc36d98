import json

import numpy as np
import pytest

from reprompt.claims.lookup import At, Setting, Slice
from reprompt.claims.records import lookups
from reprompt.claims.results import CLAIMS
from reprompt.claims.terms import delta_mid, final_angle, last_tenth, mean_of_tail, slope
from reprompt.evidence.lookup import Missing
from reprompt.evidence.values import Origin

BY_ID = {claim.id: claim for claim in CLAIMS}


def at(method, place, setting="few_shot", paper="prograd", split="all", given=(), **named):
    return Slice(Setting(paper, setting, given), method, place, split, tuple(named.items()))


@pytest.fixture(scope="module")
def lookup(records):
    return lookups(records)["prograd"]


def evaluate(name, records):
    """The left side of a claim on some records."""
    claim = BY_ID[name]
    return claim.statement.lhs.values(At(lookups(records)[claim.paper], claim.setting))


def test_a_term_without_a_swept_key_finds_unswept_runs_only(records, lookup):
    by_origin = lookup.accuracies(at("prograd", "oxford_pets", shots=16.0)).by_origin
    rows = records.query("experiment == 'few_shot' and recipe == 'prograd' and task == 'oxford_pets' and shots == 16")
    assert list(by_origin.values()) == rows["value"].tolist()


def test_a_swept_key_finds_its_value(records, lookup):
    by_origin = lookup.accuracies(at("lwf_kd", "dtd", shots=4.0, alpha=0.25)).by_origin
    text = json.dumps({"distillation": 0.25}, separators=(",", ":"))
    rows = records[(records["swept"] == text) & (records["task"] == "dtd") & (records["shots"] == 4)]
    assert list(by_origin.values()) == rows["value"].tolist()
    with pytest.raises(Missing, match="no records of LwF"):
        lookup.accuracies(at("lwf_kd", "dtd", shots=4.0))


def test_unswept_runs_are_preferred_where_both_have_the_value(records, lookup):
    by_origin = lookup.accuracies(at("prograd", "dtd", shots=1.0, **{"lambda": 1.0})).by_origin
    rows = records.query("experiment == 'few_shot' and recipe == 'prograd' and task == 'dtd' and shots == 1")
    assert list(by_origin.values()) == rows["value"].tolist()


def test_what_is_not_tuned_knows_neither_shots_nor_tau(lookup):
    values = lookup.accuracies(at("zero_shot_clip", "dtd", shots=16.0, tau=0.05)).by_origin
    assert list(values) == [Origin("", "dtd", 0, 0)]


def test_tau_is_one_unless_the_term_says_otherwise(records):
    lookup = lookups(records)["npt"]
    for tau, named in ((1.0, {}), (0.05, {"tau": 0.05})):
        by_origin = lookup.accuracies(at("maple", "dtd", "base_to_new", "npt", "base", **named)).by_origin
        rows = records.query("recipe == 'maple' and task == 'dtd' and split == 'base' and metric == 'accuracy'")
        assert list(by_origin.values()) == rows[rows["tau"] == tau].query("protocol == 'base_to_new'")["value"].tolist()


def test_no_augmentation_is_another_experiment(lookup):
    plain = lookup.accuracies(at("coop", "stanford_cars", shots=1.0)).by_origin
    without = lookup.accuracies(at("coop", "stanford_cars", shots=1.0, augmentation="none")).by_origin
    assert all(value > 40 for value in plain.values()) and all(value < 35 for value in without.values())


def test_a_backbone_can_be_named_and_is_otherwise_the_one_that_has_all(records, lookup):
    named = lookup.accuracies(at("coop", "imagenet", "cross_dataset", backbone="ViT-B/16")).by_origin
    rows = records.query("experiment == 'cross_domain' and recipe == 'coop' and task == 'imagenet'")
    assert list(named.values()) == rows[rows["backbone"] == "ViT-B-16"]["value"].tolist()
    assert lookup.accuracies(at("coop", "targets10", "cross_dataset")).tasks == 10


def test_runs_without_named_shots_stay_apart_by_shots(lookup):
    values = lookup.accuracies(at("coop", "dtd")).by_origin
    assert {origin.shots for origin in values} == {1, 2, 4, 8, 16}


def test_shots_in_the_claims_setting_count_for_all_terms(lookup):
    values = lookup.accuracies(at("coop", "dtd", "base_to_new", split="new", given=(("shots", 4.0),))).by_origin
    assert len(values) == 3


def test_harmonic_means_are_taken_per_run(records):
    lookup = lookups(records)["npt"]
    where = {"setting": "base_to_new", "paper": "npt"}
    base, new, both = (
        lookup.accuracies(at("maple", "dtd", split=split, **where)).by_origin for split in ("base", "new", "H")
    )
    assert both == pytest.approx({run: 2 * base[run] * new[run] / (base[run] + new[run]) for run in base})


def test_other_papers_do_not_borrow_experiments(records):
    with pytest.raises(Missing, match="no records of CoOp under base_to_new in an experiment for this paper"):
        lookups(records)["gram"].accuracies(at("coop", "dtd", "base_to_new", "gram", "base"))


def test_the_angle_of_coop_is_prograds_at_lambda_zero(lookup):
    at_few_shot = At(lookup, Setting("prograd", "few_shot"))
    coop, prograd = (final_angle(method, "caltech101").values(at_few_shot) for method in ("coop", "prograd"))
    assert all(abs(angle - 90.2) < 1 for angle in coop.by_origin.values())
    assert all(abs(angle - 110) < 1 for angle in prograd.by_origin.values())


def test_deltas_lose_their_sign_after_averaging_base_and_new(maker):
    rows = maker(noise=0.0)
    for split, value in (("base", -0.5), ("new", 0.1)):
        rows.add("imbalanced", "maple", value, task="dtd", protocol="base_to_new", split=split, metric="delta_mid")
    outcome = delta_mid("maple", "dtd").values(At(lookups(rows.frame())["npt"], Setting("npt", "base_to_new")))
    assert list(outcome.by_origin.values()) == pytest.approx([0.2])


def test_shared_failures_by_hand(maker):
    rows = maker(noise=0.0)
    targets = np.zeros(8, int)
    wrong = {"prograd": [0, 1, 2, 3], "coop": [3, 4], "zero_shot": [0, 1, 5]}
    for recipe, places in wrong.items():
        predictions = targets.copy()
        predictions[places] = 1
        seed = 0 if recipe == "zero_shot" else 1
        rows.add("few_shot", recipe, 50.0, task="dtd", seed=seed, predictions=predictions, targets=targets)
    outcome = evaluate("prograd-41", rows.frame())
    assert list(outcome.by_origin.values()) == pytest.approx([2 / 3])  # 0, 1, 2 missed by ProGrad alone; 0 and 1 shared


def test_curves_are_read_as_percent(maker):
    rows = maker(noise=0.0)
    rows.add("few_shot", "coop", 50.0, task="stanford_cars", shots=1, measured={"curve": np.array([80, 120, 100])})
    lookup = lookups(rows.frame())["prograd"]
    where = at("coop", "stanford_cars", shots=1.0)
    assert [list(curve) for curve in lookup.arrays(where, "curve").values()] == [[40, 60, 50]]
    statement, _ = BY_ID["prograd-38"].statement.pieces[0]
    fall = statement.lhs.values(At(lookup, BY_ID["prograd-38"].setting))
    assert list(fall.by_origin.values()) == [10]  # from the best epoch to the last


def test_a_count_is_taken_in_every_draw(maker):
    rows = maker(noise=0.0).transfer()
    frame = rows.frame()
    lost = (frame["recipe"] == "prograd") & (frame["task"] == "dtd") & (frame["experiment"] == "cross_dataset")
    frame.loc[lost & (frame["seed"] == 2), "value"] = 0.0
    outcome = evaluate("prograd-27", frame)
    assert list(outcome.by_origin.values()) == [10, 9, 10]


def test_a_count_needs_all_data_sets(maker):
    frame = maker(noise=0.0).transfer().frame()
    with pytest.raises(Missing, match="only 9 of 10 data sets"):
        evaluate("prograd-27", frame[frame["task"] != "dtd"])


def test_a_range_runs_over_all_values_that_were_run(maker):
    rows = maker(noise=0.0)
    for language, value in ((0.1, 60), (0.3, 63), (0.5, 61)):
        for split in ("base", "new"):
            where = {"protocol": "base_to_new", "task": "dtd", "tau": 0.01, "split": split}
            swept = {"w_language": language, "w_isomorphism": 0.8}
            rows.add("imbalanced_weights", "maple_npt", value, swept=swept, **where)
    outcome = evaluate("npt-43", rows.frame())
    assert list(outcome.by_origin.values()) == pytest.approx([3])


def test_a_range_is_over_the_tasks_that_all_values_have(maker):
    rows = maker(noise=0.0)
    values = {0.1: {"dtd": 60, "eurosat": 90}, 0.5: {"dtd": 61}}
    for language, by_task in values.items():
        for task, value in by_task.items():
            for split in ("base", "new"):
                where = {"protocol": "base_to_new", "task": task, "tau": 0.01, "split": split}
                swept = {"w_language": language, "w_isomorphism": 0.8}
                rows.add("imbalanced_weights", "maple_npt", value, swept=swept, **where)
    outcome = evaluate("npt-43", rows.frame())
    assert (list(outcome.by_origin.values()), outcome.tasks) == (pytest.approx([1]), 1)


def test_the_tail_is_the_rarer_half():
    cosines = np.zeros((5, 5))
    cosines[2:, 2:] = [[1, 0.2, 0.4], [0, 1, 0.6], [0, 0, 1]]
    assert mean_of_tail(cosines[np.triu_indices(5, 1)]) == pytest.approx(0.4)


def test_final_angle_is_the_last_tenth_and_slope_is_per_epoch():
    assert last_tenth(np.arange(20.0)) == 18.5
    assert last_tenth(np.array([80.0, 91.0])) == 91
    assert slope(np.array([1.0, 3.0, 5.0])) == pytest.approx(2)
