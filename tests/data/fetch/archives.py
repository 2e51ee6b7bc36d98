"""The archives that a card's makers would serve of a data set that lies on disk: `fetch` undone."""

import gzip
import io
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

import numpy as np
from scipy.io import savemat

from reprompt.tasks.card import Card
from reprompt.tasks.downloads import Download

KIT = "ILSVRC2012_devkit_t12/data"
Members = dict[str, bytes]


def archives_of(card: Card, folder: Path) -> Members:
    """The files to be served, by name, that together give what lies in `folder`."""
    rest = {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    if card.name == "imagenet":
        rest = _as_imagenet_is_served(rest)
    if card.name == "hateful_memes":
        rest = {f"data/{path.removeprefix('data/')}": content for path, content in rest.items()}
    served: Members = {}
    for piece in card.pieces:
        if piece.extract == "none":
            served[piece.file] = rest.pop(next(path for path in (piece.result, *piece.instead) if path in rest))
    packed = [piece for piece in card.pieces if piece.extract != "none"]
    # a folder is packed by the piece that makes it; what no piece names comes with the first one
    own = {
        piece.file: {path: rest.pop(path) for path in list(rest) if PurePosixPath(path).is_relative_to(piece.result)}
        for piece in packed
    }
    if packed:
        own[packed[0].file] |= rest
    return served | {piece.file: _packed(piece, own[piece.file]) for piece in packed}


def _packed(piece: Download, members: Members) -> bytes:
    into, below = PurePosixPath(piece.into), PurePosixPath(piece.below)
    members = {str(PurePosixPath(path).relative_to(into)): content for path, content in members.items()}
    if piece.extract == "gzip":
        return gzip.compress(next(iter(members.values())))
    if piece.inner and piece.inner.own_folder:
        folders = {path.split("/")[0] for path in members}
        members = {
            f"{name}.tar": tar(
                {path.removeprefix(f"{name}/"): c for path, c in members.items() if path.startswith(name)}
            )
            for name in sorted(folders)
        }
    elif piece.inner:
        members = {piece.inner.match: tar(members)}
    return {"zip": zipped, "tar": tar}[piece.extract]({str(below / path): content for path, content in members.items()})


def tar(members: Members) -> bytes:
    """A tar archive."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return file.getvalue()


def zipped(members: Members) -> bytes:
    """A zip archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def _as_imagenet_is_served(rest: Members) -> Members:
    """Validation pictures without class folders, and the development kit that says what they show."""
    pictures = sorted((path for path in rest if path.startswith("images/val/")), key=lambda path: rest[path])
    ids = sorted({path.split("/")[2] for path in pictures})
    truth = "".join(f"{ids.index(path.split('/')[2]) + 1}\n" for path in pictures)
    synsets = np.array(
        [(k, wordnet_id) for k, wordnet_id in enumerate([*ids, "n00000000"], 1)],
        dtype=[("ILSVRC2012_ID", object), ("WNID", object)],
    )
    meta = io.BytesIO()
    savemat(meta, {"synsets": synsets.reshape(-1, 1)})
    flat = {f"images/val/ILSVRC2012_val_{n:08d}.JPEG": rest.pop(path) for n, path in enumerate(pictures, 1)}
    kit = {f"{KIT}/meta.mat": meta.getvalue(), f"{KIT}/ILSVRC2012_validation_ground_truth.txt": truth.encode()}
    return rest | flat | kit
