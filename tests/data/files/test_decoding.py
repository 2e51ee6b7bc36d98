"""Pictures that are shown again and again are decoded once, as far as there is room."""

import numpy as np
import pytest
from PIL import Image

from reprompt.data.files import decoding
from reprompt.data.files.decoding import Decoded
from reprompt.data.files.listing import Item
from reprompt.data.files.pictures import picture_of


@pytest.fixture
def items(tmp_path):
    random = np.random.default_rng(0)
    for n in range(3):
        Image.fromarray(random.integers(0, 256, (10, 20, 3), np.uint8)).save(tmp_path / f"{n}.png")
    return [Item(tmp_path / f"{n}.png", None, 0) for n in range(3)]


@pytest.fixture
def opened(monkeypatch):
    """The names of the files that were decoded."""
    names = []
    monkeypatch.setattr(
        decoding, "picture_of", lambda item, reading: names.append(item.path.stem) or picture_of(item, reading)
    )
    return names


def test_a_picture_is_decoded_once(items, opened):
    decoded = Decoded()
    pictures = [decoded.picture_of(item) for item in (*items, *items)]
    assert opened == ["0", "1", "2"]
    assert all(np.array_equal(one, picture_of(item)) for one, item in zip(pictures[3:], items, strict=True))


def test_the_first_stay_and_what_finds_no_room_is_decoded_again(items, opened):
    decoded = Decoded(room=2 * 3 * 10 * 20)
    for item in (*items, *items):
        decoded.picture_of(item)
    assert opened == ["0", "1", "2", "2"]
    assert decoded.room == 0
