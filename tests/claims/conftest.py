"""Invented records with the columns of real ones, in which most of what the papers claim is true."""

import json

import fake_mvlpt_runs
import fake_records
import numpy as np
import pandas as pd
import pytest

from reprompt.tasks.groups import members

DATASETS_11 = members("datasets11")
VARIANTS = ("imagenet_v2", "imagenet_sketch", "imagenet_a", "imagenet_r")
SHOTS = (1, 2, 4, 8, 16)
TAUS = (1.0, 0.05, 0.01)
IMAGES, CLASSES = 200, 6
FEW_SHOT = {
    "linear_probe": (-25, -15, -6, 1, 6),
    "coop": (-1, 2, 5, 6, 7),
    "prograd": (2, 4.5, 7, 7.6, 8.2),
    "prograd_ensemble": (3, 5.5, 8, 8.6, 9.2),
    "prograd_oracle": (4, 6.5, 9, 9.6, 10.2),
    "cosine": (-30, -18, -8, 0, 4),
    "cosine_prograd": (-20, -10, -4, 2, 6),
}
HALVES = {"coop": (9, -6), "cocoop": (6, -3), "prograd": (11, -1)}
TRANSFER = {"linear_probe": 0, "coop": 1, "cocoop": 1.5, "prograd": 3}
NPT_H = {"cocoop": (2, -2, -5), "cocoop_npt": (3, 0, -2.5), "maple": (6, 0, -2), "maple_npt": (6.6, 2.5, 1)}


