"""Status says present only of what is whole, and else exactly what to do."""

from dataclasses import replace

import layouts
import pytest

from reprompt.data.fetch.status import status
from reprompt.data.files.listing import Item, Listing

ARCHIVE = {
    **{"file": "pictures.zip", "url": "https://example.org/pictures.zip", "extract": "zip", "makes": "images"},
}
SPLIT = {"file": "split.json", "url": "https://example.org/split.json", "extract": "none", "without": "our own split"}


def read(folder):
    """Class folders below images/; the picture 2.jpg of a class is for testing."""
    names = tuple(sorted(path.name for path in (folder / "images").iterdir()))
    split = {"1": [], "2": []}
    for path in sorted((folder / "images").glob("*/*.jpg")):
        split[path.stem].append(Item(path, None, names.index(path.parent.name)))
    return Listing(names, tuple(split["1"]), tuple(split["2"]))


READERS = {"dtd": read}


@pytest.fixture
def whole(tmp_path, picture):
    """A whole data set of two classes."""
    for n, name in enumerate(("banded/1", "banded/2", "dotted/1", "dotted/2")):
        path = tmp_path / "dtd/images" / f"{name}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(n))
    return tmp_path


def test_nothing_is_missing_and_fetch_is_the_remedy(card, tmp_path):
    outcome = status(card(ARCHIVE), tmp_path, READERS)
    assert outcome.state == "missing"
    assert outcome.remedies == ("reprompt data fetch dtd",)
    assert outcome.faults == (f"{tmp_path}/dtd/images is missing",)


def test_what_a_person_has_to_do_is_the_remedy_where_no_program_may(card, tmp_path):
    by_hand = {key: value for key, value in ARCHIVE.items() if key != "url"} | {"page": "https://example.org/form"}
    outcome = status(card(by_hand, registration=True, manual="Register first."), tmp_path, READERS)
    assert "get it from https://example.org/form" in outcome.remedies[0]
    assert outcome.remedies[1] == "Register first."
    assert "needs a registration" in outcome.remarks[0]


def test_validation_images_are_counted_where_the_data_set_lists_them(card, whole):
    def with_validation(folder):
        listing = read(folder)
        return replace(listing, train=listing.train[:2], validation=listing.test[:1])

    right = status(card(ARCHIVE, validation=1), whole, {"dtd": with_validation})
    wrong = status(card(ARCHIVE, validation=3), whole, {"dtd": with_validation})
    assert right.state == "present", right.faults
    assert wrong.faults == ("validation: 1 images, expected 3",)


def test_dead_links_and_alternatives_are_told_of_what_is_missing(card, tmp_path):
    keys = {"dead": ("the old page",), "alternatives": ("the new page",), "elevater": "classification/dtd_1"}
    outcome = status(card(ARCHIVE, **keys), tmp_path, READERS)
    assert outcome.remarks == (
        "licence: none",
        "ELEVATER's archives, for who has them, go to classification/dtd_1",
        "dead: the old page",
        "instead: the new page",
    )


def test_a_whole_data_set_is_present(card, whole):
    assert status(card(ARCHIVE), whole, READERS).state == "present"


def test_a_missing_class_folder_is_partial(card, whole):
    for path in (whole / "dtd/images/dotted").iterdir():
        path.unlink()
    (whole / "dtd/images/dotted").rmdir()
    outcome = status(card(ARCHIVE), whole, READERS)
    assert outcome.state == "partial"
    assert outcome.faults[0] == "1 classes, expected 2: folder names"
    assert outcome.remedies == (f"move {whole}/dtd/images away, then: reprompt data fetch dtd",)


def test_an_empty_class_folder_is_partial_and_the_class_is_named(card, whole):
    for path in (whole / "dtd/images/dotted").iterdir():
        path.unlink()
    outcome = status(card(ARCHIVE), whole, READERS)
    assert "train: no image of class 'dotted'" in outcome.faults
    assert "test: 1 images, expected 2" in outcome.faults


def test_a_truncated_picture_is_partial_and_named(card, whole):
    path = whole / "dtd/images/dotted/2.jpg"
    path.write_bytes(path.read_bytes()[:-200])
    outcome = status(card(ARCHIVE), whole, READERS)
    assert outcome.state == "partial"
    assert str(path) in outcome.faults[0]


def test_an_empty_picture_is_partial(card, whole):
    (whole / "dtd/images/dotted/2.jpg").write_bytes(b"")
    assert "dotted/2.jpg" in status(card(ARCHIVE), whole, READERS).faults[0]


def test_of_many_pictures_a_sample_is_opened_and_all_on_request(card, whole, picture):
    good = Item(whole / "dtd/images/dotted/2.jpg", None, 0)
    bad = Item(whole / "dtd/images/dotted/bad.jpg", None, 1)
    bad.path.write_bytes(b"bad")
    readers = {"dtd": lambda folder: Listing(("a", "b"), (good, bad, *[good] * 998), (good, bad))}
    sized = card(ARCHIVE, train=1000)
    assert len(status(sized, whole, readers).faults) == 1  # the test picture; both of two are opened
    assert len(status(sized, whole, readers, every_picture=True).faults) == 2


