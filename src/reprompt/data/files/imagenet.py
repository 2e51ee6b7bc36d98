"""ImageNet and its four shifts, in the folders that CoOp's DATASETS.md describes.

`classnames.txt` has a line per class, its WordNet id and CLIP's name for it; labels are in the order of the ids. The
shifts only test: they have no training pictures.
"""

from pathlib import Path

from reprompt.data.files.folders import class_folders, is_picture, lines_of, needed_folder, pictures_in
from reprompt.data.files.listing import Item, Listing, checked


def imagenet(folder: Path) -> Listing:
    """ILSVRC 2012; its validation set is the test set, sorted into class folders like the training set."""
    names = class_names(folder)
    train, test = (_in_class_folders(folder / "images" / part, names) for part in ("train", "val"))
    return checked(folder, Listing(tuple(names.values()), train, test))


def imagenet_v2(folder: Path) -> Listing:
    """The matched-frequency set, whose folders are labels in the order of ImageNet's ids."""
    names = class_names(folder)
    pictures = needed_folder(folder / "imagenetv2-matched-frequency-format-val")
    test = tuple(Item(path, None, k) for k in range(len(names)) for path in pictures_in(pictures / str(k)))
    return checked(folder, Listing(tuple(names.values()), (), test))


def imagenet_sketch(folder: Path) -> Listing:
    """ImageNet-Sketch: all of ImageNet's classes."""
    names = class_names(folder)
    return checked(folder, Listing(tuple(names.values()), (), _in_class_folders(folder / "images", names)))


def imagenet_a(folder: Path) -> Listing:
    """ImageNet-A: 200 classes, which are all that is scored."""
    return _own_classes(folder, folder / "imagenet-a")


def imagenet_r(folder: Path) -> Listing:
    """ImageNet-R: 200 classes, which are all that is scored."""
    return _own_classes(folder, folder / "imagenet-r")


def class_names(folder: Path) -> dict[str, str]:
    """CLIP's class names by WordNet id, in the order of the ids. Raises FileNotFoundError or ValueError."""
    path = folder / "classnames.txt"
    names = {}
    for line in lines_of(path):
        wordnet_id, _, name = line.partition(" ")
        if not name or wordnet_id in names:
            why = "twice" if wordnet_id in names else "without a name"
            raise ValueError(
                f"{path}: {wordnet_id} is there {why}; each line is an id, a blank and a name, once per class"
            )
        names[wordnet_id] = name
    return dict(sorted(names.items()))


def _in_class_folders(pictures: Path, names: dict[str, str]) -> tuple[Item, ...]:
    """The pictures of all of these classes, folder by folder."""
    present = set(_folders(pictures))
    missing = [wordnet_id for wordnet_id in names if wordnet_id not in present]
    if missing:
        raise ValueError(
            f"{pictures}: {len(missing)} of {len(names)} class folders are missing, the first is {missing[0]}"
            f" ({names[missing[0]]}); extract the data set again"
        )
    unknown = sorted(present - set(names))
    if unknown:
        raise ValueError(f"{pictures / unknown[0]}: a class folder that classnames.txt does not name")
    return tuple(Item(path, None, k) for k, name in enumerate(names) for path in pictures_in(pictures / name))


def _own_classes(folder: Path, pictures: Path) -> Listing:
    """A shift with some of ImageNet's classes, numbered anew in the order of their ids."""
    names, present = class_names(folder), _folders(pictures)
    unknown = [wordnet_id for wordnet_id in present if wordnet_id not in names]
    if unknown:
        raise ValueError(f"{pictures / unknown[0]}: a class folder that classnames.txt does not name")
    test = tuple(Item(path, None, k) for k, name in enumerate(present) for path in pictures_in(pictures / name))
    return checked(folder, Listing(tuple(names[name] for name in present), (), test))


def _folders(pictures: Path) -> list[str]:
    try:
        return class_folders(pictures)
    except ValueError:
        if any(is_picture(entry.name) for entry in pictures.iterdir()):
            raise ValueError(
                f"{pictures} holds pictures but no class folders; sort them into folders named by WordNet id"
                " (the development kit tells which is which)"
            ) from None
        raise
