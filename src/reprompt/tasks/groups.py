"""The groups of data sets that a claim may average over or go through one by one."""

from reprompt.tasks.published import DATASETS_11

ELEVATER_20 = (
    *("caltech101", "cifar10", "cifar100", "country211", "dtd", "eurosat", "fer2013", "fgvc_aircraft"),
    *("flowers102", "food101", "gtsrb", "hateful_memes", "kitti_distance", "mnist", "oxford_pets", "patch_camelyon"),
    *("rendered_sst2", "resisc45", "stanford_cars", "voc2007"),
)
GROUPS = {
    "datasets11": DATASETS_11,
    "targets10": tuple(task for task in DATASETS_11 if task != "imagenet"),
    "imagenet4": ("imagenet_v2", "imagenet_sketch", "imagenet_a", "imagenet_r"),
    "elevater20": ELEVATER_20,
    # MVLPT's targets: the 20 without the tasks that are among its 11 sources.
    "elevater12": tuple(task for task in ELEVATER_20 if task not in DATASETS_11),
}


def members(place: str) -> tuple[str, ...]:
    """The data sets that a group stands for; a data set stands for itself."""
    return GROUPS.get(place, (place,))
