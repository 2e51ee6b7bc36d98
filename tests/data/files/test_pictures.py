"""Opening a picture, and the error where it cannot be."""

import io
import tarfile
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import odd
import pytest
from PIL import Image

from reprompt.data.files.listing import Item
from reprompt.data.files.pictures import UnreadablePicture, picture_of


def test_a_file_a_member_of_a_zip_and_a_place_in_a_tar_give_the_same_picture(tmp_path, layouts):
    content = layouts.encoded("dog.png")
    (tmp_path / "dog.png").write_bytes(content)
    with ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("pets/dog.png", content)
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.add(tmp_path / "dog.png", "dog.png")
    with tarfile.open(tmp_path / "a.tar") as archive:
        place = archive.getmember("dog.png").offset_data
    items = [
        (tmp_path / "dog.png", None),
        (tmp_path / "a.zip", "pets/dog.png"),
        (tmp_path / "a.tar", f"{place}:{len(content)}"),
    ]
    pictures = [np.asarray(picture_of(Item(path, member, 0))) for path, member in items]
    assert all(np.array_equal(picture, layouts.pixels("dog.png")) for picture in pictures)


@pytest.mark.parametrize("name", ["a.jpg", "a.png"])
def test_a_truncated_picture_is_an_error_that_names_file_and_remedy(tmp_path, layouts, name):
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (60, 80, 3), np.uint8)).save(tmp_path / name)
    layouts.truncate(tmp_path / name)
    with pytest.raises(UnreadablePicture, match=rf"{tmp_path}/{name}: not a readable picture .*; replace the file"):
        picture_of(Item(tmp_path / name, None, 0))


def test_a_page_of_text_in_place_of_a_picture_is_an_error(tmp_path):
    (tmp_path / "a.jpg").write_text("<html>not found</html>")
    with pytest.raises(UnreadablePicture, match="not a readable picture"):
        picture_of(Item(tmp_path / "a.jpg", None, 0))


def test_an_empty_file_is_an_error(tmp_path):
    (tmp_path / "a.jpg").touch()
    with pytest.raises(UnreadablePicture, match="not a readable picture"):
        picture_of(Item(tmp_path / "a.jpg", None, 0))


@pytest.mark.parametrize(
    "name", ["two words.png", "Grüße aus Köln.png", "日本の写真.png", "it's #1, 50%.png", "no ending"]
)
def test_a_name_of_any_letters_is_read(tmp_path, layouts, name):
    (tmp_path / name).write_bytes(layouts.encoded("dog.png"))
    assert np.array_equal(np.asarray(picture_of(Item(tmp_path / name, None, 0))), layouts.pixels("dog.png"))


def test_a_link_is_followed_and_one_to_nothing_is_an_error_that_says_where_it_leads(tmp_path, layouts):
    (tmp_path / "dog.png").write_bytes(layouts.encoded("dog.png"))
    for name in ("dog.png", "gone.png"):
        (tmp_path / f"link to {name}").symlink_to(tmp_path / name)
    assert np.array_equal(
        np.asarray(picture_of(Item(tmp_path / "link to dog.png", None, 0))), layouts.pixels("dog.png")
    )
    with pytest.raises(FileNotFoundError, match=rf"link to gone.png is a link to {tmp_path}/gone.png, which is not"):
        picture_of(Item(tmp_path / "link to gone.png", None, 0))


def test_what_the_disk_refuses_is_no_broken_picture(tmp_path):
    """Else a hiccup of a file server would leave a picture of the web out for good."""
    (tmp_path / "a.jpg").mkdir()
    with pytest.raises(OSError, match=r"cannot be read .*; look at its rights and at the disk") as raised:
        picture_of(Item(tmp_path / "a.jpg", None, 0))
    assert raised.value.filename == str(tmp_path / "a.jpg")


def test_a_refused_picture_is_named_with_its_own_remedy(tmp_path):
    (tmp_path / "a.tiff").write_bytes(odd.refused()["a float TIFF"].content)
    with pytest.raises(UnreadablePicture, match=rf"{tmp_path}/a.tiff: .* which of them is white; save it") as raised:
        picture_of(Item(tmp_path / "a.tiff", None, 0))
    assert not raised.value.again


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"a.jpg is missing; extract"):
        picture_of(Item(tmp_path / "a.jpg", None, 0))


def test_a_member_that_an_archive_lacks_or_that_is_broken_is_an_error(tmp_path, layouts):
    with ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("cut.jpg", layouts.encoded("cut.jpg")[:300])
    with pytest.raises(UnreadablePicture, match=r"a.zip \(none.jpg\): .*; get the archive again"):
        picture_of(Item(tmp_path / "a.zip", "none.jpg", 0))
    with pytest.raises(UnreadablePicture, match=r"a.zip \(cut.jpg\): not a readable picture"):
        picture_of(Item(tmp_path / "a.zip", "cut.jpg", 0))


def test_a_damaged_member_of_a_zip_is_an_error(tmp_path):
    with ZipFile(tmp_path / "a.zip", "w", ZIP_DEFLATED) as archive:
        archive.writestr("a.bmp", b"BM" + b"0" * 5000)
    content = bytearray((tmp_path / "a.zip").read_bytes())
    content[40:50] = b"\xff" * 10
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(UnreadablePicture, match="get the archive again"):
        picture_of(Item(tmp_path / "a.zip", "a.bmp", 0))


def test_a_tar_that_became_shorter_is_an_error(tmp_path):
    content = io.BytesIO(b"0" * 100)
    (tmp_path / "a.tar").write_bytes(content.getvalue())
    with pytest.raises(UnreadablePicture, match="ends after 50 of 80 bytes"):
        picture_of(Item(tmp_path / "a.tar", "50:80", 0))
