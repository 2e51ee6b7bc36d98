"""Small data sets in the layouts of the real ones: a few pictures of a few classes, in the real folders and files.

`make("dtd", folder)` writes what lies in DTD's own folder. A maker can be asked for `per_class` training pictures of
each class; there are two to test. CoOp's data sets come with the split file of its authors, or without
(`split_file=False`); MVLPT's targets in ELEVATER's layout or in that of their makers (`official=True`).

`pack("dtd", folder, archives)` packs such a folder into the archives that the data set's card has downloaded.
"""

import csv
import gzip
import hashlib
import io
import json
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import numpy as np
from PIL import Image
from scipy.io import savemat

from reprompt.data.files.arrays import rows_of
from reprompt.data.files.coop import EUROSAT_NAMES
from reprompt.data.files.elevater import INDICES
from reprompt.data.files.targets import target_names
from reprompt.tasks.card import card_of

TESTED = 2  # test pictures of each class, and validation pictures where a list has some
WORDNET = {  # of ImageNet's 1000 classes
    "n01440764": "tench",
    "n01443537": "goldfish",
    "n02012849": "crane bird",
    "n03126707": "construction crane",
    "n04355933": "sunglasses",
    "n04356056": "sunglasses",
}
SIZES = ((24, 18), (18, 24), (20, 20), (33, 16))
FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".ppm": "PPM"}


def make(task: str, folder: Path, per_class: int = 4, **variant: bool) -> Path:
    """Write the data set of a task into its own folder; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    MAKERS[task](folder, per_class, **variant)
    return folder


def pixels(name: str, size: tuple[int, int] | None = None) -> np.ndarray:
    """A picture (H, W, 3) of its own for every name: two colours that run into each other."""
    seed = hashlib.sha256(name.encode()).digest()
    width, height = size or SIZES[seed[6] % len(SIZES)]
    across, down = np.linspace(0, 1, width)[None, :, None], np.linspace(0, 1, height)[:, None, None]
    first, second = (np.frombuffer(seed, np.uint8, 3, start).astype(float) for start in (0, 3))
    blend = (across + down) / 2
    return (first * (1 - blend) + second * blend).round().astype(np.uint8)


def encoded(name: str, size: tuple[int, int] | None = None) -> bytes:
    """The picture of a name as a file of the format that its ending says."""
    file = io.BytesIO()
    Image.fromarray(pixels(name, size)).save(file, FORMATS[Path(name).suffix.lower()])
    return file.getvalue()


def write_picture(path: Path) -> None:
    """Write the picture of a file's name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded("/".join(path.parts[-2:])))


def write_lines(path: Path, lines: list[str]) -> None:
    """Write a text file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def truncate(path: Path) -> None:
    """Cut a file off in its middle, as a killed download does."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


# CoOp's data sets: lists of [path, label, class name] for training, validation and testing.

Listed = list[tuple[str, int, str]]


def write_split_file(path: Path, train: Listed, val: Listed, test: Listed) -> None:
    """Write a split file as CoOp's authors did."""
    path.write_text(json.dumps({"train": train, "val": val, "test": test}))


def _in_thirds(
    folder: Path, pictures: str, names: dict[str, str], split: str, per_class: int, split_file: bool
) -> None:
    """Class folders of twice as many pictures as are trained on: half, a fifth, the rest."""
    lists: tuple[Listed, Listed, Listed] = ([], [], [])
    for label, (class_folder, name) in enumerate(names.items()):
        for n in range(1, 2 * per_class + 1):
            path = f"{class_folder}/{class_folder.lower()}_{n:04d}.jpg"
            write_picture(folder / pictures / path)
            val = per_class + round(0.4 * per_class)
            lists[0 if n <= per_class else 1 if n <= val else 2].append((path, label, name))
    if split_file:
        write_split_file(folder / split, *lists)


def caltech101(folder: Path, per_class: int, split_file: bool = True) -> None:
    """Six folders, of which two are no class of CoOp's."""
    names = {"Faces": "face", "Leopards": "leopard", "accordion": "accordion", "airplanes": "airplane"}
    _in_thirds(folder, "101_ObjectCategories", names, "split_zhou_Caltech101.json", per_class, split_file)
    for left_out in ("BACKGROUND_Google", "Faces_easy"):
        write_picture(folder / "101_ObjectCategories" / left_out / "image_0001.jpg")


