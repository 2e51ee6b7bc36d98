"""The headline numbers."""

import json

import pytest

from reprompt.report.headline import headline, headline_text, in_figures


def test_the_headline_has_each_number_with_interval_seeds_and_verdict(records):
    numbers = headline(records)
    assert (numbers["scale"], numbers["tasks"], numbers["seeds"]) == ("miniature", 11, 3)
    assert numbers["zero_shot"]["seeds"] == 0 and "low" not in numbers["zero_shot"]
    gain = numbers["coop_minus_zero_shot_16_shots"]
    assert gain["low"] < gain["estimate"] < gain["high"]
    assert gain["estimate"] == pytest.approx(7, abs=0.5)
    assert gain["published"] == 14.72
    assert gain["verdict"] == "above zero-shot CLIP, as published"
    assert numbers["new_coop_minus_zero_shot"]["verdict"] == "below zero-shot CLIP, as published"
    assert numbers["new_prograd_minus_coop"]["published"] == 4.7


def test_both_definitions_of_h_are_given(records):
    means, of_means = headline(records)["H"]["mean_of_H"], headline(records)["H"]["H_of_means"]
    assert set(means) == set(of_means) == {"zero_shot", "coop", "prograd"}
    assert means["coop"]["estimate"] <= of_means["coop"]["estimate"]


def test_the_headline_is_json_with_two_decimals(records):
    text = json.dumps(headline(records), allow_nan=False)
    assert json.loads(text) == headline(records)
    assert headline(records)["zero_shot"]["estimate"] == round(headline(records)["zero_shot"]["estimate"], 2)


def test_what_was_not_run_is_left_out_and_said_in_the_text(records):
    numbers = headline(records[records["recipe"] != "prograd"])
    assert "prograd_minus_coop_1_shot" not in numbers
    assert headline_text(numbers).count("not run") == 5
    assert "No records" in headline_text(headline(records.iloc[:0]))


def test_the_text_fits_a_terminal_and_names_the_scale(records):
    lines = headline_text(headline(records)).splitlines()
    assert "miniature (rendered data" in lines[0]
    assert len(lines) <= 14
    assert max(map(len, lines)) <= 100


def test_a_number_in_figures():
    assert in_figures({"estimate": 66.84, "seeds": 0}) == "66.8"
    assert in_figures({"estimate": -5.86, "low": -6.34, "high": -5.38, "seeds": 3}, signed=True) == "−5.9 ± 0.5"
