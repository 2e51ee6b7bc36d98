"""Cards agree with the rest of the package and with the papers' protocol; a mistake in one is named."""

import re

import pytest

from reprompt.tasks.card import FOLDER, Card, all_cards, card_of, cards, data_set_of, data_sets
from reprompt.tasks.downloads import Download
from reprompt.tasks.groups import members

# As the papers have them: classes; pictures for training and testing
SIZES = {
    "imagenet": (1000, 1_281_167, 50_000),
    "caltech101": (100, 4_128, 2_465),
    "oxford_pets": (37, 2_944, 3_669),
    "stanford_cars": (196, 6_509, 8_041),
    "flowers102": (102, 4_093, 2_463),
    "food101": (101, 50_500, 30_300),
    "fgvc_aircraft": (100, 3_334, 3_333),
    "sun397": (397, 15_880, 19_850),
    "dtd": (47, 2_820, 1_692),
    "eurosat": (10, 13_500, 8_100),
    "ucf101": (101, 7_639, 3_783),
    "imagenet_v2": (1000, None, 10_000),
    "imagenet_sketch": (1000, None, 50_889),
    "imagenet_a": (200, None, 7_500),
    "imagenet_r": (200, None, 30_000),
    "cifar10": (10, 50_000, 10_000),
    "cifar100": (100, 50_000, 10_000),
    "country211": (211, 31_650, 21_100),
    "fer2013": (7, 28_709, 3_589),
    "gtsrb": (43, 26_640, 12_630),
    "hateful_memes": (2, 8_500, 500),
    "kitti_distance": (4, 6_347, 711),
    "mnist": (10, 60_000, 10_000),
    "patch_camelyon": (2, 262_144, 32_768),
    "rendered_sst2": (2, 6_920, 1_821),
    "resisc45": (45, 3_150, 25_200),
    "voc2007": (20, 2_501, 4_952),
}


METRICS = {  # of the tasks that MVLPT does not judge by accuracy
    "caltech101": "mean_per_class",
    "fgvc_aircraft": "mean_per_class",
    "flowers102": "mean_per_class",
    "oxford_pets": "mean_per_class",
    "voc2007": "mean_average_precision",
}


@pytest.fixture(params=cards())
def card(request):
    return card_of(request.param)


def test_there_are_27_tasks_with_labels_and_grams_two():
    assert {card.task for card in data_sets().values()} == {*SIZES, *members("web")}
    assert len(SIZES) == 27


def test_what_shows_the_pictures_of_another_task_is_derived_from_the_corpus():
    derived = set(cards()) - set(data_sets())
    assert derived == {"corpus_rest", *members("topics3")}
    assert {card_of(task).pictures for task in derived} == {"corpus"}
    assert {card_of(task).template for task in derived} == {card_of("corpus").template}


def test_every_key_that_a_card_may_have_is_read_somewhere():
    """By name, as an attribute: what no code reads is a comment."""
    source = "".join(file.read_text() for file in FOLDER.parents[1].rglob("*.py"))
    assert [key for key in Card.model_fields if not re.search(rf"\.{key}\b", source)] == []


TEMPLATES = {  # how many ELEVATER has of each task (protocol of its zero-shot evaluation)
    **{"caltech101": 34, "cifar10": 18, "cifar100": 18, "country211": 5, "dtd": 8, "eurosat": 3, "fer2013": 6},
    **{"fgvc_aircraft": 2, "flowers102": 1, "food101": 1, "gtsrb": 3, "hateful_memes": 1, "kitti_distance": 1},
    **{"mnist": 1, "oxford_pets": 1, "patch_camelyon": 1, "rendered_sst2": 1, "resisc45": 18, "stanford_cars": 8},
    "voc2007": 1,
}
VERSIONS = {  # ELEVATER's of CoOp's tasks: classes, images for training, validation and testing
    "caltech101": (102, 3060, None, 6084),
    "dtd": (47, 1880, 1880, 1880),
    "eurosat": (10, 5000, 5000, 5000),
    "fgvc_aircraft": (100, 3334, 3333, 3333),
    "flowers102": (102, 1020, 1020, 6149),
    "food101": (101, 75750, None, 25250),
    "oxford_pets": (37, 3680, None, 3669),
    "stanford_cars": (196, 8144, None, 8041),
}


