"""Similarity of tasks: names and images, never test images."""

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from reprompt.clip.features import TaskFeatures
from reprompt.data.splits import Split
from reprompt.evaluation.measures.similarity import label_features, label_similarity, mean_image, pair
from reprompt.evaluation.task_data import TaskData
from reprompt.learners.templates import class_features


def unit(*rows: tuple[float, ...]) -> Tensor:
    return F.normalize(torch.tensor(rows), dim=-1)


def task(names: list[str], images: Tensor, template: str = "a photo of a {}.") -> TaskData:
    test = torch.randn(5, images.shape[1], generator=torch.Generator().manual_seed(0))
    split = Split("task", names, template, [0] * len(images), [0] * 5, {}, 1)
    return TaskData(split, TaskFeatures(images, images[None], test))


@pytest.fixture(scope="module")
def images() -> list[Tensor]:
    return list(torch.randn(3, 8, 24, generator=torch.Generator().manual_seed(1)) + 1)


def test_each_class_of_the_target_counts_with_its_nearest_class_of_the_source():
    """By hand: the target's two classes are at cosine 1 and 0.6 to the nearest of the source's three."""
    source = unit((1.0, 0.0, 0.0), (0.0, 0.6, 0.8), (0.0, 0.0, 1.0))
    target = unit((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    assert label_similarity(source, target) == pytest.approx((1 + 0.6) / 2)
    assert label_similarity(target, source) == pytest.approx((1 + 0.6 + 0) / 3)


def test_a_task_is_as_like_itself_as_can_be(tiny, images):
    own = task(["cat", "old car"], images[0])
    assert np.concatenate(list(pair(own, own, tiny).values())) == pytest.approx([1, 1], abs=1e-5)


def test_a_source_that_has_all_names_of_the_target_is_fully_similar_but_not_the_other_way_round(tiny, images):
    many, few = task(["cat", "dog", "old_car"], images[0]), task(["dog", "old car"], images[1])
    assert pair(many, few, tiny)["label_similarity"] == pytest.approx([1], abs=1e-5)
    assert pair(few, many, tiny)["label_similarity"] < 1 - 1e-4


def test_labels_are_seen_through_one_template_for_all_tasks(tiny, images):
    plain, pets = task(["cat", "dog"], images[0]), task(["cat", "dog"], images[0], "a photo of a {}, a type of pet.")
    other = task(["old car"], images[1])
    assert pair(pets, other, tiny) == pair(plain, other, tiny)
    assert torch.equal(
        label_features(tiny, ["cat", "dog"]), class_features(tiny, ["cat", "dog"], ("a photo of a {}.",))
    )


def test_names_are_encoded_once_for_each_backbone_and_go_with_it(tiny):
    another = replace(tiny, name="another", weights_sha256="other")
    first = label_features(another, ["cat", "dog"])
    assert label_features(another, ["cat", "dog"]) is first
    assert label_features(tiny, ["cat", "dog"]) is not first
    gone = weakref.ref(another)
    del another
    gc.collect()
    assert gone() is None


def test_every_training_image_counts_once_whatever_the_length_of_its_feature(images):
    longer = images[0] * torch.linspace(1, 10, 8)[:, None]
    expected = F.normalize(F.normalize(images[0], dim=-1).mean(dim=0), dim=-1)
    assert torch.allclose(mean_image(task(["cat"], longer)), expected, atol=1e-6)


def test_image_similarity_is_symmetric(tiny, images):
    one, other = task(["cat"], images[0]), task(["dog", "old car"], images[1])
    assert pair(one, other, tiny)["image_similarity"] == pair(other, one, tiny)["image_similarity"]


def test_test_images_and_augmented_views_have_no_part(tiny, images):
    one, other = task(["cat", "dog"], images[0]), task(["dog"], images[1])
    changed = replace(one, features=TaskFeatures(images[0], images[2][None], images[2]))
    assert pair(changed, other, tiny) == pair(one, other, tiny)


def test_the_order_of_similarities_is_the_order_of_distances(tiny, images):
    """Cosines of unit vectors are 1 - d^2 / 2: what all features share cancels in d."""
    one, other = task(["cat"], images[0]), task(["cat"], images[1])
    distance = float((mean_image(one) - mean_image(other)).norm())
    assert pair(one, other, tiny)["image_similarity"] == pytest.approx([1 - distance**2 / 2], abs=1e-5)
    assert distance > 0.05


def test_both_are_arrays_of_one_number(tiny, images):
    arrays = pair(task(["cat"], images[0]), task(["dog"], images[1]), tiny)
    assert list(arrays) == ["label_similarity", "image_similarity"]
    assert all(array.shape == (1,) and array.dtype == np.float64 for array in arrays.values())
