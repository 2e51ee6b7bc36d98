"""Is a file the one that its card means?"""

import hashlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Expected:
    """What is known of a file; None is unknown. SHA-256 is compared where both checksums are known."""

    bytes: int | None = None
    sha256: str | None = None
    md5: str | None = None


def difference(path: Path, expected: Expected) -> str:
    """In words how a file differs from what is expected; empty where it does not."""
    size = path.stat().st_size
    if expected.bytes not in (None, size):
        return f"has {size:,} bytes, expected {expected.bytes:,}"
    kind, wanted = ("sha256", expected.sha256) if expected.sha256 else ("md5", expected.md5)
    if not wanted:
        return ""
    with open(path, "rb") as file:
        checksum = hashlib.file_digest(file, lambda: hashlib.new(kind, usedforsecurity=False)).hexdigest()
    return "" if checksum == wanted else f"its {kind} is {checksum}, expected {wanted}"
