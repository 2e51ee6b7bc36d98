"""A folder of pictures becomes a task: found, looked at, divided, and refused where nothing can come of it."""

import csv
import json
import os
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import odd
import pytest
import yaml
from PIL import Image

from photographs import SCENES, digits, photographs, plain
from reprompt.data.files.own import read_own, read_rows
from reprompt.data.own.add import Wanted, add_task, in_words
from reprompt.data.own.names import LONGEST
from reprompt.tasks.card import card_of, own_cards, own_folds
from reprompt.tasks.groups import expanded

FEW = {"a rose": 6, "a tulip": 6, "a lily": 6}
ENOUGH = {"a rose": 120, "a tulip": 120, "a lily": 120}


@pytest.fixture(autouse=True)
def working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def tokens(texts):
    """Words and marks, which is near enough to CLIP's tokens for short names."""
    return [len(text.replace(".", " .").split()) for text in texts]


def add(folder, name="mine", template="a photo of a {}.", **more):
    wanted = Wanted(name, Path(folder), template, **more)
    return add_task(wanted, tokens, lambda steps, total: steps)


def rows(name="mine"):
    return read_rows(Path(f"tasks/{name}.csv"))


def picture(path, seed=0, size=(40, 30)):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (5, 5, 3), np.uint8)
    Image.fromarray(pixels).resize(size).save(path)


def test_digits_by_hand_are_a_task_with_all_their_pictures():
    added = add(digits(Path("digits")), "digits", "a photo of the digit {}.")
    counts = Counter(name for _, name, _ in rows("digits"))
    assert sum(counts.values()) == 1797 and len(counts) == 10 and added.folds == 0 and not added.unreadable
    for name, count in counts.items():  # half, a fifth, the rest, as near as groups allow
        parts = added.classes[name]
        assert abs(parts["train"] - count / 2) <= 3 and abs(parts["validation"] - count / 5) <= 3
    listing = read_own(card_of("digits"))
    assert [len(part) for part in (listing.train, listing.validation, listing.test)] == [
        sum(parts[part] for parts in added.classes.values()) for part in ("train", "validation", "test")
    ]


def test_photographs_of_any_size_turn_and_mode_are_a_task_that_is_cross_validated():
    added = add(photographs(Path("my photos"), 12))
    assert not added.unreadable and added.folds == 5 and set(added.classes) == set(SCENES)
    assert own_folds() == {"mine": tuple(f"mine_fold{n}" for n in range(1, 6))}
    assert expanded(["dtd", "mine"]) == ("dtd", *own_folds()["mine"])
    tested = [item.path.name + item.path.parent.name for card in own_cards().values() for item in read_own(card).test]
    assert len(tested) == len(set(tested)) == sum(sum(parts.values()) for parts in added.classes.values())


def test_no_fold_trains_on_what_it_tests_and_every_class_is_trained_in_each():
    add(plain(Path("pictures"), FEW | {"a weed": 1, "a fern": 2}))
    for card in own_cards().values():
        listing = read_own(card)
        assert not {item.path for item in listing.train} & {item.path for item in listing.test}
        assert {item.label for item in listing.train} == set(range(5))
    assert {part for _, name, part in rows() if name == "a weed"} == {"train"}


def test_what_its_owner_divided_stays_so():
    for part, level in (("train", "train"), ("validation", "val"), ("test", "Test")):
        plain(Path("pictures") / level, FEW, seed=len(part))
    add("pictures")
    assert all(
        name.startswith({"train": "train/", "validation": "val/", "test": "Test/"}[part]) for name, _, part in rows()
    )
    assert card_of("mine").folds is None
    with pytest.raises(ValueError, match="divided into training and test pictures already"):
        add("pictures", folds=3)


def test_without_test_pictures_those_for_validation_are_for_testing():
    plain(Path("pictures/train"), FEW)
    plain(Path("pictures/val"), FEW, seed=1)
    add("pictures")
    assert {part for _, _, part in rows()} == {"train", "test"}


def test_a_class_that_is_called_train_is_no_part():
    add(plain(Path("pictures"), {"train": 30, "bus": 30, "car": 30}))
    assert Counter(name for _, name, _ in rows()) == {"train": 30, "bus": 30, "car": 30}


