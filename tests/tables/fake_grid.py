"""Records of the transferability grid with invented numbers: transfer follows what the test wants it to follow."""

import numpy as np
import pandas as pd

TASKS = ("caltech101", "cifar10", "dtd", "eurosat", "food101", "gtsrb", "mnist", "oxford_pets")
RECIPES = ("coop_middle", "vpt_deep", "upt")
SEEDS = (1, 2)
COLUMNS = ["scale", "experiment", "protocol", "recipe", "backbone", "source", "task", "shots", "tau", "seed", "swept"]
COLUMNS += ["start", "group", "settings", "split", "metric", "value", "images", "cell", "file"]
COLUMNS += ["predictions", "targets", "measured"]


def make_grid(tasks=TASKS, recipes=RECIPES, seeds=SEEDS, scale="miniature", weights=None, lost=()) -> pd.DataFrame:
    """Every source judged on every target, without the (recipe, source, target) in `lost`.

    `weights` gives each recipe's transfer its dependence on (label, image) similarity; the rest is noise. Targets
    differ in difficulty, and a prompt is best on its own task. A similarity is a property of the two tasks alone.
    """
    weights = {"coop_middle": (1.0, 0.0), "vpt_deep": (0.0, 1.0), "upt": (0.0, 0.0)} | (weights or {})
    similarities = {pair: similarity for pair, similarity in _similarities(tasks)}
    rows = []
    for recipe in recipes:
        noise = np.random.default_rng(RECIPES.index(recipe))
        for place, target in enumerate(tasks):
            for source in tasks:
                label, image = similarities[source, target]
                pull = np.dot(weights[recipe], (label - 0.85, image - 0.75))
                for seed in seeds:
                    score = 40 + 2 * place + 60 * pull + 2 * noise.normal() + 10 * (source == target)
                    values = {"accuracy": score, "score": score, "validation": score}
                    values |= {"label_similarity": label, "image_similarity": image}
                    if (recipe, source, target) not in lost:
                        rows += [_row(scale, recipe, source, target, seed, *value) for value in values.items()]
    return pd.DataFrame(rows, columns=COLUMNS).assign(repeat=0, source_seed=0)


def _similarities(tasks):
    random = np.random.default_rng(7)
    image = random.uniform(0.5, 1.0, (len(tasks), len(tasks)))
    for i, source in enumerate(tasks):
        for j, target in enumerate(tasks):
            own = source == target
            yield (
                (source, target),
                (1.0 if own else random.uniform(0.7, 1.0), 1.0 if own else image[min(i, j), max(i, j)]),
            )


def _row(scale, recipe, source, target, seed, metric, value):
    accuracy = metric == "accuracy"
    return (
        *(scale, "transfer_grid", "transfer_grid", recipe, "ViT-B-16", source, target, 20, 1.0, seed, "", "", "", {}),
        *("all", metric, round(float(value), 6), 100, f"{recipe}{source}{target}{seed}", "transfer_grid.npz"),
        *((np.zeros(100, np.uint8), np.zeros(100, np.uint8)) if accuracy else (None, None)),
        {},
    )
