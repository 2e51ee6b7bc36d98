"""Attest on a copy in which the smoke scale has really run: what it proves, and what it must refuse."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from copies import call, commit, edit, environment, wanted

META = "gram/coop-gram/ViT-B-16/all"
FEW_SHOT, BASE_TO_NEW = "few_shot/coop/ViT-B-16/part1", "base_to_new/coop/ViT-B-16/part1"
RANKED = "elevater_few/coop_middle/ViT-B-16/targets"  # of mean average precision, and of the area under the ROC
ATTEST = (sys.executable, "-m", "reprompt.cli", "attest")


@pytest.fixture
def project(smoke: Path, tmp_path: Path) -> Path:
    """A copy with all that DVC and Snakemake know of it."""
    return shutil.copytree(smoke, tmp_path / "project", symlinks=True)


def log_of(project: Path) -> list[dict]:
    """What was compared so far."""
    path = project / "results/smoke/attested.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def move_and_rename(project: Path) -> None:
    """Move the module that draws episodes, and rename a function in it."""
    source = project / "src/reprompt/training/meta"
    text = (source / "episodes.py").read_text()
    (source / "episodes.py").unlink()
    (source / "drawn.py").write_text(text.replace("_in_turn(", "_one_after_the_other("))
    for file in (source / "learned.py", source / "corpus.py", source.parents[1] / "benchmarks/meta.py"):
        edit(file, "reprompt.training.meta.episodes", "reprompt.training.meta.drawn")
    commit(project, "-A", "src")


def test_an_interrupted_attest_goes_on_until_nothing_is_left_to_do(project: Path) -> None:
    """Of a module that was moved and a function that was renamed."""
    move_and_rename(project)
    stale = wanted(project)
    assert META in stale and FEW_SHOT not in stale
    with subprocess.Popen(ATTEST, cwd=project, env=environment(project), stdout=subprocess.DEVNULL) as first:
        end = time.monotonic() + 300
        while not log_of(project) and first.poll() is None and time.monotonic() < end:
            time.sleep(0.2)
        first.send_signal(signal.SIGINT)
    done = len(log_of(project))
    assert first.returncode == 130 and done
    provenance = project / "results/smoke/provenance.jsonl"
    assert "attested" not in provenance.read_text(), "nothing is stamped before its comparison is over"
    call(project, *ATTEST)
    pieces = [line["piece"] for line in log_of(project)]
    assert len(pieces) == len(set(pieces)) > done, "no piece is compared twice"
    assert all(line["agreed"] and line["machine"] for line in log_of(project))
    assert wanted(project) == set()
    (entry,) = [json.loads(line) for line in provenance.read_text().splitlines() if f'{META}.npz", "params' in line]
    new = call(project, "git", "rev-parse", "HEAD").strip()
    assert entry["attested"] == [{"from": entry["made"]["commit"], "to": new}]
    assert not (project / ".reprompt/attest" / new[:12]).exists()
    assert call(project, "dvc", "status").strip() == "Data and pipelines are up to date."
    assert "0 jobs are stale" in call(project, *ATTEST, "--dry-run")


def test_changes_of_few_numbers_are_refused_by_name(project: Path) -> None:
    """One acts at the most shots alone, one in mean average precision, one in the second meta-step."""
    source = project / "src/reprompt"
    planted = (
        "\n    for run, cell in enumerate(cells):\n"
        '        if cell.protocol == "few_shot" and cell.shots == 2:\n'
        "            for tensor in params.values():\n                tensor[run] *= -1\n"
    )
    edit(source / "training/fleets.py", r"\n(    kept: list\[Arrays\] = )", planted + r"\1")
    edit(source / "evaluation/metrics.py", r"return 100 (\* float\(np\.mean\(\[average_precision)", r"return 99 \1")
    edit(
        source / "training/meta/train.py",
        r"^        optimiser\.step\(\)",
        "        if step == 1:\n            for leaf in theta.values():\n                leaf.grad *= 2\n"
        "        optimiser.step()",
    )
    commit(project, "-A", "src")
    names = (FEW_SHOT, RANKED, META, BASE_TO_NEW, "few_shot/zero_shot/*")
    said = call(project, *ATTEST, *names, succeeds=False)
    refused = {line.split(": ")[1]: line for line in said.splitlines() if line.startswith("stays stale: ")}
    assert set(refused) == {FEW_SHOT, RANKED, META}, said
    assert "2 shots, tau 1, seed 1" in refused[FEW_SHOT]
    assert "voc2007, 1 shots, tau 1, seed 1, all: score" in refused[RANKED]
    assert "coop+gram on corpus, 2 shots" in refused[META] and "differs at" in refused[META]
    agreed = {line["piece"].partition(" [")[0]: line["agreed"] for line in log_of(project)}
    assert agreed[f"{RANKED}: hateful_memes, 1 shots, area_under_roc"]
    assert not agreed[f"{RANKED}: voc2007, 1 shots, mean_average_precision"]
    left = wanted(project)
    assert {FEW_SHOT, RANKED, META} <= left and BASE_TO_NEW not in left

    call(project, "git", "reset", "-q", "--hard", "HEAD~1")  # whose code some have no longer
    edit(source / "learners/coop.py", r"\{(\"context\": )(random_vectors\(self\.classes)", r"{\1 1.0 * \2")
    said = call(project, *ATTEST, FEW_SHOT, succeeds=False)
    assert "not committed" in said
    commit(project, "-A", "src")
    said = call(project, *ATTEST, FEW_SHOT, succeeds=False)
    assert "no sample executed" in said
    assert re.search(r"learners/coop\.py:\d+ in Learner\.start: return {'context': 1\.0 \* random_vectors", said)
    assert FEW_SHOT in wanted(project)
