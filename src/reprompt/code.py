"""What a result depends on in the code: a hash that a comment or a line break does not change.

Results that took hours must be made again when what the code does has changed, and only then (style: "not on the
timestamp of a source file that only changed a comment").
"""

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent

# What each kind of result depends on. For prompts see plan/recipes.py: a recipe depends on its own axes only.
# tests/test_code.py follows the imports and complains about a module that is missing here.
RENDERING = (
    *("miniature/backgrounds.py", "miniature/canvas.py", "miniature/conditions.py", "miniature/families"),
    *("miniature/parallel.py", "miniature/styles.py", "miniature/world.py"),
)
SPLITS = (
    *RENDERING,
    *("data/draws.py", "data/source.py", "data/splits.py", "miniature/__init__.py", "miniature/tasks.py", "streams.py"),
)
PRETRAINING = (
    *RENDERING,
    *("clip/backbones.py", "miniature/captions.py", "miniature/corpus.py", "miniature/pretrain.py", "streams.py"),
)
FEATURES = (*SPLITS, "clip/backbones.py", "clip/features.py", "data/views.py")
TABLES = ("published", "statistics.py", "tables")
FIGURES = ("figures", "published", "statistics.py", "tables/methods.py", "tables/setting.py")
CONTACT_SHEETS = (*SPLITS, "miniature/captions.py", "miniature/contact_sheets.py", "miniature/corpus.py")
REPORT = ("published", "records.py", "report", "statistics.py", "tables")


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
