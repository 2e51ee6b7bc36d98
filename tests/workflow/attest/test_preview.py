"""What `reprompt attest --dry-run` and the end of an attest say."""

from pathlib import Path

import pytest

from project import PROJECT
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import Plan, make_plan
from reprompt.workflow import reproduce
from reprompt.workflow.attest import registering
from reprompt.workflow.attest.preview import preview
from reprompt.workflow.attest.run import Attestation, Extent
from reprompt.workflow.attest.stale import Made, Refused
from reprompt.workflow.reproduce import SnakemakeJob
from reprompt.workflow.status_line import StatusLine

WILDCARDS = {"experiment": "few_shot", "recipe": "coop", "backbone": "ViT-B-16", "part": "part1"}
TRAINED = Made("tune", WILDCARDS, ("part1.npz",), "old", "new", "a" * 40)
FEATURES = Made("features", {"backbone": "RN50", "part": "part1"}, ("part1.json",), "old", "new", "a" * 40)
TABLE = Made("table", {"table": "prograd_table1"}, ("t.csv",), "old", "new", "a" * 40)


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """The plan in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return make_plan(load_parameters(PROJECT / "params.yaml", "smoke"))


def lines_of(capsys: pytest.CaptureFixture) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_a_single_job_is_in_the_singular(plan: Plan, capsys: pytest.CaptureFixture) -> None:
    preview(plan, [TABLE], [Refused("split", "its parameters changed")], everything=False)
    lines = lines_of(capsys)
    assert f"Against commit {'a' * 12}, which made them:" in lines
    assert "  made again whole: table/prograd_table1" in lines
    assert "1 job is stale by its code alone, 1 has to be run." in lines
    preview(plan, [], [], everything=False)
    assert "0 jobs are stale by their code alone, 0 have to be run." in lines_of(capsys)


def test_features_that_are_missing_or_of_changed_code_are_made_before_training(
    plan: Plan, capsys: pytest.CaptureFixture
) -> None:
    made_first = "  features made first: ViT-B-16/part1"
    preview(plan, [TRAINED], [], everything=False)
    assert made_first in lines_of(capsys)
    features = plan.root / "features/ViT-B-16/part1.safetensors"
    features.parent.mkdir(parents=True)
    features.touch()
    preview(plan, [TRAINED], [], everything=False)
    assert made_first not in lines_of(capsys)
    preview(plan, [TRAINED, FEATURES], [], everything=False)
    assert made_first in lines_of(capsys)


def test_the_end_says_what_is_left_to_run_and_how(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(reproduce, "missing_steps", lambda *_, **__: {"report": SnakemakeJob("report", 0, 10.0)})
    monkeypatch.setattr(registering, "register", lambda *_: [])
    attestation = Attestation(plan, Extent(), cores=1, line=StatusLine())
    attestation.findings.stays(TABLE, "")
    for job in (TRAINED, FEATURES):
        attestation.findings.stays(job, "it differs")
    assert attestation.finish([TABLE, TRAINED, FEATURES], []) == 1
    lines = lines_of(capsys)
    assert "stays stale: few_shot/coop/ViT-B-16/part1 (and 1 more job): it differs" in lines
    assert "1 of 3 stale jobs are attested." in lines
    assert lines[-1].startswith("Snakemake has 1 job to run, missing, stale for another reason or below a job that")
    assert "`reprompt reproduce`" in lines[-1]