def dtd(folder: Path, per_class: int, split_file: bool = True) -> None:
    """Four textures."""
    names = {name: name for name in ("banded", "blotchy", "polka-dotted", "zigzagged")}
    _in_thirds(folder, "images", names, "split_zhou_DescribableTextures.json", per_class, split_file)


def food101(folder: Path, per_class: int, split_file: bool = True) -> None:
    """Four dishes."""
    names = {name: name for name in ("apple_pie", "baby_back_ribs", "tacos", "waffles")}
    _in_thirds(folder, "images", names, "split_zhou_Food101.json", per_class, split_file)
    write_lines(folder / "meta" / "classes.txt", list(names))


def eurosat(folder: Path, per_class: int, split_file: bool = True) -> None:
    """All ten kinds of land."""
    _in_thirds(folder, "2750", EUROSAT_NAMES, "split_zhou_EuroSAT.json", per_class, split_file)


def flowers102(folder: Path, per_class: int, split_file: bool = True) -> None:
    """Three flowers; the pictures of a class do not follow one another."""
    names = ["pink primrose", "hard-leaved pocket orchid", "colt's foot"]
    lists: tuple[Listed, Listed, Listed] = ([], [], [])
    labels = np.arange(2 * per_class * len(names)) % len(names)
    for n, label in enumerate(labels):
        path, rank = f"image_{n + 1:05d}.jpg", n // len(names)
        write_picture(folder / "jpg" / path)
        val = per_class + round(0.4 * per_class)
        lists[0 if rank < per_class else 1 if rank < val else 2].append((path, int(label), names[label]))
    savemat(folder / "imagelabels.mat", {"labels": labels[None] + 1})
    (folder / "cat_to_name.json").write_text(json.dumps({str(k + 1): name for k, name in enumerate(names)}))
    if split_file:
        write_split_file(folder / "split_zhou_OxfordFlowers.json", *lists)


def _trained_and_held_out(per_class: int) -> int:
    """Pictures of an official training class of which a fifth, held out, leaves so many."""
    return per_class + max(1, round(per_class / 4))


def oxford_pets(folder: Path, per_class: int, split_file: bool = True) -> None:
    """Three breeds; the first is a cat, whose file names are upper case."""
    breeds = ("Abyssinian", "american_bulldog", "yorkshire_terrier")
    official: dict[str, list[tuple[str, int]]] = {"trainval": [], "test": []}
    for label, breed in enumerate(breeds):
        both = _trained_and_held_out(per_class)
        for n in range(1, both + TESTED + 1):
            official["trainval" if n <= both else "test"].append((f"{breed}_{n}", label))
    for part, rows in official.items():
        for name, _ in rows:
            write_picture(folder / "images" / f"{name}.jpg")
        write_lines(folder / "annotations" / f"{part}.txt", [f"{name} {label + 1} 1 1" for name, label in rows])
    if split_file:
        listed = {
            part: [(f"{name}.jpg", label, breeds[label].lower()) for name, label in rows]
            for part, rows in official.items()
        }
        _write_official_split(folder / "split_zhou_OxfordPets.json", listed["trainval"], listed["test"], per_class)


def _write_official_split(path: Path, trainval: Listed, test: Listed, per_class: int) -> None:
    seen: dict[int, int] = {}
    train, val = [], []
    for picture in trainval:
        label = picture[1]
        seen[label] = seen.get(label, 0) + 1
        (train if seen[label] <= per_class else val).append(picture)
    write_split_file(path, train, val, test)


