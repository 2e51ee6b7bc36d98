"""Why a result is stale, in a small repository of its own with the package, the parameters and one result."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from project import PROJECT
from reprompt.foundation.digests import digest_of_text
from reprompt.planning.entry_points import code_of, spec_of
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import make_plan
from reprompt.workflow import provenance

JOB = "few_shot/prograd/ViT-B-16/part1"
WHICH = dict(zip(("experiment", "recipe", "backbone", "part"), JOB.split("/"), strict=True))
RECORD, TABLE = f"results/smoke/records/{JOB}.npz", "results/smoke/tables/prograd_table1.csv"


def git(*words):
    subprocess.run(["git", "-c", "user.name=test", "-c", "user.email=test@example.org", *words], check=True)


def plan():
    return make_plan(load_parameters("params.yaml", "smoke"))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a record and a table that today's code and parameters made."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        make()
    return folder


@pytest.fixture(autouse=True)
def here(made, tmp_path, monkeypatch):
    """A copy of it."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)


def make():
    shutil.copytree(PROJECT / "src", "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "params.yaml", ".")
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "test")
    commit, entries = provenance.source_commit(), {}
    for output, rule, which, inputs in (
        (RECORD, "tune", WHICH, []),
        (TABLE, "table", {"table": "prograd_table1"}, [RECORD]),
    ):
        Path(output).parent.mkdir(parents=True)
        Path(output).write_text(output)
        of_code, spec = code_of(plan(), rule, which), digest_of_text(spec_of(plan(), rule, which))
        checksums = {name: f"sha256:{provenance.sha256(name)}" for name in inputs}
        entries[output] = {
            **dict.fromkeys(provenance.KEPT),
            **{"output": output, "sha256": provenance.sha256(output), "rule": rule, "wildcards": which},
            **{
                "made": {"code": of_code, "spec": spec, "commit": commit},
                "input": inputs,
                "input_checksums": checksums,
            },
        }
    provenance.write(Path("results/smoke"), entries)


def changed(file, old, new):
    path = Path(file)
    text, count = re.subn(old, new, path.read_text(), count=1)
    assert count == 1
    path.write_text(text)


def why(job):
    """What the command of the copy says."""
    words = [sys.executable, "-m", "reprompt.cli", "why", job, "--scale", "smoke"]
    environment = os.environ | {"PYTHONPATH": str(Path("src").resolve())}
    done = subprocess.run(words, capture_output=True, text=True, env=environment)
    return (done.stdout + done.stderr).splitlines()


def test_nothing_changed():
    assert why(JOB) == [f"{JOB}: nothing that it depends on has changed"]


def test_a_parameter_is_named_with_both_values():
    changed("params.yaml", r"(  prograd:(?:.*\n)+?    lambda: )1\.0", r"\g<1>0.7")
    head, line = why(JOB)
    assert head == f"{JOB}:"
    assert re.fullmatch(r"  parameter: cells\.settings\.lambda: 1\.0 before, 0\.7 now \(\d+ times\)", line)


def test_the_function_that_changed_is_named():
    changed("src/reprompt/gradients/prograd.py", r"def align\(", "MORE = 1\n\n\ndef align(")
    changed("src/reprompt/gradients/prograd.py", r"    output = step\.forward\(\)", "    output = (step.forward())")
    head, *lines = why(JOB)
    assert head == f"{JOB}:"
    assert sorted(lines) == [
        "  code: gradients/prograd.py: two_gradients",
        "  code: gradients/prograd.py: what runs when it is imported",
    ]


def test_an_input_and_what_it_was_made_from_are_named():
    Path(RECORD).write_text("other")
    changed("params.yaml", r"(  prograd:(?:.*\n)+?    lambda: )1\.0", r"\g<1>0.7")
    lines = why(TABLE)
    assert lines[:2] == ["table/prograd_table1:", f"  input: {RECORD} is another than it was made from"]
    assert lines[2] == f"{JOB}:"


def test_an_unknown_job_is_an_error():
    (line,) = why("few_shot/none")
    assert line.startswith("reprompt: few_shot/none: neither a job nor an output")


def test_what_was_made_by_a_commit_that_is_not_here_is_told():
    path = provenance.list_path(Path("results/smoke"))
    text = path.read_text().replace(provenance.source_commit(), "0" * 40)
    path.write_text(re.sub(r'"code": "\w+"', '"code": "other"', text))
    assert why(JOB)[1] == "  code: made by 000000000000, which is not in this repository"
