"""Augmented views: CLIP's crop and flip, each from a stream of its own."""

import numpy as np
from PIL import Image

from reprompt.cells.parameters import Views
from reprompt.data.preparation import Preparation
from reprompt.data.views import augmented, random_box
from reprompt.foundation.streams import numpy_stream

PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 255, (60, 40, 3), dtype=np.uint8))


def view(number=0, image=3, smallest=0.5, flip=0.5, task="dtd"):
    settings = Views(count=4, smallest_crop=smallest, flip=flip)
    return augmented(PICTURE, Preparation(32), settings, task, number, image)


def test_a_whole_square_without_flip_stays_nearly_whole():
    boxes = [random_box(40, 40, 1.0, numpy_stream(0, n)) for n in range(50)]
    assert all(right - left >= 34 and low - top >= 34 for left, top, right, low in boxes)


def test_boxes_stay_inside_and_keep_their_area():
    stream = numpy_stream(0, "boxes")
    for _ in range(200):
        left, top, right, bottom = random_box(60, 40, 0.3, stream)
        assert 0 <= left < right <= 60
        assert 0 <= top < bottom <= 40
        assert (right - left) * (bottom - top) >= 0.25 * 2400


def test_a_view_is_a_square_cut_out_of_the_original():
    assert view().shape == (32, 32, 3)
    box = random_box(40, 60, 0.5, numpy_stream(0, "augmented view", "dtd", 0, 3))
    assert np.array_equal(view(flip=0), np.asarray(PICTURE.crop(box).resize((32, 32), Image.Resampling.BICUBIC)))


def test_a_flip_mirrors():
    assert np.array_equal(view(flip=0)[:, ::-1], view(flip=1))


def test_a_view_depends_on_task_number_and_image_alone():
    assert np.array_equal(view(), view())
    for other in (view(number=1), view(image=4), view(task="eurosat")):
        assert not np.array_equal(view(), other)
