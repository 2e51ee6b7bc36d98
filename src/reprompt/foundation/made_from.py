"""Files that say what they were made from, so that they are made again when that has changed."""

from pathlib import Path

from safetensors import safe_open


def is_made_from(path: Path, made_from: str) -> bool:
    """Whether `path` is there and its tensors were made from exactly that."""
    if not path.exists():
        return False
    with safe_open(path, "np") as file:
        return (file.metadata() or {}).get("made_from") == made_from