def test_pictures_and_classes_of_a_table():
    plain(Path("pictures"), {"x": 8, "y": 8})
    paths = sorted(Path("pictures").rglob("*.png"))
    with open("labels.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Label", "File", "Split"])
        writer.writerows(
            ["Löwe, der" if "x" in path.parts else "007", path.relative_to("pictures"), "test" if n % 2 else "train"]
            for n, path in enumerate(paths)
        )
    add("pictures", table=Path("labels.csv"))
    assert Counter((name, part) for _, name, part in rows()) == {
        (name, part): 4 for name in ("Löwe, der", "007") for part in ("train", "test")
    }


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("picture,kind\n1.png,a\n", "has no column class or label"),
        ("picture,class\nx/0.png,\n", "row 2: the class is missing"),
        ("picture,class\nx/none.png,a\n", "names x/none.png, which is not in pictures"),
        ("picture,class\n../labels.csv,a\n", "labels.csv does not lie in pictures"),
        ("picture,class,part\nx/0.png,a,train\nx/1.png,b,\n", "said of some pictures and not of others"),
        ("picture,class,part\nx/0.png,a,held out\n", "'held out' is none of train"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused_by_its_row(table, words):
    plain(Path("pictures"), {"x": 4})
    Path("labels.csv").write_text(table)
    with pytest.raises((ValueError, FileNotFoundError), match=words):
        add("pictures", table=Path("labels.csv"))


def test_odd_names_of_classes_and_folders_survive():
    names = ['it\'s a "rose"', "crème brûlée, with sugar", "007", "two words", "日本", "{curly}"]
    add(plain(Path("Bilder von mir, über alles"), dict.fromkeys(names, 4)))
    listing = read_own(next(iter(own_cards().values())))
    assert sorted(listing.class_names) == sorted(names)
    assert all(item.path.is_file() for item in (*listing.train, *listing.test))


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ({"rose": 5}, "one class, 'rose': there is nothing to tell apart"),
        ({"a_rose": 5, "a Rose": 5}, "are one to CLIP"),
        ({"rose": 5, " ".join(["of"] * 80): 5}, rf"has 80 tokens.*CLIP reads {LONGEST}: shorten the name"),
        ({"rose": 1, "lily": 1}, "none is left to test"),
    ],
)
def test_classes_that_cannot_be_told_apart_or_read_are_refused(sizes, words):
    with pytest.raises(ValueError, match=words):
        add(plain(Path("pictures"), sizes))
    assert not Path("tasks").exists() or not list(Path("tasks").iterdir())


@pytest.mark.parametrize("template", ["a photo", "{} and {}", "a {name}", "a {0}", "{"])
def test_a_template_has_one_place_for_the_name(template):
    with pytest.raises(ValueError, match=r"needs \{\} once"):
        add(plain(Path("pictures"), FEW), template=template)


@pytest.mark.parametrize("name", ["dtd", "datasets11", "targets10", "My task", "a-b", "1st", ""])
def test_names_of_the_papers_and_those_that_no_file_can_have_are_refused(name):
    with pytest.raises(ValueError, match=r"the papers have|lower-case letters"):
        add(plain(Path("pictures"), FEW), name)


def test_pictures_of_every_kind_are_read_or_left_out_with_the_reason():
    plain(Path("pictures"), FEW)
    kinds = {**{name: (kind, True) for name, kind in odd.readable().items()}}
    kinds |= {name: (kind, False) for name, kind in odd.refused().items()}
    for name, (kind, _) in kinds.items():
        Path(f"pictures/a rose/{name}.png").write_bytes(kind.content)
    added = add("pictures", largest_image=1)
    left_out = {Path(name).stem for name in added.unreadable}
    assert left_out == {name for name, (_, is_fine) in kinds.items() if not is_fine}
    assert any("cannot be read and are left out" in line for line in in_words(added))


def test_a_class_with_no_picture_that_can_be_read_is_an_error_that_names_it():
    plain(Path("pictures"), FEW)
    Path("pictures/broken").mkdir()
    Path("pictures/broken/1.jpg").write_bytes(b"")
    with pytest.raises(ValueError, match=r"class 'broken' has no picture that can be read: .*it is empty"):
        add("pictures")


def test_what_is_no_picture_is_counted_by_its_ending():
    plain(Path("pictures"), FEW)
    Path("pictures/a rose/notes.txt").write_text("x")
    Path("pictures/a rose/1.heic").write_bytes(b"x")
    Path("pictures/.hidden").mkdir()
    shutil.copy("pictures/a rose/0.png", "pictures/loose.png")
    assert add("pictures").others == {".heic": 1, ".txt": 1, "pictures that lie in no class's folder": 1}


