"""Records of ProGrad and GRAM with the real columns and invented numbers, for tables, figures, claims and report."""

import json
import zlib

import numpy as np
import pandas as pd

from reprompt.tables.scope import swept
from reprompt.tasks.groups import members

SHIFTS = members("imagenet4")
DATASETS_11 = members("datasets11")
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
TEMPLATE_START = {"coop": 4.0, "prograd": 5.0, "lwf": 3.0}
WITHOUT_AUGMENTATION = {"coop": (-4, -1, 2, 4, 5), "prograd": (1, 3, 5, 5.5, 6)}
BASE_TO_NEW_GAINS = {"coop": (9.0, -6.0), "prograd": (8.0, -4.0)}
TRANSFER_GAINS = {"linear_probe": -18, "coop": 2, "cocoop": 1.5, "prograd": 3}
BACKBONES = {"RN50": -6, "RN101": -4, "ViT-B-32": -2, "ViT-B-16": 0}
SPREAD = 0.5
EPOCHS, IMAGES, CLASSES, SIDE, GRID = 20, 300, 5, 40, 5
COLUMNS = ["scale", "experiment", "protocol", "recipe", "backbone", "source", "task", "shots", "tau", "seed", "swept"]
COLUMNS += ["start", "group", "partners_by", "settings", "split", "metric", "value", "images", "cell", "file"]
COLUMNS += ["predictions", "targets", "measured"]


GRAM_SPLITS = ("base", "new")
TOKENS = {
    2: swept(context_length=1, initialisation="photo", visual_length=1),
    6: swept(context_length=3, initialisation="a photo of", visual_length=3),
    8: swept(context_length=4, initialisation="a photo of a", visual_length=4),
}
# Experiment, recipe, start, swept, and accuracy above zero-shot on base and on new classes.
GRAM_RUNS = (
    ("gram_base_to_new", "cocoop", "", "", 11.0, -2.5),
    ("gram_base_to_new", "joint", "", "", 7.8, -1.3),
    ("gram_curves", "coop", "", "", 8.0, -1.0),
    ("gram_curves", "vpt", "", "", 3.0, -2.0),
    ("gram_adapted", "coop_gram", "gram", "", 9.2, 0.8),
    ("gram_adapted", "vpt_gram", "gram", "", 4.5, 0.0),
    ("gram_universal", "unigram", "gram", "", 11.0, 1.8),
    ("gram_ablation", "unigram", "gram_no_domain_shift", "", 10.3, 1.4),
    ("gram_ablation", "unigram", "gram_supervised", "", 9.3, 0.3),
    ("gram_unregulated", "unigram_plain", "gram_no_regulator", "", 8.6, 1.335),
    ("gram_pretrained", "joint_pretrained", "gram_pretraining", "", 6.6, 0.0),
    ("gram_token_numbers", "unigram", "gram_tokens", TOKENS[2], 8.2, 2.2),
    ("gram_token_numbers", "unigram", "gram_tokens", TOKENS[6], 10.8, 1.5),
    ("gram_token_numbers", "unigram", "gram_tokens", TOKENS[8], 11.0, 0.7),
    ("gram_initialisations", "coop", "", swept(initialisation="random"), 6.0, -2.5),
    ("gram_initialisations", "coop", "", swept(initialisation="this is one big"), 7.5, -2.0),
    ("gram_long", "coop", "", "", 9.0, -5.0),
    ("gram_context", "coop", "", swept(context_length=16), 6.5, -5.0),
)
GRAM_TRANSFER = {"cocoop": 1.0, "coop": 1.2, "vpt": 0.4, "coop_gram": 2.4, "vpt_gram": 1.6, "unigram": 3.2}
GRAM_PRODUCTS = {"coop_meta": 0.2, "vpt_meta": 0.25, "unigram_meta": 0.3}


def make_records(
    scale: str = "miniature", backbone: str = "ViT-B-16", tasks=DATASETS_11, seeds=(1, 2, 3)
) -> pd.DataFrame:
    """A plausible records frame: every cell of ProGrad's tables and figures, but CoCoOp's of Table 3.

    `backbone` is that of all experiments but cross_domain, which has four.
    """
    book = Book(scale, backbone)
    add = book.add

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
                for recipe, gain in TEMPLATE_START.items() if shots in (1, 2) else ():
                    over = swept(initialisation="template")
                    add("few_shot_template_start", recipe, task, shots, seed, zero_shot + gain, over=over)
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
    return book.frame()


