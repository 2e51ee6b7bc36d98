"""What changed between two codes, and what of it a sample executed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reprompt.workflow.attest.changes import changes_between, functions
from reprompt.workflow.attest.sides import TRACED

BEFORE = """
RATE = 1

def loss(x, shots):
    if shots > 8:
        x = x * 2
    return x - RATE

def unused(x):
    return x
"""


@pytest.fixture
def packages(tmp_path: Path) -> tuple[Path, Path]:
    """An old and a new package, the same so far."""
    for side in ("old", "new"):
        (tmp_path / side / "reprompt").mkdir(parents=True)
        (tmp_path / side / "reprompt/train.py").write_text(BEFORE)
    return tmp_path / "old/reprompt", tmp_path / "new/reprompt"


def changed(packages: tuple[Path, Path], text: str, file: str = "train.py") -> list[str]:
    """What changed where a file of the new package is this text, without places."""
    old, new = packages
    (new / file).write_text(text)
    names = [str(path.relative_to(new)) for path in new.rglob("*") if path.is_file()]
    return [words.partition(" in ")[2] for words in changes_between(old, new, names).unseen(names, set())]


def test_comments_docstrings_and_formatting_are_no_change(packages) -> None:
    text = BEFORE.replace("x = x * 2", "x = (x\n             * 2)  # twice")
    assert changed(packages, text.replace("def unused(x):", 'def unused(\n    x,\n):\n    """Says."""')) == []


def test_a_module_that_was_moved_has_not_changed(packages) -> None:
    (packages[1] / "train.py").unlink()
    assert changed(packages, BEFORE, "loop.py") == []


def test_of_a_renamed_function_only_its_head_and_its_callers_changed(packages) -> None:
    assert changed(packages, BEFORE.replace("unused", "renamed")) == ["the module itself: def renamed(x):"]


def test_a_function_whose_own_variables_were_renamed_has_not_changed(packages) -> None:
    text = BEFORE.replace("def loss(x, shots):", "def loss(x, size):").replace("shots > 8", "size > 8")
    assert changed(packages, text) == ["the module itself: def loss(x, size):"]  # its callers may name it
    assert "loss: return x - x" in changed(packages, text.replace("x - RATE", "x - x"))


def test_one_more_variable_does_not_change_the_statements_behind_it(packages) -> None:
    text = BEFORE.replace("    if shots > 8:", "    y = shots\n    if shots > 8:").replace(
        "x = x * 2", "x = x * 2\n        z = x"
    )
    (packages[0] / "train.py").write_text(BEFORE.replace("x = x * 2", "x = x * 2\n        z = x"))
    assert changed(packages, text) == ["loss: y = shots"]


def test_a_module_that_was_moved_and_changed_is_compared_with_what_it_was(packages) -> None:
    (packages[1] / "train.py").unlink()
    (packages[0] / "train.py").write_text(BEFORE + "SHOTS = 16\n")
    text = BEFORE + "SHOTS = 8\n"
    assert changed(packages, text, "loop.py") == ["the module itself: SHOTS = 8"]


def test_neither_attributes_nor_what_a_function_inside_reads_are_its_own_variables(packages) -> None:
    text = BEFORE.replace("    return x\n", "    y = x\n    return lambda: y.y\n")
    (packages[0] / "train.py").write_text(text)
    assert changed(packages, text.replace("y", "z")) == [
        "unused: z = x",
        "unused: return lambda: z.z",
        "unused: taken away: y = x",
        "unused: taken away: return lambda: y.y",
    ]
    (packages[0] / "train.py").write_text(text.replace("lambda: y.y", "y.y"))
    assert changed(packages, text.replace("lambda: y.y", "y.z")) == [
        "unused: return y.z",
        "unused: taken away: return y.y",
    ]


def test_a_changed_statement_is_named_beside_what_it_replaces(packages) -> None:
    assert changed(packages, BEFORE.replace("x * 2", "x * 3")) == [
        "loss: x = x * 3",
        "loss: taken away: x = x * 2",
    ]


def test_a_statement_that_leaves_its_branch_has_changed(packages) -> None:
    text = BEFORE.replace("        x = x * 2\n    return", "        pass\n    x = x * 2\n    return")
    assert "loss: x = x * 2" in changed(packages, text)


def test_a_branch_that_is_gone_has_to_be_seen_in_the_old_code(packages) -> None:
    text = BEFORE.replace("    if shots > 8:\n        x = x * 2\n", "")
    assert changed(packages, text) == ["loss: taken away: if shots > 8:", "loss: taken away: x = x * 2"]


def test_a_refusal_needs_no_failing_sample(packages) -> None:
    text = BEFORE.replace(
        "    return x - RATE", "    if shots < 0:\n        raise ValueError(shots)\n    return x - RATE"
    )
    assert changed(packages, text) == ["loss: if shots < 0:"]


def test_a_changed_constant_belongs_to_its_module(packages) -> None:
    assert changed(packages, BEFORE.replace("RATE = 1", "RATE = 2")) == ["the module itself: RATE = 2"]


def test_a_file_of_data_that_was_changed_counts_as_unseen(packages) -> None:
    for package in packages:
        (package / "names.json").write_text("[1]")
    assert changed(packages, BEFORE) == []
    (packages[1] / "names.json").write_text("[2]")
    old, new = packages
    assert changes_between(old, new, ["names.json"]).unseen(["names.json"], set()) == [
        "names.json: a file that was changed"
    ]


def test_every_kind_of_statement_is_taken(packages) -> None:
    text = """
