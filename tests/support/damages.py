"""What can happen to a file: how a test damages one."""

from pathlib import Path


def flip(path: Path, place: float) -> None:
    """Flip a bit of the byte that far into the file, as a fraction of its size."""
    content = bytearray(path.read_bytes())
    content[int(place * (len(content) - 1))] ^= 1
    path.write_bytes(content)


DAMAGES = {  # of a file, and of a valid one of the same kind
    "flipped at the first byte": lambda path, other: flip(path, 0),
    "flipped in the middle": lambda path, other: flip(path, 0.5),
    "flipped at the last byte": lambda path, other: flip(path, 1),
    "cut off": lambda path, other: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "empty": lambda path, other: path.write_bytes(b""),
    "replaced": lambda path, other: path.write_bytes(other.read_bytes()),
}
