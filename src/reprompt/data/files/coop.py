"""The ten data sets of CoOp beside ImageNet, in the folders that CoOp's DATASETS.md describes.

Class names and label order are CoOp's. Where a split file of its authors is missing, the split is made as they made
theirs, but in an order of our own (own_splits.py); FGVC Aircraft has official lists and no such file.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from scipy.io import loadmat

from reprompt.data.files.coop_split import read_split
from reprompt.data.files.folders import (
    class_folders,
    fields_of,
    json_of,
    lines_of,
    needed_file,
    needed_folder,
    pictures_in,
)
from reprompt.data.files.listing import Item, Listing, all_there, checked
from reprompt.data.files.own_splits import Parts, note, three_parts, two_parts

CALTECH_LEFT_OUT = ("BACKGROUND_Google", "Faces_easy")
CALTECH_NAMES = {"airplanes": "airplane", "Faces": "face", "Leopards": "leopard", "Motorbikes": "motorbike"}
EUROSAT_NAMES = {
    "AnnualCrop": "Annual Crop Land",
    "Forest": "Forest",
    "HerbaceousVegetation": "Herbaceous Vegetation Land",
    "Highway": "Highway or Road",
    "Industrial": "Industrial Buildings",
    "Pasture": "Pasture Land",
    "PermanentCrop": "Permanent Crop Land",
    "Residential": "Residential Buildings",
    "River": "River",
    "SeaLake": "Sea or Lake",
}


def caltech101(folder: Path) -> Listing:
    """Caltech101: 100 of its 102 folders; labels in the order of the folders' own names, upper case first."""
    pictures = needed_folder(folder / "101_ObjectCategories")
    split = folder / "split_zhou_Caltech101.json"
    if split.exists():
        return read_split(split, pictures)
    classes = [name for name in class_folders(pictures) if name not in CALTECH_LEFT_OUT]
    return _split_by_class(folder, pictures, classes, [CALTECH_NAMES.get(name, name) for name in classes], split)


def dtd(folder: Path) -> Listing:
    """Describable Textures: a folder per texture, named as it."""
    pictures = needed_folder(folder / "images")
    split = folder / "split_zhou_DescribableTextures.json"
    if split.exists():
        return read_split(split, pictures)
    classes = class_folders(pictures)
    return _split_by_class(folder, pictures, classes, classes, split)


def eurosat(folder: Path) -> Listing:
    """EuroSAT's RGB pictures; the folder is `2750`, or `EuroSAT_RGB` as Zenodo has it."""
    pictures = needed_folder(folder / "2750", "EuroSAT_RGB")
    split = folder / "split_zhou_EuroSAT.json"
    if split.exists():
        return read_split(split, pictures)
    return _split_by_class(folder, pictures, list(EUROSAT_NAMES), list(EUROSAT_NAMES.values()), split)


def food101(folder: Path) -> Listing:
    """Food101. CoOp splits all pictures anew and does not use the official lists in `meta`."""
    pictures = needed_folder(folder / "images")
    split = folder / "split_zhou_Food101.json"
    if split.exists():
        return read_split(split, pictures)
    classes = sorted(lines_of(folder / "meta" / "classes.txt"))
    return _split_by_class(folder, pictures, classes, classes, split)


def flowers102(folder: Path) -> Listing:
    """Flowers102: labels of imagelabels.mat, from 1 on, in the order of the pictures; names of cat_to_name.json."""
    pictures = needed_folder(folder / "jpg")
    split = folder / "split_zhou_OxfordFlowers.json"
    if split.exists():
        return read_split(split, pictures)
    labels = matlab(folder / "imagelabels.mat", "labels")[0]
    of_label = json_of(folder / "cat_to_name.json")
    try:
        names = tuple(of_label[str(label + 1)] for label in range(len(of_label)))
    except (KeyError, TypeError) as error:
        raise ValueError(f"{folder / 'cat_to_name.json'}: has no name for {error}; get it again") from None
    items = [Item(pictures / f"image_{n:05d}.jpg", None, int(label) - 1) for n, label in enumerate(labels, 1)]
    all_there(items, folder / "imagelabels.mat")
    return _own_split(folder, names, three_parts(items, folder), split)


def oxford_pets(folder: Path) -> Listing:
    """Oxford-IIIT Pets: the breed is in a picture's name, the label in the official lists, from 1 on."""
    pictures = needed_folder(folder / "images")
    split = folder / "split_zhou_OxfordPets.json"
    if split.exists():
        return read_split(split, pictures)
    names: dict[int, str] = {}
    listed = []
    for part in ("trainval", "test"):
        path = folder / "annotations" / f"{part}.txt"
        items = []
        for name, label in fields_of(path, (str, int), "a picture's name and its class"):
            names[label - 1] = name.rpartition("_")[0].lower()
            items.append(Item(pictures / f"{name}.jpg", None, label - 1))
        all_there(items, path)
        listed.append(items)
    return _official_test(folder, [names[label] for label in sorted(names)], *listed, split)


