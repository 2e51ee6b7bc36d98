"""The installer says in one line what stops it. It runs on any Python, before anything is installed."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from project import PROJECT


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("install", PROJECT / "tools/install.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.chdir(tmp_path)
    return module


@pytest.mark.parametrize(
    ("log", "words"),
    [
        ("WARNING: Retrying: NewConnectionError\nERROR: Could not find a version", "no network"),
        ("ERROR: Could not install packages: [Errno 28] No space left on device", "the disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "its hash differs"),
        ("ERROR: something new", "something new"),
    ],
)
def test_the_reason_is_told_in_words(install: ModuleType, log: str, words: str) -> None:
    assert words in install.reason(log)
    assert "\n" not in install.reason(log)


def test_too_little_space_stops_before_anything_is_downloaded(install: ModuleType, monkeypatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 8, 2 * 10**9))
    with pytest.raises(install.InstallError, match=r"8 GB here, 2\.0 GB are free"):
        install.check_space(Path(".venv"))


def test_an_install_without_network_ends_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "requirements.lock").write_text(f"no-such-package==1.0 --hash=sha256:{'0' * 64}\n")
    index = "http://127.0.0.1:9/simple"  # nobody listens there
    done = subprocess.run(
        [sys.executable, PROJECT / "tools/install.py", ".venv"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "PIP_INDEX_URL": index, "PIP_CONFIG_FILE": "/dev/null"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("reprompt: no network"), line


def test_make_names_a_python_that_is_too_old(tmp_path: Path) -> None:
    old = tmp_path / "python3.9"
    old.write_text('#!/bin/sh\n[ "$1" = -V ] && echo "Python 3.9.2" && exit 0\nexit 1\n')
    old.chmod(0o755)
    command = ["make", "-f", PROJECT / "Makefile", "VENV=nowhere", f"PYTHON={old}", "install"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode != 0
    assert f"reprompt: {old} is not Python 3.11 or newer (Python 3.9.2)" in done.stderr
