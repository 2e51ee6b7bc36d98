"""What a result depends on in the code is found completely, and is what the code does, not how it is commented."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from reprompt.foundation import code

# All of it is syntax of 3.11; tokens and trees of it differ from version to version.
SYNTAX = '''"""A module. äöü # not a comment"""  # a comment

import os # why


def f(x,   y = "#"):  # so
    """Täglich."""  ; z = 1
    if (n := len(x)) > 1:

        print(f"{n!r:#>{y}} # {x['#']}", f"{f'{n:#x}'} {{#}}")  # two
    match x:
        case {"#": [1, *_]} | "ß": return '\\'#'
        # none
        case _:
            return f"""
  # inside {n}   

    {n:>5}#"""
    text = r"\\\\" "#" \\
        'and \\
  # so on'
    return (1,  # one

            2) # two


class A:
    """Says."""

    @property
    def b(self):
        "One."

        def c(): return """

  """
        return c  # d
'''
COUNTS = '''import os
def f(x,   y = "#"):
      ; z = 1
    if (n := len(x)) > 1:
        print(f"{n!r:#>{y}} # {x['#']}", f"{f'{n:#x}'} {{#}}")
    match x:
        case {"#": [1, *_]} | "ß": return '\\'#'
        case _:
            return f"""
  # inside {n}   

    {n:>5}#"""
    text = r"\\\\" "#" \\
        'and \\
  # so on'
    return (1,
            2)
