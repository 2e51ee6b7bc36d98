"""The report page."""

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from reprompt.claims import claims_frame
from reprompt.claims.page import write_claims_page
from reprompt.figures import FIGURES
from reprompt.figures.write import write_figure
from reprompt.report.page import ScaleResults, Shown, circumstances, claim_rows, cost_rows, report_page
from reprompt.tables import TABLES
from reprompt.tables.write import write_table
from rule import RULE

COSTS = [
    {
        "job": f"few_shot/coop/ViT-B-16/part{part}",
        "seconds": 10.5 * part,
        "cells": 15,
        "device": "cpu",
        "threads": 1,
        "versions": {"torch": "2.0"},
        "commit": "a" * 40,
    }
    for part in (1, 2)
]


@pytest.fixture(scope="module")
def results(records, tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("results")
    for name, make_table in TABLES.items():
        write_table(make_table(records), root / "tables" / name)
    for name, make_figure in FIGURES.items():
        write_figure(make_figure(records), root / "figures" / name)
    (root / "world").mkdir()
    (root / "world" / "tasks.png").write_bytes(b"")
    write_claims_page(root / "report" / "claims.html", claims_frame(records, RULE), pd.DataFrame())
    return root


def shown_of(results: Path, records: pd.DataFrame) -> ScaleResults:
    outputs = [Shown(name, f"Title of {name}", results / "tables" / name) for name in TABLES]
    outputs += [Shown(name, f"Title of {name}", results / "figures" / name) for name in FIGURES]
    return ScaleResults(
        records=records,
        outputs=outputs,
        costs=COSTS,
        contact_sheets={"The tasks <rendered>": results / "world" / "tasks.png"},
        plan_summary={"jobs": 2},
        provenance={"parameters": "sha256 0123"},
        claims=claims_frame(records, RULE),
    )


@pytest.fixture(scope="module")
def page(records, results) -> str:
    return report_page(results / "report" / "index.html", shown_of(results, records))


def test_the_page_shows_every_table_and_figure(page):
    for name in (*TABLES, *FIGURES):
        assert f'id="about-{name}"' in page
        assert f"../{'figures' if name in FIGURES else 'tables'}/{name}.csv" in page
    assert "ProGrad Table 1" in page and "CoCoOp" in page


def test_a_rendered_scale_says_so_at_the_top_and_how_to_get_the_real_thing(page):
    assert page.index("Rendered miniature world: the phenomena, not the papers' numbers") < page.index("<h2")
    assert "scale: paper" in page and "snakemake --cores all --profile slurm" in page
    assert "Class-specific habits" in page


def test_the_papers_scale_has_neither_banner_nor_rendered_world(make, results):
    real = make(scale="paper", backbone="RN50")
    page = report_page(results / "report" / "index.html", shown_of(results, real))
    assert "Real data, real CLIP" in page
    assert "Rendered miniature world" not in page and "Class-specific habits" not in page


def test_nothing_is_loaded_from_elsewhere_and_every_local_link_leads_to_a_file(page, results):
    assert not re.search(r"https?://|<script|<link|@import", page)
    for target in re.findall(r'(?:href|src)="([^"]+)"', page):
        if target.startswith("#"):
            assert f'id="{target[1:]}"' in page, target
        else:
            assert (results / "report" / target).resolve().exists(), target


def test_no_id_occurs_twice(page):
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_words_from_outside_are_escaped(page):
    assert "The tasks &lt;rendered&gt;" in page


def test_no_number_has_more_than_two_decimals(page):
    visible = re.sub(r"<style.*?</style>|<[^>]+>", " ", page, flags=re.S)
    assert not re.search(r"\b\d{1,3}\.\d{3}", visible)


def test_costs_are_added_up_by_experiment_and_recipe():
    (row,) = cost_rows(COSTS)
    assert row == {"label": "few_shot, CoOp", "jobs": 2, "cells": 30, "seconds": 31.5, "share": 100}
    assert cost_rows([]) == []


def test_circumstances_list_every_version_that_occurred():
    other = {**COSTS[0], "versions": {"torch": "2.1"}}
    assert circumstances([COSTS[0], other])["torch"] == "2.0, 2.1"
    assert circumstances([])["device"] == "not recorded"


def test_a_missing_output_is_named(records, results):
    missing = [Shown("npt_table9", "", results / "tables" / "npt_table9")]
    with pytest.raises(FileNotFoundError, match="npt_table9"):
        report_page(results / "report" / "index.html", replace(shown_of(results, records), outputs=missing))


def test_what_no_paper_prints_goes_by_its_subject():
    shown = [Shown(name, "", Path(name)).label for name in ("npt_table2", "mvlpt_figure_similarity")]
    assert shown == ["Table 2", "Figure: similarity"]


def test_every_paper_has_its_claims_counted(records):
    rows = claim_rows(claims_frame(records, RULE))
    assert [row["label"] for row in rows] == ["ProGrad", "GRAM", "MVLPT", "NPT"]
    assert [sum(row["counts"]) for row in rows] == [45, 56, 48, 44]
