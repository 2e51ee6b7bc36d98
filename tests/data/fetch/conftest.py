"""A web server that misbehaves on demand, small archives, and cards for them."""

import importlib.util
import io
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from reprompt.data.cards.card import Card
from reprompt.data.fetch.download import Patience

SPEC = importlib.util.spec_from_file_location("misbehaving_server", Path(__file__).with_name("server.py"))
misbehaving = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(misbehaving)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with misbehaving.running() as running:
        yield running


@pytest.fixture
def hasty() -> Patience:
    """Few attempts, hardly a pause."""
    return Patience(attempts=3, first_pause=0.001, longest_pause=0.01, silence=5)


@pytest.fixture
def picture() -> Callable[[int], bytes]:
    """A small JPEG; another number gives another picture."""

    def make(number: int) -> bytes:
        file = io.BytesIO()
        Image.effect_noise((24, 20), 20 + number).convert("RGB").save(file, "JPEG")
        return file.getvalue()

    return make


@pytest.fixture
def zipped() -> Callable[[dict[str, bytes]], bytes]:
    """A zip archive of these members."""

    def make(members: dict[str, bytes]) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return file.getvalue()

    return make


@pytest.fixture
def tarred() -> Callable[..., bytes]:
    """A tar archive, packed by gzip, of these members and of links (name -> target)."""

    def make(members: dict[str, bytes], links: dict[str, str] | None = None, hard: bool = False) -> bytes:
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode="w:gz") as archive:
            for name, content in members.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
            for name, target in (links or {}).items():
                entry = tarfile.TarInfo(name)
                entry.type, entry.linkname = tarfile.LNKTYPE if hard else tarfile.SYMTYPE, target
                archive.addfile(entry)
        return file.getvalue()

    return make


@pytest.fixture
def card() -> Callable[..., Card]:
    """A card of two classes, two training and two test pictures, with these downloads."""

    def make(*downloads: dict, **other: object) -> Card:
        said = {
            "name": "dtd",
            "tasks": ["dtd"],
            "title": "Textures",
            "source": "https://example.org/textures",
            "classes": 2,
            "train": 2,
            "val": None,
            "test": 2,
            "folder": "dtd",
            "downloads": downloads,
            "licence": "none",
            "registration": False,
            "template": "{} texture.",
            "metric": "accuracy",
            "class_name_rule": "folder names",
        }
        return Card.model_validate(said | other)

    return make


@pytest.fixture
def files_in() -> Callable[[Path], set[str]]:
    """All files below a folder, by their paths there; locks apart."""

    def find(folder: Path) -> set[str]:
        return {str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir() and p.name != ".lock"}

    return find
