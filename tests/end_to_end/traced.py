"""Run commands of the workflow in this process, and write what of the package each one executes and opens.

    python traced.py OUT < commands     the words after `reprompt`: a JSON list per line

Line by line, `[number, "function", file, qualified name]` or `[number, "file", file, ""]`, the command by its number.
Every function of the package is compiled with a first statement that tells of it: sys.settrace would slow all of Python
down several times. What runs while a module is being imported is not executed by the command. Processes that a command
forks write too.
"""

import ast
import builtins
import json
import os
import sys
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path

DEFINITION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
NOT_DATA = (".py", ".pyc")
# What is executed under these is no part of the command: modules being imported; parameters, cards, the plan and its
# cells, whose results stand in specifications. No name is any function of the file.
BEFORE = (("", "<module>"), ("planning/", ""), ("cells/cell.py", ""), ("cells/job.py", ""), ("tasks/card.py", ""))


class Trace:
    """What the command at hand has executed and opened so far."""

    def __init__(self, out: str):
        self.file = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.number, self.seen, self.package = -1, set(), ""

    def start(self) -> None:
        """The next command begins."""
        self.number, self.seen = self.number + 1, set()

    def ran(self, path: str, name: str) -> None:
        """A function of the package begins."""
        if (path, name) not in self.seen and not self.is_within(BEFORE):
            self.write("function", path, name)

    def opens(self, event: str, arguments: tuple) -> None:
        """Called by Python before it opens a file. What only the hash of code reads is nothing to the command."""
        path = str(arguments[0]) if event == "open" and self.package else ""
        if not path.startswith(self.package) or path.endswith(NOT_DATA) or (path, "") in self.seen:
            return
        if path and not self.is_within((("foundation/code.py", "code_hash"),)):
            self.write("file", path, "")

    def write(self, kind: str, path: str, name: str) -> None:
        """Write of a function or file once."""
        self.seen.add((path, name))
        line = [self.number, kind, path.removeprefix(self.package), name]
        os.write(self.file, (json.dumps(line) + "\n").encode())

    def is_within(self, functions: tuple[tuple[str, str], ...]) -> bool:
        """Whether a function of a file and a name is at work; a file by how its path begins, any by no name."""
        paths = [(f"{self.package}{file}", name) for file, name in functions]
        frame = sys._getframe(1)
        while frame is not None:
            code = frame.f_code
            if any(name in ("", code.co_name) and code.co_filename.startswith(path) for path, name in paths):
                return True
            frame = frame.f_back
        return False


class Loader(SourceFileLoader):
    """Compiles a module so that each of its functions tells that it runs."""

    def get_code(self, fullname: str):
        """The code, never from a cache."""
        tree = ast.parse(self.get_data(self.path), self.path)
        tell(tree, self.path, "")
        return compile(ast.fix_missing_locations(tree), self.path, "exec", dont_inherit=True)


def tell(node: ast.AST, path: str, inside: str) -> None:
    """Put the statement into every function below a node, after its docstring."""
    for child in ast.iter_child_nodes(node):
        within = inside
        if isinstance(child, DEFINITION):
            within += child.name + ("." if isinstance(child, ast.ClassDef) else ".<locals>.")
            if not isinstance(child, ast.ClassDef):
                statement = ast.parse(f"__ran__({path!r}, {inside + child.name!r})").body
                first = int(ast.get_docstring(child, clean=False) is not None)
                child.body[first:first] = statement
        tell(child, path, within)


class Finder(PathFinder):
    """Finds the package's modules as ever, to be loaded by the loader above."""

    @classmethod
    def find_spec(cls, fullname: str, path=None, target=None) -> ModuleSpec | None:
        """The specification of a module of the package; others are found by others."""
        spec = super().find_spec(fullname, path, target) if fullname.partition(".")[0] == "reprompt" else None
        if spec and isinstance(spec.loader, SourceFileLoader):
            spec.loader = Loader(spec.loader.name, spec.loader.path)
        return spec


if __name__ == "__main__":
    os.environ["OMP_WAIT_POLICY"] = "passive"  # as main() in cli.py has it
    trace = Trace(sys.argv[1])
    builtins.__ran__ = trace.ran
    sys.meta_path.insert(0, Finder)
    sys.addaudithook(trace.opens)
    import reprompt

    trace.package = str(Path(reprompt.__file__).parent) + os.sep
    from reprompt import cli

    for line in sys.stdin.readlines():
        trace.start()
        cli.app(json.loads(line), standalone_mode=False)
