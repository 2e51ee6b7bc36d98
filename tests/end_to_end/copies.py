"""Copies of the project to run the workflow in, and what to ask of them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from project import PROJECT
from reprompt.workflow.snakemake import Events

WARM = "WARM_COMMANDS"  # the variable with the folder that warm.py serves
NOT_COPIED = (".dvcstore/", "results/", "dvc.lock")


def environment(folder: Path) -> dict[str, str]:
    """Commands of this Python, working on the copy's own source; `reprompt` is the warm one where there is one."""
    folders = (os.environ.get(WARM, ""), str(Path(sys.executable).parent), os.environ["PATH"])
    fixed = {
        "PATH": os.pathsep.join(filter(None, folders)),
        "PYTHONPATH": str(folder / "src"),
        "DVC_NO_ANALYTICS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return {**os.environ, **fixed}


def call(folder: Path, *command: str, succeeds: bool = True, seconds: int = 600) -> str:
    """Run a command in a copy of the project; returns what it printed, on both streams."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
    )
    assert (done.returncode == 0) == succeeds, f"{' '.join(command)}: {done.returncode}\n{done.stdout[-5000:]}"
    return done.stdout


def wanted(folder: Path, *targets: str) -> set[str]:
    """The steps that `snakemake -n` would run, for all or some targets; a step's name is its rule and wildcards."""
    events = Events(folder / "logs/wanted.jsonl")
    text = call(folder, "snakemake", "-n", *events.options, "--", *targets)
    steps = {job.step for job in events.read().jobs.values()}
    assert steps or "Nothing to be done" in text, text
    return steps - {"all"}


def copy_project(folder: Path) -> None:
    """The project's own files (tracked, or about to be), as a repository of its own, at scale smoke."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=PROJECT, capture_output=True, text=True
    )
    for name in listed.stdout.splitlines():
        if not name.startswith(NOT_COPIED) and (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, folder / name)
    edit(folder / "params.yaml", r"^scale: \w+", "scale: smoke")
    call(folder, "git", "init", "-q")
    commit(folder, "-A", ".")


def commit(folder: Path, *added: str) -> None:
    """Commit in a copy, as nobody in particular."""
    call(folder, "git", "add", *added)
    nobody = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    call(folder, "git", *nobody, "commit", "-qm", "test")


def edit(file: Path, old: str, new: str) -> None:
    """Replace what matches the pattern `old`, which must be there once."""
    text, count = re.subn(old, new, file.read_text(), count=1, flags=re.MULTILINE)
    assert count == 1, f"{file}: no {old}"
    file.write_text(text)


def change_lambda(folder: Path) -> None:
    """Another lambda for ProGrad."""
    edit(folder / "params.yaml", r"^(  prograd:(?:.*\n)+?    lambda: )1\.0", r"\g<1>0.7")


def contents(folder: Path) -> dict[str, bytes]:
    """What a run's numbers and pictures come to: every file but those that tell the time."""
    root = folder / "results/smoke"
    folders = ("records/**/*.npz", "tables/*", "figures/*", "world/*", "data/*", "claims.csv", "null.csv")
    files = [file for pattern in folders for file in root.glob(pattern)]
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}
