"""What a result depends on in the code is named completely, and is what the code does, not how it is written."""

import ast
from pathlib import Path

import pytest

from reprompt import code
from reprompt.plan.recipes import RECIPES, SHARED_CODE

# These decide nothing about a result: parameters reach the rules as specs, and the rest is about running.
NEUTRAL = ("plan", "atomic.py", "code.py", "locks.py", "progress.py", "provenance.py", "records.py")
RECIPE_CODE = {f"recipe {name}": (*SHARED_CODE, *recipe.modules) for name, recipe in RECIPES.items()}
RESULTS = {
    "splits": (code.SPLITS, ["data/source.py", "data/splits.py"]),
    "weights": (code.PRETRAINING, ["miniature/pretrain.py"]),
    "features": (code.FEATURES, ["clip/features.py", "data/source.py"]),
    "tables": (code.TABLES, ["tables/__init__.py", "tables/write.py"]),
    "figures": (code.FIGURES, ["figures/__init__.py", "figures/write.py"]),
    "contact sheets": (code.CONTACT_SHEETS, ["miniature/contact_sheets.py"]),
    "report": (code.REPORT, ["report/assemble.py"]),
    **{name: ((*modules, *code.FEATURES), [*modules]) for name, modules in RECIPE_CODE.items()},
}


def files(modules: tuple[str, ...]) -> set[Path]:
    paths = (code.PACKAGE / module for module in modules)
    return {file for path in paths for file in (path.rglob("*.py") if path.is_dir() else [path])}


def imported(file: Path) -> set[Path]:
    """The modules of the package that a module imports, at its top or inside functions."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("reprompt"):
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names if alias.name.startswith("reprompt")}
    paths = [code.PACKAGE.joinpath(*name.split(".")[1:]) for name in names]
    return {file for path in paths for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()}


def says_something(file: Path) -> bool:
    """Whether a module holds more than a docstring."""
    tree = ast.parse(file.read_text())
    return len(tree.body) > (ast.get_docstring(tree) is not None)


def closure(start: list[str]) -> set[Path]:
    todo, seen = [code.PACKAGE / module for module in start], set()
    while todo:
        file = todo.pop()
        relative = file.relative_to(code.PACKAGE)
        if file not in seen and relative.parts[0] not in NEUTRAL and says_something(file):
            seen.add(file)
            todo += imported(file)
    return seen


@pytest.mark.parametrize("result", RESULTS)
def test_every_imported_module_is_named(result: str) -> None:
    named, start = RESULTS[result]
    forgotten = closure(start) - files(named)
    if "recipe" in result:  # the table of axes is read by name: a recipe does not depend on another one's learner
        forgotten -= files(("learners/text_context.py",))
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
