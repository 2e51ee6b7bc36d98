"""What fetching makes of the archives of a card is what the reader wants."""

import pytest

from reprompt.data.fetch.fetch import DOWNLOADS, fetch
from reprompt.data.files.pictures import picture_of
from reprompt.data.files.readers import READERS
from reprompt.data.files.targets import TARGETS
from reprompt.tasks.card import card_of

WITHOUT_ARCHIVES = ("fer2013", "hateful_memes", "patch_camelyon")  # got by hand, or written with a package of its own


def without_checksums(card):
    """The card of archives that are as small as a test's."""
    checked = {"md5": None, "sha256": None, "bytes": None}
    return card.model_copy(update={"downloads": tuple(piece.model_copy(update=checked) for piece in card.downloads)})


@pytest.mark.parametrize("task", [task for task in READERS if task not in WITHOUT_ARCHIVES])
def test_the_archives_of_a_card_are_unpacked_into_the_layout_that_is_read(tmp_path, made, layouts, task):
    folder = made(task, per_class=2, **({"official": True} if task in TARGETS else {}))
    card, root = without_checksums(card_of(task)), tmp_path / "root"
    for archive in layouts.pack(task, folder, root / DOWNLOADS / card.name):
        piece = next(piece for piece in card.pieces if piece.file == archive.name)
        if piece.extract == "none":
            target = root / card.folder / piece.result
            target.parent.mkdir(parents=True, exist_ok=True)
            archive.rename(target)
    fetch(card, root)
    fetched, expected = READERS[task](root / card.folder), READERS[task](folder)
    assert fetched.class_names == expected.class_names
    assert sorted(item.label for item in fetched.test) == sorted(item.label for item in expected.test)
    assert len(fetched.train) == len(expected.train)
    assert all(picture_of(item).mode == "RGB" for item in (*fetched.train[:3], *fetched.test[-3:]))
    if task != "imagenet":  # whose validation pictures have other names in the archive
        name = [
            sorted(item.name(where) for item in listing.test)
            for where, listing in ((root / card.folder, fetched), (folder, expected))
        ]
        assert name[0] == name[1]


def test_imagenets_validation_pictures_come_into_the_folders_of_their_classes(tmp_path, made, layouts):
    folder = made("imagenet", per_class=1)
    card, root = without_checksums(card_of("imagenet")), tmp_path / "root"
    layouts.pack("imagenet", folder, root / DOWNLOADS / card.name)
    (root / "imagenet").mkdir()
    (folder / "classnames.txt").rename(root / "imagenet" / "classnames.txt")
    fetch(card, root)
    fetched = {path.read_bytes(): path.parent.name for path in (root / "imagenet" / "images" / "val").rglob("*.JPEG")}
    assert fetched == {p.read_bytes(): p.parent.name for p in (folder / "images" / "val").rglob("*.JPEG")}
