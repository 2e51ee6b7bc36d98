from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from reprompt.miniature.corpus import TINTS
from reprompt.miniature.tasks import (
    TASKS,
    WorldSettings,
    class_names,
    images_per_split,
    labels,
    render_images,
    subject,
)
from reprompt.miniature.world import FAMILIES, render
from reprompt.tasks.card import card_of, cards
from reprompt.tasks.groups import members

WORLD = WorldSettings()
COLLECTED = [task for task in TASKS if TASKS[task].habits_of]


def test_the_tasks_that_are_drawn_are_those_with_words_on_their_card():
    assert set(TASKS) == {task for task, card in cards().items() if card.rendered}
    assert set(TASKS) == {*members("datasets11"), *members("imagenet4"), *members("elevater12")}


@pytest.mark.parametrize("task", TASKS)
def test_a_task_has_drawable_concepts_and_different_names(task):
    rendered = TASKS[task]
    assert all(concept in FAMILIES[family].concepts for family, concept in rendered.concepts)
    assert len(set(rendered.class_names)) == len(rendered.class_names) == len(rendered.concepts)


def test_the_shifts_have_imagenets_classes():
    assert all(class_names(shift) == class_names("imagenet") for shift in members("imagenet4"))


@pytest.mark.parametrize("task", ("imagenet", "cifar100"))
def test_the_families_of_a_mixed_task_are_in_both_halves(task):
    concepts = TASKS[task].concepts
    middle = -(-len(concepts) // 2)
    base, new = ({family for family, _ in half} for half in (concepts[:middle], concepts[middle:]))
    assert len(base & new) >= len(base | new) - 1


def test_distances_are_whole_sentences():
    assert card_of("kitti_distance").template == "{}"
    assert "a photo of an empty road, no car." in class_names("kitti_distance")


@pytest.mark.parametrize("task", TASKS)
def test_every_class_has_equally_many_pictures_and_a_test_set_is_neither_small_nor_large(task):
    counts, classes = images_per_split(task, WORLD), len(class_names(task))
    assert counts["train"] == 32 * classes
    assert counts["test"] >= min(max(600, 50 * classes), 2000 - classes)
    assert counts["test"] <= 2000
    assert counts["test"] % classes == 0


@pytest.mark.parametrize("task", TASKS)
def test_labels_agree_with_what_is_drawn(task):
    count = 2 * len(class_names(task))
    task_labels = labels(task, count, "test", WORLD)
    for index in range(count):
        shown = subject(task, "test", index, WORLD)
        if TASKS[task].is_multi_label:
            names = {class_names(task)[k] for k in np.flatnonzero(task_labels[index])}
            assert names == {shown.concept, *(name for name, _ in shown.conditions.also)}
        elif task == "rendered_sst2":
            assert shown.labels == (task_labels[index],)
        else:
            assert (shown.family, shown.concept) == TASKS[task].concepts[task_labels[index]]


def test_a_review_is_written_with_a_word_of_its_mood():
    from reprompt.miniature.families.words import BLAME, PRAISE

    for index in range(40):
        shown = subject("rendered_sst2", "train", index, WORLD)
        mood = class_names("rendered_sst2")[shown.labels[0]]
        assert shown.concept in (PRAISE if mood == "positive" else BLAME)
        assert shown.concept in " ".join(shown.conditions.lines)


def test_a_picture_depends_on_its_index_only():
    together = render_images("dtd", "test", range(6), WORLD)
    assert np.array_equal(render_images("dtd", "test", [4, 1], WORLD), together[[4, 1]])
    assert np.array_equal(render_images("dtd", "test", range(6), WORLD, workers=2), together)


def test_splits_and_render_seeds_have_other_pictures():
    pictures = [
        render_images("dtd", split, range(3), replace(WORLD, render_seed=seed))
        for split, seed in (("train", 1), ("test", 1), ("test", 2))
    ]
    for i, first in enumerate(pictures):
        for second in pictures[i + 1 :]:
            assert all(not np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def habits_seen(task: str, split: str, world: WorldSettings = WORLD, rounds: int = 30):
    """Per class the tints of its pictures, with how often."""
    classes = len(class_names(task))
    tints = [Counter() for _ in range(classes)]
    for index in range(rounds * classes):
        tints[index % classes][subject(task, split, index, world).conditions.tint] += 1
    return tints


@pytest.mark.parametrize("task", ("dtd", "eurosat", "gtsrb"))
def test_a_class_has_the_same_habit_in_training_and_test_pictures(task):
    for train, test in zip(habits_seen(task, "train"), habits_seen(task, "test"), strict=True):
        assert set(train) == set(test)
        assert len(set(train) - {None}) == 1


def test_a_habit_appears_with_the_stated_probability():
    share = 1 - sum(tints[None] for tints in habits_seen("dtd", "train")) / (30 * 18)
    assert share == pytest.approx(WORLD.habit_probability, abs=0.06)


def test_a_habit_does_not_depend_on_the_render_seed():
    first, second = (habits_seen("dtd", "train", replace(WORLD, render_seed=seed)) for seed in (1, 2))
    assert [set(tints) for tints in first] == [set(tints) for tints in second]


def test_without_probability_there_are_no_habits():
    world = replace(WORLD, habit_probability=0.0)
    assert all(set(tints) == {None} for tints in habits_seen("dtd", "train", world, rounds=5))


def test_classes_differ_in_their_habits_and_none_is_a_tint_of_the_corpus():
    tints = [tint for task in COLLECTED for seen in habits_seen(task, "train", rounds=8) for tint in set(seen) - {None}]
    classes = {(TASKS[task].habits_of, concept) for task in COLLECTED for concept in TASKS[task].concepts}
    assert len(set(tints)) == len(classes)
    assert not set(tints) & set(TINTS.values())


@pytest.mark.parametrize("shift", ("imagenet_sketch", "imagenet_a", "imagenet_r"))
def test_the_hard_shifts_have_no_habits(shift):
    assert all(set(tints) == {None} for tints in habits_seen(shift, "test", rounds=3))


def test_imagenet_v2_is_collected_as_imagenet_is():
    v2, imagenet = habits_seen("imagenet_v2", "test"), habits_seen("imagenet", "train")
    assert [set(tints) for tints in v2] == [set(tints) for tints in imagenet]


def test_a_picture_is_its_subject_rendered():
    from zlib import crc32

    shown = subject("ucf101", "test", 7, WORLD)
    picture, _ = render(shown.family, shown.concept, crc32(b"1/ucf101/test/7"), shown.conditions)
    assert np.array_equal(render_images("ucf101", "test", [7], WORLD)[0], picture)
