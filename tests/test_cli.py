"""Every command answers, and what it imports only when it is called is there."""

import ast
from importlib import import_module
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from reprompt import cli


def commands(command: object, *names: str) -> list[tuple[str, ...]]:
    """The words of every command below one."""
    below = getattr(command, "commands", None)
    if below is None:
        return [names]
    return [words for name, inside in below.items() for words in commands(inside, *names, name)]


EVERY = commands(typer.main.get_command(cli.app))
IMPORTS = sorted(
    {
        (node.module, alias.name)
        for node in ast.walk(ast.parse(Path(cli.__file__).read_text()))
        if isinstance(node, ast.ImportFrom) and node.module.startswith("reprompt.")
        for alias in node.names
    }
)


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_every_command_says_what_it_is_for(words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(cli.app, [*words, "--help"])
    assert done.exit_code == 0, done.output
    assert len(done.output.splitlines()) > 5


def test_benchmarks_and_data_sets_have_commands_of_their_own() -> None:
    benchmarks = {"steps", "fleets", "meta", "topics", "input", "views", "conditioning"}
    assert {words[1] for words in EVERY if words[0] == "bench"} == benchmarks
    assert {words[1] for words in EVERY if words[0] == "data"} == {"status", "fetch"}


@pytest.mark.parametrize(("module", "name"), IMPORTS)
def test_what_a_command_imports_is_there(module: str, name: str) -> None:
    assert hasattr(import_module(module), name)
