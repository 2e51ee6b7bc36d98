"""The members of the four axes, found in their folders: the files that declare a class `Settings`.

A plan has to know every member's settings and must not import PyTorch, so of a member's file only the declaration is
executed: the class, and what of the imports and constants above it the class names.
"""

import ast
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from reprompt.cells.axes import Settings
from reprompt.foundation.code import PACKAGE

AXES = MappingProxyType(  # the axes in the order in which they are written, and their folders
    {"learner": "learners", "objective": "objectives", "gradient": "gradients", "start": "initialisation"}
)
DECLARED = "Settings"
NAME = re.compile(r"(?!from$)[a-z][a-z0-9_]*")  # `from` stands for @ in paths


@cache
def members(axis: str, package: Path = PACKAGE) -> Mapping[str, type[Settings]]:
    """What every member of an axis declares, by its name, which is that of its file."""
    read = ((file.stem, declared(file)) for file in sorted((package / AXES[axis]).glob("*.py")))
    known = {name: settings for name, settings in read if settings is not None}
    for name in known:
        if not NAME.fullmatch(name):
            raise ValueError(f"{AXES[axis]}/{name}.py: the name of a member is lower case and none of Python's words")
    return MappingProxyType(known)


def declared(file: Path) -> type[Settings] | None:
    """The class that a file declares, if it declares one, without anything else of the file being executed."""
    source = file.read_text(encoding="utf-8")
    if f"class {DECLARED}(" not in source:
        return None
    wanted, kept = {DECLARED}, []
    for statement in reversed(ast.parse(source).body):
        bound = _bound(statement) & wanted
        if not bound:
            continue
        if isinstance(statement, ast.ImportFrom):
            names = [alias for alias in statement.names if (alias.asname or alias.name) in bound]
            statement = ast.copy_location(ast.ImportFrom(statement.module, names, statement.level), statement)
        wanted |= {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
        kept.append(statement)
    namespace = {"__name__": f"reprompt.{file.parent.name}.{file.stem}"}
    exec(compile(ast.Module(kept[::-1], []), str(file), "exec"), namespace)
    return namespace[DECLARED]


def _bound(statement: ast.stmt) -> set[str]:
    """The names that a statement gives a meaning to."""
    if isinstance(statement, ast.ImportFrom | ast.Import):
        return {alias.asname or alias.name.partition(".")[0] for alias in statement.names}
    if isinstance(statement, ast.ClassDef | ast.FunctionDef):
        return {statement.name}
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return {target.id for target in targets if isinstance(target, ast.Name)}
