"""One file over HTTP: resumed where it was cut off, tried again where that can help, checked before it gets its name.

What arrives goes to `<file>.part`; `<file>.part.json` beside it says from which address and which version, so that a
later run goes on where this one ended. The file gets its own name only when its length and checksum are right.

Tried again, after growing pauses: a cut connection, a silent server, answers 5xx, 408, 425 and 429. Attempts count
from the last byte that was new, so a long file may be cut off any number of times. At once an error: all other answers,
a web page in place of the file, a length or checksum other than the card's, and too little room on the disk.
"""

import json
import os
import re
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import requests

from reprompt.data.fetch.checksum import Expected, difference
from reprompt.foundation.atomic import write_text

CHUNK = 1 << 16  # bytes; of a cut connection, less than one chunk is lost
PASSING = (408, 425, 429)  # besides 5xx: answers that another attempt may change
SPARE = 100 * 2**20  # bytes that shall stay free on the disk

Report = Callable[[int, int | None], None]  # bytes so far, bytes in all where known


class DownloadError(ValueError):
    """What stopped a download, in words for the user."""


@dataclass(frozen=True)
class Patience:
    """Attempts in a row that bring nothing new, pauses between them and the longest silence of a server; in seconds."""

    attempts: int = 6
    first_pause: float = 1
    longest_pause: float = 120
    silence: float = 60

    def pause(self, failures: int, asked: float | None) -> float:
        """Twice as long after every failure, or what the server asked for."""
        return min(asked if asked is not None else self.first_pause * 2 ** (failures - 1), self.longest_pause)


class _Interrupted(Exception):
    """Another attempt may help; `after` is the pause that the server asked for, in seconds."""

    def __init__(self, why: str, after: float | None = None):
        super().__init__(why)
        self.after = after


def download(
    addresses: Sequence[str],
    target: Path,
    expected: Expected,
    patience: Patience,
    report: Report = lambda done, total: None,
) -> None:
    """Bring a file from the first address that gives it. DownloadError says what each address answered."""
    target.parent.mkdir(parents=True, exist_ok=True)
    refusals = []
    for address in addresses:
        try:
            return _Transfer(address, target, expected, patience, report).run()
        except DownloadError as error:
            refusals.append(str(error))
    raise DownloadError("; ".join(refusals))


