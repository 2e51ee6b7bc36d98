"""The two codes at work: each in a worktree of its own with a copy of the results, so neither touches the real ones.

Each works on the source of its worktree. What they read (data, backbones, kept prompts, records) are copies: the old
code has the results of its own commit where DVC still has them, as today's may be of a format that it does not know.
Features and images are made where they are missing, or shared where the same code makes them.
"""

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reprompt import locks, provenance, reproduce
from reprompt.plan.plan import Plan

FOLDER = Path(".reprompt/attest")
TRACED = Path(__file__).with_name("traced")  # what Python imports at its start where that is on its path
ONE_THREAD = Path(__file__).with_name("one_thread.py")
MADE_ANEW = ("features", "images")  # folders below the results whose content is no output


class SideError(Exception):
    """What one of the codes could not do, in words."""


@dataclass(frozen=True)
class Side:
    """One code: its commit, the worktree it lies in, and the folder of results there."""

    commit: str
    folder: Path
    root: Path  # relative to the folder, as in the project

    @property
    def package(self) -> Path:
        """The source of the package."""
        return self.folder / "src/reprompt"

    @property
    def samples(self) -> Path:
        """Where samples go."""
        return self.folder / "samples"

    def at(self, output: str | Path) -> Path:
        """Where this side has an output of the workflow."""
        return self.folder / output

    @property
    def provenance(self) -> Path:
        """Its list of provenance as it was when its results were laid out."""
        return self.folder / ".provenance.jsonl"

    @property
    def wanted(self) -> Path:
        """The lines that its processes look out for."""
        return self.folder / ".lines.json"

    @property
    def ran(self) -> Path:
        """Those of them that they executed."""
        return self.folder / ".executed"

    def look_out(self, lines: Mapping[str, list[int]]) -> None:
        """Have its processes tell which of these lines they execute, by file of the package."""
        self.ran.unlink(missing_ok=True)
        self.wanted.unlink(missing_ok=True)
        if lines:
            wanted = {str(self.package / file): of_file for file, of_file in lines.items()}
            self.wanted.write_text(json.dumps(wanted))

    def executed(self) -> dict[str, set[int]]:
        """The lines that were executed so far, by file of the package."""
        found: dict[str, set[int]] = {}
        for text in self.ran.read_text().splitlines() if self.ran.exists() else ():
            file, _, line = text.rpartition(":")
            found.setdefault(str(Path(file).relative_to(self.package)), set()).add(int(line))
        return found

    @property
    def environment(self) -> dict[str, str]:
        """The environment of its commands: this Python on its source, with no profile of a cluster."""
        path = [self.folder / "src"]
        found = {name: value for name, value in reproduce.environment().items() if name != "SNAKEMAKE_PROFILE"}
        if self.wanted.exists():
            path.insert(0, TRACED)
            found |= {"REPROMPT_LINES": str(self.wanted), "REPROMPT_EXECUTED": str(self.ran)}
        return found | {
            "PYTHONPATH": os.pathsep.join(map(str, path)),
            "PYTHONDONTWRITEBYTECODE": "1",
            "REPROMPT_TRACEBACK": "1",
        }


def make_side(plan: Plan, commit: str, own: bool = False) -> Side:
    """A worktree of a commit with a copy of the results; what an interrupted attest left there stays.

    With `own` the results are those of the commit, where DVC's cache has them.
    """
    side = Side(commit, (FOLDER / commit[:12]).resolve(), plan.root)
    if not (side.folder / ".git").exists():
        shutil.rmtree(side.folder, ignore_errors=True)
        git("worktree", "prune")
        git("worktree", "add", "--quiet", "--detach", "--force", str(side.folder), commit)
    if not (own and check_out_results(side)):
        copy_results(plan.root, side.at(plan.root))
    shutil.copy2(side.at(provenance.list_path(side.root)), side.provenance)
    for path in outside(plan):
        if path.exists() and not side.at(path).exists():
            side.at(path).parent.mkdir(parents=True, exist_ok=True)
            side.at(path).symlink_to(path.resolve())
    return side


def check_out_results(side: Side) -> bool:
    """Lay out what DVC has of the commit's own results; git's are there. False where DVC no longer has all of it."""
    dvc = [sys.executable, "-m", "dvc"]
    options = {"env": reproduce.environment(), "capture_output": True, "text": True, "check": False}
    cache = subprocess.run([*dvc, "cache", "dir"], **options).stdout.strip()
    subprocess.run([*dvc, "config", "--local", "cache.dir", cache], cwd=side.folder, **options)
    return subprocess.run([*dvc, "checkout", "--quiet", "--force"], cwd=side.folder, **options).returncode == 0


def copy_results(root: Path, to: Path) -> None:
    """Copy what Snakemake made: not the features themselves, nor images."""
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        place = path.relative_to(root)
        made_anew = place.parts[0] in MADE_ANEW and (place.parts[0] == "images" or path.suffix != ".json")
        if not made_anew and not path.name.endswith("~"):
            (to / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, to / place)


