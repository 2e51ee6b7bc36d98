"""What a result depends on in the code is named completely, and is what the code does, not how it is written."""

import shutil
from pathlib import Path

import pytest

from reprompt import code
from reprompt.plan.parameters import load_parameters
from reprompt.plan.plan import make_plan

RESULTS = {
    "splits": (code.SPLITS, ["data/rendered.py", "data/source.py"]),
    "weights": (code.PRETRAINING, ["miniature/pretrain.py"]),
    "features": (code.FEATURES, ["clip/features.py", "data/rendered.py"]),
    "corpus": (code.CORPUS, ["chc/run.py", "chc/task.py"]),
    "figures of the corpus": (code.CORPUS_FIGURES, ["figures/gram/corpus.py", "figures/write.py"]),
    "tables": (code.TABLES, ["tables/__init__.py", "tables/write.py"]),
    "figures": (code.FIGURES, ["figures/__init__.py", "figures/write.py"]),
    "contact sheets": (code.CONTACT_SHEETS, ["miniature/contact_sheets.py"]),
    "claims": (code.CLAIMS, ["claims/__init__.py"]),
    "report": (code.REPORT, ["report/assemble.py"]),
}


def files(modules: tuple[str, ...]) -> set[Path]:
    paths = (code.PACKAGE / module for module in modules)
    return {file for path in paths for file in (path.rglob("*.py") if path.is_dir() else [path])}


@pytest.mark.parametrize("result", RESULTS)
def test_every_imported_module_is_named(result: str) -> None:
    named, start = RESULTS[result]
    forgotten = code.imported_by(*start) - files(named)
    assert not forgotten, f"add to the list of {result} in code.py: {sorted(map(str, forgotten))}"


def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> str:
    monkeypatch.setattr(code, "PACKAGE", tmp_path)
    code._meaning.cache_clear()
    (tmp_path / "module.py").write_text(text)
    return code.code_hash("module.py")


def test_comments_docstrings_and_formatting_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = written(tmp_path, monkeypatch, '"""Old."""\n\ndef f(x):\n    """Old."""\n    return x+1\n')
    after = written(tmp_path, monkeypatch, '"""New."""\n# why\ndef f(x):\n    """New."""\n    return x + 1  # so\n')
    assert before == after


def test_what_the_code_does_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = written(tmp_path, monkeypatch, "def f(x):\n    return x + 1\n")
    assert written(tmp_path, monkeypatch, "def f(x):\n    return x + 2\n") != before


def test_a_module_that_is_gone_is_reported_by_name() -> None:
    with pytest.raises(FileNotFoundError, match=r"no_such\.py"):
        code.code_hash("no_such.py")


def test_an_edited_template_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code, "PACKAGE", tmp_path)
    (tmp_path / "report").mkdir()
    hashes = []
    for text in ("<p>old</p>", "<p>new</p>"):
        (tmp_path / "report" / "page.html").write_text(text)
        code._meaning.cache_clear()
        hashes.append(code.code_hash("report"))
    assert hashes[0] != hashes[1]


def changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, recipe: str, *measures: str) -> bool:
    """Whether a change in what a module does is a change of a recipe's code, with what is measured."""
    monkeypatch.setattr(code, "PACKAGE", Path(shutil.copytree(code.PACKAGE, tmp_path / "package")))
    before = code.recipe_code(recipe, measures)
    with (code.PACKAGE / module).open("a") as file:
        file.write("\nMORE = 1\n")
    code._meaning.cache_clear()
    return code.recipe_code(recipe, measures) != before


@pytest.mark.parametrize(
    ("module", "recipe"),
    [
        ("gradients/prograd.py", "prograd"),
        ("objectives/distillation.py", "prograd"),
        ("clip/blocks.py", "maple"),
        ("learners/affine.py", "cocoop"),
        ("train.py", "coop"),
        ("data/splits.py", "zero_shot"),
        ("gradients/prograd.py", "prograd_orthogonal"),
        ("metrics.py", "coop"),
    ],
)
def test_a_recipe_depends_on_what_its_axes_import(tmp_path, monkeypatch, module, recipe) -> None:
    assert changed(tmp_path, monkeypatch, module, recipe)


@pytest.mark.parametrize(
    ("module", "recipe"),
    [
        ("gradients/prograd.py", "coop"),
        ("learners/coupled_prompts.py", "coop"),
        ("learners/text_context.py", "zero_shot"),
        ("objectives/neural_collapse.py", "maple"),
        ("gradients/orthogonal.py", "prograd"),
        ("tables/setting.py", "coop"),
        ("miniature/tasks.py", "coop"),
        ("miniature/pretrain.py", "coop"),
    ],
)
def test_a_recipe_does_not_depend_on_other_methods(tmp_path, monkeypatch, module, recipe) -> None:
    assert not changed(tmp_path, monkeypatch, module, recipe)


@pytest.mark.parametrize(
    ("module", "measures"),
    [
        ("measures/curve.py", ("curve",)),
        ("measures/angle.py", ("angle",)),
        ("measures/collapse.py", ("collapse", "features")),
        ("gradients/prograd.py", ("angle",)),
        ("measures/measure.py", ()),
    ],
)
def test_records_depend_on_what_measures_them(tmp_path, monkeypatch, module, measures) -> None:
    assert changed(tmp_path, monkeypatch, module, "coop", *measures)


@pytest.mark.parametrize("measures", [(), ("curve",), ("angle", "collapse")])
def test_records_do_not_depend_on_other_measures(tmp_path, monkeypatch, measures) -> None:
    for place, other in enumerate({"curve", "angle", "collapse", "features", "grad_cam"} - set(measures)):
        assert not changed(tmp_path / str(place), monkeypatch, f"measures/{other}.py", "coop", *measures)


def test_a_measure_changes_the_records_of_experiments_that_measure_it_and_no_others(tmp_path, monkeypatch) -> None:
    """In the plan itself: Figure 6's records, not those of Table 1."""
    plan = make_plan(load_parameters(Path(__file__).parents[1] / "params.yaml", "miniature"))
    measures = {name: of.measures for name, of in plan.parameters.experiments.items() if "prograd" in of.methods}
    monkeypatch.setattr(code, "PACKAGE", Path(shutil.copytree(code.PACKAGE, tmp_path / "package")))
    before = {name: code.recipe_code("prograd", of) for name, of in measures.items()}
    with (code.PACKAGE / "measures/angle.py").open("a") as file:
        file.write("\nMORE = 1\n")
    code._meaning.cache_clear()
    assert {name for name, of in measures.items() if code.recipe_code("prograd", of) != before[name]} == {
        "few_shot_angles"
    }