class _Transfer:
    """The attempts to bring one file from one address."""

    def __init__(self, address: str, target: Path, expected: Expected, patience: Patience, report: Report):
        self.address, self.target, self.expected = address, target, expected
        self.patience, self.report = patience, report
        self.joined = False  # whether the file was made of the answers to several requests
        self.part = target.with_name(target.name + ".part")
        self.note = target.with_name(target.name + ".part.json")

    def run(self) -> None:
        """Attempts until the file is complete and right, or it is clear that it will not be."""
        self._bring()
        fault = difference(self.part, self.expected)
        if fault and self.joined:  # perhaps the old beginning does not belong to the new end: once from the start
            self._forget()
            self._bring()
            fault = difference(self.part, self.expected)
        if fault:
            self._forget()
            raise DownloadError(
                f"{self.address}: {fault}; what came was deleted. If another try gives the same, the publisher has"
                " changed the file: compare with its page, and correct the card (--cards)"
            )
        os.replace(self.part, self.target)
        self.note.unlink(missing_ok=True)

    def _bring(self) -> None:
        most, failures = self._bytes(), 0
        while True:
            try:
                return self._attempt()
            except _Interrupted as interruption:
                here = self._bytes()
                failures = 1 if here > most else failures + 1
                most = max(most, here)
                if failures >= self.patience.attempts:
                    kept = f"; {here:,} bytes are kept, and the same command goes on from there" if here else ""
                    raise DownloadError(f"{self.address}: {interruption}, {failures} times in a row{kept}") from None
                time.sleep(self.patience.pause(failures, interruption.after))

    def _attempt(self) -> None:
        """One request: the rest of the file where the server can continue, else all of it."""
        have, version = self._bytes(), self._version()
        headers = {"Accept-Encoding": "identity", "User-Agent": "reprompt"}
        if have:
            headers["Range"] = f"bytes={have}-"
            if version.get("validator"):
                headers["If-Range"] = version["validator"]
        try:
            with requests.get(
                self.address, headers=headers, stream=True, timeout=(self.patience.silence, self.patience.silence)
            ) as answer:
                self._receive(answer, have, version)
        except requests.exceptions.SSLError as error:
            raise DownloadError(f"{self.address}: its certificate is not accepted ({_short(error)})") from None
        except requests.exceptions.Timeout:
            raise _Interrupted(f"no answer within {self.patience.silence:g} s") from None
        except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError):
            raise _Interrupted(f"the connection was cut after {self._bytes():,} bytes") from None
        except requests.exceptions.ConnectionError as error:
            raise _Interrupted(f"no connection ({_short(error)})") from None
        except requests.exceptions.RequestException as error:
            raise DownloadError(f"{self.address}: {_short(error)}") from None

    def _receive(self, answer: requests.Response, have: int, version: dict) -> None:
        status, headers = answer.status_code, answer.headers
        if status in PASSING or status >= 500:
            raise _Interrupted(f"the server answers {status} {answer.reason}", _seconds(headers.get("Retry-After")))
        if status == 416:  # nothing left to send: either all is here, or this is another file than before
            if _total(headers) == have and version.get("total") in (None, have):
                return
            self._forget()
            raise _Interrupted("the server cannot continue the file")
        if status not in (200, 206):
            raise DownloadError(f"{self.address}: the server answers {status} {answer.reason}")
        if "text/html" in headers.get("Content-Type", "") and not self.target.name.endswith((".html", ".htm")):
            raise DownloadError(f"{self.address}: the server sent a web page in place of {self.target.name}")

        start, total = (have, _total(headers)) if status == 206 else (0, _length(headers))
        now = {"url": self.address, "validator": _validator(headers), "total": total}
        if start and (_start(headers) != have or not _same(version, now)):
            self._forget()
            raise _Interrupted("the server has another version of the file than before")
        if total is not None and self.expected.bytes not in (None, total):
            raise DownloadError(
                f"{self.address}: has {total:,} bytes, where the card says {self.expected.bytes:,}; nothing was"
                " downloaded. The publisher has changed the file: compare with its page, and correct the card (--cards)"
            )
        self._check_room(start, total)
        write_text(self.note, json.dumps(now))
        self.joined = start > 0
        with open(self.part, "ab" if start else "wb") as file:
            for chunk in answer.iter_content(CHUNK):
                file.write(chunk)
                self.report(file.tell(), total)
        whole = total if total is not None else self.expected.bytes or 0
        if self._bytes() < whole:  # a server that tells no length ends a cut file like a whole one
            raise _Interrupted(f"the connection was cut after {self._bytes():,} of {whole:,} bytes")

    def _check_room(self, start: int, total: int | None) -> None:
        free = shutil.disk_usage(self.part.parent).free
        if total is not None and total - start + SPARE > free:
            raise DownloadError(
                f"{self.target}: {(total - start) / 1e9:.1f} GB are to come, {free / 1e9:.1f} GB are free on this disk;"
                " free some, or choose another by --root"
            )

    def _bytes(self) -> int:
        """How much is here already, of this address."""
        if self._version().get("url") != self.address:
            return 0
        return self.part.stat().st_size if self.part.exists() else 0

    def _version(self) -> dict:
        try:
            version = json.loads(self.note.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return version if isinstance(version, dict) else {}

    def _forget(self) -> None:
        self.part.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)


def _same(before: dict, now: dict) -> bool:
    """Whether the server still has what it began to send; without length and version nobody can tell: not the same."""
    known = [key for key in ("validator", "total") if before.get(key) and now.get(key)]
    return bool(known) and all(before[key] == now[key] for key in known)


def _validator(headers: requests.structures.CaseInsensitiveDict) -> str | None:
    """What `If-Range` may hold: a strong tag of the version, else its date."""
    tag = headers.get("ETag", "")
    return tag if tag.startswith('"') else headers.get("Last-Modified")


def _length(headers: requests.structures.CaseInsensitiveDict) -> int | None:
    length = headers.get("Content-Length", "")
    return int(length) if length.isdigit() and not headers.get("Content-Encoding") else None


def _total(headers: requests.structures.CaseInsensitiveDict) -> int | None:
    match = re.search(r"/(\d+)$", headers.get("Content-Range", ""))
    return int(match[1]) if match else None


def _start(headers: requests.structures.CaseInsensitiveDict) -> int | None:
    match = re.match(r"bytes (\d+)-", headers.get("Content-Range", ""))
    return int(match[1]) if match else None


def _seconds(retry_after: str | None) -> float | None:
    return float(retry_after) if retry_after and retry_after.isdigit() else None


def _short(error: Exception) -> str:
    """The innermost reason; the libraries wrap it several times, with addresses that may hold a token."""
    inner = error
    while isinstance(inner.args[0] if inner.args else None, Exception) or hasattr(inner, "reason"):
        following = getattr(inner, "reason", None) or inner.args[0]
        if not isinstance(following, Exception):
            break
        inner = following
    words = str(inner).rsplit(": ", 1)[-1]
    return words or type(inner).__name__
