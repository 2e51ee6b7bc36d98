"""What a result depends on in the code: a hash that a comment or a line break does not change.

Results that took hours must be made again when what the code does has changed, and only then (style: "not on the
timestamp of a source file that only changed a comment").
"""

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from reprompt.plan.recipes import RECIPES

PACKAGE = Path(__file__).parent

# What each kind of result depends on; for records see `recipe_code`.
# tests/test_code.py follows the imports and complains about a module that is missing here.
RENDERING = (
    *("miniature/backgrounds.py", "miniature/canvas.py", "miniature/conditions.py", "miniature/families"),
    *("miniature/parallel.py", "miniature/styles.py", "miniature/world.py"),
)
SPLITS = (
    *RENDERING,
    *("data/draws.py", "data/rendered.py", "data/source.py", "data/splits.py", "data/web.py", "miniature/__init__.py"),
    *("miniature/captions.py", "miniature/corpus.py", "miniature/tasks.py", "miniature/web.py", "streams.py"),
)
FILES = (
    *("data/cards/card.py", "data/draws.py", "data/files", "data/source.py", "data/splits.py", "data/views.py"),
    *("data/web.py", "streams.py"),
)
SOURCES = {"rendered": SPLITS, "files": FILES}  # by `data.source`
PRETRAINING = (
    *RENDERING,
    *("clip/weights.py", "miniature/captions.py", "miniature/corpus.py", "miniature/pretrain.py", "streams.py"),
)
WEIGHTS = ("clip/openai.py", "clip/weights.py")
FEATURES = (*SPLITS, "clip/backbones.py", "clip/features.py", "clip/weights.py", "data/views.py")
GROUPS = ("multitask/groups.py",)
TABLES = ("claims/groups.py", "multitask", "published", "statistics.py", "streams.py", "tables")
FIGURES = (
    *(*TABLES, "claims/courses.py", "claims/grammar.py", "claims/inference.py", "claims/runs.py", "claims/source.py"),
    *("figures", "learners/parameters.py", "metrics.py"),
)
CORPUS = (*FEATURES, "chc", "clip/blocks.py", "clip/savings.py", "clip/text.py")
CORPUS_FIGURES = (
    *("chc/pictures.py", "figures/canvas.py", "figures/figure.py", "figures/gram/corpus.py", "figures/lines.py"),
    *("figures/gram/corpus_filter.py", "figures/gram/corpus_topics.py", "figures/write.py", "statistics.py"),
    *("tables/layout.py", "tables/table.py"),
)
CONTACT_SHEETS = (*SPLITS, "miniature/captions.py", "miniature/contact_sheets.py", "miniature/corpus.py")
CLAIMS = (
    *("claims", "learners/parameters.py", "multitask", "published", "statistics.py"),
    *("tables/methods.py", "tables/setting.py"),
)
REPORT = (*CLAIMS, *TABLES, "figures/mvlpt/heat.py", "records.py", "report")

# These decide nothing about a result: parameters reach the rules as specs, and the rest is about running.
NEUTRAL = (
    "plan",
    "atomic.py",
    "code.py",
    "costs.py",
    "locks.py",
    "made_from.py",
    "progress.py",
    "provenance.py",
    "records.py",
)


def recipe_code(recipe: str, measures: Iterable[str] = ()) -> str:
    """What records depend on: how fleets are run, the recipe's own axes and what is measured, with all they import.

    What draws images is not among them: it is in the manifest of the features, which records depend on.
    """
    measured = (f"measures/{name}.py" for name in measures)
    files = imported_by("fleets.py", *RECIPES[recipe].modules, *measured)
    return code_hash(*(str(file.relative_to(PACKAGE)) for file in files))


def imported_by(*modules: str) -> set[Path]:
    """The modules themselves and everything of the package that they import, but what is neutral or says nothing."""
    todo, seen = list(_files(modules)), set()
    while todo:
        file = todo.pop()
        if file not in seen and file.relative_to(PACKAGE).parts[0] not in NEUTRAL and _says_something(file):
            seen.add(file)
            todo += _imports(file)
    return seen


@cache
def _imports(file: Path) -> list[Path]:
    """The modules of the package that a module imports, at its top or inside functions."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("reprompt"):
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names if alias.name.startswith("reprompt")}
    paths = [PACKAGE.joinpath(*name.split(".")[1:]) for name in sorted(names)]
    return [file for path in paths for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()]


@cache
def _says_something(file: Path) -> bool:
    """Whether a module holds more than a docstring."""
    tree = ast.parse(file.read_text())
    return len(tree.body) > (ast.get_docstring(tree) is not None)


def code_hash(*modules: str) -> str:
    """A hash over modules and folders of the package, named relative to it: `"train.py"`, `"miniature"`."""
    digest = hashlib.sha256()
    for path in sorted(set(_files(modules))):
        digest.update(f"{path.relative_to(PACKAGE)}:{_meaning(path)}\n".encode())
    return digest.hexdigest()[:20]


def _files(modules: Iterable[str]) -> Iterable[Path]:
    for module in modules:
        path = PACKAGE / module
        if not path.exists():
            raise FileNotFoundError(f"{path}: a rule names this module, but there is none")
        yield from (file for end in ("*.py", "*.html") for file in path.rglob(end)) if path.is_dir() else [path]


@cache
def _meaning(path: Path) -> str:
    """A hash of a module's syntax tree without docstrings; comments and formatting are not in the tree.

    Of a page's template it is the hash of the text.
    """
    if path.suffix != ".py":
        return hashlib.sha256(path.read_bytes()).hexdigest()
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(
            node, clean=False
        ):
            node.body = node.body[1:]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()