def stanford_cars(folder: Path, per_class: int, split_file: bool = True) -> None:
    """Three cars, in MATLAB's structures."""
    names = ["AM General Hummer SUV 2000", "Acura RL Sedan 2012", "Ram C/V Cargo Van Minivan 2012"]
    listed: dict[str, Listed] = {}
    for part, count in (("cars_train", _trained_and_held_out(per_class)), ("cars_test", TESTED)):
        rows = []
        for n in range(count * len(names)):
            label, file = n % len(names), f"{n + 1:05d}.jpg"
            write_picture(folder / part / file)
            year, model = names[label].split()[-1], names[label].rpartition(" ")[0]
            rows.append((f"{part}/{file}", label, f"{year} {model}"))
        listed[part] = rows
        kinds = [(field, object) for field in ("bbox_x1", "class", "fname")]
        annotations = np.empty((1, len(rows)), kinds)
        for n, (path, label, _) in enumerate(rows):
            annotations[0, n] = (0, label + 1, path.rpartition("/")[2])
        train_list, test_list = folder / "devkit" / "cars_train_annos.mat", folder / "cars_test_annos_withlabels.mat"
        where = train_list if part == "cars_train" else test_list
        where.parent.mkdir(exist_ok=True)
        savemat(where, {"annotations": annotations})
    savemat(folder / "devkit" / "cars_meta.mat", {"class_names": np.array([names], object)})
    if split_file:
        path = folder / "split_zhou_StanfordCars.json"
        _write_official_split(path, listed["cars_train"], listed["cars_test"], per_class)


def sun397(folder: Path, per_class: int, split_file: bool = True) -> None:
    """Three places, one of them with an inside and an outside."""
    names = {"a/abbey": "abbey", "a/apse/indoor": "indoor apse", "c/cathedral/outdoor": "outdoor cathedral"}
    write_lines(folder / "ClassName.txt", [f"/{name}" for name in names])
    listed: dict[str, Listed] = {}
    for part, count, first in (
        ("Training_01", _trained_and_held_out(per_class), 1),
        ("Testing_01", TESTED, 1 + _trained_and_held_out(per_class)),
    ):
        listed[part] = [
            (f"{place}/sun_{n:04d}.jpg", label, name)
            for label, (place, name) in enumerate(names.items())
            for n in range(first, first + count)
        ]
        for path, _, _ in listed[part]:
            write_picture(folder / "SUN397" / path)
        write_lines(folder / f"{part}.txt", [f"/{path}" for path, _, _ in listed[part]])
    if split_file:
        path = folder / "split_zhou_SUN397.json"
        _write_official_split(path, listed["Training_01"], listed["Testing_01"], per_class)


def ucf101(folder: Path, per_class: int, split_file: bool = True) -> None:
    """Three actions' middle frames."""
    actions = {"ApplyEyeMakeup": "Apply_Eye_Makeup", "Archery": "Archery", "YoYo": "Yo_Yo"}
    lists = folder / "ucfTrainTestlist"
    write_lines(lists / "classInd.txt", [f"{k} {name}" for k, name in enumerate(actions, 1)])
    listed: dict[str, Listed] = {}
    for part, count, group in (("trainlist01", _trained_and_held_out(per_class), 8), ("testlist01", TESTED, 1)):
        rows, lines = [], []
        for label, (action, name) in enumerate(actions.items()):
            for n in range(1, count + 1):
                video = f"v_{action}_g{group:02d}_c{n:02d}"
                rows.append((f"{name}/{video}.jpg", label, name))
                lines.append(f"{action}/{video}.avi" + (f" {label + 1}" if part == "trainlist01" else ""))
                write_picture(folder / "UCF-101-midframes" / rows[-1][0])
        listed[part] = rows
        write_lines(lists / f"{part}.txt", lines)
    if split_file:
        path = folder / "split_zhou_UCF101.json"
        _write_official_split(path, listed["trainlist01"], listed["testlist01"], per_class)


def fgvc_aircraft(folder: Path, per_class: int) -> None:
    """Three variants, one with a slash and one with blanks in its name; the order is the list's, not the alphabet's."""
    names = ["707-320", "Boeing 717", "F-16A/B"]
    write_lines(folder / "variants.txt", names)
    number = 1000000
    for part, count in (("train", per_class), ("val", per_class), ("test", TESTED)):
        lines = []
        for name in names:
            for _ in range(count):
                number += 1
                lines.append(f"{number} {name}")
                write_picture(folder / "images" / f"{number}.jpg")
        write_lines(folder / f"images_variant_{part}.txt", lines)


