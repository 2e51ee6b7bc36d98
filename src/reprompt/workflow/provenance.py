"""Where every output came from, in one file under version control: results/<scale>/provenance.jsonl.

Snakemake keeps a record of each output (its rule, command, parameters and the checksums of its inputs) in `.snakemake`,
which a clone does not have. Without those records it would take whatever `dvc pull` restored for the result of today's
parameters. So a run ends by writing them out, each with the SHA-256 of its output (`export`), and starts by handing
them back for restored files (`adopt`). A file that is neither made here nor what the list says stops the run.

    {"output": "results/miniature/records/few_shot/coop/ViT-B-16/part1.npz", "sha256": ..., "rule": "tune",
     "wildcards": {...}, "made": {"code": ..., "spec": ..., "cells": ..., "commit": ...}, "attested": [...],
     "params": [...], "input": [...], "input_checksums": {...}, "code": ..., ...}

`made` is ours: hashes of the code and of the parameters that the output was made with (of records also of the code of
their cells), and the commit that had them, with a "+" where it was not committed. `attested` says by which proofs
(`reprompt attest`) an output counts as made by later code. `code` is Snakemake's own word for the command.

What is deleted as soon as it was read has an entry whose SHA-256 is null: Snakemake asks for the record of every output
of a job before it believes that its inputs are the same.

This leans on the format of Snakemake's records (version 6, Snakemake 9.27); tests/end_to_end clones, restores and asks
for "Nothing to be done", so that an upgrade that breaks it is seen.
"""

import base64
import hashlib
import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

RECORDS = Path(".snakemake/metadata")
INCOMPLETE = Path(".snakemake/incomplete")
LONG_AGO = 946_684_800.0  # the year 2000: older than any source file
KEPT = (
    "rule",
    "code",
    "input",
    "params",
    "input_checksums",
    "conda_env",
    "container_img_url",
    "software_stack_hash",
    "record_format_version",
)

SOURCE = ("src", "rules", "Snakefile", "params.yaml")  # what decides a result, in git

Entry = dict[str, Any]


class TamperedError(Exception):
    """Outputs that are neither this folder's own work nor what the list says."""


def list_path(root: Path) -> Path:
    """Where the list of a scale's outputs lies; `root` is `results/<scale>`."""
    return root / "provenance.jsonl"


def load(root: Path) -> dict[str, Entry]:
    """The list, by output."""
    path = list_path(root)
    lines = path.read_text().splitlines() if path.exists() else []
    return {entry["output"]: entry for entry in map(json.loads, lines)}


def export(root: Path, outputs: Mapping[str, Entry], keep: Iterable[str], passed_on: Iterable[str] = ()) -> None:
    """Write what Snakemake knows of `outputs` into the list, with what is said of each here: `wildcards` and `made`.

    An output that is as the list has it, made with the same, keeps its commit and proofs. Entries of other outputs
    stay while they are in `keep`, the plan, or in `passed_on`, which is deleted as soon as it was read: in a fresh
    clone most files are not there yet.
    """
    passed_on = set(passed_on)
    planned, commit = passed_on.union(keep), source_commit()
    entries = {output: entry for output, entry in load(root).items() if output in planned}
    for output, how in outputs.items():
        stays = output not in passed_on
        record = _record(output) if os.path.isfile(output) or not stays else None
        if record:
            content = sha256(output) if stays else None
            known = {"output": output, "sha256": content} | {key: record.get(key) for key in KEPT}
            entries[output] = known | _made(how, commit, entries.get(output, {}), content)
    write(root, entries)


def write(root: Path, entries: dict[str, Entry]) -> None:
    """Write the list."""
    text = "".join(json.dumps(entries[output], sort_keys=True) + "\n" for output in sorted(entries))
    path = list_path(root)
    if text and not (path.exists() and path.read_text() == text):
        _write(path, text)


def _made(how: Entry, commit: str, before: Entry, content: str | None) -> Entry:
    """What the list says of how an output was made; as before where nothing of it changed."""
    made = how["made"]
    same = before.get("sha256") == content and made.items() <= before.get("made", {}).items()
    if same:
        return how | {key: before[key] for key in ("made", "attested") if key in before}
    return how | {"made": made | {"commit": commit}}