def stanford_cars(folder: Path) -> Listing:
    """Stanford Cars: names of cars_meta.mat with the year moved to the front; labels from 1 on."""
    split = folder / "split_zhou_StanfordCars.json"
    if split.exists():
        return read_split(split, folder)
    names = []
    for (name,) in matlab(folder / "devkit" / "cars_meta.mat", "class_names")[0]:
        model, _, year = str(name).rpartition(" ")
        names.append(f"{year} {model}")
    listed = []
    for pictures, path in (
        ("cars_train", folder / "devkit" / "cars_train_annos.mat"),
        ("cars_test", folder / "cars_test_annos_withlabels.mat"),
    ):
        annotated = matlab(path, "annotations")[0]
        try:
            labels = [(str(picture["fname"][0]), int(picture["class"][0, 0]) - 1) for picture in annotated]
        except (ValueError, IndexError) as error:
            raise ValueError(f"{path}: pictures lack a name or a class ({error}); get the list with labels") from None
        items = [Item(folder / pictures / name, None, label) for name, label in labels]
        all_there(items, path)
        listed.append(items)
    return _official_test(folder, names, *listed, split)


def sun397(folder: Path) -> Listing:
    """SUN397: labels in the order of ClassName.txt, official partition 1.

    Of a path like /a/apse/indoor the letter is dropped and the rest reversed: "indoor apse".
    """
    pictures = needed_folder(folder / "SUN397")
    split = folder / "split_zhou_SUN397.json"
    if split.exists():
        return read_split(split, pictures)
    classes = [line.strip("/") for line in lines_of(folder / "ClassName.txt")]
    label_of = {name: label for label, name in enumerate(classes)}
    listed = []
    for part in ("Training_01", "Testing_01"):
        path = folder / f"{part}.txt"
        items = []
        for line in lines_of(path):
            name = line.strip("/")
            label = _label(label_of, name.rpartition("/")[0], path)
            items.append(Item(pictures / name, None, label))
        all_there(items, path)
        listed.append(items)
    return _official_test(folder, [" ".join(name.split("/")[:0:-1]) for name in classes], *listed, split)


def ucf101(folder: Path) -> Listing:
    """UCF101's middle frames, official list 1; "ApplyEyeMakeup" names the folder and the class Apply_Eye_Makeup."""
    pictures = needed_folder(folder / "UCF-101-midframes")
    split = folder / "split_zhou_UCF101.json"
    if split.exists():
        return read_split(split, pictures)
    lists = folder / "ucfTrainTestlist"
    numbered = fields_of(lists / "classInd.txt", (int, str), "a number and a class")
    label_of = {name: number - 1 for number, name in numbered}
    listed = []
    for part in ("trainlist01", "testlist01"):
        path = lists / f"{part}.txt"
        items = []
        for line in lines_of(path):
            action, _, video = line.split()[0].partition("/")
            frame = f"{video.removesuffix('.avi')}.jpg"
            items.append(Item(pictures / _spaced(action) / frame, None, _label(label_of, action, path)))
        all_there(items, path)
        listed.append(items)
    return _official_test(folder, [_spaced(name) for name in sorted(label_of, key=label_of.get)], *listed, split)


def fgvc_aircraft(folder: Path) -> Listing:
    """FGVC Aircraft: official lists of variants, names as written there, in the order of variants.txt."""
    names = lines_of(folder / "variants.txt")
    label_of = {name: label for label, name in enumerate(names)}
    listed = []
    for part in ("train", "test", "val"):
        path = folder / f"images_variant_{part}.txt"
        pairs = fields_of(path, (str, str), "a picture's number and its variant", rest=True)
        items = [Item(folder / "images" / f"{n}.jpg", None, _label(label_of, name, path)) for n, name in pairs]
        all_there(items, path)
        listed.append(tuple(items))
    train, test, validation = listed
    return checked(folder, Listing(tuple(names), train, test, validation=validation))


def _spaced(action: str) -> str:
    return "_".join(re.findall("[A-Z][^A-Z]*", action))


def _label(label_of: dict[str, int], name: str, path: Path) -> int:
    if name not in label_of:
        raise ValueError(f"{path}: names the class {name!r}, which the data set's list of classes does not have")
    return label_of[name]


def matlab(path: Path, variable: str):
    """A variable of a MATLAB file. Raises FileNotFoundError, or ValueError for a file that does not have it."""
    needed_file(path)
    try:
        return loadmat(path)[variable]
    except (KeyError, ValueError, TypeError, NotImplementedError, OSError) as error:
        raise ValueError(f"{path}: cannot be read as a MATLAB file with {variable!r} ({error}); get it again") from None


def _split_by_class(folder: Path, pictures: Path, classes: list[str], names: list[str], split: Path) -> Listing:
    """All pictures of class folders, split 50/20/30."""
    items = [Item(path, None, k) for k, name in enumerate(classes) for path in pictures_in(pictures / name)]
    return _own_split(folder, names, three_parts(items, folder), split)


def _official_test(folder: Path, names: list[str], train: Iterable[Item], test: Iterable[Item], split: Path) -> Listing:
    """The official test set, and of the official training set four fifths; the others are for validation."""
    return _own_split(folder, names, replace(two_parts(train, folder), test=tuple(test)), split)


def _own_split(folder: Path, names: Iterable[str], parts: Parts, split: Path) -> Listing:
    """A listing that says that its split is not that of a missing file."""
    notes = (note(split.name),)
    return checked(folder, Listing(tuple(names), parts.train, parts.test, notes, parts.validation, is_own_split=True))
