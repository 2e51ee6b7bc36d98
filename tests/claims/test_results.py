import re
from io import StringIO

import pandas as pd
import pytest
from rich.console import Console

from project import PROJECT
from reprompt.claims import claims_frame, counts, read_csv, to_csv
from reprompt.claims.page import claims_page, write_claims_page
from reprompt.claims.printing import print_claims
from rule import RULE

NO_CHECK = pd.DataFrame()


@pytest.fixture(scope="module")
def frame(records):
    return claims_frame(records, RULE)


def test_every_claim_gets_a_row_in_order(frame):
    assert len(frame) == 193
    described = (PROJECT / "docs/verdicts.md").read_text().split("## The columns of claims.csv")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)`", described, re.MULTILINE) == list(frame.columns)
    assert frame["id"].iloc[0] == "prograd-01" and frame["id"].is_unique
    assert set(frame["scale"]) == {"miniature"}


def test_what_was_built_in_is_found(frame):
    row = frame.set_index("id").loc
    assert row["prograd-01"]["verdict"] == "holds"
    assert row["prograd-01"]["estimate"] == pytest.approx(3, abs=0.3)
    assert (row["prograd-01"]["seeds"], row["prograd-01"]["tasks"]) == (3, 11)
    assert row["prograd-01"]["published_estimate"] == pytest.approx(3.15)
    assert row["prograd-36"]["verdict"] == "holds"
    assert row["prograd-31"]["verdict"] == "holds"  # it is of alpha up to 1 alone
    assert row["prograd-32"]["verdict"] == "contradicted"  # LwF with alpha 4 was made better than CoOp
    assert row["npt-03"]["margin"] == -4.13
    assert {"prograd-06", "prograd-34", "prograd-38", "prograd-42", "prograd-44", "prograd-45"} <= set(
        frame[frame["verdict"] == "holds"]["id"]
    )
    assert {"npt-07", "npt-18", "npt-20", "npt-23", "npt-43", "npt-44"} <= set(frame[frame["verdict"] == "holds"]["id"])


def test_every_claim_of_prograd_and_npt_is_judged(frame):
    table = counts(frame)
    assert list(table.index) == ["prograd", "gram", "mvlpt", "npt"]
    assert table.loc[["prograd", "npt"], "not run"].tolist() == [0, 0]
    assert table.loc[["gram", "mvlpt"], "not run"].tolist() == [56, 45]  # three of MVLPT's are counted, not run


def test_what_was_not_run_says_why(frame):
    not_run = frame[frame["verdict"] == "not run"].set_index("id")["reason"]
    assert (not_run.str.len() > 10).all()
    assert not_run["gram-01"] == "no records of CoOp + GRAM under base_to_new in an experiment for this paper"


def test_missing_data_sets_are_in_the_reason(maker):
    frame = claims_frame(maker(tasks=("dtd", "eurosat", "imagenet")).few_shot().frame(), RULE).set_index("id")
    assert "on 3 of 11 data sets" in frame.loc["prograd-01", "reason"]
    assert "3 of 11 parts run" in frame.loc["prograd-12", "reason"]


def test_what_a_reader_should_know_stands_beside_every_verdict(frame):
    reasons = frame[frame["verdict"] != "not run"].set_index("id")["reason"]
    with_H = [name for name in reasons.index if "CoOp's scripts average base and new accuracy first" in reasons[name]]
    assert {"prograd-22", "prograd-25", "npt-01", "npt-12", "npt-18", "npt-43"} <= set(with_H)
    assert not {"prograd-01", "prograd-21", "prograd-38", "npt-14", "npt-30"} & set(with_H)
    assert "their own 200 classes" in reasons["prograd-17"]


def test_csv_round_trip_and_same_bytes(frame, records):
    text = to_csv(frame)
    assert to_csv(claims_frame(records, RULE)) == text
    again = read_csv(text)
    assert list(again.columns) == list(frame.columns)
    pd.testing.assert_frame_equal(again, frame, check_exact=False, atol=1e-4, rtol=0)
    assert to_csv(again) == text


def test_mixed_scales_are_refused(records):
    other = records.assign(scale="smoke")
    with pytest.raises(ValueError, match="records of several scales: miniature, smoke"):
        claims_frame(pd.concat([records, other]), RULE)


def test_the_terminal_shows_counts_first_and_can_be_narrowed(frame):
    console = Console(record=True, width=160, file=StringIO())
    print_claims(frame, paper="npt", verdict="holds", console=console)
    text = console.export_text()
    assert text.index("Claims at scale miniature") < text.index("npt-01")
    assert "prograd-01" not in text
    with pytest.raises(ValueError, match="no verdict 'true'; there are: holds, contradicted"):
        print_claims(frame, verdict="true", console=console)


def test_the_page_stands_alone_and_says_what_world_it_speaks_about(frame, tmp_path):
    page = claims_page(frame, NO_CHECK)
    assert "A verdict here speaks about the rendered world, never about the papers' data." in page
    assert 'href="index.html#about-prograd_table1"' in page
    assert "✓ holds" in page and "✗ contradicted" in page
    assert "<script" not in page and "http" not in page
    write_claims_page(tmp_path / "claims.html", read_csv(to_csv(frame)), NO_CHECK)
    assert (tmp_path / "claims.html").read_text().startswith("<!doctype html>")


def test_the_page_of_real_data_has_no_such_warning(frame):
    assert "rendered world" not in claims_page(frame.assign(scale="paper"), NO_CHECK)