class A:
    @property
    def b(self):
        def c(): return """

  """
        return c'''


def test_comments_docstrings_and_blank_lines_do_not_count_and_strings_stay_as_they_are() -> None:
    assert code.text_that_counts(SYNTAX) == COUNTS


def pythons() -> list[str]:
    """Every Python from 3.11 on that is installed."""
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser().glob("versions/3.1[1-9]*/bin/python3")
    candidates = (shutil.which(f"python3.{minor}") for minor in range(11, 16))
    return sorted({str(path) for path in (*pyenv, *candidates) if path and "shims" not in str(path)})


RUN = """
import sys
from reprompt.foundation import code
print(ascii(code.definitions(sys.argv[1])))
for name in sorted(code._modules(code.PACKAGE)):
    print(name, code.code_hash([name]))
"""


@cache
def said_by(python: str) -> str:
    """What a Python makes of the syntax above, and of every module of the package with all that it reaches."""
    environment = {**os.environ, "PYTHONPATH": str(code.PACKAGE.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([python, "-c", RUN, SYNTAX], env=environment, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize("python", pythons())
def test_every_python_gives_the_same_hashes(python: str) -> None:
    assert said_by(python) == said_by(sys.executable)
    assert said_by(python).count("\n") > 200


def test_definitions_are_told_apart_by_their_qualified_names() -> None:
    definitions = code.definitions(SYNTAX)
    assert definitions.keys() == {"", "f", "A", "A.b", "A.b.<locals>.c"}
    assert definitions[""] == "import os"
    assert definitions["A"] == "class A:"
    assert definitions["A.b"] == "    @property\n    def b(self):\n        return c"
    assert definitions["A.b.<locals>.c"] == '        def c(): return """\n\n  """'


def test_a_changed_function_is_the_only_definition_that_differs() -> None:
    before, after = code.definitions(SYNTAX), code.definitions(SYNTAX.replace("return c  # d", "return c()  # e"))
    assert {name for name in before if before[name] != after[name]} == {"A.b"}


MODULES = {
    "__init__.py": "",
    "first.py": "from reprompt.folder import member\n",
    "folder/__init__.py": "from reprompt import beside\n",
    "folder/member.py": "def f():\n    import reprompt.late\n",
    "beside.py": "",
    "late.py": "from .other import x\n",
    "other.py": 'x, OPENS = 1, 2\nOPENS = ("data/*.csv",)\n',
    "data/a.csv": "1",
    "unused.py": "",
}
REACHED = MODULES.keys() - {"unused.py", "__init__.py"}  # the package itself only names its public interface
Write = Callable[[dict[str, str]], Path]


@pytest.fixture
def written(tmp_path: Path) -> Write:
    """A function that writes a small package, and forgets what was read before."""

    def write(files: dict[str, str]) -> Path:
        code.forget()
        shutil.rmtree(tmp_path / "reprompt", ignore_errors=True)
        for name, text in files.items():
            (tmp_path / "reprompt" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "reprompt" / name).write_text(text)
        return tmp_path / "reprompt"

    return write


def test_imports_are_followed_and_files_that_are_opened_are_found(written: Write) -> None:
    package = written(MODULES)
    reached = code.reached(["first"], package)
    assert reached == {name: package / name for name in REACHED}


@pytest.mark.parametrize("name", sorted(MODULES))
def test_what_is_reached_counts_and_nothing_else(written: Write, name: str) -> None:
    before = code.code_hash(["first"], written(MODULES))
    after = code.code_hash(["first"], written(MODULES | {name: MODULES[name] + "\nNEW = 1\n"}))
    assert (before != after) == (name in REACHED)


@pytest.mark.parametrize(
    "change",
    [
        {"first.py": MODULES["late.py"], "late.py": MODULES["first.py"]},  # contents swapped
        {"first.py": "from reprompt.folder import member as other\n"},
        {"late.py": "from .others import x\n", "others.py": MODULES["other.py"]},  # the same name from elsewhere
        {"folder/member.py": "", "folder/__init__.py": MODULES["folder/member.py"]},
        {"data/b.csv": ""},
        {"data/a.csv": "2"},
    ],
)
def test_a_swap_another_import_and_another_file_change_the_hash(written: Write, change: dict[str, str]) -> None:
    before = code.code_hash(["first", "late"], written(MODULES))
    assert code.code_hash(["first", "late"], written(MODULES | change)) != before


def test_a_moved_module_changes_the_hash(written: Write) -> None:
    before = code.code_hash(["first"], written(MODULES))
    moved = {name: text.replace("beside", "moved") for name, text in MODULES.items() if name != "beside.py"}
    assert code.code_hash(["first"], written(moved | {"moved.py": ""})) != before


def test_what_is_only_for_a_type_checker_is_not_followed(written: Write) -> None:
    checked = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import reprompt.unused\nelse:\n"
    reached = code.reached(["first"], written(MODULES | {"first.py": f"{checked}    import reprompt.late\n"}))
    assert "unused.py" not in reached
    assert "late.py" in reached


def test_a_dispatching_module_counts_and_what_it_imports_does_not(written: Write) -> None:
    files = {"data/sources.py": "import reprompt.late\n", "first.py": "import reprompt.data.sources\n"}
    assert set(code.reached(["first"], written(MODULES | files))) == {"first.py", "data/sources.py"}


def test_a_neutral_module_counts_only_where_an_entry_point_names_it(written: Write) -> None:
    package = written(MODULES | {"cells/recipes.py": "", "first.py": "import reprompt.cells.recipes\n"})
    assert "cells/recipes.py" not in code.reached(["first"], package)
    assert "cells/recipes.py" in code.reached(["first", "cells.recipes"], package)


def test_a_module_that_is_gone_is_reported_by_name(written: Write) -> None:
    with pytest.raises(FileNotFoundError, match=r"'no_such\.module'"):
        code.code_hash(["no_such.module"], written(MODULES))
    with pytest.raises(FileNotFoundError, match="'gone'"):
        code.code_hash(["first"], written(MODULES | {"beside.py": "import reprompt.gone\n"}))


def test_a_pattern_that_matches_nothing_is_reported_with_its_module(written: Write) -> None:
    with pytest.raises(FileNotFoundError, match=r"other\.py: OPENS names 'data/\*\.txt'"):
        code.reached(["first"], written(MODULES | {"other.py": 'OPENS = ("data/*.txt",)\n'}))