class Maker:
    """Collects rows; `noise` is the spread of a value over seeds, in points."""

    def __init__(self, scale="miniature", noise=0.2, seeds=(1, 2, 3), tasks=DATASETS_11):
        self.scale, self.noise, self.seeds, self.tasks = scale, noise, seeds, tasks
        self.random = np.random.default_rng(0)
        self.rows = []

    def add(self, experiment, recipe, value, *, task, protocol="few_shot", seed=1, shots=16, split="all", **others):
        """One row; the value gets its seed's noise unless the seed is 0."""
        value += self.noise * self.random.normal() if seed else 0.0
        row = {
            "scale": self.scale,
            "experiment": experiment,
            "protocol": protocol,
            "recipe": recipe,
            "backbone": "RN50",
            "source": task,
            "task": task,
            "shots": shots if seed else 0,
            "tau": 1.0,
            "seed": seed,
            "repeat": 0,
            "source_seed": 0,
            "swept": "",
            "start": "",
            "group": "",
            "partners_by": "",
            "settings": {},
            "split": split,
            "metric": "accuracy",
            "value": value,
            "images": IMAGES,
            "cell": f"{len(self.rows):012x}",
            "file": "records.npz",
            "predictions": None,
            "targets": None,
            "measured": {},
        }
        swept = others.pop("swept", {})
        settings = {**swept, **others.pop("settings", {})}
        text = json.dumps({k: float(v) for k, v in swept.items()}, sort_keys=True, separators=(",", ":"))
        self.rows.append({**row, "swept": text if swept else "", "settings": settings, **others})

    def frame(self):
        return pd.DataFrame(self.rows)

    @staticmethod
    def misjudged(targets, places):
        """Predictions (images,) that are wrong at the given places only."""
        predictions = targets.copy()
        predictions[list(places)] = (predictions[list(places)] + 1) % CLASSES
        return predictions

    def few_shot(self):
        for place, task in enumerate(self.tasks):
            zero = 45 + 3.0 * place
            targets = self.random.integers(0, CLASSES, IMAGES)
            untuned = self.misjudged(targets, range(0, 100))
            self.add("few_shot", "zero_shot", zero, task=task, seed=0, predictions=untuned, targets=targets)
            self.add("few_shot", "prompt_ensemble", zero + 0.8, task=task, seed=0)
            for seed in self.seeds:
                for level, shots in enumerate(SHOTS):
                    for recipe, gains in FEW_SHOT.items():
                        own = {}
                        if recipe == "coop":
                            own = {
                                "measured": {
                                    "curve": np.linspace(1.1, 0.9 + 0.002 * self.random.normal(), 20)
                                    * zero
                                    * IMAGES
                                    / 100
                                },
                                "predictions": self.misjudged(targets, range(90, 150)),
                            }
                        if recipe == "prograd":
                            shared = 22 + 2 * level + int(self.random.integers(0, 2))
                            missed = [*range(90 - shared, 90), *range(150, 170)]
                            own = {
                                "predictions": self.misjudged(targets, missed),
                                "measured": {"curve": np.linspace(1.0, 1.05, 20) * zero * IMAGES / 100},
                                "settings": {"lambda": 0.8 if shots == 16 else 1.0},
                            }
                        own["targets"] = targets
                        self.add("few_shot", recipe, zero + gains[level], task=task, seed=seed, shots=shots, **own)
                    for weight, gain in ((0.25, 0.7), (0.5, 1), (1, 1), (2, 0), (4, -2)):
                        value = zero + FEW_SHOT["coop"][level] + gain * (1 if shots < 8 else -1)
                        options = {"task": task, "seed": seed, "shots": shots, "swept": {"distillation": weight}}
                        self.add("few_shot_lwf", "lwf", value, **options)
                for strength, angle in ((0, 90.2), (1, 110)):
                    curve = angle + 20 * np.exp(-np.arange(20.0)) + 0.1 * self.random.normal()
                    value = 60 if strength else zero + FEW_SHOT["coop"][-1]
                    options = {"task": task, "seed": seed, "swept": {"lambda": strength}, "measured": {"angle": curve}}
                    self.add("few_shot_angles", "prograd", value, **options)
        for task in ("oxford_pets", "dtd"):
            if task not in self.tasks:
                continue
            for seed in self.seeds:
                for shots in SHOTS:
                    for strength in (0, 0.2, 0.4, 0.7, 0.9, 1):
                        value = 50 + 5 * strength + (2 if strength == 0.9 else 0)
                        options = {"task": task, "seed": seed, "shots": shots, "swept": {"lambda": strength}}
                        self.add("few_shot_lambda", "prograd", value, **options)
        for task in ("stanford_cars", "oxford_pets"):
            for seed in self.seeds:
                self.add("few_shot_no_augmentation", "coop", 30, task=task, seed=seed, shots=1)
        return self

    def base_to_new(self):
        for place, task in enumerate(self.tasks):
            for split, zero in (("base", 55 + place), ("new", 57 + place)):
                options = {"protocol": "base_to_new", "task": task, "split": split}
                self.add("base_to_new", "zero_shot", zero, seed=0, **options)
                for seed in self.seeds:
                    for recipe, (base, new) in HALVES.items():
                        for shots in (4, 16):
                            value = zero + (base if split == "base" else new)
                            self.add("base_to_new", recipe, value, seed=seed, shots=shots, **options)
        return self

    def transfer(self):
        for backbone in ("RN50", "RN101", "ViT-B-32", "ViT-B-16"):
            for task in ("imagenet", *VARIANTS):
                options = {"protocol": "transfer", "task": task, "backbone": backbone, "source": "imagenet"}
                self.add("cross_domain", "zero_shot", 50, seed=0, **options)
                for seed in self.seeds:
                    for recipe, gain in TRANSFER.items():
                        self.add("cross_domain", recipe, 51 + gain, seed=seed, shots=4, **options)
        for task in DATASETS_11:
            for seed in self.seeds:
                for recipe in ("coop", "cocoop", "prograd"):
                    options = {"protocol": "transfer", "task": task, "source": "imagenet", "seed": seed, "shots": 4}
                    self.add("cross_dataset", recipe, 51 + TRANSFER[recipe], **options)
        return self

    def imbalanced(self):
        for place, task in enumerate(self.tasks):
            for split in ("base", "new"):
                options = {"protocol": "base_to_new", "task": task, "split": split}
                zero = 60 + place - (split == "new")
                self.add("imbalanced", "zero_shot", zero, seed=0, **options)
                self.add("imbalanced", "zero_shot", 0.5, seed=0, metric="delta_lcd", **options)
                self.add("imbalanced", "zero_shot", -0.5, seed=0, metric="delta_mid", **options)
                for seed in self.seeds:
                    for level, tau in enumerate(TAUS):
                        for recipe, gains in NPT_H.items():
                            extra = 0.8 * level if recipe == "maple_npt" and split == "new" else 0
                            cosines = np.full(CLASSES * (CLASSES - 1) // 2, 0.3 + 0.1 * level)
                            cosines = cosines + 0.01 * self.random.normal()
                            own = {"seed": seed, "tau": tau, **options}
                            measured = {"text_cosines": cosines}
                            self.add("imbalanced", recipe, zero + gains[level] + extra, measured=measured, **own)
                            for metric, sign in (("delta_lcd", 1), ("delta_mid", -1)):
                                delta = sign * (0.4 - 0.02 * gains[level] + 0.001 * self.random.normal())
                                self.add("imbalanced", recipe, delta, metric=metric, **own)
                                self.rows[-1]["value"] = delta
                    own = {"seed": seed, "tau": 0.01, **options}
                    for recipe, gain in (("maple_lc", -1), ("maple_mi", -0.5)):
                        self.add("imbalanced_losses", recipe, zero + gain, **own)
                    for language, isomorphism in ((0.3, 0.8), (0.1, 0.8), (0.5, 0.8), (0.3, 0.4), (0.3, 1.0)):
                        swept = {"w_language": language, "w_isomorphism": isomorphism}
                        self.add("imbalanced_weights", "maple_npt", zero + 1.4 + 0.3 * language, swept=swept, **own)
        for task in (*DATASETS_11, *VARIANTS):
            options = {"protocol": "transfer", "task": task, "source": "imagenet"}
            for seed in self.seeds:
                for level, tau in enumerate(TAUS):
                    for recipe, gains in NPT_H.items():
                        value = 60 + gains[level]
                        self.add("imbalanced_transfer", recipe, value, seed=seed, tau=tau, **options)
                for recipe in ("maple_lc", "maple_mi"):
                    self.add("imbalanced_losses_transfer", recipe, 59.5, seed=seed, tau=0.01, **options)
        return self


@pytest.fixture(scope="session")
def maker():
    """The maker of records: maker(scale=..., noise=..., seeds=..., tasks=...)."""
    return Maker


@pytest.fixture(scope="session")
def study():
    """The maker of MVLPT's records: study(noise=..., seeds=...)."""
    return fake_mvlpt_runs.Study


@pytest.fixture(scope="session")
def make_gram():
    """The maker of GRAM's records: make_gram(scale=..., tasks=..., seeds=..., spread=...)."""
    return fake_records.make_gram_records


@pytest.fixture(scope="session")
def records() -> pd.DataFrame:
    """Everything that a miniature run leaves behind for ProGrad and NPT."""
    return Maker().few_shot().base_to_new().transfer().imbalanced().frame()
