"""What is stale by its code alone, what is refused, and what a stamp changes."""

import json
from pathlib import Path

import pytest

from project import PROJECT
from reprompt.foundation.digests import digest_of_text
from reprompt.planning.entry_points import spec_of
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import Plan, make_plan
from reprompt.workflow import provenance
from reprompt.workflow.attest import stale as module
from reprompt.workflow.attest.stale import Made, name_of, stale
from reprompt.workflow.attest.stamping import stamp

PARAMETERS = PROJECT / "params.yaml"
COMMIT, LATER = "a" * 40, "b" * 40
SPLIT, TABLE = "results/smoke/data/dtd.json", "results/smoke/tables/prograd_table1.csv"


def entry(output: str, rule: str, **wildcards: str) -> dict:
    """An output as the list has it, made by other code than today's."""
    Path(output).parent.mkdir(parents=True, exist_ok=True)
    Path(output).write_text(output)
    made = {"code": "old", "spec": digest_of_text("spec"), "commit": COMMIT}
    sha256 = provenance.sha256(output)
    fields = {"output": output, "sha256": sha256, "rule": rule, "wildcards": wildcards, "made": made}
    return fields | {"params": ["'old'", "'spec'"], "input_checksums": {}}


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """The plan in an empty folder, all of whose code has the hash `new`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "code_of", lambda *_: "new")
    monkeypatch.setattr(module, "spec_of", lambda *_: "spec")
    module._sha256.cache_clear()
    return make_plan(load_parameters(PARAMETERS, "smoke"))


@pytest.fixture
def entries(plan: Plan) -> dict[str, dict]:
    """A split and the table that is made of it."""
    split, table = entry(SPLIT, "split"), entry(TABLE, "table", table="prograd_table1")
    table["input_checksums"] = {SPLIT: f"sha256:{split['sha256']}"}
    return {SPLIT: split, TABLE: table}


def test_what_other_code_made_is_stale_by_its_code_alone(plan: Plan, entries: dict) -> None:
    provenance.write(plan.root, entries)
    stale_jobs, refused = stale(plan)
    assert [(job.name, job.before, job.now, job.since) for job in stale_jobs] == [
        ("split", "old", "new", COMMIT),
        ("table/prograd_table1", "old", "new", COMMIT),
    ]
    assert refused == []
    assert [job.name for job in stale(plan, ["table/*"])[0]] == ["table/prograd_table1"]
    assert [job.name for job in stale(plan, ["split"])[0]] == ["split"]


def test_what_todays_code_made_is_not_stale(plan: Plan, entries: dict) -> None:
    for listed in entries.values():
        listed["made"]["code"] = "new"
    provenance.write(plan.root, entries)
    assert stale(plan) == ([], [])


def test_what_a_rule_made_that_has_other_jobs_today_has_to_be_run(plan: Plan, entries: dict, monkeypatch) -> None:
    monkeypatch.setattr(module, "spec_of", spec_of)
    provenance.write(plan.root, entries)
    refused = {job.name: job.why for job in stale(plan)[1]}
    assert refused["split"] == "made when the rule had no jobs by 'task': it has to be run"


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda table: table["made"].update(spec=digest_of_text("other")), "its parameters changed"),
        (lambda table: table["made"].update(commit="unknown"), "a commit that nobody knows"),
        (lambda table: table["made"].update(commit=f"{COMMIT}+"), "source that was not committed"),
        (lambda table: table.pop("made"), "nobody wrote down by which code"),
        (lambda table: table.update(sha256="0"), f"{TABLE} is not the file that was made"),
        (lambda table: Path(TABLE).unlink(), f"{TABLE} is missing"),
        (lambda table: table.update(input_checksums={SPLIT: "sha256:0"}), f"its input {SPLIT} changed"),
        (lambda table: table.update(input_checksums={"gone": "sha256:0"}), "its input gone is missing"),
    ],
)
def test_what_more_than_its_code_may_have_changed_is_refused(plan: Plan, entries: dict, change, words: str) -> None:
    change(entries[TABLE])
    provenance.write(plan.root, entries)
    stale_jobs, refused = stale(plan)
    assert [job.name for job in stale_jobs] == ["split"]
    assert [job.name for job in refused] == ["table/prograd_table1"] and words in refused[0].why


def test_the_last_commit_that_was_attested_is_compared_with(plan: Plan, entries: dict) -> None:
    entries[TABLE]["attested"] = [{"from": COMMIT, "to": LATER}]
    provenance.write(plan.root, entries)
    assert [job.since for job in stale(plan)[0]] == [COMMIT, LATER]


def test_names_do_not_depend_on_the_order_of_wildcards() -> None:
    wildcards = {"backbone": "RN50", "experiment": "few_shot", "part": "part1", "recipe": "coop"}
    assert name_of("tune_and_keep", wildcards) == "few_shot/coop/RN50/part1"
    assert name_of("features", {"backbone": "RN50", "part": "part1"}) == "features/RN50/part1"
    assert name_of("split", {}) == "split"


def test_a_stamp_changes_the_hash_in_both_lists_and_nothing_else(plan: Plan, entries: dict) -> None:
    entries[TABLE]["params"] = ["'old'", "'spec'"]
    provenance.write(plan.root, entries)
    record = provenance._record_path(TABLE)
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps({"params": ["'old'", "'spec'"], "endtime": 1.5}))
    table = next(job for job in stale(plan)[0] if job.rule == "table")
    stamp(plan.root, [table], LATER, {}, {})
    after = provenance.load(plan.root)
    assert after[SPLIT] == entries[SPLIT]
    assert after[TABLE]["made"] == {"code": "new", "spec": digest_of_text("spec"), "commit": COMMIT}
    assert after[TABLE]["params"] == ["'new'", "'spec'"]
    assert after[TABLE]["attested"] == [{"from": COMMIT, "to": LATER}]
    assert json.loads(record.read_text()) == {"params": ["'new'", "'spec'"], "endtime": 1.5}
    assert [job.name for job in stale(plan)[0]] == ["split"]


def test_records_are_also_stamped_with_the_code_of_their_cells(plan: Plan, entries: dict) -> None:
    name = "few_shot/coop/ViT-B-16/part1"
    output = f"results/smoke/records/{name}.npz"
    wildcards = dict(zip(("experiment", "recipe", "backbone", "part"), name.split("/"), strict=True))
    provenance.write(plan.root, {output: entry(output, "tune", **wildcards)})
    (job,) = stale(plan)[0]
    assert job == Made("tune", wildcards, (output,), "old", "new", COMMIT)
    stamp(plan.root, [job], LATER, {name: "cells"}, {name: "only estimates"})
    after = provenance.load(plan.root)[output]
    assert after["made"]["cells"] == "cells"
    assert after["attested"] == [{"from": COMMIT, "to": LATER, "read": "only estimates"}]


def test_a_record_that_names_no_code_is_not_stamped(plan: Plan, entries: dict) -> None:
    entries[TABLE]["params"] = ["'spec'"]
    provenance.write(plan.root, entries)
    table = next(job for job in stale(plan)[0] if job.rule == "table")
    with pytest.raises(ValueError, match="does not say by which code"):
        stamp(plan.root, [table], LATER, {}, {})
