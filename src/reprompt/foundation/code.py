"""What a result depends on in the code: every module that its entry points reach, and what these say they open.

Results that took hours must be made again when what the code does has changed, and only then. What counts of a module
is its text without comments, docstrings and blank lines: the same on every Python. Formatting counts; where it alone
has changed, that can be proved.

Entry points are modules named relative to the package: `fleets`, `gradients.prograd`. A folder, `measures`, means its
`__init__` only.
"""

import ast
import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent.parent

# These decide nothing about a result: parameters, plan and cards reach the rules as specs; the rest is about running.
# A neutral module counts only where an entry point names it.
NEUTRAL = (
    *("cells.cell", "cells.clustering", "cells.fleets", "cells.job", "cells.members", "cells.parameters"),
    *("cells.recipes", "cells.tuning"),
    *("foundation.atomic", "foundation.block", "foundation.code", "foundation.costs", "foundation.damage"),
    *("foundation.locks", "foundation.processor", "cli", "data.commands", "planning", "tasks.card"),
    *("tasks.groups", "workflow"),
    "",  # the package itself: names of its public interface
)

# These only pick a member by its name or, as claims does, hand on names: their own text counts, and their branches are
# entry points of those who use them.
DISPATCHING = ("claims", "data.sources")

DEFINITION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# Right for every text that Python 3.11 can read; from 3.12 on an f-string may hold its own quotes.
COMMENT_OR_STRING = re.compile(
    r'#[^\n]*|"""(?:[^\\]|\\.)*?"""|' + r"'''(?:[^\\]|\\.)*?'''|" + r'"(?:[^"\\\n]|\\.)*"|' + r"'(?:[^'\\\n]|\\.)*'",
    re.DOTALL,
)


def code_hash(entries: Iterable[str], package: Path = PACKAGE) -> str:
    """A hash over every file that counts for these entry points: its place in the package, and what of it counts."""
    lines = (f"{place}:{content}\n" for place, (_, content) in sorted(_reached(entries, package).items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:20]


def reached(entries: Iterable[str], package: Path = PACKAGE) -> dict[str, Path]:
    """Every file that counts for these entry points, by its place in the package.

    With a module count those that it imports, at its top or inside functions, the `__init__` of each folder that it
    lies in, and the files that it says it opens: a constant `OPENS = ("data/*.csv",)` of patterns relative to its own
    folder. Raises FileNotFoundError for a module that is not there and for a pattern without a file.
    """
    return {place: path for place, (path, _) in _reached(entries, package).items()}


def text_that_counts(source: str) -> str:
    """A module's text without comments, docstrings and blank lines; what is inside a string stays as it is."""
    return "\n".join(line for _, line in _lines_that_count(source, ast.parse(source)))


def definitions(source: str) -> dict[str, str]:
    """What counts of each function and class by its `__qualname__`, without those inside it; the rest is at ""."""
    tree = ast.parse(source)
    owners = [""] * (source.count("\n") + 2)

    def own(node: ast.AST, inside: str) -> None:
        for child in _statements_in(node):
            within = inside
            if isinstance(child, DEFINITION):
                first, end = min(part.lineno for part in (child, *child.decorator_list)), child.end_lineno + 1
                owners[first:end] = [inside + child.name] * (end - first)
                within += child.name + ("." if isinstance(child, ast.ClassDef) else ".<locals>.")
            own(child, within)

    own(tree, "")
    of_owner: dict[str, list[str]] = {"": []}
    for number, line in _lines_that_count(source, tree):
        of_owner.setdefault(owners[number], []).append(line)
    return {name: "\n".join(lines) for name, lines in of_owner.items()}


def forget() -> None:
    """Read the files anew: what has been read of them is kept for as long as the process lives."""
    _module.cache_clear()
    _modules.cache_clear()


def _lines_that_count(source: str, tree: ast.Module) -> list[tuple[int, str]]:
    """The lines that count, with their numbers from 1."""
    lines = ["", *source.split("\n")]  # not splitlines, which also splits where Python does not
    inside: set[int] = set()  # lines that end inside a string
    number, end = 1, 0
    for match in COMMENT_OR_STRING.finditer(source):
        text, breaks = match.group(), match.group().count("\n")
        number += source.count("\n", end, match.start())
        if text.startswith("#"):
            lines[number] = lines[number].removesuffix(text)
        inside.update(range(number, number + breaks))
        number, end = number + breaks, match.end()
    for docstring in _docstrings(tree):
        first, last = docstring.lineno, docstring.end_lineno
        before = lines[first].encode()[: docstring.col_offset].decode()  # the tree counts bytes
        after = lines[last].encode()[docstring.end_col_offset :].decode()
        lines[first : last + 1] = [before + after, *[""] * (last - first)]
        inside.difference_update(range(first, last))
    numbered = [(number, line if number in inside else line.rstrip()) for number, line in enumerate(lines)]
    return [(number, line) for number, line in numbered if line or number in inside]


def _docstrings(node: ast.AST) -> Iterator[ast.Constant]:
    if isinstance(node, (ast.Module, *DEFINITION)) and ast.get_docstring(node, clean=False) is not None:
        yield node.body[0].value
    for child in _statements_in(node):
        yield from _docstrings(child)


def _statements_in(node: ast.AST) -> Iterator[ast.AST]:
    """Its children that can hold statements: what is inside expressions is of no interest here, and takes time."""
    return (child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr))


