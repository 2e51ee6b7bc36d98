"""A copy of the project in which the smoke scale has really run, and clones of it.

What changes files of a run and what asks of its code are two groups of tests, each in one worker; the run is one.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from copies import PROJECT, WARM, call, commit, copy_project

from reprompt.foundation.locks import exclusive
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import Plan, make_plan

OF_CODE = ("test_attest", "test_taking_over", "test_traced")
IN_GIT = ("tables", "figures", "claims.csv", "null.csv", "report", "headline.json", "provenance.jsonl")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("code" if item.path.stem in OF_CODE else "workflow"))
            item.add_marker(pytest.mark.workflow)


@pytest.fixture(scope="session", autouse=True)
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have the copies' commands start in no time: most of those at scale smoke take less than their libraries do."""
    folder = tmp_path_factory.mktemp("warm")
    with subprocess.Popen([sys.executable, Path(__file__).with_name("warm.py"), folder]) as server:
        try:
            while not (folder / "reprompt").exists() and server.poll() is None:
                time.sleep(0.1)
            os.environ[WARM] = str(folder)
            yield
        finally:
            del os.environ[WARM]
            server.terminate()


@pytest.fixture(scope="session")
def plan() -> Plan:
    """The plan at scale smoke."""
    return make_plan(load_parameters(PROJECT / "params.yaml", "smoke"))


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which the smoke scale was run by Snakemake, registered by DVC, and committed.

    The first worker that needs it makes it, another one waits.
    """
    workers = tmp_path_factory.getbasetemp()
    workers = workers.parent if "PYTEST_XDIST_WORKER" in os.environ else workers
    folder, done = workers / "smoke", workers / "smoke.done"
    with exclusive(workers / "smoke.lock"):
        if not done.exists():
            run_smoke(folder)
            done.touch()
    return folder


def run_smoke(folder: Path) -> None:
    """Make that copy."""
    folder.mkdir()
    copy_project(folder)
    options = ("--cores", "2", "--config", "scale=smoke")
    call(folder, "snakemake", *options, seconds=1200)
    call(folder, "dvc", "repro", "code")
    # what `dvc repro` would register, without asking Snakemake for every stage
    call(folder, "dvc", "commit", "--force")
    call(folder, "dvc", "push")
    root = folder / "results/smoke"
    commit(folder, "-f", "dvc.lock", "code.json", ".dvcstore", *(str(root / name) for name in IN_GIT))


@pytest.fixture
def clone(smoke: Path, tmp_path: Path) -> Path:
    """A fresh clone of it after `dvc pull`."""
    call(tmp_path, "git", "clone", "-q", str(smoke), "clone")
    call(tmp_path / "clone", "dvc", "pull")
    return tmp_path / "clone"


@pytest.fixture
def finished(smoke: Path, tmp_path: Path) -> Path:
    """A copy of the folder as the run left it, with Snakemake's own records."""
    return shutil.copytree(smoke, tmp_path / "finished", ignore=shutil.ignore_patterns(".dvc", ".dvcstore"))
