"""Every kind of picture file becomes one picture, or is refused with what is wrong and what helps."""

import io
import re
import warnings

import numpy as np
import odd
import pytest
from PIL import Image, ImageOps

from reprompt.data.files.rgb import Reading, Refused, in_eight_bits, rgb

READABLE, REFUSED = odd.readable(), odd.refused()
SMALL = Reading(largest=1)


@pytest.mark.parametrize("kind", READABLE)
def test_a_kind_of_picture_becomes_these_pixels(kind):
    file = READABLE[kind]
    with warnings.catch_warnings(action="error"):
        picture = rgb(io.BytesIO(file.content), SMALL)
    assert picture.mode == "RGB" and picture.size == (odd.WIDTH, odd.HEIGHT)
    assert np.abs(np.asarray(picture, int) - file.pixels).max() <= file.within


@pytest.mark.parametrize("kind", REFUSED)
def test_a_kind_of_file_is_refused_with_what_is_wrong_and_a_remedy(kind):
    file = REFUSED[kind]
    with pytest.raises(Refused) as raised:
        rgb(io.BytesIO(file.content), SMALL)
    said = f"{raised.value}; {raised.value.remedy}"
    assert re.search(file.error.replace(")", r"\)"), said), said
    assert (raised.value.remedy == "") == file.again


@pytest.mark.parametrize(
    ("kind", "mode"), [("JPEG", "RGB"), ("JPEG", "L"), ("JPEG", "CMYK"), ("PNG", "RGB"), ("PNG", "L")]
)
def test_ordinary_pictures_have_every_bit_of_pillows_conversion(kind, mode):
    content = odd.written(Image.fromarray(odd.colours()).convert(mode), kind)
    expected = Image.open(io.BytesIO(content)).convert("RGB")
    assert rgb(io.BytesIO(content), SMALL).tobytes() == expected.tobytes()


@pytest.mark.parametrize("is_marked", [True, False])
def test_the_inks_of_a_jpeg_are_inverted_as_adobe_writes_them_with_its_mark_or_without(is_marked):
    content = odd.written(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=100)
    if not is_marked:
        at = content.index(b"\xff\xee")
        content = content[:at] + content[at + 2 + int.from_bytes(content[at + 2 : at + 4], "big") :]
    assert np.abs(np.asarray(rgb(io.BytesIO(content), SMALL), int) - [255, 0, 0]).max() <= 3


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_upright_a_picture_is_turned_as_its_exif_data_say_and_else_not(kind, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = odd.written(Image.fromarray(odd.colours()), kind, exif=exif)
    stored = Image.open(io.BytesIO(content))
    upright = rgb(io.BytesIO(content), Reading(upright=True))
    assert upright.tobytes() == ImageOps.exif_transpose(stored).convert("RGB").tobytes()
    assert rgb(io.BytesIO(content), Reading()).tobytes() == stored.convert("RGB").tobytes()


@pytest.mark.parametrize("upright", [True, False])
def test_a_tiff_is_turned_once_by_pillow_itself(upright):
    exif = Image.Exif()
    exif[0x0112] = 6
    content = odd.written(Image.fromarray(odd.colours()), "TIFF", exif=exif)
    turned = rgb(io.BytesIO(content), Reading(upright=upright))
    assert np.array_equal(np.asarray(turned), np.rot90(odd.colours(), -1))


def test_an_unknown_orientation_turns_nothing():
    exif = Image.Exif()
    exif[0x0112] = 77
    content = odd.written(Image.fromarray(odd.colours()), "PNG", exif=exif)
    assert np.array_equal(np.asarray(rgb(io.BytesIO(content), Reading(upright=True))), odd.colours())


def test_a_tiff_of_twelve_bits_has_its_white_at_4095():
    values = odd.ramp(4095)
    pairs = values.reshape(-1, 2).astype(np.uint16)
    packed = np.stack([pairs[:, 0] >> 4, (pairs[:, 0] & 15) << 4 | pairs[:, 1] >> 8, pairs[:, 1] & 255], -1)
    content = odd.tiff(packed.astype(np.uint8).reshape(odd.HEIGHT, -1), bits=12)
    width_at = content.index(b"\x00\x01\x04\x00\x01\x00\x00\x00") + 8
    content = content[:width_at] + odd.WIDTH.to_bytes(4, "little") + content[width_at + 4 :]
    assert np.array_equal(np.asarray(rgb(io.BytesIO(content), SMALL)), odd.scaled(values, 4095))


def test_a_limit_set_higher_lets_a_large_picture_through_without_a_word():
    content = odd.png(1500, 1000, 8, 0, b"\0" * 1000 * 1501)
    with warnings.catch_warnings(action="error"):
        assert rgb(io.BytesIO(content), Reading(largest=2)).size == (1500, 1000)


def test_a_picture_of_exactly_the_limit_is_read():
    assert rgb(io.BytesIO(odd.png(1000, 1000, 8, 0, b"\0" * 1000 * 1001)), SMALL).size == (1000, 1000)


def test_a_picture_of_190_megapixels_is_refused_by_default_before_it_is_decoded():
    content = odd.png(14000, 14000, 8, 0, b"")  # without pixels: to decode it would be another error
    with pytest.raises(Refused, match=r"14,000 x 14,000 pixels are more than the 178 megapixels of data.l"):
        rgb(io.BytesIO(content), Reading())


def test_a_large_picture_that_is_refused_is_no_warning_of_pillows():
    rgb(io.BytesIO(READABLE["grey"].content), Reading(largest=3))
    with warnings.catch_warnings(record=True) as warned, pytest.raises(Refused):
        rgb(io.BytesIO(odd.png(2000, 2000, 8, 0, b"")), Reading(largest=3))
    assert not warned


def test_grey_and_colour_of_16_bits_are_within_a_step_of_each_other():
    """Pillow gives the high byte of 16-bit colour alone."""
    deep = odd.ramp()
    as_colour = b"".join(b"\0" + np.repeat(row.astype(">u2"), 3).tobytes() for row in deep)
    colour = rgb(io.BytesIO(odd.png(odd.WIDTH, odd.HEIGHT, 16, 2, as_colour)), SMALL)
    grey = rgb(io.BytesIO(READABLE["16-bit grey PNG"].content), SMALL)
    assert np.abs(np.asarray(colour, int) - np.asarray(grey, int)).max() <= 1


def test_a_row_of_16_bits_of_an_array_is_scaled():
    assert np.array_equal(np.asarray(in_eight_bits(Image.fromarray(odd.ramp()))), odd.scaled(odd.ramp(), 65535))
