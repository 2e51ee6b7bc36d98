"""A backbone that another scale has is taken over, if it was made with the same."""

import json
from pathlib import Path

import pytest

from reprompt.workflow import provenance
from reprompt.workflow.taking_over import take_over_backbones

OLD, NEW = Path("results/miniature"), Path("results/evidence")
MADE = {"code": "c", "spec": "s"}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A scale with two backbones, the second trained against the first."""
    monkeypatch.chdir(tmp_path)
    entries = {}
    for name, inputs in (("ViT", []), ("RN50", [str(OLD / "backbones/ViT.safetensors")])):
        path = OLD / f"backbones/{name}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
        entries[str(path)] = {
            **dict.fromkeys(provenance.KEPT),
            **{"output": str(path), "sha256": provenance.sha256(path), "rule": "pretrain"},
            **{"wildcards": {"backbone": name}, "made": MADE | {"commit": "x"}, "input": inputs},
            **{"params": ["'c'", "'miniature'", "'s'"], "input_checksums": dict.fromkeys(inputs, "sha256:0")},
        }
    provenance.write(OLD, entries)


def test_what_was_made_with_the_same_is_copied_with_its_record():
    taken = take_over_backbones(NEW, ["ViT", "RN50"], lambda rule, wildcards: MADE)
    assert taken == [str(NEW / f"backbones/{name}.safetensors") for name in ("RN50", "ViT")]
    assert (NEW / "backbones/RN50.safetensors").read_text() == "RN50"
    record = json.loads(provenance._record_path(taken[0]).read_text())
    assert record["params"] == ["'c'", "'evidence'", "'s'"]
    assert record["input"] == [str(NEW / "backbones/ViT.safetensors")] == list(record["input_checksums"])


def test_only_what_is_missing_and_wanted_is_taken():
    assert take_over_backbones(NEW, ["ViT"], lambda rule, wildcards: MADE) == [str(NEW / "backbones/ViT.safetensors")]
    assert take_over_backbones(NEW, ["ViT"], lambda rule, wildcards: MADE) == []
    assert take_over_backbones(OLD, ["ViT"], lambda rule, wildcards: MADE) == []


@pytest.mark.parametrize("other", [{"code": "other"}, {"spec": "other"}])
def test_what_was_made_with_other_code_or_parameters_stays(other):
    assert take_over_backbones(NEW, ["ViT"], lambda rule, wildcards: MADE | other) == []


def test_an_altered_file_stays():
    (OLD / "backbones/ViT.safetensors").write_text("altered")
    assert take_over_backbones(NEW, ["ViT"], lambda rule, wildcards: MADE) == []
