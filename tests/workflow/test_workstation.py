"""`snakemake --profile workstation` on devices that are not there: REPROMPT_DEVICES lists them, jobs only say where.

In the place of `reprompt` stands a command that takes a device as the real one does, waits, and leaves empty outputs.
"""

import json
import sys
from itertools import combinations
from pathlib import Path

import pytest
from copies import WARM, call, copy_project

pytestmark = pytest.mark.workflow

STAND_IN = """#!{python}
import json, os, sys, time
from pathlib import Path
from reprompt.workflow.devices import on_a_device

command, *words = sys.argv[1:]
outputs = [Path(words[place + 1]) for place, word in enumerate(words) if word in ("--out", "--costs")]
if command == "features":
    outputs = [outputs[0].with_suffix(".json")]
if command in ("tune", "features"):
    job = words[0] if command == "tune" else "features/" + "/".join(words[:2])
    with on_a_device(job, os.environ.get("REPROMPT_DEVICE", "cpu")) as place:
        begun, at_work = time.time(), Path("at_work")
        if command == "tune":  # two are at work together, or else this one waits in vain
            at_work.mkdir(exist_ok=True)
            (at_work / str(os.getpid())).touch()
            while len(list(at_work.iterdir())) < 2 and time.time() < begun + 120:
                time.sleep(0.05)
        with open("jobs.jsonl", "a") as file:
            said = dict(job=job, place=place, shown=os.environ.get("CUDA_VISIBLE_DEVICES"), begun=begun)
            file.write(json.dumps(said | dict(ended=time.time())) + "\\n")
for output in outputs:
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(command)
"""
RECIPES = ("coop", "zero_shot", "coop-prograd")
TARGETS = [f"results/smoke/records/few_shot/{recipe}/ViT-B-16/part1.npz" for recipe in RECIPES]
RUN = ("snakemake", "--cores", "4", "--profile", "workstation")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workstation")
    copy_project(folder)
    (folder / "bin").mkdir()
    (folder / "bin/reprompt").write_text(STAND_IN.format(python=sys.executable))
    (folder / "bin/reprompt").chmod(0o755)
    return folder


def with_devices(monkeypatch: pytest.MonkeyPatch, folder: Path, *devices: str) -> None:
    """Have a run find these; their names are this folder's own, as locks are one for all."""
    monkeypatch.setenv(WARM, str(folder / "bin"))
    monkeypatch.delenv("REPROMPT_DEVICE", raising=False)
    monkeypatch.setenv("REPROMPT_DEVICES", ",".join(f"{folder.name}-{device}" for device in devices))


def test_without_a_device_nothing_changes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_devices(monkeypatch, folder)
    planned = call(folder, *RUN, "-n", "--", *TARGETS)
    assert "gpu_mb=" not in planned.replace("Provided resources: gpu_mb=0", "")


def test_small_jobs_ask_for_a_part_of_a_large_device(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_devices(monkeypatch, folder, "a:80000")
    asked = planned_memory(folder)
    assert len(asked) > len(TARGETS)
    assert all(1500 < megabytes < 3000 for megabytes in asked)
    assert planned_memory(folder, "--set-resources", "tune:gpu_mb=80000").count(80_000) == len(TARGETS)


def planned_memory(folder: Path, *options: str) -> list[int]:
    """The MB of a device that the jobs of a dry run ask for."""
    lines = call(folder, *RUN, *options, "-n", "--", *TARGETS).splitlines()
    return [int(line.split("gpu_mb=")[1].split(",")[0]) for line in lines if "resources:" in line and "gpu_mb=" in line]


def test_every_device_has_one_job_at_a_time_and_each_job_one_device(folder: Path, monkeypatch) -> None:
    with_devices(monkeypatch, folder, "a:4000", "b:4000")
    call(folder, *RUN, "--", *TARGETS)
    jobs = [json.loads(line) for line in (folder / "jobs.jsonl").read_text().splitlines()]
    tuned = [job for job in jobs if job["job"].startswith("few_shot/")]
    assert {job["job"].split("/")[1] for job in tuned} == set(RECIPES)
    assert {job["place"] for job in tuned} == {f"{folder.name}-a", f"{folder.name}-b"}
    assert all(job["shown"] == job["place"] for job in jobs)
    for one, other in combinations(jobs, 2):
        if one["place"] == other["place"]:
            assert one["ended"] <= other["begun"] or other["ended"] <= one["begun"]
    assert any(one["begun"] < other["ended"] and other["begun"] < one["ended"] for one, other in combinations(tuned, 2))