@dataclass(frozen=True)
class _Module:
    """The modules that run with one, its file and those that it opens, by place, and a hash of what counts of each."""

    imports: frozenset[str]
    files: dict[str, tuple[Path, str]]


def _reached(entries: Iterable[str], package: Path) -> dict[str, tuple[Path, str]]:
    """Every file that counts, by its place, with a hash of what of it counts."""
    todo, seen, files = set(entries), set(), {}
    while todo:
        name = todo.pop()
        seen.add(name)
        module = _module(name, package)
        files |= module.files
        todo |= {imported for imported in module.imports if imported not in seen and not _is_neutral(imported)}
    return files


@cache
def _module(name: str, package: Path) -> _Module:
    path = _modules(package).get(name)
    if path is None:
        raise FileNotFoundError(f"{package}: no module {name!r}, which an entry point or an import names")
    text, statements, patterns = _parsed(path.read_text(encoding="utf-8"))
    contents = {path: text.encode()}
    for pattern in patterns:
        opened = sorted(path.parent.glob(pattern))
        if not opened:
            raise FileNotFoundError(f"{path}: OPENS names {pattern!r}, which matches no file")
        contents |= {file: file.read_bytes() for file in opened}
    imports = set() if name in DISPATCHING else _imported(statements, name, path, package)
    folder = name.rpartition(".")[0]
    imports |= {folder} & _modules(package).keys()
    places = {file: Path(os.path.relpath(file, package)).as_posix() for file in contents}
    hashes = {file: hashlib.sha256(content).hexdigest() for file, content in contents.items()}
    return _Module(frozenset(imports), {places[file]: (file, hashes[file]) for file in contents})


@cache
def _parsed(source: str) -> tuple[str, tuple[tuple[int, str, str], ...], tuple[str, ...]]:
    """Of a module: what counts of its text, its import statements, and the patterns of what it opens."""
    tree = ast.parse(source)
    text = "\n".join(line for _, line in _lines_that_count(source, tree))
    assigned = [node for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets) == "OPENS"]
    patterns = [pattern for node in assigned for pattern in ast.literal_eval(node.value)]
    return text, tuple(_import_statements(tree)), tuple(patterns)


def _import_statements(node: ast.AST) -> Iterator[tuple[int, str, str]]:
    """Level, module and member of imports that can run, inside functions too; those for a type checker cannot."""
    for child in _statements_in(node):
        if isinstance(child, ast.Import):
            yield from ((0, alias.name, "") for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield from ((child.level, child.module or "", alias.name) for alias in child.names)
        elif isinstance(child, ast.If) and ast.unparse(child.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            yield from _import_statements(ast.Module(child.orelse, []))
        else:
            yield from _import_statements(child)


def _imported(statements: Iterable[tuple[int, str, str]], name: str, path: Path, package: Path) -> set[str]:
    """The modules of the package that a module imports, relative to the package."""
    folder = [*name.split("."), ""][: -1 if path.name == "__init__.py" else -2]
    imported = set()
    for level, module, member in statements:
        beside = [PACKAGE.name, *folder[: len(folder) + 1 - level]] if level else []
        root, *inside = (part for part in (*beside, *module.split(".")) if part)
        if root == PACKAGE.name:
            of_member = ".".join((*inside, member))
            imported |= {".".join(inside)} | ({of_member} & _modules(package).keys())
    return imported


@cache
def _modules(package: Path) -> dict[str, Path]:
    """Every module of the package by its name; a folder's `__init__` goes by that of the folder."""
    files = {file: file.relative_to(package).with_suffix("").parts for file in package.rglob("*.py")}
    return {".".join(parts[:-1] if parts[-1] == "__init__" else parts): file for file, parts in files.items()}


def _is_neutral(name: str) -> bool:
    return any(name == neutral or name.startswith(f"{neutral}.") for neutral in NEUTRAL)
