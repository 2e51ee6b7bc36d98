"""The eight tasks that CoOp has too, as ELEVATER has them, in the layouts of their own makers.

The pictures are those of CoOp's version (coop.py), in the same folders; splits are the makers' own, which ELEVATER has
taken but where a reader says otherwise. Class names and label order are ELEVATER's (elevater_names.json).
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from reprompt.data.files.coop import EUROSAT_NAMES, matlab
from reprompt.data.files.folders import class_folders, fields_of, lines_of, needed_folder, pictures_in
from reprompt.data.files.listing import Item, Listing, all_there, checked, in_hash_order
from reprompt.data.files.own_splits import by_class

Names = tuple[str, ...]
CALTECH_TRAINED = 30  # pictures of each class: 3,060 of all
EUROSAT_EACH = 500  # pictures of each class for training, for validation and for testing
OF_INDEX = "the split is our own (by the hashes of names, sizes as ELEVATER's), which is in ELEVATER's index only"


def caltech101(folder: Path, names: Names) -> Listing:
    """All 102 folders, the background too, in the order of their names in lower case; the rest is for testing."""
    pictures = needed_folder(folder / "101_ObjectCategories")
    folders = sorted(class_folders(pictures), key=str.lower)
    if len(folders) != len(names):
        raise ValueError(
            f"{pictures} has {len(folders)} class folders, expected {len(names)}; extract the archive again"
        )
    train, test = [], []
    for ordered in _in_hash_order(((pictures / name, k) for k, name in enumerate(folders)), folder):
        trained = min(CALTECH_TRAINED, len(ordered) - 1)
        train += ordered[:trained]
        test += ordered[trained:]
    return checked(folder, Listing(names, tuple(train), tuple(test), (f"official pictures: {OF_INDEX}",)))


def dtd(folder: Path, names: Names) -> Listing:
    """The official split 1 in `labels`: train1.txt, val1.txt and test1.txt."""
    pictures = needed_folder(folder / "images")
    lists = [folder / "labels" / f"{part}1.txt" for part in ("train", "test", "val")]
    return _listed(folder, names, lists, lambda line: (pictures / line, line.partition("/")[0]))


def eurosat(folder: Path, names: Names) -> Listing:
    """EuroSAT's RGB pictures; folders in the order of their names."""
    pictures = needed_folder(folder / "2750", "EuroSAT_RGB")
    train, test, validation = [], [], []
    for ordered in _in_hash_order(((pictures / name, k) for k, name in enumerate(EUROSAT_NAMES)), folder):
        each = min(EUROSAT_EACH, len(ordered) // 3)
        train, validation = train + ordered[:each], validation + ordered[each : 2 * each]
        test += ordered[2 * each : 3 * each]
    note = f"official pictures: {OF_INDEX}"
    return checked(folder, Listing(names, tuple(train), tuple(test), (note,), tuple(validation)))


def fgvc_aircraft(folder: Path, names: Names) -> Listing:
    """The official lists of variants; a name's slash is a hyphen."""
    lists = [folder / f"images_variant_{part}.txt" for part in ("train", "test", "val")]

    def picture(line: str) -> tuple[Path, str]:
        number, _, variant = line.partition(" ")
        return folder / "images" / f"{number}.jpg", variant.strip().replace("/", "-")

    return _listed(folder, names, lists, picture)


def flowers102(folder: Path, names: Names) -> Listing:
    """The official split in setid.mat, where ELEVATER, unlike CoOp, trains on ten pictures of each flower."""
    pictures = needed_folder(folder / "jpg")
    labels, split = matlab(folder / "imagelabels.mat", "labels")[0], folder / "setid.mat"
    listed = []
    for part in ("trnid", "tstid", "valid"):
        numbers = [int(number) for number in matlab(split, part)[0]]
        wrong = [number for number in numbers if not 1 <= number <= len(labels)]
        if wrong:
            raise ValueError(f"{split}: {part} names picture {wrong[0]}; there are {len(labels)}: get it again")
        listed.append(
            tuple(Item(pictures / f"image_{number:05d}.jpg", None, int(labels[number - 1]) - 1) for number in numbers)
        )
        all_there(listed[-1], split)
    return checked(folder, Listing(names, listed[0], listed[1], validation=listed[2]))


def food101(folder: Path, names: Names) -> Listing:
    """The official lists in `meta`."""
    pictures = needed_folder(folder / "images")
    lists = [folder / "meta" / f"{part}.txt" for part in ("train", "test")]
    return _listed(
        folder, names, lists, lambda line: (pictures / f"{line}.jpg", line.partition("/")[0].replace("_", " "))
    )


def oxford_pets(folder: Path, names: Names) -> Listing:
    """The official lists, of which CoOp takes a fifth of the training pictures out."""
    pictures, listed = needed_folder(folder / "images"), []
    for part in ("trainval", "test"):
        path = folder / "annotations" / f"{part}.txt"
        pairs = fields_of(path, (str, int), "a picture's name and its class")
        listed.append(tuple(Item(pictures / f"{name}.jpg", None, label - 1) for name, label in pairs))
        all_there(listed[-1], path)
    return checked(folder, Listing(names, *listed))


def stanford_cars(folder: Path, names: Names) -> Listing:
    """The official lists; a name's slash is a blank, and names are in the order of the alphabet, whatever the case."""
    meta = folder / "devkit" / "cars_meta.mat"
    official = [str(name).replace("/", " ") for (name,) in matlab(meta, "class_names")[0]]
    label_of, listed = _label_of(names), []
    for pictures, path in (
        ("cars_train", folder / "devkit" / "cars_train_annos.mat"),
        ("cars_test", folder / "cars_test_annos_withlabels.mat"),
    ):
        try:
            annotated = [
                (str(row["fname"][0]), official[int(row["class"][0, 0]) - 1]) for row in matlab(path, "annotations")[0]
            ]
        except (ValueError, IndexError) as error:
            raise ValueError(f"{path}: pictures lack a name or a class ({error}); get the list with labels") from None
        listed.append(
            tuple(Item(folder / pictures / file, None, _label(label_of, name, meta)) for file, name in annotated)
        )
        all_there(listed[-1], path)
    return checked(folder, Listing(names, *listed))


def _in_hash_order(folders: Iterable[tuple[Path, int]], folder: Path) -> list[list[Item]]:
    """The pictures of every class, class by class, in the order of the hashes of their names."""
    items = [Item(path, None, label) for pictures, label in folders for path in pictures_in(pictures)]
    return [in_hash_order(of_class, folder) for of_class in by_class(items).values()]


def _listed(folder: Path, names: Names, lists: Sequence[Path], picture: Callable[[str], tuple[Path, str]]) -> Listing:
    """What official lists for training, testing and, if there is a third, validation name, line by line."""
    label_of, listed = _label_of(names), []
    for path in lists:
        pictures = (picture(line) for line in lines_of(path))
        listed.append(tuple(Item(file, None, _label(label_of, name, path)) for file, name in pictures))
        all_there(listed[-1], path)
    train, test, *validation = listed
    return checked(folder, Listing(names, train, test, validation=validation[0] if validation else ()))


def _label_of(names: Names) -> dict[str, int]:
    return {name.lower(): label for label, name in enumerate(names)}


def _label(label_of: dict[str, int], name: str, path: Path) -> int:
    if name.lower() not in label_of:
        raise ValueError(f"{path}: names the class {name!r}, which ELEVATER does not have; get it again")
    return label_of[name.lower()]


# A reader, and the file or folder by which its layout is known, below the data set's folder.
OFFICIAL_SPLITS: dict[str, tuple[Callable[[Path, Names], Listing], tuple[str, ...]]] = {
    "caltech101": (caltech101, ("101_ObjectCategories",)),
    "dtd": (dtd, ("images",)),
    "eurosat": (eurosat, ("2750", "EuroSAT_RGB")),
    "fgvc_aircraft": (fgvc_aircraft, ("images",)),
    "flowers102": (flowers102, ("jpg",)),
    "food101": (food101, ("images",)),
    "oxford_pets": (oxford_pets, ("images",)),
    "stanford_cars": (stanford_cars, ("devkit",)),
}
