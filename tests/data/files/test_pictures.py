"""Opening a picture, and the error where it cannot be."""

import io
import tarfile
from zipfile import ZipFile

import numpy as np
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


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1", "LA"])
def test_every_kind_of_picture_becomes_rgb(tmp_path, mode):
    path = tmp_path / "a.tiff"
    Image.new("RGB", (8, 6), (200, 10, 30)).convert(mode).save(path)
    assert picture_of(Item(path, None, 0)).mode == "RGB"


def test_a_picture_is_not_turned_by_its_exif_orientation(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    Image.new("RGB", (8, 6)).save(tmp_path / "a.jpg", exif=exif)
    assert picture_of(Item(tmp_path / "a.jpg", None, 0)).size == (8, 6)


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


def test_a_tar_that_became_shorter_is_an_error(tmp_path):
    content = io.BytesIO(b"0" * 100)
    (tmp_path / "a.tar").write_bytes(content.getvalue())
    with pytest.raises(UnreadablePicture, match="ends after 50 of 80 bytes"):
        picture_of(Item(tmp_path / "a.tar", "50:80", 0))
