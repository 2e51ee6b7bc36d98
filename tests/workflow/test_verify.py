"""Verification: a number that does not follow from the predictions is found, and named with what it goes into."""

import json

import numpy as np
import pytest
import yaml

from project import PROJECT
from reprompt import claims, figures, tables
from reprompt.clip.manifest import manifest
from reprompt.data.splits import Split
from reprompt.foundation.arrays import write_npz
from reprompt.foundation.atomic import write_text
from reprompt.planning.parameters import parse_parameters
from reprompt.planning.plan import make_plan
from reprompt.records.files import EvaluatedCell, Result, json_array, read_records, write_records
from reprompt.records.identity import identity
from reprompt.workflow.provenance import sha256
from reprompt.workflow.verify import recompute, verify

PARAMETERS = PROJECT / "params.yaml"
FEW = ("few_shot", "base_to_new", "imbalanced", "cross_dataset")  # of each kind one, of a recipe or two


def plan_of(**changes):
    """The smoke plan with four experiments, which five tables and figures are made from."""
    raw = yaml.safe_load(PARAMETERS.read_text())
    raw["tuning"]["base_to_new"] |= changes
    for parameters in (raw, raw["scales"]["smoke"]):
        parameters["experiments"] = {name: block for name, block in parameters["experiments"].items() if name in FEW}
    for name, recipe in (("few_shot", "coop"), ("base_to_new", "coop"), ("imbalanced", "cocoop")):
        raw["scales"]["smoke"]["experiments"][name]["methods"] = [recipe]
    return make_plan(parse_parameters(raw, "smoke"))


PLAN = plan_of()
JOB, CURVES = (PLAN.job(f"{experiment}/coop/ViT-B-16/part1") for experiment in ("base_to_new", "few_shot"))
COSINES = PLAN.job("imbalanced/cocoop/ViT-B-16/part1")


