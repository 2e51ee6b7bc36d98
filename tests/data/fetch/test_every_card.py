"""Every data set, in the archives that its makers serve: fetched, checked, unpacked and read by the commands of users.

The server stands for all of the makers' servers; the cards' addresses, checksums and sizes are those of the small
archives, everything else is as in the package.
"""

import re
import shutil

import layouts
import pytest
from typer.testing import CliRunner

from reprompt.data.commands import app
from reprompt.data.files.folders import folder_of
from reprompt.data.files.pictures import picture_of
from reprompt.data.files.readers import READERS
from reprompt.tasks.card import card_of, data_sets


def reprompt_data(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.mark.parametrize("name", data_sets())
def test_a_data_set_is_fetched_and_read(name, served, tmp_path, files_in):
    if name == "patch_camelyon":
        pytest.importorskip("h5py")
    made, cards = served(name)
    where = ("--root", tmp_path / "data", "--cards", cards)
    before = reprompt_data("status", name, *where)
    assert before.exit_code == 1
    assert before.output.startswith("missing")
    assert f"reprompt data fetch {name}" in before.output

    fetched = reprompt_data("fetch", name, *where)
    assert fetched.exit_code == 0, fetched.exception
    assert f"present  {name}" in fetched.output
    assert reprompt_data("status", name, "--all-images", *where).exit_code == 0
    assert not files_in(tmp_path / "data/downloads")

    if name in READERS:
        fetched, meant = READERS[name](folder_of(card_of(name), tmp_path / "data")), READERS[name](made)
        assert fetched.class_names == meant.class_names
        for here, there in ((fetched.train, meant.train), (fetched.test, meant.test)):
            assert sorted((i.label, picture_of(i).tobytes()) for i in here) == sorted(
                (i.label, picture_of(i).tobytes()) for i in there
            )


def test_a_second_fetch_downloads_nothing(served, server, tmp_path):
    _, cards = served("dtd")
    where = ("--root", tmp_path / "data", "--cards", cards)
    reprompt_data("fetch", "dtd", *where)
    asked = {path: len(requests) for path, requests in server.requests.items()}
    assert reprompt_data("fetch", "dtd", *where).exit_code == 0
    assert asked == {path: len(requests) for path, requests in server.requests.items()}


def test_an_archive_put_there_by_hand_is_taken_and_stays(served, server, tmp_path, files_in):
    _, cards = served("dtd")
    by_hand = tmp_path / "data/downloads/dtd/dtd-r1.0.1.tar.gz"
    by_hand.parent.mkdir(parents=True)
    by_hand.write_bytes(server.files["/dtd/dtd-r1.0.1.tar.gz"].content)
    assert reprompt_data("fetch", "dtd", "--root", tmp_path / "data", "--cards", cards).exit_code == 0
    assert "/dtd/dtd-r1.0.1.tar.gz" not in server.requests
    assert by_hand.exists()


def test_pictures_put_there_by_hand_need_no_archive(served, server, tmp_path):
    made, cards = served("stanford_cars")
    (tmp_path / "data").mkdir()
    made.rename(tmp_path / "data/stanford_cars")
    result = reprompt_data("status", "stanford_cars", "--root", tmp_path / "data", "--cards", cards)
    assert result.output.startswith("present")
    assert not server.requests


def test_elevaters_folder_is_taken_where_it_is_there(tmp_path):
    layouts.make("gtsrb", tmp_path / "data/classification/gtsrb_20210923")
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards/gtsrb.yaml").write_text("train: 172\nvalidation: 43\ntest: 86\n")
    where = ("--root", tmp_path / "data", "--cards", tmp_path / "cards")
    assert reprompt_data("status", "gtsrb", *where).output.startswith("present")
    assert reprompt_data("fetch", "gtsrb", *where).exit_code == 0


def test_imagenets_validation_pictures_need_the_development_kit(served, server, tmp_path):
    _, cards = served("imagenet")
    del server.files["/imagenet/ILSVRC2012_devkit_t12.tar.gz"]
    result = reprompt_data("fetch", "imagenet", "--root", tmp_path / "data", "--cards", cards)
    assert "ground_truth.txt is missing" in str(result.exception)
    assert not (tmp_path / "data/imagenet/images/val").exists()
    assert (tmp_path / "data/imagenet/images/train").exists()


def first_picture_cut(folder):
    layouts.truncate(min(folder.rglob("*.jpg")))


def one_class_gone(folder):
    shutil.rmtree(folder / "images/zigzagged")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (first_picture_cut, r"banded_0001\.jpg: not a readable picture \(.*\); replace the file"),
        (one_class_gone, r"zigzagged.* is not there \(\d+ of \d+ pictures are missing\)"),
    ],
)
def test_what_the_archive_itself_lacks_is_partial_and_told_by_fetch_and_status(served, tmp_path, spoil, words):
    _, cards = served("dtd", spoil)
    where = ("--root", tmp_path / "data", "--cards", cards)
    fetched, status = reprompt_data("fetch", "dtd", *where), reprompt_data("status", "dtd", *where)
    assert fetched.exit_code == status.exit_code == 1
    assert re.search(words, str(fetched.exception))
    assert re.search(words, status.output)
    assert status.output.startswith("partial")
    assert f"move {tmp_path}/data/dtd/images away, then: reprompt data fetch dtd" in status.output