def test_elevater_has_1_to_34_templates_of_each_of_its_tasks_and_all_have_a_place_for_the_name():
    assert {task: len(card.templates) for task, card in cards().items() if card.templates} == TEMPLATES
    assert all("{}" in template for card in cards().values() for template in card.templates)


@pytest.mark.parametrize("task", VERSIONS)
def test_elevaters_version_has_its_own_sizes_and_names_in_the_same_folder(task):
    version = card_of(data_set_of(task, "elevater"))
    assert (version.classes, version.train, version.validation, version.test) == VERSIONS[task]
    assert (version.task, version.resize, version.folder) == (task, "squashed", card_of(task).folder)
    assert version.elevater and not card_of(task).elevater and card_of(task).resize is None


def test_a_task_of_one_benchmark_is_one_data_set():
    assert data_set_of("mnist", "elevater") == "mnist" and data_set_of("sun397", "elevater") == "sun397"
    assert set(data_sets()) - set(cards()) == {f"{task}-elevater" for task in VERSIONS}
    assert {task for task, card in cards().items() if card.resize == "squashed"} == set(members("elevater12"))


def test_pictures_are_turned_upright_where_they_are_squashed_as_by_the_loader_of_elevaters_data():
    assert all(card.is_upright == (card.resize == "squashed") for card in all_cards().values())


def test_a_version_that_a_task_does_not_have_is_no_data_set():
    with pytest.raises(ValueError, match="no task 'mnist-elevater'"):
        card_of("mnist-elevater")


def test_the_users_own_keys_of_a_task_hold_in_its_version_and_those_of_the_version_over_them(tmp_path):
    (tmp_path / "dtd.yaml").write_text("folder: textures\ntrain: 7\n")
    (tmp_path / "dtd-elevater.yaml").write_text("test: 9\n")
    own = card_of("dtd-elevater", tmp_path)
    assert (own.folder, own.train, own.test) == ("textures", 1880, 9)


def test_elevaters_own_metric_of_hateful_memes_is_recorded_beside_mvlpts():
    assert {task: card.beside for task, card in cards().items() if card.beside} == {
        "hateful_memes": ("area_under_roc",)
    }


def test_metrics_are_elevaters():
    assert {task: card.metric for task, card in cards().items() if card.metric != "accuracy"} == METRICS


def test_the_metric_of_several_classes_is_that_of_pictures_of_several():
    assert [task for task, card in cards().items() if card.is_multi_label] == ["voc2007"]


@pytest.mark.parametrize("task", SIZES)
def test_classes_and_sizes_are_those_of_the_protocol(task):
    card = card_of(task)
    assert (card.classes, card.train, card.test) == SIZES[task]


def test_printed_names_differ():
    for key in ("printed", "short"):
        names = [name for card in cards().values() if (name := getattr(card, key))]
        assert len(set(names)) == len(names)


def test_the_tasks_of_npts_tables_have_short_names():
    short = {task for task, card in cards().items() if card.short}
    assert short == {*members("datasets11"), *members("imagenet4")}


def test_no_two_data_sets_share_a_folder():
    of_tasks = [card for card in cards().values() if not card.pictures]
    folders = [folder for card in of_tasks for folder in (card.folder, card.elevater) if folder]
    assert len(set(folders)) == len(folders)
    assert "downloads" not in folders  # where archives lie


def test_what_needs_a_registration_is_never_downloaded_by_a_program(card):
    if card.registration:
        assert card.manual
        own = [piece for piece in card.pieces if piece.url is None]
        assert own
        assert all(piece.page for piece in own)


def test_every_card_can_be_followed(card):
    """Each file has an address or a page, and what a person must do is said."""
    assert card.source.startswith("http")
    assert card.licence
    assert card.class_name_rule
    assert all(piece.url or piece.page for piece in card.pieces)
    assert card.manual or all(piece.url for piece in card.pieces)


def test_templates_have_one_place_for_the_name(card):
    assert card.template.count("{}") == 1


