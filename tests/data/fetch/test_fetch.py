"""Whatever goes wrong with a piece of a data set, the rest is fetched, and the message says what to do."""

import errno
import hashlib
import os

import pytest

from reprompt.data.fetch import fetch as fetching
from reprompt.data.fetch.fetch import FetchError, PlaceOnDisk, fetch

PICTURES = {"textures/banded/1.jpg": b"1", "textures/dotted/1.jpg": b"2"}


@pytest.fixture
def pictures(server, tarred):
    """The download of an archive of two pictures."""

    def make(content=None, how=None, **said):
        url = server.serve("pictures.tar.gz", tarred(PICTURES) if content is None else content, **(how or {}))
        return {
            **{"file": "pictures.tar.gz", "url": url, "extract": "tar"},
            **{"below": "textures", "into": "images", "makes": "images", **said},
        }

    return make


def test_pieces_go_to_their_places(server, card, pictures, hasty, tmp_path, files_in):
    split = {"file": "split.json", "url": server.serve("split.json", b"{}"), "extract": "none"}
    fetch(card(pictures(), split), tmp_path, hasty)
    assert files_in(tmp_path) == {"dtd/images/banded/1.jpg", "dtd/images/dotted/1.jpg", "dtd/split.json"}


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil"])
def test_an_archive_that_leads_out_leaves_nothing(card, pictures, tarred, hasty, tmp_path, files_in, name):
    evil = tarred({"textures/good": b"x", name: b"evil"})
    with pytest.raises(FetchError, match=r"dtd: not complete:\n- .*nothing of it was unpacked"):
        fetch(card(pictures(evil)), tmp_path / "data", hasty)
    assert files_in(tmp_path) == set()


def test_a_cut_archive_of_unknown_checksum_is_deleted(card, pictures, tarred, hasty, tmp_path, files_in):
    cut = tarred(PICTURES | {"textures/big": os.urandom(5000)})[:-2000]
    with pytest.raises(FetchError, match="damaged or not a tar archive"):
        fetch(card(pictures(cut)), tmp_path, hasty)
    assert files_in(tmp_path) == set()


def test_a_cut_archive_put_there_by_hand_is_named_and_kept(card, pictures, tarred, hasty, tmp_path, files_in):
    archive = tmp_path / "downloads/dtd/pictures.tar.gz"
    archive.parent.mkdir(parents=True)
    archive.write_bytes(tarred(PICTURES)[:50])
    with pytest.raises(FetchError, match=f"{archive}: damaged .*; delete it and fetch again"):
        fetch(card(pictures()), tmp_path, hasty)
    assert files_in(tmp_path) == {"downloads/dtd/pictures.tar.gz"}


def test_another_archive_put_there_by_hand_is_not_unpacked(card, pictures, tarred, hasty, tmp_path):
    archive = tmp_path / "downloads/dtd/pictures.tar.gz"
    archive.parent.mkdir(parents=True)
    archive.write_bytes(tarred(PICTURES))
    with pytest.raises(FetchError, match=f"{archive}: its md5 is .*expected 0000.*; delete it"):
        fetch(card(pictures(md5="0" * 32)), tmp_path, hasty)
    assert not (tmp_path / "dtd/images").exists()


def test_an_archive_without_what_the_card_promises_is_an_error(card, pictures, hasty, tmp_path, files_in):
    with pytest.raises(FetchError, match=r"unpacked, but holds no banded/2\.jpg: another file than the card describes"):
        fetch(card(pictures(makes="images/banded/2.jpg")), tmp_path, hasty)
    assert files_in(tmp_path) == set()


def test_a_piece_that_fails_does_not_stop_the_others(server, card, pictures, hasty, tmp_path):
    gone = {"file": "gone.zip", "url": f"{server.url}/gone.zip", "extract": "zip", "makes": "gone"}
    with pytest.raises(FetchError, match=r"gone.zip: the server answers 404 .*put gone itself at"):
        fetch(card(gone, pictures()), tmp_path, hasty)
    assert (tmp_path / "dtd/images/banded/1.jpg").exists()