def invented(cell, test, labels: np.ndarray, rng: np.random.Generator) -> Result:
    """Any predictions, and what the cell measures."""
    predictions = rng.integers(0, 2, len(labels))
    right = int(np.sum(predictions == labels))
    arrays = {"curve": np.array([0, right + 1, right])} if "curve" in cell.measures else {}
    if "collapse" in cell.measures:
        classes = int(labels.max()) + 1
        arrays["text_cosines"] = rng.normal(size=classes * (classes - 1) // 2).astype(np.float16)
        arrays["own_cosines"] = rng.normal(size=classes).astype(np.float16)
    return Result(predictions, arrays)


@pytest.fixture
def results(tmp_path, monkeypatch):
    """The records of all jobs with invented predictions, where the plan expects them."""
    monkeypatch.chdir(tmp_path)
    rng, splits = np.random.default_rng(0), {}
    for task in PLAN.all_tasks:
        draws = {str(seed): [[0], [1], [2], [3]] for seed in PLAN.all_seeds}
        splits[task] = Split(task, list("abcd"), "{}.", [0, 1, 2, 3], [0, 1, 2, 3] * 5, draws, 16)
        splits[task].write(PLAN.root / "data" / f"{task}.json")
    pictures = {task: {"train": "a", "views": "b", "test": "c"} for task in PLAN.all_tasks}
    for backbone in PLAN.backbones:
        weights = PLAN.root / f"backbones/{backbone}.safetensors"
        weights.parent.mkdir(exist_ok=True)
        weights.write_text(backbone)
        for part, tasks in PLAN.parts.items():
            text = manifest("{}", sha256(weights), {task: pictures[task] for task in tasks}, {})
            write_text(PLAN.root / f"features/{backbone}/{part}.json", text)
    for job in PLAN.jobs:
        weights = sha256(PLAN.root / f"backbones/{job.backbone}.safetensors")
        targets = {test: splits[test.task].test_targets(test.split) for test in job.tests}
        cells = [
            EvaluatedCell(
                cell,
                identity(cell, splits, pictures, weights, cell.trained_on, {}),
                {test: invented(cell, test, targets[test], rng) for test in cell.tests},
            )
            for cell in job.cells
        ]
        write_records(PLAN.records(job.name), "smoke", cells, targets)
    return tmp_path


def alter(job, name, change) -> None:
    """Rewrite one array of a job's records, or (`rows`, `cells`) what is written of each row or cell."""
    path = PLAN.records(job.name)
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    if name in ("rows", "cells"):
        about = json.loads(arrays["about"].tobytes())
        about[name] = change(about[name]) or about[name]
        arrays["about"] = json_array(about)
    else:
        arrays[name] = arrays[name].copy()
        change(arrays[name])
    write_npz(path, **arrays)


def test_untouched_records_are_right(results):
    for job, numbers in ((JOB, 2), (CURVES, 1), (COSINES, 6)):
        recomputed = recompute(PLAN, job)
        assert recomputed.complaints == []
        assert recomputed.numbers == numbers * len(job.cells) == len(recomputed.rows)


def test_what_verify_recomputes_is_what_tables_read(results):
    """The frame that is compared has the same rows as the frame that tables were made from."""
    for job in PLAN.jobs:
        read = read_records([PLAN.records(job.name)])
        assert [(r["cell"], r["split"], r["metric"], r["value"]) for r in recompute(PLAN, job).rows] == list(
            read[["cell", "split", "metric", "value"]].itertuples(index=False, name=None)
        )


def test_one_changed_value_is_named(results):
    def change(rows):
        rows[3]["values"]["accuracy"] += 1
        which.update(rows[3])

    which = {}
    alter(JOB, "rows", change)
    (complaint,) = recompute(PLAN, JOB).complaints
    assert complaint.startswith(str(PLAN.records(JOB.name)))
    for word in (which["task"], which["split"], f"seed {which['seed']}", "accuracy", "its predictions give"):
        assert word in complaint


@pytest.mark.parametrize("metric", ["delta_lcd", "delta_mid"])
def test_one_changed_delta_is_named(results, metric):
    def change(rows):
        row = next(row for row in rows if row["tau"] == 0.05)
        row["values"][metric] = 0.123

    alter(COSINES, "rows", change)
    (complaint,) = recompute(PLAN, COSINES).complaints
    assert f"{metric}: stored 0.1230" in complaint and "tau 0.05" in complaint


def test_a_metric_that_is_missing_is_named(results):
    alter(COSINES, "rows", lambda rows: rows[2]["values"].pop("delta_lcd") and None)
    (complaint,) = recompute(PLAN, COSINES).complaints
    assert "delta_lcd: stored nan" in complaint


def test_one_changed_prediction_is_named(results):
    def change(predictions):
        predictions[0] = 1 - predictions[0]

    alter(JOB, "predictions", change)
    assert len(recompute(PLAN, JOB).complaints) == 1


def test_one_changed_cosine_is_named(results):
    def change(cosines):
        cosines[0] += 0.5

    alter(COSINES, "measured_text_cosines", change)
    (complaint,) = recompute(PLAN, COSINES).complaints
    assert "delta_lcd" in complaint


def test_a_curve_that_does_not_end_at_the_accuracy_is_noticed(results):
    def change(curves):
        curves[2] += 1  # the last of three epochs of the first cell

    alter(CURVES, "measured_curve", change)
    (complaint,) = recompute(PLAN, CURVES).complaints
    assert "last point of its training curve" in complaint and "1 shots" in complaint


def test_another_split_file_is_noticed(results):
    path = PLAN.root / "data" / f"{JOB.tasks_read[0]}.json"
    path.write_text(path.read_text().replace('"{}."', '"a {}."'))
    complaints = recompute(PLAN, JOB).complaints
    made = "made from another test and train than lies there"
    assert all(made in complaint and JOB.tasks_read[0] in complaint for complaint in complaints)
    assert complaints


def test_other_weights_and_other_pictures_are_noticed(results):
    (PLAN.root / f"backbones/{JOB.backbone}.safetensors").write_text("others")
    path = PLAN.root / f"features/{JOB.backbone}/{JOB.features[0][0]}.json"
    path.write_text(path.read_text().replace('"views": "b"', '"views": "other"'))
    complaints = recompute(PLAN, JOB).complaints
    assert all("made from another train and weights than lies there" in complaint for complaint in complaints)
    assert len(complaints) == 2 * len(JOB.cells)


def test_other_labels_are_noticed(results):
    """Labels that agree with the predictions make a number look better; the split file knows the true ones."""
    alter(JOB, "targets", lambda targets: targets.fill(0))
    complaints = recompute(PLAN, JOB).complaints
    assert sum("judged by other labels" in complaint for complaint in complaints) == 2 * len(JOB.cells)


def test_other_parameters_are_noticed(results):
    other = plan_of(batch=7)
    complaints = recompute(other, other.job(JOB.name)).complaints
    assert all("other parameters" in complaint for complaint in complaints)
    assert len(complaints) == 2 * len(JOB.cells)


def test_a_missing_row_is_noticed(results):
    alter(JOB, "rows", lambda rows: rows[1:])
    (complaint,) = recompute(PLAN, JOB).complaints
    assert "no record of" in complaint


def test_a_row_too_many_is_noticed(results):
    """A second row of a cell, or a row of no cell of the plan, would be averaged into a table."""
    alter(JOB, "rows", lambda rows: [*rows, rows[0] | {"seed": 77}])
    assert len(recompute(PLAN, JOB).complaints) == 1
    alter(JOB, "rows", lambda rows: [*rows[:-1], rows[0]])
    assert len(recompute(PLAN, JOB).complaints) == 1


def test_partners_that_were_chosen_otherwise_than_in_the_file_of_groups_are_noticed(results):
    alter(JOB, "rows", lambda rows: [rows[0] | {"partners_by": "grid"}, *rows[1:]])
    (complaint,) = recompute(PLAN, JOB).complaints
    assert "chosen otherwise than those of results/smoke/groups.json" in complaint


def test_missing_records_name_the_remedy(results):
    PLAN.records(JOB.name).unlink()
    (complaint,) = recompute(PLAN, JOB).complaints
    assert "dvc pull" in complaint


@pytest.fixture
def printed(results, monkeypatch):
    """Every table, figure and the claims as a run leaves them; each is the sum of what it was made from."""

    class Sum:
        def __init__(self, records):
            self.text = f"sum\n{records['value'].sum():.3f}\n"

        def to_csv(self):
            return self.text

    for module, name in ((tables, "TABLES"), (figures, "FIGURES")):
        monkeypatch.setattr(module, name, dict.fromkeys(PLAN.outputs, Sum))
    monkeypatch.setattr(claims, "claims_frame", lambda records, rule, missing: Sum(records))
    monkeypatch.setattr(claims, "null_frame", lambda records, worlds, missing: Sum(records))
    monkeypatch.setattr(claims, "to_csv", lambda frame: frame.text)
    made = {f"{output.kind}s/{output.name}.csv": output.jobs for output in PLAN.outputs.values() if output.jobs}
    made |= {name: [job.name for job in PLAN.jobs] for name in ("claims.csv", "null.csv")}
    for name, jobs in made.items():
        (PLAN.root / name).parent.mkdir(exist_ok=True)
        (PLAN.root / name).write_text(Sum(read_records(PLAN.records(job) for job in jobs)).text)
    for name in [name for name, output in PLAN.outputs.items() if not output.jobs]:
        monkeypatch.delitem(PLAN.outputs, name)


def test_all_is_well_where_nothing_was_touched(printed, capsys):
    assert verify(PLAN)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines[:-1]] == [*(f"{name}:" for name in PLAN.outputs), "claims:", "null:"]
    assert all(line.startswith("verified ") for line in lines[:-1])
    assert lines[-1] == "Every printed number follows from the stored predictions."


