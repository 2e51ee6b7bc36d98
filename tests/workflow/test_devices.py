"""Jobs on devices: what they take, what they are told, and what is shown of them."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from project import PROJECT
from reprompt.cli import app
from reprompt.foundation import device_shares
from reprompt.foundation.device_shares import share_of_a_device, shares_of
from reprompt.foundation.devices import Device
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import Plan, make_plan
from reprompt.workflow import devices, progress
from reprompt.workflow.devices import hand_out, listing, on_a_device, wanted_memory
from reprompt.workflow.progress import Progress, State
from reprompt.workflow.reproduce import _at_work
from reprompt.workflow.snakemake import options

COOP = "few_shot/coop/ViT-B-16/part1"
WILDCARDS = {"experiment": "few_shot", "recipe": "coop", "backbone": "ViT-B-16", "part": "part1"}
LARGE, MIDDLE = Device("GPU-a", 80_000), Device("GPU-b", 24_000)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(device_shares, "FOLDER", tmp_path / "shares")
    for name in ("REPROMPT_DEVICES", "REPROMPT_DEVICE", "CUDA_VISIBLE_DEVICES", "SNAKEMAKE_PROFILE"):
        monkeypatch.setenv(name, "x")  # so that it is put back
        monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(load_parameters(PROJECT / "params.yaml", "smoke"))


@pytest.mark.parametrize(
    ("estimated", "wanted"),
    [
        (1e9, 2750),  # 1,500 + 1.25 x 1,000: less than a quarter of the smaller one
        (4e9, 24_000),  # more than a quarter: all of the smaller one
        (20e9, 80_000),  # more than the smaller one has
        (200e9, 80_000),  # more than any has: it may fail, but gets what there is
    ],
)
def test_small_jobs_take_what_they_need_and_others_a_whole_device(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, estimated: float, wanted: int
) -> None:
    monkeypatch.setattr(devices, "_estimated", lambda *_: estimated)
    assert wanted_memory(plan, "tune", WILDCARDS, (LARGE, MIDDLE)) == wanted


def test_the_estimate_is_that_of_the_job_on_a_gpu(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    from reprompt.workflow.estimate import memory

    asked = []
    of_gpu = SimpleNamespace(gpu=1e9)
    monkeypatch.setattr(memory, "job_memory", lambda *of: asked.append((of[1].name, of[2])) or of_gpu)
    monkeypatch.setattr(memory, "features_memory", lambda *of: asked.append(of[1:]) or of_gpu)
    assert wanted_memory(plan, "tune", WILDCARDS, (LARGE,)) == 2750
    assert wanted_memory(plan, "features", {"backbone": "ViT-B-16", "part": "part1"}, (LARGE,)) == 2750
    assert asked == [(COOP, "cuda"), ("ViT-B-16", "part1", "cuda")]


def test_a_job_takes_what_the_run_has_written_down_and_an_unknown_one_a_device(capsys: pytest.CaptureFixture) -> None:
    hand_out((MIDDLE, LARGE), {COOP: 2750})
    assert os.environ["REPROMPT_DEVICE"] == "cuda"
    for job, memory in ((COOP, 2750), ("few_shot/vpt/ViT-B-16/part1", 80_000)):
        with on_a_device(job, "cuda") as place:
            assert place == "GPU-a"
            assert [(share.job, share.memory) for share in shares_of(LARGE)] == [(job, memory)]
    assert f"{COOP} runs on device GPU-a" in capsys.readouterr().err


@pytest.mark.parametrize(("handed_out", "device"), [("", "cuda"), ("GPU-a:80000", "cpu")])
def test_where_no_device_is_handed_out_everything_is_as_ever(monkeypatch, handed_out: str, device: str) -> None:
    monkeypatch.setenv("REPROMPT_DEVICES", handed_out)
    with on_a_device(COOP, device) as place:
        assert place == ""
        assert "CUDA_VISIBLE_DEVICES" not in os.environ
    assert not device_shares.FOLDER.exists()


def test_the_command_tune_computes_on_the_device_that_it_was_given(monkeypatch, plan: Plan) -> None:
    from reprompt.clip import openai
    from reprompt.training import tune

    seen = []

    def tune_job(job, plan, backbone, workplace, advance) -> None:
        (state,) = progress.running()
        seen.append((job.name, workplace.device, os.environ["CUDA_VISIBLE_DEVICES"], state.device))

    monkeypatch.setattr(tune, "tune_job", tune_job)
    monkeypatch.setattr(openai, "load", lambda *_: None)
    hand_out((MIDDLE,), {COOP: 2750})
    file = ("--params", str(PROJECT / "params.yaml"), "--scale", "smoke")
    paths = [word for name in ("weights", "features", "splits", "out", "costs") for word in (f"--{name}", "a")]
    done = CliRunner().invoke(app, ["tune", COOP, *paths, *file])
    assert done.exit_code == 0, done.output
    assert seen == [(COOP, "cuda", "GPU-b", "GPU-b")]


def test_the_listing_says_what_runs_where_and_for_how_long_still(folder: Path) -> None:
    with share_of_a_device(COOP, 2750, (LARGE, MIDDLE)):
        (share,) = shares_of(LARGE)
        with Progress(COOP, total=90, device="GPU-a") as job:
            job.started -= 60
            job.advance(60)
            job.write()
            lines = listing((LARGE, MIDDLE), now=share.since + 180)
    assert lines == [
        "GPU-a: 2,750 of 80,000 MB taken",
        f"    {COOP}, 60 of 90 cells, 30 s left (2,750 MB for 3 min; process {os.getpid()} in {folder})",
        "GPU-b: free",
    ]


def test_the_line_of_a_run_names_the_device_where_one_is_handed_out() -> None:
    assert (
        _at_work(COOP, State(COOP, 60, 90, "cells", 720.0, "GPU-a")) == f"{COOP} 60 of 90 cells on GPU-a, 12 min left"
    )
    assert _at_work(COOP, State(COOP, 60, 90, "cells", 720.0)) == f"{COOP} 60 of 90 cells"
    assert _at_work(COOP, None) == COOP


def test_the_driver_takes_the_profile_where_there_are_devices_and_none_is_named(plan: Plan, monkeypatch) -> None:
    monkeypatch.setenv("REPROMPT_DEVICES", "GPU-a:80000")
    assert options(plan) == ["--config", "scale=smoke", "--profile", "workstation"]
    monkeypatch.setenv("SNAKEMAKE_PROFILE", "slurm")
    assert options(plan) == ["--config", "scale=smoke"]
    monkeypatch.delenv("SNAKEMAKE_PROFILE")
    monkeypatch.setenv("REPROMPT_DEVICES", "")
    assert options(plan) == ["--config", "scale=smoke"]


def test_devices_are_listed_by_a_command_without_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPROMPT_DEVICES", "GPU-a:80000")
    before = "torch" in sys.modules
    assert CliRunner().invoke(app, ["devices"]).output == "GPU-a: free\n"
    assert ("torch" in sys.modules) == before
    monkeypatch.setenv("REPROMPT_DEVICES", "")
    assert CliRunner().invoke(app, ["devices"]).output == "no GPU that a run may use\n"
