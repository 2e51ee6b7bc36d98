"""Records with the real columns and invented numbers, for tables, figures and the report."""

import numpy as np
import pandas as pd

from reprompt.published import DATASETS_11

# Mean accuracy at 1, 2, 4, 8, 16 shots above zero-shot; the spread over seeds is SPREAD.
FEW_SHOT_GAINS = {
    "linear_probe": (-25, -15, -6, 1, 6),
    "coop": (-1, 2, 5, 6, 7),
    "prograd": (1.5, 3.5, 5.5, 6, 6.5),
    "prograd_ensemble": (2, 4, 6, 6.4, 7.2),
}
BASE_TO_NEW_GAINS = {"coop": (9.0, -6.0), "prograd": (8.0, -4.0)}
SPREAD = 0.5


def make_records(
    scale: str = "miniature", backbone: str = "ViT-B-16", tasks=DATASETS_11, seeds=(1, 2, 3)
) -> pd.DataFrame:
    """A plausible records frame: every cell of ProGrad's Tables 1 and 3 except CoCoOp."""
    random = np.random.default_rng(0)
    rows = []

    def add(protocol, recipe, task, shots, seed, split, value):
        images = 900 if split == "all" else 450
        value = round(min(max(value, 0.0), 100.0) * images / 100) / images * 100
        rows.append(
            (
                scale,
                protocol,
                recipe,
                backbone,
                task,
                shots,
                seed,
                split,
                "accuracy",
                value,
                images,
                f"{len(rows):012x}",
            )
        )

    for place, task in enumerate(DATASETS_11):
        zero_shot = 48 + 3.2 * place
        if task not in tasks:
            random.normal(size=200)
            continue
        add("few_shot", "zero_shot", task, 0, 0, "all", zero_shot)
        add("few_shot", "prompt_ensemble", task, 0, 0, "all", zero_shot + 0.8)
        add("base_to_new", "zero_shot", task, 0, 0, "base", zero_shot + 8)
        add("base_to_new", "zero_shot", task, 0, 0, "new", zero_shot + 10)
        for seed in seeds:
            for recipe, gains in FEW_SHOT_GAINS.items():
                for shots, gain in zip((1, 2, 4, 8, 16), gains, strict=True):
                    value = zero_shot + gain + random.normal() * SPREAD * (1 + 4 / shots)
                    add("few_shot", recipe, task, shots, seed, "all", value)
            for recipe, (base, new) in BASE_TO_NEW_GAINS.items():
                for shots in (4, 16):
                    for split, gain in (("base", 8 + base), ("new", 10 + new)):
                        value = zero_shot + gain + random.normal() * SPREAD
                        add("base_to_new", recipe, task, shots, seed, split, value)
    columns = ["scale", "protocol", "recipe", "backbone", "task", "shots", "seed", "split"]
    columns += ["metric", "value", "images", "cell"]
    return pd.DataFrame(rows, columns=columns)
