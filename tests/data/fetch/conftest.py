"""A web server that misbehaves on demand, small archives, and cards for them."""

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import archives
import layouts
import misbehaving
import pytest
import yaml
from PIL import Image

from reprompt.data.fetch.download import Patience
from reprompt.data.files.readers import READERS
from reprompt.tasks.card import Card, card_of

NESTED = ("gtsrb", "country211", "rendered-sst2", "MNIST/raw", "pcam")  # which readers take as well


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
        keys = {
            "name": "dtd",
            "printed": "DTD",
            "groups": {},
            "title": "Textures",
            "source": "https://example.org/textures",
            "classes": 2,
            "train": 2,
            "test": 2,
            "folder": "dtd",
            "downloads": downloads,
            "licence": "none",
            "registration": False,
            "template": "{} texture.",
            "name_tokens": {"mean": 1, "longest": 2},
            "class_name_rule": "folder names",
        }
        return Card.model_validate(keys | other)

    return make


@pytest.fixture
def files_in() -> Callable[[Path], set[str]]:
    """All files below a folder, by their paths there; locks apart."""

    def find(folder: Path) -> set[str]:
        return {str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir() and p.name != ".lock"}

    return find


@pytest.fixture
def served(server, tmp_path):
    """The archives of a small data set on the server, and a folder with its card: (folder as made, folder of cards)."""

    def serve(name, spoil=lambda folder: None):
        card = card_of(name)
        official = {"official": True} if card.elevater else {}
        made = layouts.make(name, tmp_path / "made" / name, 5, **official)
        base = next((made / nested for nested in NESTED if (made / nested).is_dir()), made)
        if name == "corpus":
            for n, shard in enumerate(sorted(base.iterdir())):
                shard.rename(base / f"cc3m-train-{n:04d}.tar")
            card = card.model_copy(update={"downloads": (card.downloads[0].model_copy(update={"numbers": (0, 1)}),)})
        sound = READERS[name](made) if name in READERS else None
        spoil(base)
        downloads = []
        contents = archives.archives_of(card, base)
        for piece in card.pieces:
            content = contents[piece.file]
            keys = piece.model_dump(exclude_defaults=True, mode="json")
            keys |= {
                "url": server.serve(f"{name}/{piece.file}", content),
                "sha256": hashlib.sha256(content).hexdigest(),
                "bytes": len(content),
            }
            downloads.append({key: value for key, value in keys.items() if key not in ("md5", "mirrors")})
        own = {"downloads": downloads}
        if sound:
            own |= {"classes": len(sound.class_names), "train": len(sound.train) or None, "test": len(sound.test)}
            own |= {"validation": len(sound.validation) or None}
        (tmp_path / "cards").mkdir(exist_ok=True)
        (tmp_path / "cards" / f"{name}.yaml").write_text(yaml.safe_dump(own))
        return made, tmp_path / "cards"

    return serve