def test_links_are_followed_once_and_pictures_may_lie_deeper():
    plain(Path("elsewhere"), {"deep": 6})
    plain(Path("pictures"), {"a rose": 6})
    Path("pictures/a lily").mkdir()
    Path("pictures/a lily/of 2024").symlink_to(Path("elsewhere/deep").resolve())
    Path("elsewhere/deep/back").symlink_to(Path("elsewhere").resolve())
    Path("linked").symlink_to("pictures")
    add("linked")
    assert Counter(name for _, name, _ in rows()) == {"a rose": 6, "a lily": 6}


def test_nothing_is_written_beside_the_pictures():
    folder = plain(Path("pictures"), FEW)
    before = {path: path.stat().st_mtime_ns for path in [folder, *folder.rglob("*")]}
    for path in [*folder.rglob("*"), folder]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        add(folder)
        assert {path: path.stat().st_mtime_ns for path in [folder, *folder.rglob("*")]} == before
    finally:
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755)


def test_copies_and_bursts_are_on_one_side_of_the_split():
    plain(Path("pictures"), ENOUGH)
    original = Image.open("pictures/a rose/0.png")
    for number in range(6):  # the same moment: brighter, smaller, saved anew
        burst = original.point(lambda value, number=number: min(255, value + 2 * number)).resize((64 + number, 48))
        burst.save(f"pictures/a rose/burst{number}.jpg", quality=90 - number)
    shutil.copy("pictures/a tulip/0.png", "pictures/a tulip/copy.png")
    added = add("pictures")
    part_of = {name: part for name, _, part in rows()}
    assert len({part_of[f"a rose/{name}"] for name in ("0.png", *(f"burst{n}.jpg" for n in range(6)))}) == 1
    assert part_of["a tulip/0.png"] == part_of["a tulip/copy.png"]
    assert (added.groups, added.alike) == (2, 7)


def test_crops_are_found_by_features():
    plain(Path("pictures"), FEW)
    wanted = Wanted("mine", Path("pictures"), "a photo of a {}.")

    def features_of(paths):
        """Of the first two pictures the same, of all others nothing in common."""
        features = np.eye(len(paths))
        features[1] = features[0]
        return features

    assert add_task(wanted, tokens, lambda steps, total: steps, features_of).groups == 1


def test_a_copy_in_another_class_or_on_the_other_side_of_an_owners_split_is_reported():
    plain(Path("pictures/train"), FEW)
    plain(Path("pictures/test"), FEW, seed=1)
    shutil.copy("pictures/train/a rose/0.png", "pictures/test/a lily/copy.png")
    added = add("pictures")
    assert added.across == added.contradictory == [["test/a lily/copy.png", "train/a rose/0.png"]]


def test_the_report_says_which_classes_have_fewer_pictures_than_shots():
    added = add(plain(Path("pictures"), FEW | {"a fern": 2}))
    assert any("1 at 2, 1 at 4, 4 at 8, 4 at 16" in line for line in in_words(added)), in_words(added)
    json.dumps(added.as_json)


def test_the_division_does_not_depend_on_the_place_of_the_folder():
    add(plain(Path("one"), ENOUGH))
    first = rows()
    os.rename("one", "another")
    add("another")
    assert rows() == first


def test_a_card_can_be_corrected_and_a_mistake_in_it_is_named():
    add(plain(Path("pictures"), ENOUGH))
    path = Path("tasks/mine.yaml")
    card = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump(card | {"template": "{}, seen from afar."}))
    os.utime(path, ns=(1, 1))
    assert card_of("mine").template == "{}, seen from afar."
    path.write_text(yaml.safe_dump(card | {"folds": 1}))
    os.utime(path, ns=(2, 2))
    with pytest.raises(ValueError, match=r"mine.yaml: folds"):
        card_of("mine")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda lines: [lines[0], "no/such.png,a rose,train", *lines[1:]], "names pictures/no/such.png, which is not"),
        (lambda lines: [lines[0], "../x.png,a rose,train", *lines[1:]], "does not lie in pictures"),
        (lambda lines: [lines[0], "x.png,a rose,somewhere", *lines[1:]], "row 2: .*is not a picture, its class"),
        (lambda lines: [lines[0], "a rose/0.png,a rose,9", *lines[1:]], "has no folds"),
        (lambda lines: ["a,b,c", *lines[1:]], "not with picture,class,part"),
    ],
)
def test_a_listing_that_was_changed_wrongly_is_refused_by_its_row(change, words):
    add(plain(Path("pictures"), ENOUGH))
    path = Path("tasks/mine.csv")
    path.write_text("\n".join(change(path.read_text().splitlines())) + "\n")
    with pytest.raises((ValueError, FileNotFoundError), match=words):
        read_own(card_of("mine"))