# ImageNet and its shifts.


def _class_names(folder: Path) -> None:
    write_lines(folder / "classnames.txt", [f"{wordnet_id} {name}" for wordnet_id, name in WORDNET.items()])


def _class_folders(pictures: Path, classes: list[str], count: int, ending: str = ".JPEG") -> None:
    for name in classes:
        for n in range(count):
            write_picture(pictures / name / f"{name}_{n}{ending}")


def imagenet(folder: Path, per_class: int) -> None:
    """Six of ImageNet's classes, two of them with the same name."""
    _class_names(folder)
    _class_folders(folder / "images" / "train", list(WORDNET), per_class)
    _class_folders(folder / "images" / "val", list(WORDNET), TESTED)


def imagenet_v2(folder: Path, per_class: int) -> None:
    """Folders that are labels."""
    _class_names(folder)
    labels = [str(k) for k in range(len(WORDNET))]
    _class_folders(folder / "imagenetv2-matched-frequency-format-val", labels, TESTED, ".jpeg")


def imagenet_sketch(folder: Path, per_class: int) -> None:
    """All classes."""
    _class_names(folder)
    _class_folders(folder / "images", list(WORDNET), TESTED)


def imagenet_a(folder: Path, per_class: int) -> None:
    """Some of the classes, and a README among their folders."""
    _class_names(folder)
    _class_folders(folder / "imagenet-a", list(WORDNET)[1:5:2], TESTED, ".jpg")
    write_lines(folder / "imagenet-a" / "README.txt", ["ImageNet-A"])


def imagenet_r(folder: Path, per_class: int) -> None:
    """Some of the classes, and a README among their folders."""
    _class_names(folder)
    _class_folders(folder / "imagenet-r", list(WORDNET)[:4:2], TESTED, ".jpg")
    write_lines(folder / "imagenet-r" / "README.txt", ["ImageNet-R"])


# MVLPT's targets in ELEVATER's layout: zip archives and an index.

ARCHIVES = {  # of training and of test pictures
    "cifar10": ("train.zip", "val.zip"),
    "cifar100": ("train_images.zip", "test_images.zip"),
    "gtsrb": ("train.zip", "final_test.zip"),
    "hateful_memes": ("img.zip", "img.zip"),
    "kitti_distance": ("train_images.zip", "test_images.zip"),
    "mnist": ("train.zip", "val.zip"),
    "resisc45": ("images.zip", "images.zip"),
}


