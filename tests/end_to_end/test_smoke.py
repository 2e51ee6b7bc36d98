"""The whole chain at scale smoke: what runs, what runs again, and what does not."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import yaml
from copies import PROJECT, call, change_lambda, contents, edit, environment, wanted

from reprompt.cells.parameters import Parameters
from reprompt.cells.recipes import Recipe, recipe_of
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import Plan, make_plan
from reprompt.workflow import progress, provenance

PART = "coop-prograd/ViT-B-16/part1"
ENSEMBLE = "few_shot/coop-prograd_ensemble/ViT-B-16/part1"
PROGRAD = {f"few_shot/{PART}", f"base_to_new/{PART}", ENSEMBLE}  # with the lambda of its block
SWEPT = {f"few_shot_lambda/{PART}", f"few_shot_angles/{PART}"}  # with a lambda of the experiment's own
PROGRAD_OUTPUTS = {
    *(f"table/prograd_table{n}" for n in (1, 3, 5, 6)),
    *(f"figure/prograd_figure{n}" for n in (1, 4, 5, 7)),
    *("claims", "null", "report"),
}
SWEPT_OUTPUTS = {"table/prograd_table7", "figure/prograd_figure6"}


def test_every_table_and_figure_of_the_plan_is_made(smoke: Path, plan: Plan) -> None:
    for output in plan.outputs.values():
        for end in ("csv", "html") if output.kind == "table" else ("png", "csv"):
            file = smoke / plan.root / f"{output.kind}s" / f"{output.name}.{end}"
            assert file.stat().st_size > (20 if end == "csv" else 100), file
    for page in ("index", "claims"):
        assert "</html>" in (smoke / plan.root / f"report/{page}.html").read_text().lower()
    for file in ("claims.csv", "null.csv", "world/corpus.png", "world/tasks.png"):
        assert (smoke / plan.root / file).stat().st_size > 100, file


def test_every_kind_of_experiment_and_measure_runs_at_scale_smoke(plan: Plan) -> None:
    """So that one run of it sees them all."""
    whole = make_plan(load_parameters(PROJECT / "params.yaml", "miniature")).parameters
    small = plan.parameters
    assert small.experiments.keys() == whole.experiments.keys()
    assert all(experiment.methods for experiment in small.experiments.values())
    for name, theirs in whole.experiments.items():
        mine = small.experiments[name]
        assert (mine.protocol, mine.measures, bool(mine.sweep)) == (
            theirs.protocol,
            theirs.measures,
            bool(theirs.sweep),
        )
    assert {recipe.learner for recipe in recipes_of(small)} >= {"linear_probe", "zero_shot", "maple"}
    assert {recipe.gradient for recipe in recipes_of(small)} >= {"plain", "prograd"}


def recipes_of(parameters: Parameters) -> list[Recipe]:
    """The recipes that some experiment runs."""
    return [recipe_of(method) for experiment in parameters.experiments.values() for method in experiment.methods]


def test_a_second_run_has_nothing_to_do(smoke: Path) -> None:
    assert wanted(smoke) == set()
    assert call(smoke, "dvc", "status").strip() == "Data and pipelines are up to date."


def test_a_dry_run_says_how_many_jobs_and_cells_every_study_has(smoke: Path, plan: Plan) -> None:
    said = call(smoke, "snakemake", "-n")
    for study in ("prograd", "npt", "mvlpt", "gram"):
        cells = [len(job.cells) for job in plan.jobs if plan.studies[job.name] == study]
        assert f"  {study}: {len(cells)} jobs, {sum(cells)} cells\n" in said


def test_no_half_written_file_is_left(smoke: Path) -> None:
    assert not [file for file in smoke.rglob("*~") if ".git" not in file.parts]


def test_a_fresh_clone_has_nothing_to_do_after_dvc_pull(clone: Path, smoke: Path) -> None:
    assert not list(clone.glob("results/smoke/features/**/*.safetensors")), "features are not stored"
    assert wanted(clone) == set()
    assert contents(clone) == contents(smoke)
    assert call(clone, "dvc", "status").strip() == "Data and pipelines are up to date."


def test_a_fresh_clone_verifies_every_number(clone: Path) -> None:
    assert "Every printed number follows from the stored predictions." in call(clone, "reprompt", "verify")


def test_another_lambda_runs_prograds_jobs_and_what_depends_on_them(clone: Path) -> None:
    change_lambda(clone)
    assert wanted(clone) == PROGRAD | PROGRAD_OUTPUTS
    before = {file: file.stat().st_mtime for file in clone.glob("results/smoke/records/**/*.npz")}
    call(clone, "dvc", "repro")
    changed = {file for file, date in before.items() if file.stat().st_mtime != date}
    assert {str(file.relative_to(clone / "results/smoke/records").with_suffix("")) for file in changed} == PROGRAD
    assert wanted(clone) == set()
    assert call(clone, "dvc", "status").strip() == "Data and pipelines are up to date."


def test_only_what_a_recipe_runs_through_reruns_it(clone: Path) -> None:
    rule = clone / "src/reprompt/gradients/prograd.py"
    rule.write_text(rule.read_text() + "\n# A comment changes nothing.\n")
    assert wanted(clone) == set()
    rule.write_text(rule.read_text() + "\nNEW = 1\n")
    assert wanted(clone) == PROGRAD | SWEPT | PROGRAD_OUTPUTS | SWEPT_OUTPUTS


def test_only_what_is_measured_by_it_depends_on_a_measure(clone: Path) -> None:
    measure = clone / "src/reprompt/evaluation/measures/angle.py"
    measure.write_text(measure.read_text() + "\nNEW = 1\n")
    assert wanted(clone) == {f"few_shot_angles/{PART}", "figure/prograd_figure6", "claims", "null", "report"}


def test_dvc_asks_only_for_stages_whose_code_has_changed(clone: Path) -> None:
    measure = clone / "src/reprompt/evaluation/measures/angle.py"
    measure.write_text(measure.read_text() + "\n# A comment changes nothing.\n")
    call(clone, "dvc", "repro", "code")
    assert json.loads(call(clone, "dvc", "status", "--json")) == {}
    measure.write_text(measure.read_text() + "\nNEW = 1\n")
    assert json.loads(call(clone, "dvc", "status", "--json")).keys() == {"code"}
    call(clone, "dvc", "repro", "code")
    changed = json.loads(call(clone, "dvc", "status", "--json"))
    assert changed == {"records": [{"changed deps": {"code.json": {"records": "modified"}}}]}


def test_an_altered_result_stops_the_run_by_name(clone: Path) -> None:
    record = clone / "results/smoke/records/few_shot/coop/ViT-B-16/part1.npz"
    record.write_bytes(record.read_bytes()[:-1] + b"!")
    message = call(clone, "snakemake", "-n", succeeds=False)
    assert "records/few_shot/coop/ViT-B-16/part1.npz" in message


def test_records_of_a_method_that_left_the_plan_are_removed(finished: Path) -> None:
    smaller = "base_to_new: {methods: [zero_shot, coop+prograd]"
    edit(finished / "params.yaml", r"base_to_new: \{methods: \[zero_shot, coop, coop\+prograd\]", smaller)
    call(finished, "snakemake", "--cores", "2")
    assert not list(finished.glob("results/smoke/records/base_to_new/coop/**/*"))
    assert list(finished.glob("results/smoke/records/few_shot/coop/**/*.npz"))


def test_a_mistyped_parameter_stops_with_one_line(clone: Path) -> None:
    edit(clone / "params.yaml", "temperature:", "temprature:")
    *_, line = call(clone, "snakemake", "-n", succeeds=False).strip().splitlines()
    assert "temperature" in line
    assert "Traceback" not in call(clone, "snakemake", "-n", succeeds=False)


def test_a_run_killed_three_times_ends_with_the_same_bytes(finished: Path, smoke: Path) -> None:
    """The records of an experiment are to be made again, and what depends on them; each kill comes while it trains."""
    for folder in (".cells", "results/smoke/records/base_to_new"):
        shutil.rmtree(finished / folder)
    command = [sys.executable, "-m", "reprompt.cli", "reproduce", "--cores", "2"]
    for victim in ("everything", "driver", "snakemake"):
        for left in (finished / progress.FOLDER).glob("*"):
            left.unlink()
        driver = subprocess.Popen(
            command,
            cwd=finished,
            env=environment(finished),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        while not [*(finished / progress.FOLDER).glob("base_to_new-*.json")]:
            assert driver.poll() is None, "it ended before it trained"
            time.sleep(0.05)
        kill(driver, victim)
    assert "Report:" in call(finished, *command)
    assert contents(finished) == contents(smoke)
    assert not [file for file in finished.rglob("*~") if ".git" not in file.parts]
    assert "Nothing to be done" in call(finished, *command)


def kill(driver: subprocess.Popen, victim: str) -> None:
    """End one process of a run, or all at once, as a power cut would."""
    with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
        if victim == "driver":
            driver.kill()
        elif victim == "everything":
            os.killpg(driver.pid, signal.SIGKILL)  # the driver leads the group
        else:
            for child in psutil.Process(driver.pid).children():
                child.kill()
    driver.wait(timeout=60)


def test_two_runs_in_one_folder_do_not_mix(finished: Path) -> None:
    taken = "from reprompt.foundation import locks; c = locks.run_lock(); c.__enter__()"
    holder = f"import sys; sys.path.insert(0, 'src'); {taken}"
    with subprocess.Popen(
        [sys.executable, "-c", f"{holder}; print('held', flush=True); input()"],
        cwd=finished,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout.readline() == "held\n"
        message = call(finished, sys.executable, "-m", "reprompt.cli", "reproduce", succeeds=False)
        other.communicate("\n")
    assert message.startswith(f"reprompt: another run is at work in this folder (process {other.pid})")


def test_dvc_knows_every_output_of_the_plan(smoke: Path) -> None:
    stages = yaml.safe_load((smoke / "dvc.lock").read_text())["stages"]
    outs = [out["path"] for stage in stages.values() for out in stage["outs"]]
    known = [entry for entry in provenance.load(smoke / "results/smoke")]
    assert not [file for file in known if not any(file == out or file.startswith(f"{out}/") for out in outs)]


def test_the_linter_of_snakemake_is_content() -> None:
    assert "Congratulations" in call(PROJECT, "snakemake", "--lint")


def test_a_clone_without_dvc_pull_computes_all_but_the_backbones(smoke: Path, tmp_path: Path, plan: Plan) -> None:
    """Its tables are there, from git; `make reproduce` must not take them for its own work."""
    call(tmp_path, "git", "clone", "-q", str(smoke), "clone")
    call(tmp_path / "clone", "dvc", "pull", "backbones")
    assert {job.name for job in plan.jobs} <= wanted(tmp_path / "clone")
    assert "pretrain/ViT-B-16" not in wanted(tmp_path / "clone")
