"""Two sets of results held against each other: what was planted is found, named and measured, and nothing else."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from project import PROJECT
from reprompt.cells.result import Result
from reprompt.cli import app
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import make_plan
from reprompt.records.files import EvaluatedCell, write_records
from reprompt.workflow.comparison import compare, with_stored
from reprompt.workflow.comparison.findings import CellApart, NumberApart, Tolerance, VerdictApart

PLAN = make_plan(load_parameters(PROJECT / "params.yaml", "smoke"))
JOB = PLAN.job("few_shot/coop/ViT-B-16/part1")
RECORDS = f"records/{JOB.name}.npz"
TABLE = """block,row,column,published,regenerated,low,high,seeds,difference,verdict,pattern
,CoOp,1,59.62,61.50,58.28,64.82,3,1.88,not comparable,
,ProGrad,1,62.61,64.12,62.00,66.00,3,1.51,not comparable,
,ProGrad,Task 1,DTD,Flowers102,,,,,not comparable,
"""
CORRELATIONS = (
    "block,row,column,published,regenerated,low,high,seeds,difference,verdict,pattern,p\n,a,b,,0.242,,,3,,,,0.01\n"
)
CLAIMS = "scale,id,verdict\nsmoke,prograd-01,holds\nsmoke,prograd-02,inconclusive\n"
FIGURE = "recipe,regenerated\ncoop,12.3\n"


def write(root: Path, changed: dict[int, int] | None = None, rate: float = 0.1) -> Path:
    """Results of one job, with so many predictions of a cell changed, by its place; `rate` is in its settings."""
    rng, evaluated, targets = np.random.default_rng(0), [], {}
    for place, cell in enumerate(JOB.cells):
        results = {}
        for test in cell.tests:
            targets.setdefault(test, np.arange(200) % 4)
            predictions = rng.integers(0, 4, 200)
            predictions[: (changed or {}).get(place, 0)] += 4
            results[test] = Result(predictions, {})
        bare = replace(cell, measures=())
        evaluated.append(EvaluatedCell(bare, {"settings": {**cell.resolved, "rate": rate}}, results))
    write_records(root / RECORDS, "smoke", evaluated, targets)
    texts = {"tables/prograd_table1.csv": TABLE, "tables/mvlpt_table_similarity.csv": CORRELATIONS}
    for name, text in (texts | {"figures/prograd_figure1.csv": FIGURE, "claims.csv": CLAIMS}).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def edit(file: Path, old: str, new: str) -> None:
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    return write(tmp_path / "first"), write(tmp_path / "second")


def test_equal_results_are_equal(two: tuple[Path, Path]) -> None:
    found = compare(*two, None)
    tests = sum(len(cell.tests) for cell in JOB.cells)
    assert found.is_equal and found.is_within
    assert found.line == f"equal: {200 * tests:,} predictions, 4 numbers of 2 tables, 2 verdicts"
    assert found.lines == []


def test_changed_predictions_are_counted_and_cells_outside_are_named(tmp_path: Path, two: tuple[Path, Path]) -> None:
    second = write(tmp_path / "third", changed={0: 2, 1: 6})
    found = compare(two[0], second, None)
    total = 200 * sum(len(cell.tests) for cell in JOB.cells)
    assert found.predictions.changed == 8
    assert [(cell.changed, cell.images) for cell in found.predictions.apart] == [(2, 200), (6, 200)]
    (outside,) = found.cells_outside  # 1.0 % is within, 3.0 % is not
    assert isinstance(outside, CellApart) and outside.job == JOB.name
    assert not found.is_within
    assert found.line.startswith(
        f"not equal: apart by 8 of {total:,} predictions ({800 / total:.2f} %), tables within 0.00"
    )
    assert f"1 of {total // 200} cells outside 1 %" in found.line
    assert found.lines[1].startswith(f"    {JOB.name}: 1 cell, most coop on ")
    assert found.lines[1].endswith("6 of 200 predictions (3.0 %)")
    within = compare(two[0], second, None, Tolerance(percent=3.0))
    assert within.is_within and not within.is_equal
    assert within.line.startswith(f"equal within 8 of {total:,} predictions")


def test_numbers_of_tables_are_measured_in_points(two: tuple[Path, Path]) -> None:
    edit(two[1] / "tables/prograd_table1.csv", "61.50,58.28", "62.20,50.00")
    edit(two[1] / "tables/mvlpt_table_similarity.csv", "0.242", "0.255")  # a hundredth is a point
    found = compare(*two, None)
    assert {of.table: (of.first, of.second) for of in found.printed.apart} == {
        "prograd_table1": ("61.50", "62.20"),
        "mvlpt_table_similarity": ("0.242", "0.255"),
    }
    assert found.printed.points == pytest.approx(1.3)
    assert [of.where for of in found.numbers_outside] == ["a, b"]
    assert "tables within 1.30 points" in found.line and "1 of 4 numbers outside 1.0 points" in found.line


def test_another_name_in_a_table_lies_outside(two: tuple[Path, Path]) -> None:
    edit(two[1] / "tables/prograd_table1.csv", "Flowers102", "DTD")
    found = compare(*two, None)
    assert found.printed.apart == [NumberApart("prograd_table1", "ProGrad, Task 1", "Flowers102", "DTD", None)]
    assert found.numbers_outside and found.printed.points == 0.0


def test_a_row_that_one_side_lacks_lies_outside(two: tuple[Path, Path]) -> None:
    edit(two[1] / "tables/prograd_table1.csv", ",CoOp,1,59.62,61.50,58.28,64.82,3,1.88,not comparable,\n", "")
    assert [(of.first, of.second) for of in compare(*two, None).numbers_outside] == [("61.50", "–")]


def test_verdicts_that_differ_are_named(two: tuple[Path, Path]) -> None:
    edit(two[1] / "claims.csv", "prograd-02,inconclusive", "prograd-02,holds")
    found = compare(*two, None)
    assert found.verdicts_apart == [VerdictApart("prograd-02", "inconclusive", "holds")]
    assert not found.is_within
    assert "1 of 2 verdicts are the same" in found.line
    assert "    prograd-02: inconclusive and holds" in found.lines


def test_a_figure_that_differs_is_named_and_changes_no_answer(two: tuple[Path, Path]) -> None:
    edit(two[1] / "figures/prograd_figure1.csv", "12.3", "12.4")
    found = compare(*two, None)
    assert found.is_within and not found.is_equal
    assert found.lines == ["figures:", "    figures/prograd_figure1.csv: not the same numbers"]


def test_cells_with_other_settings_are_not_compared(tmp_path: Path, two: tuple[Path, Path]) -> None:
    found = compare(two[0], write(tmp_path / "third", changed={0: 200}, rate=0.2), None)
    assert found.predictions.cells == found.predictions.changed == 0
    assert len(found.predictions.other) == sum(len(cell.tests) for cell in JOB.cells)
    assert not found.is_within and "cells are other ones" in found.line


def test_what_one_side_lacks_is_missing_but_not_a_kind_that_it_lacks_altogether(two: tuple[Path, Path]) -> None:
    (two[1] / "tables/prograd_table1.csv").unlink()
    found = compare(*two, None)
    assert found.missing == [f"tables/prograd_table1.csv: only {two[0]}"]
    shutil.rmtree(two[1] / "records")
    assert compare(*two, None).missing == found.missing
    shutil.rmtree(two[1] / "tables")
    shutil.rmtree(two[1] / "figures")
    with pytest.raises(ValueError, match="no records and no tables in common"):
        compare(*two, None)


def test_a_folder_without_results_is_refused(two: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="neither a folder of results"):
        compare(two[0], tmp_path / "empty", None)
    with pytest.raises(ValueError, match="is no clone"):
        compare(two[0], None, None)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository with results in git and in a store of DVC's, and the same ones in its folder."""
    project = tmp_path / "clone"
    root = write(project / "results/smoke")
    (project / "params.yaml").write_text("scale: smoke\n")
    content = (root / RECORDS).read_bytes()
    listing = json.dumps([{"md5": hashlib.md5(content).hexdigest(), "relpath": f"{JOB.name}.npz"}]).encode()
    folder = f"{hashlib.md5(listing).hexdigest()}.dir"
    for name, held in ((hashlib.md5(content).hexdigest(), content), (folder, listing)):
        path = project / ".dvcstore/files/md5" / name[:2] / name[2:]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(held)
    (project / ".dvc").mkdir()
    (project / ".dvc/config").write_text("[core]\n    remote = store\n['remote \"store\"']\n    url = ../.dvcstore\n")
    stages = {"records": {"cmd": "x", "outs": [{"path": "results/smoke/records", "md5": folder}]}}
    (project / "dvc.lock").write_text(json.dumps({"schema": "2.0", "stages": stages}))
    (project / ".gitignore").write_text("records\n")
    nobody = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    for words in (("init", "-q"), ("add", "."), (*nobody, "commit", "-qm", "test")):
        subprocess.run(["git", *words], cwd=project, check=True)
    return project


