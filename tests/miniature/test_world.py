import hashlib
from random import Random

import numpy as np
import pytest
from PIL import Image

from reprompt.miniature.canvas import COLOURS, SIZE, Painter, jitter, mix
from reprompt.miniature.styles import STYLES
from reprompt.miniature.world import FAMILIES, Conditions, _hide_a_part, render

# These hashes pin the world that the stored weights were trained on: concept k of a family, rendered from seed k.
# If one changes, the weights, features and records belong to another world and have to be made anew.
PICTURES = {
    "objects": "3f443f14883adce4",
    "pets": "8741dabc967cc329",
    "cars": "dc4d681994681599",
    "flowers": "65a8c1308e4595a4",
    "food": "277d7f7b8a016bec",
    "aircraft": "569c5e648010cd14",
    "scenes": "ae71ed6d226a2348",
    "textures": "d8c0514c5b068973",
    "aerial": "8175fadf6bb9f834",
    "actions": "f18bd7c5cfc8710b",
    "digits": "e14e2404dc789a7f",
    "signs": "69474d798ffda9fb",
    "faces": "43fc0d462076cd3b",
    "roads": "4beee899a965608a",
    "tissue": "1723bd16beb69e60",
    "flags": "571a5e433aaecedc",
    "words": "444f6efd6526b223",
    "memes": "9e4e449f7f92fb1c",
}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_concept_is_drawn_as_the_stored_weights_have_seen_it(family):
    pictures = [render(family, concept, seed)[0] for seed, concept in enumerate(FAMILIES[family].concepts)]
    assert hashlib.sha256(np.stack(pictures).tobytes()).hexdigest()[:16] == PICTURES[family]


def test_the_world_has_eighteen_families_with_368_different_concepts():
    concepts = [(family.name, concept) for family in FAMILIES.values() for concept in family.concepts]
    assert len(FAMILIES) == 18
    assert len(set(concepts)) == len(concepts) == 368
    assert len({family.key for family in FAMILIES.values()}) == 18


def test_the_same_seed_gives_the_same_picture_and_another_seed_another():
    first, again, other = (render("pets", "beagle", seed)[0] for seed in (1, 1, 2))
    assert first.shape == (SIZE, SIZE, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("style", STYLES)
def test_every_style_changes_the_picture_and_is_told(style):
    picture, attributes = render("cars", "Falco sedan", 3, Conditions(style=style))
    plain, _ = render("cars", "Falco sedan", 3)
    assert attributes.style == style
    assert np.array_equal(picture, plain) == (style == "")


def test_a_condition_is_kept():
    conditions = Conditions(colour="red", background="snow", size="large", at=(0.8, 0.5))
    _, attributes = render("objects", "key", 0, conditions)
    assert (attributes.colour, attributes.background, attributes.size) == ("red", "snow", "large")
    assert attributes.position == "on the right"


def test_a_tint_darkens_its_channel():
    plain, tinted = (render("scenes", "beach", 5, Conditions(tint=tint))[0] for tint in (None, (1.0, 1.0, 0.5)))
    assert tinted[..., 2].mean() < 0.6 * plain[..., 2].mean()
    assert np.array_equal(tinted[..., 0], plain[..., 0])


def test_an_occluder_is_one_square_of_a_third_of_the_side():
    canvas = Image.new("RGB", (2 * SIZE, 2 * SIZE))
    _hide_a_part(canvas, Random(2))
    hidden = np.asarray(canvas).any(axis=2)
    rows, columns = hidden.any(axis=1).sum(), hidden.any(axis=0).sum()
    assert rows == columns == pytest.approx(0.3 * 2 * SIZE, abs=1)
    assert hidden.sum() == rows * columns


def test_jitter_stays_near_and_within_bytes():
    rng = Random(0)
    for colour in ((0, 128, 255), (250, 3, 90)):
        moved = jitter(colour, rng, 20)
        assert all(0 <= channel <= 255 and abs(channel - old) <= 20 for channel, old in zip(moved, colour, strict=True))


def test_mixing_goes_from_the_first_colour_to_the_second():
    assert mix((0, 100, 200), (100, 0, 100), 0) == (0, 100, 200)
    assert mix((0, 100, 200), (100, 0, 100), 1) == (100, 0, 100)
    assert mix((0, 100, 200), (100, 0, 100), 0.5) == (50, 50, 150)


def test_a_mirrored_painter_draws_on_the_other_side():
    sides = []
    for mirrored in (False, True):
        image = Image.new("RGB", (2 * SIZE, 2 * SIZE))
        Painter(image, mirrored=mirrored).rectangle(0.3, -0.5, 0.9, 0.5, (255, 255, 255))
        columns = np.flatnonzero(np.asarray(image).any(axis=(0, 2)))
        sides.append(columns.mean() > SIZE)
    assert sides == [True, False]


def test_the_palette_has_twelve_colours_with_names_of_one_word():
    assert len(COLOURS) == 12
    assert all(name.isalpha() for name in COLOURS)
