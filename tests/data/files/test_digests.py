"""What a listing comes to, and when it is read again."""

import json
import os
from pathlib import Path

import pytest

from reprompt.cells.parameters import FileData
from reprompt.data.files import seen
from reprompt.data.files.seen import kept_digests, seen_of
from reprompt.data.files.source import Files
from reprompt.data.preparation import AS_OPENAI


def digests(folder, task):
    data = FileData(source="files", root=str(folder.parent), pool=3, workers=1)
    return Files(data, AS_OPENAI).digests(task)


def test_pictures_and_labels_are_told_apart(made):
    folder = made("eurosat")
    first = digests(folder, "eurosat")
    file = folder / "split_zhou_EuroSAT.json"
    lists = json.loads(file.read_text())
    renamed = {part: [[path, label, name.upper()] for path, label, name in of] for part, of in lists.items()}
    file.write_text(json.dumps(renamed, indent=2))
    other_names = digests(folder, "eurosat")
    assert other_names["pictures"] == first["pictures"] and other_names["labels"] != first["labels"]
    file.write_text(json.dumps(lists, indent=2))
    assert digests(folder, "eurosat") == first, "blanks in a list are nothing"
    lists["test"].reverse()
    file.write_text(json.dumps(lists))
    assert digests(folder, "eurosat")["pictures"] != first["pictures"], "rows are in the order of the list"


def test_another_size_of_a_used_picture_counts_and_one_outside_the_pool_does_not(made):
    folder = made("imagenet", per_class=6)
    data = FileData(source="files", root=str(folder.parent), pool=3, workers=1)
    used = {item.path for item in Files(data, AS_OPENAI).listing("imagenet").train}
    first = digests(folder, "imagenet")
    unused = next(path for path in (folder / "images/train").rglob("*.JPEG") if path not in used)
    unused.write_bytes(unused.read_bytes() + b"more")
    assert digests(folder, "imagenet") == first
    of_pool = min(used)
    of_pool.write_bytes(of_pool.read_bytes() + b"more")
    assert digests(folder, "imagenet") != first


@pytest.fixture
def folder(tmp_path):
    """A folder of two classes, a year old, one of them behind a link, and a list."""
    for name in ("elsewhere/a/1.jpg", "elsewhere/a/2.jpg", "data/b/1.jpg", "data/list.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "data/a").symlink_to(tmp_path / "elsewhere/a")
    for path in tmp_path.rglob("*"):
        os.utime(path, (1.7e9, 1.7e9))
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("what", "is_read"),
    [
        (lambda folder: None, False),
        (lambda folder: (folder / "new.json").write_text(""), True),
        (lambda folder: (folder / "a/3.jpg").write_text(""), True),
        (lambda folder: (folder / "a/2.jpg").unlink(), True),
        (lambda folder: (folder / "list.txt").write_text("other"), True),
        (lambda folder: (folder / "b/1.jpg").write_text("a used picture"), True),
        (lambda folder: (folder / "a/1.jpg").write_text("one that is not used"), False),
        (lambda folder: (folder.parent / "kept.json").write_text("{"), True),
    ],
)
def test_a_listing_is_read_again_where_something_that_it_was_read_from_changed(folder, what, is_read):
    read = []

    def listed() -> tuple:
        read.append(1)
        return {"pictures": "a"}, seen_of(folder, [folder / "b/1.jpg"])

    for _ in range(2):
        assert kept_digests(folder.parent / "kept.json", {"pool": 1}, listed) == {"pictures": "a"}
    assert len(read) == 1
    what(folder)
    kept_digests(folder.parent / "kept.json", {"pool": 1}, listed)
    assert len(read) == 1 + is_read


def test_a_listing_made_of_other_settings_is_read_again(folder):
    path = folder.parent / "kept.json"
    for n in (1, 2):
        assert kept_digests(path, {"pool": n}, lambda n=n: ({"pictures": str(n)}, seen_of(folder, ())))[
            "pictures"
        ] == str(n)


def test_what_changed_a_moment_ago_is_not_kept(folder, monkeypatch):
    """Within the resolution of dates it may change once more unseen."""
    Path(folder / "list.txt").touch()
    kept_digests(folder.parent / "kept.json", {}, lambda: ({"pictures": "a"}, seen_of(folder, ())))
    assert not (folder.parent / "kept.json").exists()
    monkeypatch.setattr(seen, "RACY", -60.0)
    kept_digests(folder.parent / "kept.json", {}, lambda: ({"pictures": "a"}, seen_of(folder, ())))
    assert (folder.parent / "kept.json").exists()
