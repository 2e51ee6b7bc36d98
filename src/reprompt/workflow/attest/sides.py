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
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reprompt.foundation import locks
from reprompt.planning.plan import Plan
from reprompt.workflow import provenance
from reprompt.workflow.attest.naming import old_names
from reprompt.workflow.snakemake import PLUGIN, SNAKEMAKE, Events, end_with_parent, environment, last_words

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
    names: Mapping[str, str] = field(default_factory=dict)  # of jobs that it calls otherwise than today's plan

    def name_of(self, job: str) -> str:
        """What it calls a job of today's plan."""
        return self.names.get(job, job)

    @property
    def package(self) -> Path:
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
    def lines_file(self) -> Path:
        """The lines that its processes look out for."""
        return self.folder / ".lines.json"

    @property
    def executed_file(self) -> Path:
        """Those of them that they executed."""
        return self.folder / ".executed"

    def look_out(self, lines: Mapping[str, list[int]]) -> None:
        """Have its processes write down which of these lines they execute, by file of the package."""
        self.executed_file.unlink(missing_ok=True)
        self.lines_file.unlink(missing_ok=True)
        if lines:
            by_path = {str(self.package / file): of_file for file, of_file in lines.items()}
            self.lines_file.write_text(json.dumps(by_path))

    def executed(self) -> dict[str, set[int]]:
        """The lines that were executed so far, by file of the package."""
        lines: dict[str, set[int]] = {}
        for text in self.executed_file.read_text().splitlines() if self.executed_file.exists() else ():
            file, _, line = text.rpartition(":")
            lines.setdefault(str(Path(file).relative_to(self.package)), set()).add(int(line))
        return lines

    @property
    def environment(self) -> dict[str, str]:
        """The environment of its commands: this Python on its source, with no profile of a cluster."""
        path = [self.folder / "src"]
        variables = {name: value for name, value in environment().items() if name != "SNAKEMAKE_PROFILE"}
        if self.lines_file.exists():
            path.insert(0, TRACED)
            variables |= {"REPROMPT_LINES": str(self.lines_file), "REPROMPT_EXECUTED": str(self.executed_file)}
        return variables | {
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
        git("worktree", "add", "--detach", "--force", str(side.folder), commit)
    side = replace(side, names=old_names(plan, side.folder / "params.yaml"))
    if not (own and check_out_results(side)):
        copy_results(plan.root, side.at(plan.root))
    for new, old in side.names.items():  # kept prompts are read where it looks for them
        if (prompts := side.at(plan.prompts(new))).exists():
            side.at(plan.prompts(old)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(prompts, side.at(plan.prompts(old)))
    shutil.copy2(side.at(provenance.list_path(side.root)), side.provenance)
    for path in outside_files(plan):
        if path.exists() and not side.at(path).exists():
            side.at(path).parent.mkdir(parents=True, exist_ok=True)
            side.at(path).symlink_to(path.resolve())
    return side


def check_out_results(side: Side) -> bool:
    """Lay out what DVC has of the commit's own results; git's are there. False where DVC no longer has all of it."""
    dvc = [sys.executable, "-m", "dvc"]
    options = {"env": environment(), "capture_output": True, "text": True, "check": False}
    cache = subprocess.run([*dvc, "cache", "dir"], **options).stdout.strip()
    subprocess.run([*dvc, "config", "--local", "cache.dir", cache], cwd=side.folder, **options)
    return subprocess.run([*dvc, "checkout", "--quiet", "--force"], cwd=side.folder, **options).returncode == 0


def copy_results(root: Path, to: Path) -> None:
    """Copy what Snakemake made: not the features themselves, nor images."""
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        relative = path.relative_to(root)
        made_anew = relative.parts[0] in MADE_ANEW and (relative.parts[0] == "images" or path.suffix != ".json")
        if not made_anew and not path.name.endswith("~"):
            (to / relative).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, to / relative)


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


def outside_files(plan: Plan) -> list[Path]:
    """What the parameters name below the project's folder and git does not have: data sets, files of weights."""
    parameters = plan.parameters
    paths = [getattr(parameters.data, "root", None)]
    paths += [getattr(backbone, "file", None) for backbone in parameters.backbones.values()]
    if parameters.gram:
        paths += [getattr(images, "root", None) for images in (parameters.gram.pairs, parameters.gram.web)]
    return [Path(path) for path in paths if isinstance(path, str) and not Path(path).is_absolute()]


def remove(commits: Iterable[str]) -> None:
    """Remove the worktrees."""
    for commit in commits:
        git("worktree", "remove", "--force", str(FOLDER / commit[:12]))


def git(*arguments: str) -> str:
    """What git says. Raises SideError where it refuses."""
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SideError(f"git {arguments[0]}: {last_words(done.stderr)}")
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
    events = Events(side.folder / ".events.jsonl")
    path = os.pathsep.join((side.environment["PYTHONPATH"], str(PLUGIN)))  # an old code has no plugin
    try:
        fixed = ["--config", f"scale={side.root.name}", "--rerun-triggers", "mtime", "--cores", str(cores)]
        done = subprocess.run(
            [*SNAKEMAKE, *events.options, *fixed, "--", *outputs],
            cwd=side.folder,
            env=side.environment | {"PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        _move(outputs, side.folder, made)
    finally:
        _move(outputs, aside, side.folder)
    said = events.read()
    log = FOLDER / f"{side.commit[:12]}-snakemake.log"
    with log.open("a") as file:
        file.write(done.stdout + done.stderr)
    failed = [f"{step}: {last_words(_text_of(side.at(file)))}" for step, file in said.failed.items()]
    words = f"{'; '.join(failed) or last_words(*reversed(said.errors), done.stdout + done.stderr)}; details in {log}"
    return {output: made / output for output in outputs if (made / output).exists()}, words


def _text_of(log: Path) -> str:
    return log.read_text(errors="replace") if log.is_file() else ""


def _move(outputs: Iterable[str], source: Path, target: Path) -> None:
    for output in outputs:
        if (source / output).exists():
            (target / output).parent.mkdir(parents=True, exist_ok=True)
            os.replace(source / output, target / output)


# Training


class SampleProcess:
    """`reprompt sample` on one side, which works through requests in order.

    On one thread, where a code gives the same bits each time.
    """

    def __init__(self, side: Side, requests: Sequence[Mapping[str, Any]]):
        """Start it on some requests, in which jobs have the names of today's plan."""
        self.side = side
        shutil.rmtree(side.samples, ignore_errors=True)
        side.samples.mkdir(parents=True)
        file, self.log = side.samples / "requests.jsonl", FOLDER / f"{side.commit[:12]}-sample.log"
        file.write_text("".join(json.dumps(_with_its_name(request, side)) + "\n" for request in requests))
        command = ["sample", str(file), "--out", str(side.samples), "--scale", side.root.name]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(ONE_THREAD), *command],
                cwd=side.folder,
                env=side.environment | {"OMP_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                preexec_fn=end_with_parent,
            )

    def last_words(self) -> str:
        """What it said last, where it failed."""
        return last_words(self.log.read_text())


def _with_its_name(request: Mapping[str, Any], side: Side) -> dict[str, Any]:
    """A request with the name that a side has for the job."""
    return {**request, "job": side.name_of(request["job"])} if "job" in request else {**request}


@contextmanager
def finished_by_all(samples: Sequence[SampleProcess]) -> Iterator[Iterator[str]]:
    """The names of requests as soon as all sides are done with them. A side that fails ends it with a SideError."""
    said: queue.Queue[tuple[int, str | None]] = queue.Queue()  # of each side a name, or None when it has ended

    def read(number: int, sample: SampleProcess) -> None:
        todays = {old: new for new, old in sample.side.names.items()}
        for line in sample.process.stdout:
            said.put((number, todays.get(line.strip(), line.strip())))
        said.put((number, None))

    def names() -> Iterator[str]:
        done: dict[str, set[int]] = {}
        running = len(samples)
        while running:
            number, name = said.get()
            sample = samples[number]
            if name is None:
                running -= 1
                if sample.process.wait():
                    whose = f"the code of {sample.side.commit[:12]}"
                    raise SideError(f"{whose} failed: {sample.last_words()}; details in {sample.log}")
            elif done.setdefault(name, set()) | {number} == set(range(len(samples))):
                yield name
            else:
                done[name].add(number)

    for number, sample in enumerate(samples):
        threading.Thread(target=read, args=(number, sample), daemon=True).start()
    try:
        yield names()
    finally:
        for sample in samples:
            if sample.process.poll() is None:
                sample.process.terminate()
                sample.process.wait()
