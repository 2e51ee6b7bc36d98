"""Augmented views: CLIP's crop and flip, from their own stream."""

import numpy as np

from reprompt.data.views import augmented, crop_box
from reprompt.streams import numpy_stream

IMAGES = np.random.default_rng(0).integers(0, 255, (6, 40, 40, 3), dtype=np.uint8)


def test_the_whole_image_without_flip_is_the_image_itself():
    wide = np.repeat(IMAGES, 1, axis=0)
    boxes = [crop_box(40, 40, 1.0, numpy_stream(0, n)) for n in range(50)]
    assert all(right - left >= 34 and low - top >= 34 for left, top, right, low in boxes)
    assert augmented(wide, 1.0, 0.0, numpy_stream(0, "x")).shape == IMAGES.shape


def test_boxes_stay_inside_and_keep_their_area():
    stream = numpy_stream(0, "boxes")
    for _ in range(200):
        left, top, right, bottom = crop_box(40, 40, 0.3, stream)
        assert 0 <= left < right <= 40
        assert 0 <= top < bottom <= 40
        assert (right - left) * (bottom - top) >= 0.25 * 1600


def test_a_flip_mirrors():
    plain = augmented(IMAGES, 0.5, 0.0, numpy_stream(0, "same"))
    flipped = augmented(IMAGES, 0.5, 1.0, numpy_stream(0, "same"))
    assert np.array_equal(plain[:, :, ::-1], flipped)


def test_the_same_stream_gives_the_same_views_and_another_gives_others():
    one, two = (augmented(IMAGES, 0.5, 0.5, numpy_stream(0, "view", v)) for v in (1, 2))
    assert np.array_equal(one, augmented(IMAGES, 0.5, 0.5, numpy_stream(0, "view", 1)))
    assert not np.array_equal(one, two)
