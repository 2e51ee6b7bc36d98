"""A copy of the project in which the smoke scale has really run, and clones of it. All of it in one worker."""

import shutil
from pathlib import Path

import pytest
from copies import PROJECT, call, commit, copy_project

from reprompt.plan.parameters import load_parameters
from reprompt.plan.plan import Plan, make_plan

IN_GIT = ("tables", "figures", "claims.csv", "report", "headline.json", "provenance.jsonl")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("workflow"))
            item.add_marker(pytest.mark.workflow)


@pytest.fixture(scope="session")
def plan() -> Plan:
    """The plan at scale smoke."""
    return make_plan(load_parameters(PROJECT / "params.yaml", "smoke"))


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which the smoke scale was run by Snakemake, registered by DVC, and committed."""
    folder = tmp_path_factory.mktemp("smoke")
    copy_project(folder)
    call(folder, "snakemake", "--cores", "2", "--config", "scale=smoke", seconds=1200)
    call(folder, "dvc", "repro", "code")
    call(
        folder, "dvc", "commit", "--force"
    )  # what `dvc repro` would register, without asking Snakemake for every stage
    call(folder, "dvc", "push")
    root = folder / "results/smoke"
    commit(folder, "-f", "dvc.lock", "code.json", ".dvcstore", *(str(root / name) for name in IN_GIT))
    return folder


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