def elevater(task: str, folder: Path, per_class: int) -> None:
    """A picture of every class and more, in archives; VOC2007's pictures show two classes each."""
    classes = len(target_names(task))
    archives = ARCHIVES.get(task, ("train.zip", "test.zip"))
    contents: dict[str, dict[str, bytes]] = {}
    for part, index, archive, count in zip(
        ("train", "test"), INDICES[task], archives, (per_class, TESTED), strict=True
    ):
        rows = []
        for n in range(classes * count):
            name = f"some pictures/{part}_{n}.png"
            labels = [n % classes] if task != "voc2007" else sorted({n % classes, (n // classes + n) % classes})
            rows.append((name, labels))
            contents.setdefault(archive, {})[name] = encoded(name)
        if index.endswith(".json"):
            (folder / index).write_text(json.dumps(_coco(archive, rows, classes)))
        else:
            write_lines(folder / index, [f"{archive}@{name} {','.join(map(str, labels))}" for name, labels in rows])
    for archive, members in contents.items():
        with ZipFile(folder / archive, "w") as opened:
            for name, content in members.items():
                opened.writestr(name, content)


def _coco(archive: str, rows: list[tuple[str, list[int]]], classes: int) -> dict:
    """COCO's manner: ids begin at 1, and pictures are not in their order."""
    images = [{"id": n, "file_name": f"{archive}@{name}"} for n, (name, _) in enumerate(rows, 1)]
    annotations = [
        {"id": n, "image_id": n, "category_id": label + 1} for n, (_, labels) in enumerate(rows, 1) for label in labels
    ]
    categories = [{"id": k + 1, "name": f"class {k}"} for k in range(classes)]
    return {"images": images[::-1], "annotations": annotations, "categories": categories}


# The same targets in the layouts of their makers.


def _batch(names_of_rows: list[str], key: str, labels: list[int]) -> bytes:
    rows = np.stack([pixels(name, (32, 32)).transpose(2, 0, 1).ravel() for name in names_of_rows])
    return pickle.dumps({"data": rows, key: labels}, protocol=2)


def official_cifar10(folder: Path, per_class: int) -> None:
    """Five training batches and one for testing."""
    batches = folder / "cifar-10-batches-py"
    batches.mkdir()
    (batches / "batches.meta").write_bytes(pickle.dumps({"label_names": list(target_names("cifar10"))}, protocol=2))
    for name in (*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"):
        labels = list(range(10))
        (batches / name).write_bytes(_batch([f"{name}/{label}" for label in labels], "labels", labels))


def official_cifar100(folder: Path, per_class: int) -> None:
    """Labels in the order of the alphabet, names with underscores."""
    batches = folder / "cifar-100-python"
    batches.mkdir()
    names = sorted(name.replace(" ", "_") for name in target_names("cifar100"))
    (batches / "meta").write_bytes(pickle.dumps({"fine_label_names": names}, protocol=2))
    for part in ("train", "test"):
        rows = [f"{part}/{name}" for name in names]
        (batches / part).write_bytes(_batch(rows, "fine_labels", list(range(100))))


def _idx(values: np.ndarray) -> bytes:
    shape = b"".join(size.to_bytes(4, "big") for size in values.shape)
    return bytes([0, 0, 8, values.ndim]) + shape + values.astype(np.uint8).tobytes()


def official_mnist(folder: Path, per_class: int) -> None:
    """Four idx files, packed by gzip."""
    for part, count in (("train", per_class), ("t10k", TESTED)):
        labels = np.tile(np.arange(10), count)
        pictures = np.stack([pixels(f"{part}/{n}", (28, 28))[:, :, 0] for n in range(len(labels))])
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(_idx(pictures)))
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(_idx(labels)))


def official_fer2013(folder: Path, per_class: int) -> None:
    """Kaggle's table."""
    with (folder / "fer2013.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["emotion", "pixels", "Usage"])
        for usage, count in (("Training", per_class), ("PublicTest", TESTED), ("PrivateTest", TESTED)):
            for n in range(7 * count):
                face = pixels(f"{usage}/{n}", (48, 48))[:, :, 0]
                table.writerow([n % 7, " ".join(map(str, face.ravel())), usage])


def official_gtsrb(folder: Path, per_class: int) -> None:
    """As the three archives are unpacked."""
    for k in range(43):
        for n in range(per_class):
            write_picture(folder / "GTSRB" / "Training" / f"{k:05d}" / f"{n:05d}_00000.ppm")
    rows = []
    for n in range(43 * TESTED):
        write_picture(folder / "GTSRB" / "Final_Test" / "Images" / f"{n:05d}.ppm")
        rows.append(f"{n:05d}.ppm;53;54;6;5;48;49;{n % 43}")
    header = "Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId"
    write_lines(folder / "GT-final_test.csv", [header, *rows])


def official_country211(folder: Path, per_class: int) -> None:
    """211 folders; real ones are named by ISO codes, in whose order the names are."""
    codes = sorted(f"{a}{b}" for a in "ABCDEFGHIJKLMNO" for b in "ABCDEFGHIJKLMNO")[:211]
    for part, count in (("train", per_class), ("valid", 1), ("test", TESTED)):
        _class_folders(folder / part, codes, count, ".jpg")


def official_rendered_sst2(folder: Path, per_class: int) -> None:
    """Two folders."""
    for part, count in (("train", per_class), ("valid", 1), ("test", TESTED)):
        _class_folders(folder / part, ["negative", "positive"], count, ".png")


def official_voc2007(folder: Path, per_class: int) -> None:
    """VOCdevkit; each picture shows its class, shows the next one hardly, and the one after it as well."""
    base, names = folder / "VOCdevkit" / "VOC2007", target_names("voc2007")
    for part, count, first in (("train", per_class, 0), ("val", 1, 5000), ("test", TESTED, 6000)):
        numbers = range(first, first + 20 * count)
        for n in numbers:
            write_picture(base / "JPEGImages" / f"{n:06d}.jpg")
        for k, name in enumerate(names):
            answers = {n: {0: 1, 1: 0, 2: 1}.get((k - n) % 20, -1) for n in numbers}
            lines = [f"{n:06d} {answer:2d}" for n, answer in answers.items()]
            write_lines(base / "ImageSets" / "Main" / f"{name}_{part}.txt", lines)
        write_lines(base / "ImageSets" / "Main" / f"{part}.txt", [f"{n:06d}" for n in numbers])


NEXT_OBJECT = (("Car", 5), ("Van", 15), ("Truck", 50), ("Pedestrian", 3))  # and metres to it; a person is no vehicle


def official_kitti_distance(folder: Path, per_class: int) -> None:
    """Twenty videos of four pictures: the next vehicle is at 5, 15 and 50 m, and in the fourth there is none."""
    base, videos = folder / "training", 20
    for n in range(4 * videos):
        write_picture(base / "image_2" / f"{n:06d}.png")
        kind, metres = NEXT_OBJECT[n % 4]
        seen = f"{kind} 0.00 0 -1.58 587.01 173.33 614.12 200.12 1.65 1.67 3.64 -0.65 1.71 {metres:.2f} -1.59"
        nothing = "DontCare -1 -1 -10 503.89 169.71 590.61 190.13 -1 -1 -1 -1000 -1000 -1000 -10"
        write_lines(base / "label_2" / f"{n:06d}.txt", [seen, nothing])
    write_lines(folder / "mapping" / "train_rand.txt", [",".join(str(n + 1) for n in range(4 * videos))])
    mapping = [f"2011_09_26 2011_09_26_drive_{n // 4:04d}_sync {n % 4:010d}" for n in range(4 * videos)]
    write_lines(folder / "mapping" / "train_mapping.txt", mapping)


def official_resisc45(folder: Path, per_class: int) -> None:
    """45 folders with ten times as many pictures as are trained on."""
    for name in target_names("resisc45"):
        own = name.replace(" ", "_")
        for n in range(10):
            write_picture(folder / "NWPU-RESISC45" / own / f"{own}_{n:03d}.jpg")


def official_hateful_memes(folder: Path, per_class: int) -> None:
    """The challenge's lists."""
    number = 10000
    for part, count in (("train", per_class), ("dev", TESTED)):
        lines = []
        for label in range(2):
            for _ in range(count):
                number += 1
                write_picture(folder / "img" / f"{number}.png")
                lines.append(json.dumps({"id": number, "img": f"img/{number}.png", "label": label, "text": "a word"}))
        write_lines(folder / f"{part}.jsonl", lines)


def official_patch_camelyon(folder: Path, per_class: int) -> None:
    """Four HDF5 files; needs h5py."""
    import h5py

    for part, count in (("train", per_class), ("test", TESTED)):
        labels = np.arange(2 * count) % 2
        pictures = np.stack([pixels(f"{part}/{n}", (96, 96)) for n in range(len(labels))])
        with h5py.File(folder / f"camelyonpatch_level_2_split_{part}_x.h5", "w") as file:
            file["x"] = pictures
        with h5py.File(folder / f"camelyonpatch_level_2_split_{part}_y.h5", "w") as file:
            file["y"] = labels.reshape(-1, 1, 1, 1)


def _target(task: str) -> Callable[..., None]:
    def made(folder: Path, per_class: int, official: bool = False) -> None:
        if official:
            OFFICIAL_MAKERS[task](folder, per_class)
            rows_of.cache_clear()
        else:
            elevater(task, folder, per_class)

    return made


# GRAM's pictures from the web.


def cc3m(folder: Path, per_class: int, shards: int = 2) -> None:
    """Shards of five pairs each, as img2dataset writes them."""
    for shard in range(shards):
        write_shard(folder / f"{shard:05d}.tar", [(f"{shard:05d}{n:04d}", f"caption {shard}.{n}") for n in range(5)])


def write_shard(path: Path, pairs: list[tuple[str, str]], pictures: dict[str, bytes] | None = None) -> None:
    """Write a shard of keys and captions; `pictures` are what some keys hold instead of a picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for key, caption in pairs:
            picture = (pictures or {}).get(key, encoded(f"{key}.jpg"))
            facts = json.dumps({"key": key, "caption": caption, "status": "success"}).encode()
            for ending, content in (("jpg", picture), ("json", facts), ("txt", caption.encode())):
                member = tarfile.TarInfo(f"{key}.{ending}")
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))


def webvision(folder: Path, per_class: int) -> None:
    """Three classes, whose pictures two search engines found."""
    synsets = ["n01440764 tench, Tinca tinca", "n01443537 goldfish, Carassius auratus", "n01484850 great white shark"]
    write_lines(folder / "info" / "synsets.txt", synsets)
    for engine in ("google", "flickr"):
        listed = []
        for n in range(3 * per_class):
            name = f"{engine}/q{n % 3:04d}/{engine}_{n}.jpg"
            write_picture(folder / name)
            listed.append(f"{name} {n % 3}")
        write_lines(folder / "info" / f"train_filelist_{engine}.txt", listed)
    listed = []
    for n in range(3 * TESTED):
        write_picture(folder / "val_images_256" / f"val{n:06d}.jpg")
        listed.append(f"val{n:06d}.jpg {n % 3}")
    write_lines(folder / "info" / "val_filelist.txt", listed)


OFFICIAL_MAKERS: dict[str, Callable[[Path, int], None]] = {
    "cifar10": official_cifar10,
    "cifar100": official_cifar100,
    "country211": official_country211,
    "fer2013": official_fer2013,
    "gtsrb": official_gtsrb,
    "hateful_memes": official_hateful_memes,
    "kitti_distance": official_kitti_distance,
    "mnist": official_mnist,
    "patch_camelyon": official_patch_camelyon,
    "rendered_sst2": official_rendered_sst2,
    "resisc45": official_resisc45,
    "voc2007": official_voc2007,
}
IN_THIRDS = {"caltech101": caltech101, "dtd": dtd, "food101": food101, "eurosat": eurosat, "flowers102": flowers102}
OFFICIAL_TEST = {"oxford_pets": oxford_pets, "stanford_cars": stanford_cars, "sun397": sun397, "ucf101": ucf101}
MAKERS: dict[str, Callable[..., None]] = {
    "imagenet": imagenet,
    **IN_THIRDS,
    **OFFICIAL_TEST,
    "fgvc_aircraft": fgvc_aircraft,
    "imagenet_v2": imagenet_v2,
    "imagenet_sketch": imagenet_sketch,
    "imagenet_a": imagenet_a,
    "imagenet_r": imagenet_r,
    **{task: _target(task) for task in INDICES},
    "corpus": cc3m,
    "webvision": webvision,
}


# The archives that cards have downloaded.

CONTENTS = {  # of archives that hold more than the one folder or file by which they are known
    "food-101.tar.gz": ("images", "meta"),
    "fgvc-aircraft-2013b.tar.gz": ("images", "*.txt"),
    "country211.tgz": ("train", "valid", "test"),
    "rendered-sst2.tgz": ("train", "valid", "test"),
    "Partitions.zip": ("ClassName.txt", "Training_01.txt", "Testing_01.txt"),
    "VOCtrainval_06-Nov-2007.tar": tuple(
        f"VOCdevkit/VOC2007/{inside}"
        for inside in ("JPEGImages/00[05]*", "ImageSets/Main/*train.txt", "ImageSets/Main/*val.txt")
    ),
    "VOCtest_06-Nov-2007.tar": tuple(
        f"VOCdevkit/VOC2007/{inside}" for inside in ("JPEGImages/006*", "ImageSets/Main/*test.txt")
    ),
}


def pack(task: str, folder: Path, archives: Path) -> list[Path]:
    """Pack a data set's folder into the files that its card downloads, by their names; returns their paths.

    Of a series of files (CC3M's shards) and of the web's pictures there is nothing to pack.
    """
    archives.mkdir(parents=True, exist_ok=True)
    made = []
    for piece in card_of(task).pieces:
        path = archives / piece.file
        if piece.file in PACKED_BY:
            PACKED_BY[piece.file](folder, path)
        elif piece.extract == "none":
            if not (folder / piece.result).is_file():
                continue
            path.write_bytes((folder / piece.result).read_bytes())
        else:
            inside = _members(folder, folder / piece.into, CONTENTS.get(piece.file, (piece.makes,)), piece.below)
            write_archive(path, inside)
        made.append(path)
    return made


def _members(folder: Path, top: Path, patterns: tuple[str, ...], below: str) -> dict[str, bytes]:
    """The files of some folders, by their names in an archive."""
    paths = [path for pattern in patterns for path in sorted(folder.glob(pattern))]
    files = [file for path in paths for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
    prefix = f"{below}/" if below else ""
    return {prefix + file.relative_to(top).as_posix(): file.read_bytes() for file in files if file.is_file()}


def write_archive(path: Path, members: dict[str, bytes]) -> None:
    """Write an archive of the kind that the file's name says."""
    if path.suffix == ".zip":
        with ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return
    if path.name.endswith(".gz") and ".tar" not in path.name:
        (content,) = members.values()
        path.write_bytes(gzip.compress(content))
        return
    with tarfile.open(path, "w" if path.suffix == ".tar" else "w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def _caltech_in_caltech(folder: Path, path: Path) -> None:
    """A zip archive that holds a tar archive."""
    inner = path.with_name("101_ObjectCategories.tar.gz")
    write_archive(inner, _members(folder, folder, ("101_ObjectCategories",), ""))
    write_archive(path, {f"caltech-101/{inner.name}": inner.read_bytes()})
    inner.unlink()


def _imagenet_training(folder: Path, path: Path) -> None:
    """A tar archive per class, all in one."""
    inner = {}
    for of_class in sorted((folder / "images" / "train").iterdir()):
        one = path.with_name(f"{of_class.name}.tar")
        write_archive(one, _members(of_class, of_class, ("*",), ""))
        inner[one.name] = one.read_bytes()
        one.unlink()
    write_archive(path, inner)


def _validation_pictures(folder: Path) -> list[tuple[str, Path]]:
    """ImageNet's validation pictures under their official names, one class after another in turn."""
    pictures = sorted((folder / "images" / "val").rglob("*.JPEG"), key=lambda path: (path.stem.split("_")[1], path))
    return [(f"ILSVRC2012_val_{n:08d}.JPEG", path) for n, path in enumerate(pictures, 1)]


def _imagenet_validation(folder: Path, path: Path) -> None:
    """Pictures without class folders."""
    write_archive(path, {name: picture.read_bytes() for name, picture in _validation_pictures(folder)})


def _imagenet_development_kit(folder: Path, path: Path) -> None:
    """Which number is which class, and the number of every validation picture."""
    ids = sorted(WORDNET, reverse=True)  # the kit's numbers are in no order that one could guess
    synsets = np.array(
        [(n, wordnet_id) for n, wordnet_id in enumerate(ids, 1)], [("ILSVRC2012_ID", "i4"), ("WNID", object)]
    )
    meta = io.BytesIO()
    savemat(meta, {"synsets": synsets})
    truth = "".join(f"{1 + ids.index(picture.parent.name)}\n" for _, picture in _validation_pictures(folder))
    kit = "ILSVRC2012_devkit_t12/data"
    members = {f"{kit}/meta.mat": meta.getvalue(), f"{kit}/ILSVRC2012_validation_ground_truth.txt": truth.encode()}
    write_archive(path, members)


PACKED_BY: dict[str, Callable[[Path, Path], None]] = {
    "caltech-101.zip": _caltech_in_caltech,
    "ILSVRC2012_img_train.tar": _imagenet_training,
    "ILSVRC2012_img_val.tar": _imagenet_validation,
    "ILSVRC2012_devkit_t12.tar.gz": _imagenet_development_kit,
}