def make_gram_records(
    scale: str = "miniature", backbone: str = "ViT-B-16", tasks=DATASETS_11, seeds=(1, 2, 3), spread: float = SPREAD
) -> pd.DataFrame:
    """Every experiment of GRAM, on these of its tasks and seeds; what the paper claims is true of the invented numbers.

    Predictions are left out: nothing of this study reads them.
    """
    book = Book(scale, backbone, spread, images=20_000, predicted=False)
    halves = [(task, split, place) for place, task in enumerate(DATASETS_11) if task in tasks for split in GRAM_SPLITS]
    for task, split, place in halves:
        zero_shot = 52 + 3.2 * place + 2 * (split == "new")
        book.add("gram_base_to_new", "zero_shot", task, 0, 0, zero_shot, split=split)
        for experiment, recipe, start, over, *gains in GRAM_RUNS:
            gain, of_epochs = gains[GRAM_SPLITS.index(split)], {}
            own = {"initialisation": "random"} if experiment == "gram_context" else {}
            if experiment in ("gram_curves", "gram_adapted"):
                falls = split == "new" and experiment == "gram_curves"
                of_epochs = {"curve": course(book.images // 2, -1.5 if falls else 1.0, spread)}
            for seed in seeds:
                where = {"split": split, "over": over, "start": start, "settings": tokens(recipe) | own, **of_epochs}
                book.add(experiment, recipe, task, 16, seed, zero_shot + gain, **where)
    places = ("imagenet", *SHIFTS, *DATASETS_11[1:])
    for place, task in enumerate(places) if "imagenet" in tasks else ():
        if task in DATASETS_11 and task not in tasks:
            continue
        book.add("gram_transfer", "zero_shot", task, 0, 0, 50 + 2 * place, source="imagenet")
        for recipe, gain in GRAM_TRANSFER.items():
            adapted = recipe in ("coop_gram", "vpt_gram", "unigram")
            where = {"source": "imagenet", "start": "gram" if adapted else "", "settings": tokens(recipe)}
            experiment = "gram_transfer_adapted" if adapted else "gram_transfer"
            for shots, less in ((16, 0.0), (4, 0.5)):
                for seed in seeds:
                    book.add(experiment, recipe, task, shots, seed, 50 + 2 * place + gain - less, **where)
    for recipe, to in GRAM_PRODUCTS.items():
        where = {"source": "gram", "protocol": "meta", "settings": tokens(recipe), **logged(to)}
        book.add("gram", recipe, "corpus", 4, 1, 60.0, **where)
    return book.frame()


class Book:
    """Collects rows. Every value has a random stream of its own, so that a frame of fewer tasks or seeds is a part of
    the larger one. `spread` is that of values over seeds, in points; half of the `images` are of base classes.
    """

    def __init__(self, scale, backbone, spread=SPREAD, images=IMAGES, predicted=True):
        self.scale, self.backbone, self.spread = scale, backbone, spread
        self.images, self.predicted, self.rows = images, predicted, []

    def add(
        self,
        experiment,
        recipe,
        task,
        shots,
        seed,
        value,
        split="all",
        source=None,
        on=None,
        over="",
        start="",
        protocol="",
        settings=None,
        **measured,
    ):
        """One row. What is `measured` are functions of a random stream and the value."""
        on = on or self.backbone
        untuned = recipe in ("zero_shot", "prompt_ensemble")
        identity = (experiment, recipe, task, shots, seed, split, on, over, *filter(None, (start,)))
        random = np.random.default_rng(zlib.crc32(repr(identity).encode()))
        if not untuned:
            value += random.normal() * self.spread * (1 + 4 / shots)
        images = self.images if split == "all" else self.images // 2
        right = round(min(max(value, 0.0), 100.0) * images / 100)
        protocol = protocol or ("transfer" if source else "base_to_new" if split != "all" else "few_shot")
        targets = np.arange(images, dtype=np.uint8) % CLASSES if self.predicted else None
        wrong = random.permutation(images) >= right if self.predicted else None
        self.rows.append(
            {
                **{"scale": self.scale, "experiment": experiment, "protocol": protocol, "recipe": recipe},
                **{"backbone": on, "source": source or task, "task": task, "shots": shots, "tau": 1.0, "seed": seed},
                **{"swept": over, "start": start, "group": "", "partners_by": ""},
                **{"settings": {"epochs": EPOCHS} | (settings or {}) | (json.loads(over) if over else {})},
                **{"split": split, "metric": "accuracy", "value": 100 * right / images, "images": images},
                **{"cell": f"{zlib.crc32(repr(identity).encode()):012x}", "file": f"{experiment}.npz"},
                "predictions": (targets + wrong).astype(np.uint8) % CLASSES if self.predicted else None,
                "targets": targets,
                "measured": {name: measure(random, 100 * right / images) for name, measure in measured.items()},
            }
        )

    def frame(self):
        """The rows collected so far."""
        return pd.DataFrame(self.rows, columns=COLUMNS).assign(repeat=0, source_seed=0)


def tokens(recipe):
    """Prompt tokens and where they start, as settings have them: four tokens, or two in each tower; in one layer."""
    length, words = (2, "a photo") if recipe.startswith(("unigram", "joint")) else (4, "a photo of a")
    lengths = {"context_length": length, "visual_length": length, "text_depth": 1, "visual_depth": 1}
    return lengths | {"initialisation": words}


def course(images, rising, spread):
    """Counts of right images after each of ten epochs, on a straight course to the row's value."""

    def counts(random, last):
        percent = last - (rising + spread * random.normal()) * np.linspace(1, 0, 10)
        return np.round(np.clip(percent, 0, 100) * images / 100).astype(np.uint16)

    return counts


def logged(to, steps=120):
    """What meta-training logs every five steps: products that go from 0.1 to `to` in noise that remembers."""

    def product(random, _):
        noise = np.zeros(steps)
        for step in range(1, steps):
            noise[step] = 0.5 * noise[step - 1] + 0.02 * random.normal()
        return (np.linspace(0.1, to, steps) + noise).astype(np.float32)

    return {
        "inner_product": product,
        "held_out_cosine": product,
        "held_out_raw_cosine": product,
        "held_out_product": lambda random, last: 20 * product(random, last),
        "held_out_loss_before": lambda random, _: np.full(steps, 0.8, np.float32),
        "held_out_loss_after": lambda random, _: np.linspace(0.8, 0.6, steps).astype(np.float32),
        "query_loss": lambda random, _: np.linspace(1.2, 0.7, steps).astype(np.float32),
        "steps": lambda random, _: 5 * np.arange(steps, dtype=np.int32),
    }


def pictures() -> np.ndarray:
    """Four test images with a bright square in the middle."""
    images = np.full((4, SIDE, SIDE, 3), 90, dtype=np.uint8)
    images += np.arange(4, dtype=np.uint8)[:, None, None, None] * 20
    images[:, 12:28, 10:30] = (200, 120, 40)
    return images
