"""Which statements a change of the code added or took away, so that attest can tell whether a sample ran through them.

Statements are compared by their text as Python prints it, so neither formatting nor comments count, and a function that
was moved or renamed, or whose own variables were, has not changed. What is left of a change is to be executed: what was
added by a sample of the new code, what was taken away by the same sample of the old code, or else nobody has seen
whether it matters. But for `raise`: a job that fails leaves no number, so a better message or one more refusal needs no
failing sample.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from copy import copy, deepcopy
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import NamedTuple

ALIKE = 0.6  # at least, of an old function that is taken for the same one under another name
NOT_EXECUTED = (ast.Global, ast.Nonlocal, ast.Pass, ast.Raise)  # nothing happens, or nothing is left
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
MODULE = ""  # the name of what a module does when it is imported


@dataclass(frozen=True)
class Statement:
    """A simple statement or the head of a compound one: its text, indented by what it lies in, and its lines.

    `alike` is the text with numbers in place of the names that are its function's own.
    """

    text: str
    alike: str
    first: int
    last: int


@dataclass(frozen=True)
class Function:
    """The statements of a function, without those of functions inside it, or those of a module."""

    file: str
    name: str
    body: tuple[Statement, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(statement.text for statement in self.body)

    @property
    def alike(self) -> tuple[str, ...]:
        """The texts but for the names that are the function's own."""
        return tuple(statement.alike for statement in self.body)

    def key(self, index: int) -> str:
        """A name for the statement at `index` that holds as long as the function is the same."""
        digest = hashlib.sha256("\n".join(self.texts).encode()).hexdigest()[:8]
        return f"{self.file}:{self.name}:{digest}:{index}"


@dataclass(frozen=True)
class ChangedStatement:
    """A statement that only one of two codes has: of the new code where `added`, else of the old one."""

    function: Function
    index: int
    added: bool

    @property
    def key(self) -> str:
        """Its name in the log."""
        return ("+" if self.added else "-") + self.function.key(self.index)

    @property
    def statement(self) -> Statement:
        return self.function.body[self.index]

    @property
    def lines(self) -> set[int]:
        """The lines whose execution shows that it ran; 0, the import of the module, where it belongs to no function."""
        in_module = self.function.name == MODULE
        return {0} if in_module else set(range(self.statement.first, self.statement.last + 1))

    def __str__(self) -> str:
        where = f"{self.function.file}:{self.statement.first}"
        name = self.function.name or "the module itself"
        return f"{where} in {name}: {'' if self.added else 'taken away: '}{self.statement.text.strip()}"


def functions(file: str, source: str) -> list[Function]:
    """The module itself, whose name is empty, and every function in it by its `__qualname__`."""
    scopes: list[Function] = []

    def scope(name: str, inside: str, nodes: list[ast.stmt], alike: list[ast.stmt]) -> None:
        body: list[Statement] = []
        index = len(scopes)
        scopes.append(Function(file, name, ()))  # before the functions inside it
        take(nodes, alike, "", inside, body)
        scopes[index] = Function(file, name, tuple(body))

    def take(nodes: list[ast.stmt], alike: list[ast.stmt], depth: str, inside: str, body: list[Statement]) -> None:
        for node, twin in zip(nodes, alike, strict=True):
            if isinstance(node, NOT_EXECUTED) or _says_nothing(node):
                continue
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                first = min(part.lineno for part in (node, *node.decorator_list))
                last = _before(node.body[0], node)
                body.append(Statement(depth + _head(node), depth + _head(twin), first, last))
                if isinstance(node, ast.ClassDef):
                    take(node.body, twin.body, depth + " ", f"{inside}{node.name}.", body)
                else:
                    renamed = OwnNames.numbered(node)
                    scope(inside + node.name, f"{inside}{node.name}.<locals>.", node.body, renamed.body)
                continue
            blocks = list(zip(_blocks(node), _blocks(twin), strict=True))
            if not isinstance(node, ast.Try):
                last = _before(blocks[0][0].inside[0], node) if blocks else node.end_lineno
                texts = (_head(one) if blocks else ast.unparse(one) for one in (node, twin))
                body.append(Statement(*(depth + text for text in texts), node.lineno, last))
            for block, twin_block in blocks:
                if block.line is not None:
                    body.append(Statement(depth + block.head, depth + twin_block.head, block.line, block.line))
                take(block.inside, twin_block.inside, f"{depth}{block.head[:1]} ", inside, body)

    tree = ast.parse(source)
    scope(MODULE, "", tree.body, tree.body)
    return scopes


class OwnNames(ast.NodeTransformer):
    """Numbers in place of the names that are a function's own, in the order in which it sets them."""

    def __init__(self, names: Iterable[str]) -> None:
        self.numbers = {name: f"_{number}" for number, name in enumerate(names)}

    @classmethod
    def numbered(cls, function: FunctionNode) -> FunctionNode:
        """A function with its own names numbered; what functions inside it read keeps its name."""
        inner = {name for node in ast.walk(function) if node is not function for name in _read_inside(node)}
        own = [node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)]
        own += [
            node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        ]
        return cls(name for name in dict.fromkeys(own) if name not in inner).visit(deepcopy(function))

    def visit_Name(self, node: ast.Name) -> ast.Name:
        """A variable."""
        node.id = self.numbers.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        """A parameter."""
        node.arg = self.numbers.get(node.arg, node.arg)
        return node


