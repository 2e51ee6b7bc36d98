"""The cell store from what lies in the folder: records and kept prompts of every scale, as `dvc pull` restores them.

So a run trains only what no scale has: one with ten draws takes over the three that another has, and a clone whose
parameters were changed keeps what did not change. A record serves under the code that its entry in provenance.jsonl
names, which made it or was shown to give the same (`reprompt attest`).
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from reprompt.cells.cell import TestSet
from reprompt.foundation.arrays import Arrays
from reprompt.foundation.atomic import write_text
from reprompt.records.files import CellStore, Result, read_rows
from reprompt.records.identity import key
from reprompt.records.prompts import opened_prompts
from reprompt.workflow import provenance

DONE = "refilled.json"  # in the store: of every record file what it had when it was taken over


def refill(results: Path, folder: Path) -> int:
    """Put every recorded cell that is not there yet into the store in `folder`; returns how many there were.

    Files that are not what their list says are left out, as are cells whose kept prompts are not there.
    """
    store, done = CellStore(folder), _done(folder)
    filled, seen = 0, dict(done)
    for root in sorted(path.parent for path in results.glob("*/provenance.jsonl")):
        entries = provenance.load(root)
        for path, entry in entries.items():
            code, mark = entry.get("made", {}).get("cells"), [entry["sha256"], entry.get("made", {}).get("cells")]
            if not (code and path.endswith(".npz")) or done.get(path) == mark:
                continue
            if not Path(path).is_file() or provenance.sha256(path) != entry["sha256"]:
                continue
            kept = Path(path).with_suffix(".safetensors")
            whole = kept.is_file() and provenance.sha256(kept) == entries.get(str(kept), {}).get("sha256")
            filled += _take_over(Path(path), kept if whole else None, code, store)
            seen[path] = mark
    if seen != done:
        write_text(folder / DONE, json.dumps(seen, indent=0, sort_keys=True) + "\n")
    return filled


def _done(folder: Path) -> dict[str, list]:
    path = folder / DONE
    return json.loads(path.read_text()) if path.exists() else {}


def _take_over(path: Path, kept: Path | None, code: str, store: CellStore) -> int:
    """Put the cells of one record file into the store, with the prompts in `kept`."""
    prompts, filled = dict(enumerate(_prompts_in(kept) if kept else ())), 0
    for index, (identity, results) in enumerate(_cells_in(path)):
        if identity["rounded"] and index not in prompts:
            continue
        name = key(identity, code)
        if name not in store:
            store.put(results, prompts.get(index, {}), name)
            filled += 1
    return filled


def _cells_in(path: Path) -> Iterator[tuple[dict, dict[TestSet, Result]]]:
    """The identity and the results of every cell of a record file, in the file's order."""
    identities, results = {}, defaultdict(dict)
    for row in read_rows(path):
        cell = row.stored["cell"]
        identities[cell] = row.identity
        results[cell][TestSet(row.stored["task"], row.stored["split"])] = Result(row.predictions, row.measured)
    return ((identities[cell], results[cell]) for cell in sorted(identities))


def _prompts_in(path: Path) -> list[Arrays]:
    """The prompts that a job kept beside its records, in the order of its cells."""
    file = opened_prompts(path, "np")
    prompts: list[Arrays] = [{} for _ in file.about["cells"]]
    for name in file.names:
        index, _, tensor = name.partition("/")
        prompts[int(index)][tensor] = file[name]
    return prompts
