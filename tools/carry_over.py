"""Carry results of schema 2 over to schema 3, with nothing trained: used once in a folder, docs/schema.md says when.

    python tools/carry_over.py --scale miniature --made-by COMMIT

COMMIT is the commit whose code made the results, by which `snakemake -n` has nothing to do. Recipes get their
canonical forms: in the names of files, in the rows of records, in the identities of cells, in the list of outputs.
Predictions, labels, what was measured, and kept prompts keep every byte. The pictures of tables are dropped, files and
entries. The list of outputs then says that COMMIT made the rest, by a code of no hash of today's, and
`reprompt attest` shows that today's code gives the same.

A folder where this was stopped half-way is carried over to the end by the same command.
"""

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from reprompt.cells.recipes import from_path, in_path, recipe_of
from reprompt.foundation.arrays import write_npz
from reprompt.foundation.atomic import write_text
from reprompt.foundation.schema import SCHEMA
from reprompt.records.files import json_array
from reprompt.workflow import provenance

BEFORE = "schema 2"  # in place of a hash of the code


def main() -> None:
    """Carry over the scale that the command names."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--scale", required=True)
    arguments.add_argument("--made-by", required=True, metavar="COMMIT")
    given = arguments.parse_args()
    root = Path("results") / given.scale
    carry_list(root, carry_files(root))
    drop_pictures(root)
    register(root, given.made_by)


def canonical_path(path: str | Path) -> Path:
    """Where a file of records or kept prompts lies in schema 3: `.../records/EXPERIMENT/RECIPE/...`."""
    parts = list(Path(path).parts)
    if "records" in parts and len(parts) > (recipe := parts.index("records") + 2):
        parts[recipe] = in_path(recipe_of(from_path(parts[recipe])).expression)
    return Path(*parts)


def is_dropped(path: str | Path) -> bool:
    """Whether schema 3 has no such file: the picture of a table."""
    return Path(path).match("tables/*.png")


def drop_pictures(root: Path) -> None:
    """Delete the pictures of tables."""
    for picture in (root / "tables").glob("*.png"):
        picture.unlink()


def carry_files(root: Path) -> dict[str, str]:
    """Rewrite and rename every file below `records`; the SHA-256 of each."""
    contents = {}
    for old in sorted(path for path in (root / "records").rglob("*") if path.is_file()):
        new = canonical_path(old)
        new.parent.mkdir(parents=True, exist_ok=True)
        if old.suffix == ".npz":
            carry_records(old, new)
        elif old.suffix == ".json":
            costs = json.loads(old.read_text())
            costs["job"] = canonical_job(costs["job"])
            write_text(new, json.dumps(costs, indent=1) + "\n")
        elif new != old:
            shutil.copy2(old, new)
        contents[str(new)] = provenance.sha256(new)
        if new != old:
            old.unlink()
    for folder in sorted((path for path in (root / "records").rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()
    return contents


def canonical_job(name: str) -> str:
    """The name of a job in schema 3."""
    experiment, recipe, *rest = name.split("/")
    return "/".join((experiment, in_path(recipe_of(from_path(recipe)).expression), *rest))


def carry_records(old: Path, new: Path) -> None:
    """Write a file of records as schema 3 has it, if it is not so already. Every array keeps its bytes."""
    with np.load(old) as file:
        arrays = {name: file[name] for name in file.files}
    about = json.loads(arrays.pop("about").tobytes())
    if about["schema"] == SCHEMA:
        return
    if about["schema"] != SCHEMA - 1:
        sys.exit(f"{old}: of schema {about['schema']}")
    for row in about["rows"]:
        recipe = recipe_of(row["recipe"])
        row["recipe"] = recipe.expression
        about["cells"][row["cell"]]["method"] = recipe.members
    write_npz(new, about=json_array(about | {"schema": SCHEMA}), **arrays)


def carry_list(root: Path, contents: dict[str, str]) -> None:
    """The list of outputs with the names and contents of schema 3, and without the outputs that it has no more."""
    entries = {}
    for entry in provenance.load(root).values():
        if is_dropped(entry["output"]):
            continue
        output = str(canonical_path(entry["output"]))
        entry |= {"output": output, "sha256": contents.get(output, entry["sha256"])}
        if "recipe" in entry.get("wildcards", {}):
            recipe = recipe_of(from_path(entry["wildcards"]["recipe"]))
            entry["wildcards"]["recipe"] = in_path(recipe.expression)
        entry["input"] = _renamed(entry["input"])
        if entry.get("input_checksums"):
            known = entry["input_checksums"].items()
            checksums = {str(canonical_path(file)): checksum for file, checksum in known if not is_dropped(file)}
            new = {file: f"sha256:{contents[file]}" for file in checksums.keys() & contents.keys()}
            entry["input_checksums"] = checksums | new
        entries[output] = entry
    provenance.write(root, entries)


def _renamed(files: Iterable[str] | None) -> list[str] | None:
    return files and [str(canonical_path(file)) for file in files if not is_dropped(file)]


def register(root: Path, commit: str) -> None:
    """Have Snakemake take the files for its own, then say that `commit` made them, by code of no hash of today's."""
    passed_on = [output for output, entry in provenance.load(root).items() if entry["sha256"] is None]
    touch = ["snakemake", "--touch", "--forceall", "--cores", "1", "--config", f"scale={root.name}"]
    subprocess.run(touch, check=True)
    entries = provenance.load(root)
    for output in passed_on:  # what Snakemake knows of the other outputs of its job
        beside = entries[str(Path(output).with_suffix(".npz"))]
        entries[output] = beside | {"output": output, "sha256": None}
    for entry in entries.values():
        code = entry["made"]["code"]
        entry["made"] |= dict.fromkeys({"code", "cells"} & entry["made"].keys(), BEFORE) | {"commit": commit}
        entry["params"] = sorted(repr(BEFORE) if value == repr(code) else value for value in entry["params"])
        provenance.change_params(entry["output"], entry["params"])
    provenance.write(root, entries)


if __name__ == "__main__":
    main()