def share(old: Side, new: Side, real: Path) -> None:
    """Have both sides use the same features and images; those of the real results are at hand, but never written."""
    for path in sorted(real.glob("features/*/*.safetensors")):
        there = new.at(new.root) / path.relative_to(real)
        there.parent.mkdir(parents=True, exist_ok=True)
        if not there.exists():
            there.symlink_to(path.resolve())  # replaced, not followed, where features are made anew
    for name in (*(new.root / name for name in MADE_ANEW), locks.FOLDER):  # locks, so that one waits for the other
        here, there = old.at(name), new.at(name)
        there.mkdir(parents=True, exist_ok=True)
        if not here.is_symlink():
            shutil.rmtree(here, ignore_errors=True)
            here.symlink_to(there)


def outside(plan: Plan) -> list[Path]:
    """What the parameters name below the project's folder and git does not have: data sets, files of weights."""
    parameters = plan.parameters
    named = [getattr(parameters.data, "root", None)]
    named += [getattr(backbone, "file", None) for backbone in parameters.backbones.values()]
    if parameters.gram:
        named += [getattr(of, "root", None) for of in (parameters.gram.pairs, parameters.gram.web)]
    return [Path(name) for name in named if isinstance(name, str) and not Path(name).is_absolute()]


def remove(commits: Iterable[str]) -> None:
    """Remove the worktrees."""
    for commit in commits:
        git("worktree", "remove", "--force", str(FOLDER / commit[:12]))


def git(*arguments: str) -> str:
    """What git says. Raises SideError where it refuses."""
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SideError(f"git {arguments[0]}: {reproduce.last_words(done.stderr)}")
    return done.stdout


# Rules without training


def made_again(side: Side, outputs: Sequence[str], cores: int) -> tuple[dict[str, Path], str]:
    """Have Snakemake make some outputs again on one side: where those lie that it made, and what it said last.

    None may be made of another. The copies are put back, so that the next ones are made of them and nothing else runs.
    """
    aside, made = side.folder / ".aside", side.folder / ".made"
    for folder in (aside, made):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copy2(side.provenance, side.at(provenance.list_path(side.root)))
    _move(outputs, side.folder, aside)
    try:
        fixed = ["--config", f"scale={side.root.name}", "--rerun-triggers", "mtime", "--cores", str(cores)]
        done = subprocess.run(
            [*reproduce.SNAKEMAKE, *fixed, "--", *outputs],
            cwd=side.folder,
            env=side.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        _move(outputs, side.folder, made)
    finally:
        _move(outputs, aside, side.folder)
    log = FOLDER / f"{side.commit[:12]}-snakemake.log"
    with log.open("a") as file:
        file.write(done.stdout + done.stderr)
    words = f"{reproduce.last_words(done.stdout + done.stderr)}; details in {log}"
    return {output: made / output for output in outputs if (made / output).exists()}, words


def _move(outputs: Iterable[str], source: Path, target: Path) -> None:
    for output in outputs:
        if (source / output).exists():
            (target / output).parent.mkdir(parents=True, exist_ok=True)
            os.replace(source / output, target / output)


# Training


class Sampler:
    """`reprompt sample` on one side, which works through requests in order.

    On one thread, where a code gives the same bits each time.
    """

    def __init__(self, side: Side, requests: Sequence[Mapping[str, Any]]):
        """Start it."""
        self.side = side
        shutil.rmtree(side.samples, ignore_errors=True)
        side.samples.mkdir(parents=True)
        asked, self.log = side.samples / "requests.jsonl", FOLDER / f"{side.commit[:12]}-sample.log"
        asked.write_text("".join(json.dumps(request) + "\n" for request in requests))
        command = ["sample", str(asked), "--out", str(side.samples), "--scale", side.root.name]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(ONE_THREAD), *command],
                cwd=side.folder,
                env=side.environment | {"OMP_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                preexec_fn=reproduce.end_with_parent,
            )

    def last_words(self) -> str:
        """What it said last, where it failed."""
        return reproduce.last_words(self.log.read_text())


@contextmanager
def both(samplers: Sequence[Sampler]) -> Iterator[Iterator[str]]:
    """The names of requests as soon as all sides are done with them. A side that fails ends it with a SideError."""
    said: queue.Queue[tuple[int, str | None]] = queue.Queue()  # of each side a name, or None when it has ended

    def read(number: int, sampler: Sampler) -> None:
        for line in sampler.process.stdout:
            said.put((number, line.strip()))
        said.put((number, None))

    def names() -> Iterator[str]:
        done: dict[str, set[int]] = {}
        running = len(samplers)
        while running:
            number, name = said.get()
            sampler = samplers[number]
            if name is None:
                running -= 1
                if sampler.process.wait():
                    whose = f"the code of {sampler.side.commit[:12]}"
                    raise SideError(f"{whose} failed: {sampler.last_words()}; details in {sampler.log}")
            elif done.setdefault(name, set()) | {number} == set(range(len(samplers))):
                yield name
            else:
                done[name].add(number)

    for number, sampler in enumerate(samplers):
        threading.Thread(target=read, args=(number, sampler), daemon=True).start()
    try:
        yield names()
    finally:
        for sampler in samplers:
            if sampler.process.poll() is None:
                sampler.process.terminate()
                sampler.process.wait()
