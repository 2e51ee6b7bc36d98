"""Backbones that another scale has: pre-trained by the same code with the same parameters, they are the same ones.

Cells depend on the bits of the weights. Pre-trained anew, on another processor, these would be others, and nothing that
a scale has could serve another one.
"""

import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from reprompt.workflow import provenance
from reprompt.workflow.provenance import Entry

RULES = ("pretrain", "weights")


def take_over_backbones(
    root: Path, backbones: Iterable[str], made_now: Callable[[str, Mapping[str, str]], Entry]
) -> list[str]:
    """Copy those backbones that the scale in the folder `root` lacks from other scales; returns their paths.

    `made_now` says of a rule and its wildcards with which code and parameters it would make an output today: a backbone
    that was made with others is left where it is.
    """
    missing = {name for name in backbones if not (root / f"backbones/{name}.safetensors").exists()}
    taken = []
    for other in sorted(path.parent for path in root.parent.glob("*/provenance.jsonl") if missing):
        for path, entry in provenance.load(other).items() if other != root else ():
            if entry["rule"] not in RULES or "made" not in entry or entry["wildcards"]["backbone"] not in missing:
                continue
            target = root / Path(path).relative_to(other)
            same = made_now(entry["rule"], entry["wildcards"]).items() <= entry["made"].items()
            if same and not target.exists() and Path(path).is_file() and provenance.sha256(path) == entry["sha256"]:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target.with_name(target.name + "~"))
                target.with_name(target.name + "~").replace(target)
                provenance.restore(str(target), _moved(entry, other, root))
                taken.append(str(target))
    return taken


def _moved(entry: Entry, other: Path, root: Path) -> Entry:
    """What provenance would have said of an output at another scale."""

    def here(path: str) -> str:
        return str(root / Path(path).relative_to(other)) if Path(path).is_relative_to(other) else path

    return entry | {
        "input": [here(path) for path in entry["input"] or ()],
        "input_checksums": {here(path): checksum for path, checksum in (entry["input_checksums"] or {}).items()},
        "params": sorted(repr(root.name) if value == repr(other.name) else value for value in entry["params"]),
    }
