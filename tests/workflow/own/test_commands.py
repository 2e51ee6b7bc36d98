"""From a folder of photographs to a predicted label by the commands of README, at the smoke scale."""

import json
import re
from pathlib import Path

import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

import reprompt
from photographs import SCENES
from project import PROJECT
from reprompt.cli import app
from reprompt.exported.fingerprint import fingerprint
from reprompt.workflow.own.predict import model_for

METHODS = "zero_shot,coop,prograd,maple+npt"
AT_SMOKE = ("--scale", "smoke")


@pytest.fixture(autouse=True)
def working_folder(project, monkeypatch):
    monkeypatch.chdir(project)


def run(*words):
    done = CliRunner().invoke(app, [*map(str, words)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(scope="module")
def tried(project):
    """What `try` prints as JSON."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        return json.loads(run("try", "scenes", "--methods", METHODS, "--shots", "1,2", "--json", *AT_SMOKE))


@pytest.fixture(scope="module")
def prompt(project, tried):
    """The prompt that `export` wrote."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project)
        run("export", "scenes", "--method", "prograd", "--shots", 2, "--out", "prompt", *AT_SMOKE)
        return reprompt.load("prompt")


def test_every_method_has_an_accuracy_with_intervals_at_all_shots(tried):
    rows = {(row["method"], row["shots"]): row for row in tried}
    tuned = [(method, shots) for method in ("coop", "prograd", "maple_npt") for shots in (1, 2)]
    assert set(rows) == {("zero_shot", 0), *tuned}
    for row in tried:
        assert row["low"] <= row["accuracy"] <= row["high"] and row["images"] == tried[0]["images"]
    assert rows["coop", 1]["draws"] == 2 and rows["zero_shot", 0]["half_width"] is None


def test_a_page_shows_curves_and_confusions(tried):
    folder = Path("results/smoke/try/scenes")
    page = (folder / "index.html").read_text()
    assert "prograd" in page and "test pictures" in page
    for name in ("curves.png", "confusion.png"):
        assert Image.open(folder / name).size[0] > 300 and name in page


def test_what_was_tried_is_not_trained_again(tried):
    again = json.loads(run("try", "scenes", "--methods", "coop,prograd", "--shots", "1,2", "--json", *AT_SMOKE))
    assert {row["seconds"] for row in again} == {0}
    before = {(row["method"], row["shots"]): row["accuracy"] for row in tried}
    assert all(row["accuracy"] == before[row["method"], row["shots"]] for row in again)


def test_folds_are_one_test_set_of_all_pictures(project):
    rows = json.loads(run("try", "few_scenes", "--methods", "coop", "--shots", "1", "--json", *AT_SMOKE))
    assert rows[0]["images"] == 40


def test_the_table_says_what_it_is_of(tried):
    said = " ".join(run("try", "scenes", "--methods", "zero_shot,coop", "--shots", "1", *AT_SMOKE).split())
    assert "± draws" in said and "2 draws of the training pictures" in said and "index.html" in said


def test_export_writes_the_prompt_with_its_card(prompt, tried):
    card, of = prompt.card, {(row["method"], row["shots"]): row for row in tried}["prograd", 2]
    assert card.classes == tuple(sorted(SCENES)) and card.method.expression == "coop+prograd" and card.shots == 2
    assert card.accuracy.mean_over_draws == pytest.approx(of["accuracy"]) and card.accuracy.draws == 2
    assert prompt.class_features.shape == (len(SCENES), 32) and card.backbone.licence.startswith("MIT")
    assert json.loads(Path("prompt/card.json").read_text())["versions"]["torch"] == torch.__version__


def test_predict_labels_pictures_and_folders_of_them(prompt):
    lines = run("predict", "prompt", "my photos/pale sky", "my photos/red petals/IMG 001.JPG").splitlines()
    assert len(lines) == 11 and all(line.split("\t")[1] in SCENES for line in lines)
    of_all = json.loads(run("predict", "prompt", "my photos/red petals/IMG 001.JPG", "--json"))
    assert sum(of_all[0]["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert of_all[0]["label"] == next(iter(of_all[0]["probabilities"])) == lines[-1].split("\t")[1]


def test_predict_takes_other_classes_by_their_names(prompt):
    lines = run("predict", "prompt", "my photos/pale sky", "--classes", "a cloud, a wall").splitlines()
    assert {line.split("\t")[1] for line in lines} <= {"a cloud", "a wall"}


def test_evaluate_agrees_with_the_record_of_the_cell(prompt):
    task = reprompt.load_task("scenes", scale="smoke")
    found = reprompt.evaluate(prompt, task)
    assert (found.images, found.accuracy) == (prompt.card.accuracy.images, pytest.approx(prompt.card.accuracy.percent))
    assert task.class_names == prompt.classes and len(found.predictions) == found.images


def test_tune_finds_what_was_tuned_and_gives_its_prompt(prompt):
    task = reprompt.load_task("scenes", scale="smoke")
    tuned = reprompt.tune(task, "prograd", shots=2, seed=prompt.card.seed)
    assert all(torch.equal(tensor, tuned.learned[name]) for name, tensor in prompt.learned.items())


def test_the_lines_of_the_documentation_run(prompt, capsys):
    (block,) = re.findall(r"```python\n(.*?)```", (PROJECT / "docs/your_own_data.md").read_text(), re.DOTALL)
    exec(block.replace("flowers_i_took", "scenes"), {})
    assert capsys.readouterr().out.startswith(str(prompt.classes))


def test_a_prompt_on_other_weights_is_refused_by_name_and_fingerprint(prompt):
    known, other = (fingerprint(model_for(prompt)), model_for(prompt))
    other.text_projection.data += 1e-3
    with pytest.raises(ValueError, match=f"tuned on ViT-B-16, smoke.*{known[:12]}.*other weights"):
        prompt.classifier(other)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("export", "scenes", "--method", "linear_probe", "--out", "x"), "not a prompt"),
        (("try", "scenes", "--shots", "one"), "whole numbers"),
        (("try", "scene"), "no task 'scene'"),
        (("try", "scenes", "--methods", "prograde"), "no learner 'prograde'"),
        (("try", "scenes", "--backbone", "ViT"), "no backbone 'ViT'"),
    ],
)
def test_mistakes_are_said_in_words(words, reason):
    scale = () if words[0] == "predict" else AT_SMOKE
    with pytest.raises(ValueError, match=reason):
        CliRunner().invoke(app, [*words, *scale], catch_exceptions=False)
