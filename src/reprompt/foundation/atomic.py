"""Nothing half-written: files appear whole, under their own name, or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A temporary name in the folder of `path`; when the block ends well it is renamed to `path`.

    The temporary name is fixed, so what a killed process leaves is overwritten by the next one that tries.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + "~")
    try:
        yield unfinished
        os.replace(unfinished, path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write a text file whole."""
    with written_whole(path) as unfinished:
        unfinished.write_text(text)
