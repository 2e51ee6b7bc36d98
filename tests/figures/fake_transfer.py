"""Records with the real columns and invented scores for the figures of MVLPT: no noise, so that means are known."""

import pandas as pd

from reprompt.cells.cell import swept
from reprompt.records.files import COLUMNS

TARGETS = ("cifar10", "gtsrb", "mnist")
TASKS = ("caltech101", *TARGETS)
ALONE = {"coop": "coop_middle", "vpt": "vpt_deep", "upt": "upt"}
LEVEL = {"": 40.0, "coop": 50.0, "vpt": 54.0, "upt": 58.0}  # score of the first task, first seed, random start
GAIN, PER_TASK, PER_SEED = 3.0, 5.0, 1.0  # from source tasks; from one task to the next; from one seed to the next
BIGGER = {"ViT-B-32": -4.0, "ViT-B-16": 0.0, "ViT-L-14": 6.0}
TOKENS = {"coop": ("context_length",), "vpt": ("visual_length",), "upt": ("context_length", "visual_length")}
SETTINGS = {"context_length": 16, "visual_length": 16, "visual_depth": 12}
UPT = {"context_length": 4, "visual_length": 4, "visual_depth": 12}
UPT |= {"mix_width": 128, "mix_heads": 1, "mix_layers": 1, "attention": "itself"}
BLOCKS = {"mix_heads": (2, 4), "mix_layers": (2,), "mix_width": (64, 256)}


def make_transfer_records(scale: str = "miniature", tasks=TASKS, seeds=(1, 2, 3)) -> pd.DataFrame:
    """Everything behind Figures 1, 4, 5 and 6; caltech101 is in the grid and in `elevater`, but no target."""
    rows = []

    def add(experiment, recipe, learner, task, seed, value, *, on="ViT-B-16", start="", over=(), source=None):
        protocol = "transfer_grid" if source else "elevater"
        settings = (UPT if learner == "upt" else SETTINGS) | dict(over)
        row = {
            **{"scale": scale, "experiment": experiment, "protocol": protocol, "recipe": recipe, "backbone": on},
            **{"source": source or task, "task": task, "shots": 20 if learner else 0, "tau": 1.0, "seed": seed},
            **{"swept": swept(**dict(over)), "start": start, "group": "", "settings": settings, "split": "all"},
            **{"images": 100, "cell": f"{len(rows):012x}", "file": f"{experiment}.npz", "measured": {}},
        }
        value += PER_TASK * tasks.index(task) + PER_SEED * (seed - 1 if learner else 0)
        for metric in ("score", "accuracy", "validation") if learner else ("score", "accuracy"):
            rows.append({**row, "metric": metric, "value": value})

    for task in tasks:
        for backbone, bigger in BIGGER.items():
            experiment = "elevater_zero_shot" if backbone == "ViT-B-16" else "scaling"
            if backbone == "ViT-B-16" or task in TARGETS:
                add(experiment, "zero_shot", "", task, 0, LEVEL[""] + bigger, on=backbone)
        for seed in seeds:
            for learner, recipe in ALONE.items():
                level = LEVEL[learner]
                add("elevater", recipe, learner, task, seed, level)
                for source in tasks:
                    far = abs(tasks.index(source) - tasks.index(task))
                    value = level - 4 * far + PER_TASK * (tasks.index(source) - tasks.index(task)) / 10
                    add("transfer_grid", recipe, learner, task, seed, value, source=source)
                if task not in TARGETS:
                    continue
                stored = {"recipe": f"{learner}_source", "learner": learner, "task": task, "seed": seed}
                add("cross_task", **stored, value=level + GAIN, start="multitask_11")
                for backbone in ("ViT-B-32", "ViT-L-14"):
                    value = level + BIGGER[backbone]
                    add("scaling", recipe, learner, task, seed, value, on=backbone)
                    add("scaling_adapted", **stored, value=value + GAIN, start="scaling_sources", on=backbone)
                for tokens in {4, 8, 16} - {4 if learner == "upt" else 16}:
                    over = dict.fromkeys(TOKENS[learner], tokens)
                    add("length", recipe, learner, task, seed, level + tokens / 8, over=over)
                    value = level + GAIN + tokens / 4
                    add("length_adapted", **stored, value=value, start="length_sources", over=over)
            if task in TARGETS:
                for name, values in BLOCKS.items():
                    for value in values:
                        add("upt_block", "upt", "upt", task, seed, LEVEL["upt"] + value / 64, over={name: value})
    return pd.DataFrame(rows, columns=list(COLUMNS))