def _read_inside(node: ast.AST) -> Iterator[str]:
    """Every name in a function or class inside another, and those that are declared to be somebody else's."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
        yield from (inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name))
        yield from (inner.arg for inner in ast.walk(node) if isinstance(inner, ast.arg))
    elif isinstance(node, ast.Global | ast.Nonlocal):
        yield from node.names


class Block(NamedTuple):
    """A block of a compound statement: what sets it apart, the statements in it, the line of its own head if any."""

    head: str
    inside: list[ast.stmt]
    line: int | None


def _blocks(node: ast.stmt) -> Iterator[Block]:
    """The blocks of a compound statement."""
    for name in ("body", "orelse", "finalbody"):
        if inner := getattr(node, name, None):
            yield Block({"body": " ", "orelse": "else", "finalbody": "finally"}[name], inner, None)
    for handler in getattr(node, "handlers", ()):
        kind = ast.unparse(handler.type) if handler.type else ""
        yield Block(f"except {kind} as {handler.name}", handler.body, handler.lineno)
    for case in getattr(node, "cases", ()):
        guard = f" if {ast.unparse(case.guard)}" if case.guard else ""
        yield Block(f"case {ast.unparse(case.pattern)}{guard}", case.body, case.pattern.lineno)


def _head(node: ast.stmt) -> str:
    """A compound statement without its blocks."""
    head = copy(node)
    for name in ("body", "orelse", "finalbody", "handlers", "cases"):
        if hasattr(node, name):
            setattr(head, name, [ast.Pass()] if name == "body" else [])
    return ast.unparse(head).removesuffix("pass").strip()


def _before(inner: ast.stmt, node: ast.stmt) -> int:
    """The last line of a statement's head, given the first one inside it."""
    decorators = getattr(inner, "decorator_list", ())
    return max(node.lineno, min(part.lineno for part in (inner, *decorators)) - 1)


def _says_nothing(node: ast.stmt) -> bool:
    """Whether it is a docstring, an ellipsis or a mere annotation."""
    return (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)) or (
        isinstance(node, ast.AnnAssign) and node.value is None
    )


@dataclass(frozen=True)
class Changes:
    """What changed between two codes, by the file of the new one, and files of another kind that only it has."""

    statements: Mapping[str, tuple[ChangedStatement, ...]]
    data: frozenset[str]

    @property
    def lines(self) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
        """The lines to look out for in the old and in the new code, by file; 0 is the import of the module."""
        of_sides: tuple[dict[str, set[int]], dict[str, set[int]]] = ({}, {})
        for changed in self._all():
            of_sides[changed.added].setdefault(changed.function.file, set()).update(changed.lines)
        old, new = ({file: sorted(lines) for file, lines in side.items()} for side in of_sides)
        return old, new

    def executed(self, old: Mapping[str, set[int]], new: Mapping[str, set[int]]) -> set[str]:
        """The keys of those that were executed, given the lines that either code ran through."""
        return {
            changed.key
            for changed in self._all()
            if changed.lines & (new if changed.added else old).get(changed.function.file, set())
        }

    def unseen(self, files: Iterable[str], executed: set[str]) -> list[str]:
        """What changed in these files of the new code and was executed by no sample, in words."""
        files = set(files)
        unseen = [f"{file}: a file that was changed" for file in sorted(self.data & files)]
        for file in sorted(files & self.statements.keys()):
            unseen += [str(changed) for changed in self.statements[file] if changed.key not in executed]
        return unseen

    def _all(self) -> Iterator[ChangedStatement]:
        return (changed for of_file in self.statements.values() for changed in of_file)


def changes_between(old: Path, new: Path, files: Iterable[str]) -> Changes:
    """What changed in some files of the package `new` since the package `old`."""
    before, now = _new_in(old, new), _new_in(new, old)
    known, kept = ({function.alike for function in side} for side in (before, now))
    gone = [function for function in before if function.alike not in kept]
    contents = {file.read_bytes() for file in old.rglob("*") if file.is_file() and file.suffix != ".py"}
    names = set(files)
    statements: dict[str, tuple[ChangedStatement, ...]] = {}
    for function in now:
        if function.file in names and function.alike not in known:
            changed = _changed_statements(function, _nearest(function, gone))
            statements[function.file] = (*statements.get(function.file, ()), *changed)
    data = {name for name in names if not name.endswith(".py") and (new / name).read_bytes() not in contents}
    return Changes(statements, frozenset(data))


def _new_in(package: Path, other: Path) -> list[Function]:
    """The functions of the modules that are not in the other package as they are, in whatever place."""
    there = {file.read_bytes() for file in other.rglob("*.py")}
    files = [file for file in sorted(package.rglob("*.py")) if file.read_bytes() not in there]
    return [
        function for file in files for function in functions(str(file.relative_to(package)), file.read_text("utf-8"))
    ]


def _nearest(function: Function, candidates: list[Function]) -> Function | None:
    """What a function was before: that of its name in its file, that of its name, or the one that is most like it."""

    def likeness(old: Function) -> float:
        return SequenceMatcher(None, old.texts, function.texts, autojunk=False).ratio()

    same = [old for old in candidates if old.name == function.name and (old.name or old.file == function.file)]
    same.sort(key=lambda old: (old.file == function.file, likeness(old)), reverse=True)
    if same:
        return same[0]
    alike = [old for old in candidates if bool(old.name) == bool(function.name) and likeness(old) >= ALIKE]
    return max(alike, key=likeness, default=None)


def _changed_statements(function: Function, before: Function | None) -> Iterator[ChangedStatement]:
    """The statements that a function has and had not, and those that it had: the latter only if they ran on call.

    What a module no longer does when it is imported shows where it is missing.
    """
    if before is None:
        yield from (ChangedStatement(function, index, True) for index in range(len(function.body)))
        return
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, before.texts, function.texts, autojunk=False).get_opcodes():
        if kind != "equal":
            yield from (ChangedStatement(function, index, True) for index in range(j1, j2))
            if function.name:
                yield from (ChangedStatement(before, index, False) for index in range(i1, i2))
