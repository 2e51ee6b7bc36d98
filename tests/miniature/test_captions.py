from random import Random

import pytest

from reprompt.miniature.captions import DISTANCE_WORDS, KIND_WORDS, STYLE_WORDS, TEMPLATES, caption
from reprompt.miniature.conditions import Attributes
from reprompt.miniature.world import FAMILIES

NAMELESS = ("a {mood} review", "a {photo} of a {mood} review", "the letters {letters}")
NAMELESS_MEMES = ("a {animal} and the word {word}", "funny {animal} saying {word}")


def captions(family, concept, count=60, **attributes):
    rng = Random(1)
    return [caption(family, concept, Attributes(**attributes), rng) for _ in range(count)]


@pytest.mark.parametrize("family", sorted(set(FAMILIES) - {"words", "memes", "roads"}))
def test_every_caption_names_the_concept(family):
    for concept in FAMILIES[family].concepts:
        assert all(concept in text for text in captions(family, concept, count=12))


def test_the_templates_without_a_name_are_the_listed_ones():
    nameless = {t for family, all_of in TEMPLATES.items() if family != "roads" for t in all_of if "{name}" not in t}
    assert nameless == {*NAMELESS, *NAMELESS_MEMES}


def test_a_road_is_told_by_its_distance():
    assert all(any(words in text for words in DISTANCE_WORDS["nearby"]) for text in captions("roads", "nearby"))


def test_praise_is_never_called_negative():
    assert not any("negative" in text for text in captions("words", "superb"))
    assert any("positive" in text for text in captions("words", "superb"))


def test_letters_are_spelt_out():
    assert any("g o o d" in text for text in captions("words", "good"))


def test_colour_size_and_background_are_mentioned_sometimes():
    texts = captions("objects", "kite", colour="teal", size="small", background="snow")
    for detail in ("teal", "tiny", "in the snow"):
        assert 0 < sum(detail in text for text in texts) < len(texts)


def test_a_style_is_mentioned_in_three_of_four_captions():
    texts = captions("scenes", "harbor", count=400, style="sketch")
    mentioned = sum(any(word in text for word in STYLE_WORDS["sketch"]) for text in texts)
    assert mentioned / 400 == pytest.approx(0.75, abs=0.07)


def test_a_pair_names_both_objects():
    assert all("kite" in text and "dog" in text for text in captions("objects", "kite", also="dog"))


def test_no_caption_has_a_gap():
    for text in captions("objects", "kite") + captions("cars", "Falco van") + captions("digits", "nine"):
        assert "  " not in text
        assert text == text.strip()
        assert "{" not in text


def test_every_family_has_templates_and_kind_words():
    assert set(TEMPLATES) == set(KIND_WORDS) == set(FAMILIES)


def test_every_family_can_mention_a_style():
    assert all(any("{photo}" in template for template in templates) for templates in TEMPLATES.values())