def test_what_a_reader_cannot_read_is_partial_with_its_words(card, whole):
    def refuses(folder):
        raise ValueError(f"{folder}: cut off")

    assert status(card(ARCHIVE), whole, {"dtd": refuses}).faults == (f"{whole}/dtd: cut off",)


def test_a_missing_python_package_is_the_remedy(card, whole):
    outcome = status(card(ARCHIVE, package="no_such_package"), whole, READERS)
    assert outcome.state == "partial"
    assert outcome.remedies == ("pip install no_such_package",)
    assert status(card(ARCHIVE, package="json"), whole, READERS).state == "present"


def test_half_of_a_download_is_partial(card, tmp_path):
    part = tmp_path / "downloads/dtd/pictures.zip.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"x" * 1234)
    outcome = status(card(ARCHIVE), tmp_path, READERS)
    assert outcome.state == "partial"
    assert outcome.faults[0] == "pictures.zip is half downloaded (1,234 bytes)"


def test_half_unpacked_is_partial(card, whole):
    (whole / "dtd/.unpacking-pictures.zip").mkdir()
    outcome = status(card(ARCHIVE), whole, READERS)
    assert outcome.state == "partial"
    assert outcome.faults[0] == "pictures.zip is half unpacked"


def test_one_piece_of_two_is_partial(card, whole):
    other = {**ARCHIVE, "file": "labels.zip", "makes": "labels"}
    outcome = status(card(ARCHIVE, other), whole, READERS)
    assert outcome.state == "partial"
    assert outcome.faults == (f"{whole}/dtd/labels is missing",)


def test_of_a_split_of_our_own_the_total_is_compared_and_what_is_lacking_is_told(card, whole):
    own = {"dtd": lambda folder: replace(read(folder), is_own_split=True)}
    outcome = status(card(ARCHIVE, SPLIT, train=3, test=1), whole, own)
    assert outcome.state == "present", outcome.faults
    assert outcome.remarks[0].startswith("without split.json: our own split; ")
    half = status(card(ARCHIVE, SPLIT, train=7, validation=2, test=9), whole, own)
    assert (half.state, half.faults) == ("partial", ("all splits together: 4 images, expected 18",))


def test_with_the_split_file_sizes_are_compared(card, whole):
    (whole / "dtd/split.json").write_text("{}")
    outcome = status(card(ARCHIVE, SPLIT, train=7, test=9), whole, READERS)
    assert outcome.faults == ("train: 2 images, expected 7", "test: 2 images, expected 9")


def test_classes_of_pictures_with_several_are_counted(card, whole):
    path = whole / "dtd/images/dotted/2.jpg"
    listing = Listing(("a", "b"), (Item(path, None, (1, 0)), Item(path, None, (1, 0))), (Item(path, None, (1, 1)),) * 2)
    assert status(card(ARCHIVE), whole, {"dtd": lambda folder: listing}).faults == ("train: no image of class 'b'",)


def test_of_many_faults_the_first_are_named(card, whole):
    for path in (whole / "dtd/images").glob("*/*.jpg"):
        path.write_bytes(b"")
    listing = [Item(path, None, n % 2) for n, path in enumerate((whole / "dtd/images").glob("*/*.jpg"))]
    readers = {"dtd": lambda folder: Listing(("a", "b"), (*listing, *listing), tuple(listing[:2]))}
    faults = status(card(ARCHIVE, train=8), whole, readers).faults
    assert faults[3] == "and 5 more"


def test_pictures_of_the_web_are_judged_by_their_shards(card, tmp_path):
    shards = {"file": "{number:02d}.tar", "url": "https://example.org/{number:02d}.tar", "extract": "none"}
    corpus = card(shards | {"numbers": (0, 2)}, name="corpus", classes=None)
    for n in (0, 1):
        layouts.write_shard(tmp_path / f"dtd/0{n}.tar", [("0", "a caption")])
    assert status(corpus, tmp_path, {}).faults == (f"{tmp_path}/dtd/02.tar is missing",)
    layouts.write_shard(tmp_path / "dtd/02.tar", [("0", "a caption")])
    assert status(corpus, tmp_path, {}).state == "present"
    shard = tmp_path / "dtd/01.tar"
    shard.write_bytes(shard.read_bytes()[:2000])
    assert "dtd/01.tar: the archive is cut off" in status(corpus, tmp_path, {}).faults[0]


def test_what_needs_no_download_is_missing_where_its_folder_is(card, tmp_path):
    for name in ("corpus", "webvision", "dtd"):
        outcome = status(card(name=name, manual="Put the files into dtd/."), tmp_path, READERS)
        assert (outcome.state, outcome.faults) == ("missing", (f"{tmp_path}/dtd is missing",))
        assert "Put the files into dtd/." in outcome.remedies


def test_webvision_is_present_where_what_its_lists_name_is_there(card, tmp_path):
    folder = layouts.make("webvision", tmp_path / "dtd")
    webvision = card(name="webvision")
    assert status(webvision, tmp_path, {}).state == "present"
    (folder / "google").rename(folder / "elsewhere")
    outcome = status(webvision, tmp_path, {})
    assert outcome.state == "partial"
    assert f"{folder}/google" in outcome.faults[0]
