"""`reprompt data status` and `reprompt data fetch`, as a user types them."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from project import PROJECT
from reprompt.data.commands import app


def run(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_status_names_every_data_set_and_counts_them(tmp_path):
    result = run("status", "--root", tmp_path)
    assert result.exit_code == 0
    assert "0 present, 0 partial, 37 missing" in result.output
    assert "ai.stanford.edu" in result.output  # what is dead
    assert "opendatalab.com/OpenDataLab/SUN397" in result.output  # what works instead


def test_status_of_a_named_data_set_that_is_missing_is_a_failure(tmp_path):
    assert run("status", "dtd", "--root", tmp_path).exit_code == 1


def test_a_mistyped_name_gets_the_nearest_known_one(tmp_path):
    assert str(run("fetch", "food102", "--root", tmp_path).exception) == "no task 'food102'; did you mean 'food101'?"


def test_fetch_of_what_needs_a_person_says_so_and_fails(tmp_path):
    result = run("fetch", "hateful_memes", "--root", tmp_path)
    assert result.exit_code == 1
    assert "get it from https://hatefulmemeschallenge.com" in str(result.exception)


def test_several_data_sets_are_fetched_though_one_fails(server, tmp_path):
    (tmp_path / "cards").mkdir()
    for name in ("dtd", "mnist"):
        url = f"{server.url}/{name}.zip"
        text = f"downloads: [{{file: a.zip, url: '{url}', extract: zip, makes: images}}]\n"
        (tmp_path / f"cards/{name}.yaml").write_text(text)
    result = run("fetch", "dtd", "mnist", "--root", tmp_path, "--cards", tmp_path / "cards")
    assert "dtd: not complete" in str(result.exception)
    assert "mnist: not complete" in str(result.exception)


@pytest.mark.parametrize("words", [("fetch", "fer2013"), ("status", "nonsense")])
def test_a_failure_is_words_on_standard_error_not_a_traceback(tmp_path, words):
    done = subprocess.run(
        [sys.executable, "-m", "reprompt.cli", "data", *words, "--root", tmp_path],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("reprompt: ")
    assert "Traceback" not in done.stderr
