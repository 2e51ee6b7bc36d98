"""What has to be sorted after unpacking: ImageNet's validation pictures, which come without class folders."""

from collections.abc import Callable
from pathlib import Path

from scipy.io import loadmat

from reprompt.data.fetch.unpack import ArchiveError

DEVELOPMENT_KIT = "ILSVRC2012_devkit_t12"


def imagenet_validation(unpacked: Path, folder: Path) -> None:
    """Sort ILSVRC2012_val_00000001.JPEG and so on into folders named by WordNet id, as the development kit has them.

    The kit gives a number per picture (data/ILSVRC2012_validation_ground_truth.txt) and a WordNet id per number
    (data/meta.mat; numbers up to 1000 are classes, the rest are their parents).
    """
    kit = folder / DEVELOPMENT_KIT / "data"
    truth = kit / "ILSVRC2012_validation_ground_truth.txt"
    if not truth.exists():
        raise ArchiveError(f"{truth} is missing, which says what the validation pictures show; fetch it first")
    synsets = loadmat(kit / "meta.mat", squeeze_me=True)["synsets"]
    id_of = {int(synset["ILSVRC2012_ID"]): str(synset["WNID"]) for synset in synsets}
    numbers = [int(line) for line in truth.read_text().split()]
    pictures = sorted(unpacked.glob("*.JPEG"))
    if len(pictures) != len(numbers):
        raise ArchiveError(f"{truth} has {len(numbers):,} lines for {len(pictures):,} validation pictures")
    for picture, number in zip(pictures, numbers, strict=True):
        target = unpacked / id_of[number] / picture.name
        target.parent.mkdir(exist_ok=True)
        picture.rename(target)


ARRANGE: dict[str, Callable[[Path, Path], None]] = {"imagenet_validation": imagenet_validation}
