"""Records with the real columns and invented numbers, for tables, figures and the report."""

import json
import zlib

import numpy as np
import pandas as pd

from reprompt.published import DATASETS_11
from reprompt.tables.setting import swept
from reprompt.tables.tasks import SHIFTS

SHOTS = (1, 2, 4, 8, 16)
# Mean accuracy at 1, 2, 4, 8, 16 shots above zero-shot; the spread over seeds is SPREAD.
FEW_SHOT_GAINS = {
    "linear_probe": (-25, -15, -6, 1, 6),
    "coop": (-1, 2, 5, 6, 7),
    "prograd": (1.5, 3.5, 5.5, 6, 6.5),
    "prograd_ensemble": (2, 4, 6, 6.4, 7.2),
    "prograd_oracle": (4, 6, 7, 7.5, 8),
    "cosine": (-30, -20, -10, -2, 2),
    "cosine_prograd": (-28, -18, -8, 0, 4),
}
WITHOUT_AUGMENTATION = {"coop": (-4, -1, 2, 4, 5), "prograd": (1, 3, 5, 5.5, 6)}
BASE_TO_NEW_GAINS = {"coop": (9.0, -6.0), "prograd": (8.0, -4.0)}
TRANSFER_GAINS = {"linear_probe": -18, "coop": 2, "cocoop": 1.5, "prograd": 3}
BACKBONES = {"RN50": -6, "RN101": -4, "ViT-B-32": -2, "ViT-B-16": 0}
SPREAD = 0.5
EPOCHS, IMAGES, CLASSES, SIDE, GRID = 20, 300, 5, 40, 5
COLUMNS = ["scale", "experiment", "protocol", "recipe", "backbone", "source", "task", "shots", "tau", "seed", "swept"]
COLUMNS += ["start", "group", "settings", "split", "metric", "value", "images", "cell", "file"]
COLUMNS += ["predictions", "targets", "measured"]