def change_params(output: str, params: list[str]) -> None:
    """Have Snakemake's record of an output, where there is one, say that it was made with these parameters."""
    record = _record(output)
    if record:
        _write(_record_path(output), json.dumps(record | {"params": params}))


def source_commit() -> str:
    """The commit of the source as it lies here, with a "+" where it is not committed; "unknown" outside git."""
    head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True)
    if head.returncode:
        return "unknown"
    changed = subprocess.run(["git", "status", "--porcelain", "--", *SOURCE], capture_output=True, text=True)
    return head.stdout.strip() + ("+" if changed.stdout.strip() or changed.returncode else "")


def adopt(root: Path) -> int:
    """Give Snakemake the records of restored outputs; returns how many there were.

    Raises TamperedError, naming files, when an output is neither made here nor what the list says.
    """
    records: dict[str, Entry] = {}
    restored, strange = [], []
    for output, entry in load(root).items():
        if _record_path(output, INCOMPLETE).exists() or os.path.isfile(output) == (entry["sha256"] is None):
            continue
        record = _record(output)
        if entry["sha256"] is None:
            records[output] = record or _restored(entry)
        elif record and abs(record["endtime"] - os.stat(output).st_mtime) < 1e-3:
            records[output] = record  # made here and untouched since
        elif sha256(output) == entry["sha256"]:
            records[output] = _restored(entry)
            restored.append(output)
        else:
            strange.append(output)
    if strange:
        raise TamperedError(
            f"{len(strange)} files are not what {list_path(root)} says, the first: {strange[0]}. Restore them"
            " (`dvc checkout --force`, `git checkout results`), or delete them to have them made again"
        )
    if restored:
        _date_back(records)
    return len(restored)


def _restored(entry: Entry) -> Entry:
    """The record that Snakemake would have had of an output."""
    return {key: entry[key] for key in KEPT} | {"incomplete": False, "log": [], "starttime": LONG_AGO, "job_hash": 0}


def restore(output: str, entry: Entry) -> None:
    """Give Snakemake the record of one output that was put there, as if it had made it long ago."""
    _date_back({output: _restored(entry)})


def _date_back(records: dict[str, Entry]) -> None:
    """Make every output older than all sources, and each older than what it was made from.

    Then no date tells Snakemake that anything is up to date, and checksums decide every edge.
    """
    depths: dict[str, int] = {}

    def depth(output: str) -> int:
        if output not in depths:
            inputs = records[output]["input"] or () if output in records else ()
            depths[output] = 1 + max(map(depth, inputs), default=0) if output in records else 0
        return depths[output]

    for output, record in records.items():
        record["endtime"] = LONG_AGO - depth(output)
        if os.path.isfile(output):
            os.utime(output, (record["endtime"], record["endtime"]))
        _write(_record_path(output), json.dumps(record))


def differences(root: Path) -> list[tuple[str, str]]:
    """The listed outputs that are not what the list says, each with why."""
    differing = []
    for output, entry in load(root).items():
        if entry["sha256"] is None:
            continue
        if not os.path.isfile(output):
            differing.append((output, "missing; `dvc pull` restores it"))
        elif sha256(output) != entry["sha256"]:
            differing.append((output, "is not the file that was made: its SHA-256 differs"))
    return differing


def prune(folder: Path, keep: Iterable[str]) -> list[str]:
    """Delete the files below `folder` that are not in `keep`, such as the records of a task no longer in the plan.

    DVC stores whole folders, so what is left lying there would be stored as if it were a result.
    """
    kept = set(keep)
    removed = [path for path in sorted(folder.rglob("*")) if path.is_file() and str(path) not in kept]
    for path in removed:
        path.unlink()
    for path in sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True):
        if not any(path.iterdir()):
            path.rmdir()
    return [str(path) for path in removed]


def sha256(path: str | Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _record_path(output: str, folder: Path = RECORDS) -> Path:
    """Where Snakemake keeps its record of an output: the base64 of its path, in pieces that a file name can hold."""
    name = base64.urlsafe_b64encode(output.encode()).decode()
    pieces = [name[start : start + 254] for start in range(0, len(name), 254)]
    return folder.joinpath(*["@" + piece for piece in pieces[:-1]], pieces[-1])


def _record(output: str) -> Entry | None:
    try:
        return json.loads(_record_path(output).read_text())
    except (OSError, ValueError):
        return None


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + "~")
    temporary.write_text(text)
    os.replace(temporary, path)
