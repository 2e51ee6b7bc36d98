"""What the README says of adding a method is true: its own exercise, done on a copy of the package."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from project import PROJECT

RUN = """
import dataclasses
from reprompt.foundation.code import code_hash
from reprompt.planning.entry_points import cell
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import make_plan
plan = make_plan(load_parameters("params.yaml", "miniature"))
cells = [cell for cell in plan.cells if cell.recipe == "smoothed"]
assert cells and all(cell.resolved["share"] == 0.1 for cell in cells)
assert code_hash(cell("smoothed")) != code_hash(cell("coop"))
"""


def blocks() -> list[str]:
    """The code blocks of the section: file, row, parameters, test."""
    section = (PROJECT / "README.md").read_text().split("## Add a method")[1].split("\n## ")[0]
    return re.findall(r"```\w+\n(.*?)```", section, flags=re.DOTALL)


def insert(path: Path, text: str, before: str) -> None:
    old = path.read_text()
    assert old.count(before) == 1, before
    path.write_text(old.replace(before, text + before))


def test_adding_a_method_takes_one_file_one_row_one_block_and_one_test(tmp_path):
    objective, row, block, test = blocks()
    shutil.copytree(PROJECT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "params.yaml", tmp_path)
    (tmp_path / "src/reprompt/objectives/smoothing.py").write_text(objective)
    (tmp_path / "test_smoothing.py").write_text(test)
    insert(tmp_path / "src/reprompt/cells/recipes.py", row, before='    "cocoop": Recipe(')
    insert(tmp_path / "params.yaml", block, before="  cocoop_npt: #")
    insert(tmp_path / "params.yaml", "smoothed, ", before="linear_probe, coop, prograd")
    for command in (["-c", RUN], ["-m", "pytest", "-q", "-p", "no:cacheprovider", "test_smoothing.py"]):
        environment = {**os.environ, "PYTHONPATH": str(tmp_path / "src")}
        done = subprocess.run([sys.executable, *command], cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