def make_records(
    scale: str = "miniature", backbone: str = "ViT-B-16", tasks=DATASETS_11, seeds=(1, 2, 3)
) -> pd.DataFrame:
    """A plausible records frame: every cell of ProGrad's tables and figures, but CoCoOp's of Table 3.

    `backbone` is that of all experiments but cross_domain, which has four. Every value has a random stream of its
    own, so that a frame of fewer tasks or seeds is a part of the larger one.
    """
    rows = []

    def add(experiment, recipe, task, shots, seed, value, split="all", source=None, on=backbone, over="", **measured):
        untuned = recipe in ("zero_shot", "prompt_ensemble")
        identity = (experiment, recipe, task, shots, seed, split, on, over)
        random = np.random.default_rng(zlib.crc32(repr(identity).encode()))
        if not untuned:
            value += random.normal() * SPREAD * (1 + 4 / shots)
        images = IMAGES if split == "all" else IMAGES // 2
        right = round(min(max(value, 0.0), 100.0) * images / 100)
        targets = np.arange(images, dtype=np.uint8) % CLASSES
        wrong = random.permutation(images) >= right
        protocol = "transfer" if source else "base_to_new" if split != "all" else "few_shot"
        rows.append(
            {
                **{"scale": scale, "experiment": experiment, "protocol": protocol, "recipe": recipe, "backbone": on},
                **{"source": source or task, "task": task, "shots": shots, "tau": 1.0, "seed": seed, "swept": over},
                **{"start": "", "group": ""},
                **{"settings": {"epochs": EPOCHS} | (json.loads(over) if over else {}), "split": split},
                **{"metric": "accuracy", "value": 100 * right / images, "images": images},
                **{"cell": f"{zlib.crc32(repr(identity).encode()):012x}", "file": f"{experiment}.npz"},
                **{"predictions": (targets + wrong).astype(np.uint8) % CLASSES, "targets": targets},
                "measured": {name: measure(random, 100 * right / images) for name, measure in measured.items()},
            }
        )

    def curve(random, last):
        course = last + np.linspace(3, 0, EPOCHS) * np.sin(np.linspace(0.3, np.pi, EPOCHS)) + random.normal(size=EPOCHS)
        return np.round(course * IMAGES / 100).astype(np.uint16)

    def angle(to):
        return lambda random, _: 70 + (to - 70) * (1 - np.exp(-np.arange(EPOCHS) / 4)) + random.normal(size=EPOCHS)

    for place, task in enumerate(DATASETS_11):
        if task not in tasks:
            continue
        zero_shot = 48 + 3.2 * place
        add("few_shot", "zero_shot", task, 0, 0, zero_shot)
        add("few_shot", "prompt_ensemble", task, 0, 0, zero_shot + 0.8)
        add("base_to_new", "zero_shot", task, 0, 0, zero_shot + 8, split="base")
        add("base_to_new", "zero_shot", task, 0, 0, zero_shot + 10, split="new")
        for seed in seeds:
            for position, shots in enumerate(SHOTS):
                for recipe, gains in FEW_SHOT_GAINS.items():
                    followed = {"curve": curve} if recipe in ("coop", "prograd") else {}
                    add("few_shot", recipe, task, shots, seed, zero_shot + gains[position], **followed)
                for alpha in (0.25, 0.5, 1, 2, 4):
                    gain = 3 - alpha + position
                    add("few_shot_lwf", "lwf", task, shots, seed, zero_shot + gain, over=swept(distillation=alpha))
                for recipe, gains in WITHOUT_AUGMENTATION.items() if task in ("stanford_cars", "oxford_pets") else ():
                    value = zero_shot + gains[position]
                    add("few_shot_no_augmentation", recipe, task, shots, seed, value, curve=curve)
                for strength in (0, 0.2, 0.4, 0.7, 0.9, 1) if task in ("oxford_pets", "dtd") else ():
                    value = zero_shot + 2 * strength + position
                    add("few_shot_lambda", "prograd", task, shots, seed, value, over=swept(**{"lambda": strength}))
            for strength, to in ((0, 90), (1, 112)):
                of = swept(**{"lambda": strength})
                add("few_shot_angles", "prograd", task, 16, seed, zero_shot + 6, over=of, angle=angle(to))
            for recipe, gains in BASE_TO_NEW_GAINS.items():
                for shots in (4, 16):
                    for split, above, gain in zip(("base", "new"), (8, 10), gains, strict=True):
                        add("base_to_new", recipe, task, shots, seed, zero_shot + above + gain, split=split)
            if "imagenet" in tasks:
                for recipe in ("coop", "cocoop", "prograd"):
                    value = zero_shot + TRANSFER_GAINS[recipe]
                    add("cross_dataset", recipe, task, 4, seed, value, source="imagenet")
    for place, task in enumerate(("imagenet", *SHIFTS)) if "imagenet" in tasks else ():
        for on, below in BACKBONES.items():
            zero_shot = 60 - 6 * place + below
            add("cross_domain", "zero_shot", task, 0, 0, zero_shot, source="imagenet", on=on)
            for recipe, gain in TRANSFER_GAINS.items():
                for seed in seeds:
                    add("cross_domain", recipe, task, 4, seed, zero_shot + gain, source="imagenet", on=on)
    if "stanford_cars" in tasks:
        for recipe in ("zero_shot", "coop", "prograd_general", "prograd_orthogonal", "prograd"):
            tuned = recipe != "zero_shot"
            seen = {
                "grad_cam": lambda random, _: random.random((4, GRID, GRID)).astype(np.float16),
                "grad_cam_images": lambda *_: pictures(),
                "grad_cam_labels": lambda *_: np.arange(4),
            }
            add("gradient_strategies", recipe, "stanford_cars", int(tuned), int(tuned), 57.0, **seen)
    return pd.DataFrame(rows, columns=COLUMNS)


def pictures() -> np.ndarray:
    """Four test images with a bright square in the middle."""
    images = np.full((4, SIDE, SIDE, 3), 90, dtype=np.uint8)
    images += np.arange(4, dtype=np.uint8)[:, None, None, None] * 20
    images[:, 12:28, 10:30] = (200, 120, 40)
    return images
