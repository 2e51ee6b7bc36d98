"""What the README says is true: its results are the committed ones, its exercises are done on a copy of the package."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from project import PROJECT

RECIPES = ["coop+smoothing", "coop+normalised", "coop@zeros", "residual", "residual+smoothing+normalised@zeros"]
RUN = """
import json, torch
from reprompt.foundation.code import code_hash
from reprompt.planning.entry_points import cell_entries
from reprompt.cells.recipes import recipe_of
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import make_plan
from reprompt.workflow.estimate.jobs import job_work
from reprompt.workflow.estimate.memory import job_memory
plan = make_plan(load_parameters("params.yaml", "smoke"))
jobs = {job.recipe: job for job in plan.jobs if job.experiment == "few_shot"}
assert list(jobs) == RECIPES, list(jobs)
assert jobs["coop+smoothing"].cells[0].resolved["share"] == 0.1
hashes = {recipe: code_hash(cell_entries(recipe_of(recipe).modules("few_shot"))) for recipe in ["coop", *RECIPES]}
assert len(set(hashes.values())) == len(hashes)
for job in jobs.values():
    assert job_work(plan, job).operations > 0 and job_memory(plan, job, "cpu").host > 1e8
"""
TRAIN = """
import numpy as np, torch
from reprompt.clip.features import TaskFeatures
from reprompt.data.draws import draw
from reprompt.data.splits import Split
from reprompt.evaluation.task_data import TaskData
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import make_plan
from reprompt.training.fleets import run_fleet


def test_a_cell_of_each_is_trained(tiny):
    plan = make_plan(load_parameters("params.yaml", "smoke"))
    names, train, test = ["cat", "dog", "car"], np.arange(30) % 3, np.arange(9) % 3
    stream = torch.Generator().manual_seed(0)
    noisy = [torch.randn(len(of), tiny.joint_width, generator=stream) for of in (train, test)]
    features = TaskFeatures(noisy[0], noisy[0][None], noisy[1])
    for job in (job for job in plan.jobs if job.experiment == "few_shot"):
        cell = job.cells[0]
        draws = {str(cell.seed): draw(train, 3, cell.task, cell.seed, 4)}
        split = Split(cell.task, names, "a photo of a {}.", train.tolist(), test.tolist(), draws, 4)
        (done,) = run_fleet([cell], {cell.task: TaskData(split, features)}, tiny)
        assert len(done.results[cell.tests[0]].predictions) == 9, cell.recipe
"""
CALL = """
from importlib import import_module
from inspect import signature
from tiny_clip import tiny_clip
for module in map(import_module, TESTS):
    for name in filter(lambda name: name.startswith("test_"), vars(module)):
        test = getattr(module, name)
        test(**{"tiny": tiny_clip()} if "tiny" in signature(test).parameters else {})
        print(name)
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package and its parameters with what the section adds, which touches no file that is there."""
    section = (PROJECT / "README.md").read_text().split("## Add a method")[1].split("\n## ")[0]
    python, (block,) = (re.findall(rf"```{kind}\n(.*?)```", section, flags=re.DOTALL) for kind in ("python", "yaml"))
    files = re.findall(r"`(src/reprompt/\w+/\w+\.py)`", section)
    shutil.copytree(PROJECT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "tests/support/tiny_clip.py", tmp_path)
    for file, code, test in zip(files[:4], python[::2], python[1::2], strict=True):
        assert not (tmp_path / file).exists()
        (tmp_path / file).write_text(code)
        (tmp_path / f"test_{Path(file).stem}.py").write_text(test)
    raw = yaml.safe_load((PROJECT / "params.yaml").read_text())
    for axis, added in yaml.safe_load(block).items():
        raw[axis] |= added
    raw["scales"]["smoke"]["experiments"]["few_shot"] = {"methods": RECIPES, "shots": [2], "measures": []}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(raw))
    (tmp_path / "test_training.py").write_text(TRAIN)
    return tmp_path


def test_a_member_of_each_axis_takes_one_file_and_its_test(copy):
    tests = sorted(path.stem for path in copy.glob("test_*.py"))
    assert len(tests) == 5
    run = (RUN + CALL).replace("RECIPES", repr(RECIPES)).replace("TESTS", repr(tests))
    environment = {**os.environ, "PYTHONPATH": str(copy / "src")}
    done = subprocess.run([sys.executable, "-c", run], cwd=copy, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.split()) == 5, "each of its tests was called"


TABLE = """
import fake_records
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import make_plan
from reprompt.tables import TABLES
from reprompt.tables.html import to_html
assert make_plan(load_parameters("params.yaml", "smoke")).outputs["prograd_table_by_task"].kind == "table"
table = TABLES["prograd_table_by_task"](fake_records.make_records())
assert (len(table.rows("")), len(table.columns)) == (3, 12)
assert table.at("", "ProGrad", "Average")["published"] == 74.28 and table.at("", "CoOp", "DTD")["regenerated"] > 0
assert table.at("", "ProGrad", "Average")["pattern"].endswith("CoOp: interval includes 0"), table.cells["pattern"]
assert "scale miniature (rendered data)" in table.title and "Figure 4" in to_html(table)
"""


def test_a_table_takes_a_page_of_specification_and_a_line(tmp_path):
    section = (PROJECT / "README.md").read_text().split("## Add a table")[1].split("\n## ")[0]
    specification, line = re.findall(r"```python\n(.*?)```", section, flags=re.DOTALL)
    shutil.copytree(PROJECT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "params.yaml", tmp_path)
    tables, outputs = (tmp_path / "src/reprompt" / name for name in ("tables/prograd.py", "planning/outputs.py"))
    tables.write_text(f"{tables.read_text()}{specification}")
    outputs.write_text(outputs.read_text().replace("\nOUTPUTS = (", f"\nOUTPUTS = ({line.strip()},"))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path / "src"), str(PROJECT / "tests/tables")))}
    command = [sys.executable, "-c", TABLE]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_results_at_the_top_are_the_committed_ones():
    spec = importlib.util.spec_from_file_location("readme_tool", PROJECT / "tools/readme.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    text = (PROJECT / "README.md").read_text()
    assert tool.BETWEEN.search(text)
    assert tool.with_headline(text) == text
