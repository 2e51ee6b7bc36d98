"""What the words of the file stand for."""

import pytest

from reprompt.tasks.class_texts import PHOTO, SEVEN, spelt_out

PET = "a photo of a {}, a type of pet."


@pytest.mark.parametrize(
    ("word", "task", "texts"),
    [
        ("own", "oxford_pets", (PET,)),
        ("own_or_seven", "oxford_pets", (PET,)),
        ("own", "imagenet", (PET,)),
        ("own_or_seven", "imagenet", SEVEN),
        ("own_or_eight", "imagenet", (*SEVEN, PHOTO)),
    ],
)
def test_several_texts_are_imagenets_alone(word, task, texts):
    assert spelt_out(word, task, PET) == texts