class Kind:
    size: int = 1

    @property
    def half(self):
        def inner():
            return self.size
        try:
            with open("a") as a, open("b"):
                for _ in a:
                    continue
                else:
                    return 1
        except (OSError, ValueError) as mistake:
            raise KeyError from mistake
        finally:
            del a
        match self.size:
            case 1 if True:
                return inner()
            case _:
                while True:
                    break
"""
    texts = {function.name: function.texts for function in functions("kind.py", text)}
    assert set(texts) == {"", "Kind.half", "Kind.half.<locals>.inner"}
    assert texts["Kind.half.<locals>.inner"] == ("return self.size",)
    parts = ("def inner():", "with open('a') as a, open('b'):", "for _ in a:", "del a")
    for part in (*parts, "match self.size:", "while True:", "break", "return 1", "continue", "case 1 if True"):
        assert any(text.endswith(part) for text in texts["Kind.half"]), part


MAIN = """
import sys
from reprompt.train import loss
loss(1, int(sys.argv[1]))
"""


@pytest.mark.parametrize("shots, seen", [(1, False), (16, True)])
def test_a_line_counts_as_executed_only_where_a_sample_ran_through_it(packages, shots: int, seen: bool) -> None:
    old, new = packages
    (new / "train.py").write_text(BEFORE.replace("x * 2", "x * 3"))
    changes = changes_between(old, new, ["train.py"])
    lines = []
    for package, wanted in zip(packages, changes.lines, strict=True):
        (package / "__init__.py").touch()
        (package / "cli.py").write_text(MAIN)
        folder = package.parent
        (folder / "lines.json").write_text(
            str({str(package / file): of_file for file, of_file in wanted.items()}).replace("'", '"')
        )
        subprocess.run(
            [sys.executable, "-m", "reprompt.cli", str(shots)],
            env={
                **os.environ,
                "PYTHONPATH": f"{TRACED}{os.pathsep}{folder}",
                "REPROMPT_LINES": str(folder / "lines.json"),
                "REPROMPT_EXECUTED": str(folder / "ran.txt"),
            },
            cwd=folder,
            check=True,
        )
        ran = [line.rpartition(":") for line in (folder / "ran.txt").read_text().splitlines()]
        lines.append({"train.py": {int(line) for *_, line in ran}} if ran else {})
    unseen = changes.unseen(["train.py"], changes.executed(*lines))
    assert (unseen == []) is seen
