"""Files that are not what was written: one error for whatever libraries raise over them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from struct import error as StructError
from zipfile import BadZipFile
from zlib import error as ZlibError

from safetensors import SafetensorError

# What the readers of zip, .npy, safetensors and JSON raise over bytes that are not theirs. A zip's flags, when damaged,
# make it an encrypted one (RuntimeError), or one of another compression (NotImplementedError).
NOT_READABLE = (
    *(BadZipFile, EOFError, LookupError, NotImplementedError, OverflowError, RuntimeError, SafetensorError),
    *(StructError, SyntaxError, TypeError, ValueError, ZlibError),
)


class DamagedFileError(ValueError):
    """A file that is not what was written: which, what is wrong with it, and what to do."""

    def __init__(self, path: Path, wrong: str, remedy: str):
        super().__init__(f"{path}: {wrong}: {remedy}")
        self.path, self.wrong, self.remedy = path, wrong, remedy

    def but(self, done: str) -> str:
        """A line for the log: what is wrong with which file, and what is done about it, in place of the remedy."""
        return f"{self.path}: {self.wrong}: {done}"


@contextmanager
def reading(path: Path, remedy: str) -> Iterator[None]:
    """Whatever libraries raise in the block over what is in `path` becomes a DamagedFileError.

    The block is to do nothing but read that file. Of a missing file FileNotFoundError goes on.
    """
    try:
        if path.exists() and not path.stat().st_size:
            raise DamagedFileError(path, "it is empty", remedy)
        yield
    except DamagedFileError:
        raise
    except NOT_READABLE as error:
        words = " ".join(f"{error}".split()) or type(error).__name__
        raise DamagedFileError(path, f"it is damaged ({words})", remedy) from error