def test_what_no_program_may_download_is_listed_with_its_page_and_place(card, hasty, tmp_path):
    registered = {"file": "train.tar", "extract": "tar", "makes": "train", "page": "https://example.org/form"}
    table = {"file": "table.csv", "extract": "none", "page": "https://example.org/table"}
    with pytest.raises(FetchError) as error:
        fetch(card(registered, table, manual="Ask nicely."), tmp_path, hasty)
    words = str(error.value)
    assert f"train.tar: get it from https://example.org/form, put it at {tmp_path}/downloads/dtd/train.tar" in words
    assert f"table.csv: get it from https://example.org/table and put it at {tmp_path}/dtd/table.csv" in words
    assert words.endswith("Ask nicely.")


def test_a_passing_fault_and_a_cut_connection_end_in_a_complete_data_set(card, pictures, tarred, hasty, tmp_path):
    content = tarred(PICTURES | {"textures/big": os.urandom(300_000)})
    right = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    fetch(card(pictures(content, how={"first": [500, -100_000, 503]}, **right)), tmp_path, hasty)
    assert (tmp_path / "dtd/images/big").stat().st_size == 300_000


def test_what_a_killed_run_half_unpacked_is_done_again(card, pictures, hasty, tmp_path, files_in):
    textures = card(pictures())
    half = PlaceOnDisk(tmp_path, textures).unpacking(textures.pieces[0]) / "whole/banded"
    half.mkdir(parents=True)
    (half / "junk").write_text("junk")
    (tmp_path / "dtd/images").mkdir()  # it was being moved there
    assert PlaceOnDisk(tmp_path, textures).missing
    fetch(textures, tmp_path, hasty)
    assert files_in(tmp_path) == {"dtd/images/banded/1.jpg", "dtd/images/dotted/1.jpg"}
    assert not PlaceOnDisk(tmp_path, textures).missing


def test_an_interrupt_while_unpacking_leaves_nothing_half_written(
    card, pictures, hasty, tmp_path, monkeypatch, files_in
):
    def interrupted(archive, kind, folder, *other):
        folder.mkdir(parents=True)
        (folder / "half").write_text("half")
        raise KeyboardInterrupt

    monkeypatch.setattr(fetching, "unpack", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch(card(pictures()), tmp_path, hasty)
    assert files_in(tmp_path) == {"downloads/dtd/pictures.tar.gz"}


def test_a_full_disk_is_told_and_leaves_nothing_half_written(card, pictures, hasty, tmp_path, monkeypatch, files_in):
    def full(archive, kind, folder, *other):
        folder.mkdir(parents=True)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(fetching, "unpack", full)
    with pytest.raises(FetchError, match=r"pictures.tar.gz: No space left on device .*make room"):
        fetch(card(pictures()), tmp_path, hasty)
    assert files_in(tmp_path) == {"downloads/dtd/pictures.tar.gz"}


def test_two_archives_of_one_folder_are_merged(server, card, zipped, hasty, tmp_path, files_in):
    def half(part):
        url = server.serve(f"{part}.zip", zipped({f"kit/{part}/1.jpg": b"x", "kit/readme": b"r"}))
        return {"file": f"{part}.zip", "url": url, "extract": "zip", "makes": f"kit/{part}"}

    fetch(card(half("train"), half("test")), tmp_path, hasty)
    assert files_in(tmp_path) == {"dtd/kit/train/1.jpg", "dtd/kit/test/1.jpg", "dtd/kit/readme"}


def test_a_file_of_the_users_own_in_the_way_is_kept_and_named(card, pictures, hasty, tmp_path, files_in):
    own = tmp_path / "dtd/images/banded"
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    with pytest.raises(FetchError, match=f"{own}: is in the way"):
        fetch(card(pictures(makes="images/dotted")), tmp_path, hasty)
    assert files_in(tmp_path) == {"dtd/images/banded"}