def test_a_clone_is_held_against_what_it_has_stored_whatever_a_run_wrote_over_it(clone: Path) -> None:
    assert compare(clone, None, None).is_equal
    root = write(clone / "results/smoke", changed={0: 5})
    edit(root / "tables/prograd_table1.csv", "61.50", "61.90")
    found = compare(clone, None, "smoke")
    assert found.predictions.changed == 5
    assert [(of.first, of.second) for of in found.printed.apart] == [("61.50", "61.90")]


def test_two_clones_are_compared_and_records_that_were_not_restored_are_read_from_the_store(clone: Path) -> None:
    other = shutil.copytree(clone, clone.with_name("other"))
    shutil.rmtree(other / "results/smoke/records")
    found = compare(clone, other, None)
    assert found.is_equal and found.predictions.cells > 0


def test_without_git_the_records_alone_are_compared(clone: Path) -> None:
    shutil.rmtree(clone / ".git")
    found = compare(clone, None, None)
    assert found.is_equal and found.predictions.cells > 0
    assert (found.printed.tables, found.verdicts) == (0, 0)


def test_make_reproduce_ends_with_the_answer_where_results_are_stored(clone: Path, tmp_path: Path) -> None:
    assert with_stored("smoke", clone).startswith("Beside what is stored (commit ")
    assert ": equal: " in with_stored("smoke", clone)
    write(clone / "results/smoke", changed={0: 5})
    assert with_stored("smoke", clone).endswith("\n`reprompt compare` lists what lies outside.")
    stored = next(path for path in (clone / ".dvcstore").rglob("*") if path.is_file() and path.suffix != ".dir")
    stored.write_bytes(b"damaged")
    assert with_stored("smoke", clone).startswith("Not held against what is stored (commit ")
    assert with_stored("paper", clone) is None
    assert with_stored("smoke", tmp_path) is None


def test_the_exit_code_and_the_json_say_the_same(two: tuple[Path, Path]) -> None:
    arguments = ["compare", *map(str, two)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0 and ": equal: " in done.output
    edit(two[1] / "tables/prograd_table1.csv", "61.50", "69.50")
    done = CliRunner().invoke(app, [*arguments, "--json"])
    said = json.loads(done.output)
    assert done.exit_code == 1
    assert (said["equal"], said["within"], said["largest_points"]) == (False, False, 8.0)
    assert said["numbers_apart"][0]["where"] == "CoOp, 1"
    assert CliRunner().invoke(app, [*arguments, "--points", "8"]).exit_code == 0


def test_it_is_done_without_pytorch(two: tuple[Path, Path]) -> None:
    code = f"import sys; sys.argv = ['reprompt', 'compare', {str(two[0])!r}, {str(two[1])!r}]\n"
    code += "from reprompt.cli import main\ntry: main()\nexcept SystemExit: pass\nassert 'torch' not in sys.modules"
    environment = os.environ | {"PYTHONPATH": str(PROJECT / "src")}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
