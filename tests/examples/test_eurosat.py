"""The example runs from fetching to its table on a small folder in EuroSAT's format, with random weights."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml

import files_at_hand
from project import PROJECT
from reprompt.clip.weights import VOCABULARY, build, save
from reprompt.planning.parameters import parse_parameters
from tiny_clip import MEAN_STD


def test_the_whole_path_of_the_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files_at_hand.write_data(tmp_path, "eurosat")
    raw = files_at_hand.parameters()
    raw["tuning"]["few_shot"]["epochs"] = 2
    Path("params.yaml").write_text(yaml.safe_dump(raw))
    settings = parse_parameters(raw, "smoke").backbones["ViT-B-16"]
    torch.manual_seed(0)
    model = build(settings.vision, settings.text, settings.joint_width)
    about = {"vision": settings.vision, "text": settings.text, "joint_width": settings.joint_width}
    about |= dict(zip(("mean", "std"), MEAN_STD, strict=True))
    save(Path("results/smoke/backbones/ViT-B-16.safetensors"), model, torch.arange(VOCABULARY), about, {})
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "reprompt").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m reprompt.cli "$@"\n')
    (tools / "python").symlink_to(sys.executable)
    (tools / "reprompt").chmod(0o755)
    environment = os.environ | {"SCALE": "smoke", "REPROMPT_CARDS": "cards", "PYTHONPATH": str(PROJECT / "src")}
    environment |= {"PATH": f"{tools}:{os.environ['PATH']}", "PYTHONWARNINGS": "ignore"}
    script = ["sh", str(PROJECT / "examples/eurosat.sh")]
    done = subprocess.run(script, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    table = [line.split() for line in done.stdout.splitlines()[-5:]]
    assert [row[:2] for row in table] == [
        *(["zero_shot", "0"], ["coop", "1"], ["coop", "16"], ["prograd", "1"], ["prograd", "16"])
    ]


def test_a_number_outside_its_range_is_said_with_the_reason() -> None:
    spec = importlib.util.spec_from_file_location("eurosat", PROJECT / "examples/eurosat.py")
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    shots = {"zero_shot": (0,), "coop": (1, 16), "prograd": (1, 16)}
    outcomes = [
        {"method": method, "shots": number, "accuracy": 45.0 + number, "half_width": 2.0 if number else None}
        for method, numbers in shots.items()
        for number in numbers
    ]
    said = {row[:2]: row[2:] for row in example.compared(outcomes)}
    assert said["zero_shot", "0"] == ("45.0", "", "none", "40 to 52", "as expected")
    assert said["coop", "16"][:4] == ("61.0", "± 2.0", "84.93", "81 to 89") and "outside" in said["coop", "16"][4]