def test_a_changed_record_is_told_once_with_all_that_it_goes_into(printed, capsys):
    alter(CURVES, "rows", lambda rows: rows[0]["values"].update(accuracy=101))
    assert not verify(PLAN)
    out = capsys.readouterr().out
    assert out.count("stored 101.0000") == 1
    goes_into = [name for name, output in PLAN.outputs.items() if CURVES.name in output.jobs]
    assert {"prograd_table1", "prograd_figure4"} < set(goes_into) and "npt_table1" not in goes_into
    assert f"it goes into {', '.join([*goes_into, 'claims', 'null'])}\n" in out
    assert "WRONG    prograd_table1" not in out, "the tables themselves are what the predictions give"


@pytest.mark.parametrize("name", ["tables/prograd_table1.csv", "figures/npt_figure2.csv", "claims.csv", "null.csv"])
def test_a_changed_or_missing_output_is_named_and_no_other(printed, capsys, name):
    path = PLAN.root / name
    path.write_text(path.read_text().replace("sum", "mean"))
    assert not verify(PLAN)
    out = capsys.readouterr().out
    assert out.count("WRONG") == 1
    assert f"WRONG    {path.stem}: " in out
    assert f"{path}: 1 lines differ from what the records give" in out
    path.unlink()
    assert not verify(PLAN)
    assert f"{path}: missing; `snakemake --cores all` makes it" in capsys.readouterr().out