def test_dead_links_are_told_and_have_alternatives():
    for name in ("stanford_cars", "sun397", "caltech101", "eurosat", "corpus"):
        assert card_of(name).dead
        assert card_of(name).alternatives
    assert all("403" in card_of(name).dead[0] for name in members("elevater12"))


def test_the_checksum_of_torchvisions_archives_is_torchvisions():
    from torchvision import datasets

    known = {
        "food101": datasets.Food101._MD5,
        "dtd": datasets.DTD._MD5,
        "sun397": datasets.SUN397._DATASET_MD5,
        "cifar10": datasets.CIFAR10.tgz_md5,
        "cifar100": datasets.CIFAR100.tgz_md5,
        "country211": datasets.Country211._MD5,
        "rendered_sst2": datasets.RenderedSST2._MD5,
        "flowers102": datasets.Flowers102._file_dict["image"][1],
    }
    assert {name: card_of(name).pieces[0].md5 for name in known} == known
    assert [piece.md5 for piece in card_of("mnist").pieces] == [md5 for _, md5 in datasets.MNIST.resources]
    pets = {url.rsplit("/", 1)[1]: md5 for url, md5 in datasets.OxfordIIITPet._RESOURCES}
    assert {piece.file: piece.md5 for piece in card_of("oxford_pets").pieces[:2]} == pets


def test_a_series_is_its_files():
    shards = card_of("corpus").pieces
    assert len(shards) == 576
    assert shards[0].url.endswith("/cc3m-train-0000.tar")
    assert shards[-1].file == "cc3m-train-0575.tar"


def written(tmp_path, text, name="dtd"):
    (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path


def test_an_own_card_is_laid_over_the_packages(tmp_path):
    own = card_of("dtd", written(tmp_path, "folder: elsewhere\n"))
    assert own.folder == "elsewhere"
    assert own.downloads == card_of("dtd").downloads
    assert card_of("food101", tmp_path) == card_of("food101")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("folder: ../out", "folder: must be a path below the data folder"),
        ("folder: /out", "folder: must be a path below the data folder"),
        ("elevater: a/../../out", "elevater: must be a path below the data folder"),
        ("colour: red", "colour: Extra inputs are not permitted"),
        ("classes: none", "classes: Input should be a valid integer"),
        ("name: dtt", "name: the papers' own, which a card laid over it cannot change"),
        ("metric: accuracy", "metric: the papers' own, which a card laid over it cannot change"),
        ("groups: {elevater20: 1}", "groups: the papers' own, which a card laid over it cannot change"),
        ("- a list", "expected keys and values, found list"),
        ("a: [", "not valid YAML"),
        ("downloads: [{file: a/b, url: 'http://h/a', extract: none}]", "file: must be a file name without a folder"),
        ("downloads: [{file: a, url: 'file:///etc/passwd', extract: none}]", "must be an http or https address"),
        ("downloads: [{file: a, url: 'http://h/a', extract: zip}]", "a: `makes` is missing"),
        ("downloads: [{file: a, extract: none}]", "neither `url` nor `page`"),
        ("downloads: [{file: a, url: 'http://h/a', extract: none, md5: 123}]", "md5"),
        ("downloads: [{file: a, url: 'http://h/a', extract: zip, into: b, makes: c}]", "`makes` must lie in `into`"),
        ("downloads: [&a {file: a, url: 'http://h/a', extract: none}, *a]", "a is named twice"),
    ],
)
def test_a_mistake_in_a_card_is_named_with_its_file(tmp_path, text, words):
    with pytest.raises(ValueError, match=re.escape(words)) as error:
        card_of("dtd", written(tmp_path, text))
    assert str(tmp_path / "dtd.yaml") in str(error.value)


def test_an_unknown_name_gets_the_nearest_known_one():
    with pytest.raises(ValueError, match="no task 'oxford_pet'; did you mean 'oxford_pets'"):
        card_of("oxford_pet")


def test_a_folder_of_cards_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such folder of cards"):
        card_of("dtd", tmp_path / "nowhere")


def test_a_download_makes_what_its_card_says_or_itself():
    plain = Download(file="a.json", url="http://h/a.json", extract="none", into="lists")
    assert plain.result == "lists/a.json"
    packed = Download(file="a.zip", url="http://h/a.zip", extract="zip", makes="images")
    assert packed.result == "images"
