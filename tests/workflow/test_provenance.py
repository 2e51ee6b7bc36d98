"""The list of outputs that stands in for Snakemake's records in a clone."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from reprompt.workflow import provenance
from reprompt.workflow.provenance import TamperedError
from reprompt.workflow.snakemake import PLUGIN, SNAKEMAKE, Events, Followed

ROOT = Path("results/smoke")
RECORD, TABLE = "results/smoke/records/a.npz", "results/smoke/tables/t.csv"
PROMPTS = "results/smoke/records/a.safetensors"  # deleted as soon as the table has read them
RULES = f"""
rule record:
    output: "{RECORD}"
    params: text=config["text"]
    shell: "printf '{{params.text}}' > {{output}}"

rule prompts:
    input: "{RECORD}"
    output: temp("{PROMPTS}")
    shell: "printf prompts > {{output}}"

rule table:
    default_target: True
    input: "{RECORD}", "{PROMPTS}"
    output: "{TABLE}"
    shell: "printf numbers > {{output}}"
"""


def as_made(*outputs: str, code: str = "c") -> dict:
    """What the workflow says of outputs: how each was made."""
    return {output: {"wildcards": {"part": "a"}, "made": {"code": code, "spec": "s"}} for output in outputs}


def snakemake(text: str, *options: str) -> Followed:
    """What Snakemake runs, or with `-n` would, where the record is to hold `text`."""
    events = Events(Path("events.jsonl"))
    command = [*SNAKEMAKE, *events.options, "--cores", "1", *options, "--config", f"text={text}"]
    environment = os.environ | {"PYTHONPATH": str(PLUGIN)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return events.read()


def export(code: str = "c", keep: Sequence[str] = (RECORD, TABLE)) -> None:
    """Write the list of what is planned."""
    provenance.export(ROOT, as_made(RECORD, PROMPTS, TABLE, code=code), keep, passed_on=[PROMPTS])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which Snakemake has run, and left its own records."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        Path("Snakefile").write_text(RULES)
        snakemake("cells")
    return folder


@pytest.fixture(autouse=True)
def run(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of it after a run, to do with as one likes."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)  # with the dates of files, which the records know
    monkeypatch.chdir(tmp_path)
    export()


def clone() -> None:
    """What a clone lacks: Snakemake's records; and its files have another date."""
    shutil.rmtree(".snakemake")
    for output in (RECORD, TABLE):
        os.utime(output, (2e9, 2e9))


def test_outputs_made_here_need_no_adoption() -> None:
    assert provenance.adopt(ROOT) == 0


def test_restored_outputs_get_their_records_back_and_snakemake_has_nothing_to_do() -> None:
    before = {output: provenance._record(output) for output in (RECORD, PROMPTS, TABLE)}
    clone()
    assert snakemake("other cells", "-n").jobs == {}, "it takes what was restored for the result of any parameters"
    assert provenance.adopt(ROOT) == 2
    for output, record in before.items():
        assert {key: provenance._record(output)[key] for key in provenance.KEPT} == {
            key: record.get(key) for key in provenance.KEPT
        }
    assert snakemake("cells", "-n").jobs == {}
    assert {job.rule for job in snakemake("other cells", "-n").jobs.values()} == {"record", "prompts", "table"}
    assert provenance.adopt(ROOT) == 0, "the second time they count as made here"


def test_a_restored_output_is_older_than_its_inputs_so_that_checksums_decide() -> None:
    clone()
    provenance.adopt(ROOT)
    assert os.stat(TABLE).st_mtime < os.stat(RECORD).st_mtime - 1, "there is a step between them"
    assert os.stat(RECORD).st_mtime < 1e9


def test_an_altered_output_is_named() -> None:
    Path(RECORD).write_text("better cells")
    os.utime(RECORD, (2e9, 2e9))
    with pytest.raises(TamperedError, match=RECORD):
        provenance.adopt(ROOT)
    assert provenance.differences(ROOT) == [(RECORD, "is not the file that was made: its SHA-256 differs")]


def test_an_output_that_a_killed_job_was_writing_is_left_to_snakemake() -> None:
    Path(RECORD).write_text("half")
    os.utime(RECORD, (2e9, 2e9))
    marker = provenance._record_path(RECORD, provenance.INCOMPLETE)
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.touch()
    assert provenance.adopt(ROOT) == 0


def test_what_was_deleted_once_it_was_read_has_its_record_in_a_clone() -> None:
    assert provenance.load(ROOT)[PROMPTS]["sha256"] is None
    clone()
    provenance.adopt(ROOT)
    assert provenance._record(PROMPTS)["rule"] == "prompts" and not Path(PROMPTS).exists()
    assert provenance.differences(ROOT) == []
    provenance.export(ROOT, as_made(TABLE), keep=[RECORD, TABLE], passed_on=[PROMPTS])
    assert PROMPTS in provenance.load(ROOT)


def test_entries_of_files_not_restored_yet_stay_while_they_are_planned() -> None:
    Path(RECORD).unlink()
    provenance.export(ROOT, as_made(TABLE), keep=[RECORD, TABLE])
    assert set(provenance.load(ROOT)) == {RECORD, TABLE}
    provenance.export(ROOT, as_made(TABLE), keep=[TABLE])
    assert set(provenance.load(ROOT)) == {TABLE}


def test_what_left_the_plan_is_pruned_with_its_empty_folders() -> None:
    stray = Path("results/smoke/records/few_shot/old/b.npz")
    stray.parent.mkdir(parents=True)
    stray.touch()
    assert provenance.prune(ROOT / "records", keep=[RECORD]) == [str(stray)]
    assert Path(RECORD).exists()
    assert not stray.parents[1].exists()


def test_long_paths_are_recorded_as_snakemake_does() -> None:
    pieces = provenance._record_path("x" * 400).relative_to(provenance.RECORDS).parts
    assert [piece[0] == "@" for piece in pieces] == [True, True, False]
    assert max(map(len, pieces)) <= 255


def test_how_an_output_was_made_is_told_with_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert provenance.load(ROOT)[RECORD]["made"] == {"code": "c", "spec": "s", "commit": "unknown"}, (
        "no repository here"
    )
    monkeypatch.setattr(provenance, "source_commit", lambda: "f" * 40)
    snakemake("other cells")
    export(code="d")
    assert provenance.load(ROOT)[RECORD]["made"] == {"code": "d", "spec": "s", "commit": "f" * 40}
    assert provenance.load(ROOT)[RECORD]["wildcards"] == {"part": "a"}


def test_what_is_as_the_list_has_it_keeps_its_commit_and_its_proofs(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = provenance.load(ROOT)
    entries[RECORD] |= {"made": entries[RECORD]["made"] | {"cells": "k"}, "attested": [{"from": "a", "to": "b"}]}
    provenance.write(ROOT, entries)
    monkeypatch.setattr(provenance, "source_commit", lambda: "f" * 40)
    export()
    assert provenance.load(ROOT)[RECORD] == entries[RECORD]


def test_source_that_is_not_committed_is_marked(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *words], cwd=tmp_path, check=True)

    Path("params.yaml").write_text("a: 1")
    git("init", "-q")
    git("add", "params.yaml", "Snakefile")
    git("commit", "-qm", "test")
    commit = provenance.source_commit()
    assert len(commit) == 40, "results are not source"
    Path("params.yaml").write_text("a: 2")
    assert provenance.source_commit() == f"{commit}+"
