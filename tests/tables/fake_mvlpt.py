"""Records with the real columns and invented numbers for everything that MVLPT's tables, figures and claims read."""

import zlib

import numpy as np
import pandas as pd

from reprompt.tables.scope import swept
from reprompt.tasks.groups import members

ELEVATER_20 = members("elevater20")
DATASETS_11 = members("datasets11")
TARGETS_12 = tuple(task for task in ELEVATER_20 if task not in DATASETS_11)
LEARNERS = ("coop", "vpt", "upt")
ALONE = {"coop": "coop_middle", "vpt": "vpt_deep", "upt": "upt"}
LENGTH = {"coop": 16, "vpt": 16, "upt": 4}
# Points above zero-shot: alone from a random start at 20 shots, then what a start and a group add.
GAIN = {"coop": 6.0, "vpt": 7.0, "upt": 7.5}
STARTS = {
    "": (0.0, 0.0, 0.0),
    "multitask_1": (0.5, 1.8, -0.2),
    "multitask_10": (0.7, 3.3, 2.5),
    "multitask_11": (1.7, 4.7, 4.5),
    "multitask_20": (-0.4, 1.2, 0.3),
    "scaling_sources": (1.7, 4.7, 4.5),
    "length_sources": (1.7, 4.7, 4.5),
}
GROUPS = {"": 0.0, "best_2": 0.9, "best_3": 0.5, "worst_2": -1.0, "worst_3": -1.6}
SHOTS = {1: -5.0, 5: -2.5, 20: 0.0}
BACKBONES = {"ViT-B-32": -6.0, "ViT-L-14": 5.0}
LENGTHS = (4, 8, 16)
BLOCK = {"mix_heads": (2, 4), "mix_layers": (2, 3), "mix_width": (64, 256)}
SETTINGS = {
    **{"context_length": 16, "visual_length": 16, "visual_depth": 12, "position": "middle", "class_mask": "none"},
    **{"mix_width": 128, "mix_heads": 1, "mix_layers": 1, "attention": "all", "sampling": "image"},
    "hand_over": "mean",
}
IMAGES = 300
COLUMNS = ["scale", "experiment", "protocol", "recipe", "backbone", "source", "task", "shots", "tau", "seed", "swept"]
COLUMNS += ["start", "group", "partners_by", "settings", "split", "metric", "value", "images", "cell", "file"]
COLUMNS += ["predictions", "targets", "measured"]


def make_mvlpt_records(
    scale: str = "miniature", backbone: str = "ViT-B-16", tasks=ELEVATER_20, seeds=(1, 2, 3)
) -> pd.DataFrame:
    """A plausible records frame with every experiment of the study, on these of its targets and seeds.

    Every value depends on what it is of alone, so that a frame of fewer tasks or seeds is a part of the larger one.
    """
    rows = []

    def add(experiment, recipe, task, shots, seed, value, *, start="", group="", sweep=None, on=backbone, source=None):
        identity = (experiment, recipe, source or task, shots, seed, start, group, swept(**(sweep or {})), on)
        multitask, grid = experiment.startswith("multitask") or experiment.endswith("sources"), source is not None
        protocol = "multitask" if multitask else "transfer_grid" if grid else "elevater"
        noise = normal(identity, task)
        score = min(max(value + (0.4 * noise[0] if seed else 0.0), 0.0), 100.0)
        values = {"score": score, "accuracy": score - 0.3}
        if recipe != "zero_shot":
            values["validation"] = min(max(value + (0.0 if grid else 2.0) * noise[1] + 3.0, 0.0), 100.0)
        cell = f"{zlib.crc32(repr(identity).encode()):012x}"
        file = f"{experiment}-{recipe}-{on}-{source or task}.npz"
        settings = SETTINGS | ({"context_length": 4, "visual_length": 4} if "upt" in recipe else {}) | (sweep or {})
        for metric, number in values.items():
            of_cell = (scale, experiment, protocol, recipe, on, source or task, task, shots, 1.0, seed, identity[-2])
            of_row = (start, group, "", settings, "all", metric, number, IMAGES, cell, file, None, None, {})
            rows.append(of_cell + of_row)

    def tuned(
        experiment, learner, shots, *, start="", group="", sweep=None, on=backbone, extra=0.0, targets=ELEVATER_20
    ):
        multitask = ("m" if group else "") + learner
        recipe = f"{multitask}_source" if start else multitask if group else ALONE[learner]
        more = GAIN[learner] + STARTS[start][LEARNERS.index(learner)] + GROUPS[group] + SHOTS[shots]
        for task in targets:
            for seed in seeds if task in tasks else ():
                value = zero_shot(task) + more + extra + luck(learner, task, shots, seed)
                add(experiment, recipe, task, shots, seed, value, start=start, group=group, sweep=sweep, on=on)

    def sources(experiment, learner, shots, together, *, sweep=None, on=backbone, extra=0.0):
        for task in together:
            for seed in seeds:
                value = zero_shot(task) + 0.7 * GAIN[learner] + extra + luck(learner, task, shots, seed)
                add(experiment, f"m{learner}", task, shots, seed, value, sweep=sweep, on=on, source=experiment)

    for on, higher in {backbone: 0.0, **BACKBONES}.items():
        for task in ELEVATER_20 if on == backbone else TARGETS_12:
            if task in tasks:
                experiment = "elevater_zero_shot" if on == backbone else "scaling"
                add(experiment, "zero_shot", task, 0, 0, zero_shot(task) + higher, on=on)
    for learner in LEARNERS:
        tuned("elevater", learner, 20)
        for shots in (1, 5):
            tuned("elevater_few", learner, shots, targets=TARGETS_12)
        for shots in SHOTS:
            sources("multitask_11", learner, shots, DATASETS_11)
            tuned("cross_task", learner, shots, start="multitask_11", targets=TARGETS_12)
        sources("multitask_10", learner, 20, DATASETS_11[1:])
        sources("multitask_1", learner, 20, DATASETS_11[:1])
        sources("multitask_20", learner, 20, ELEVATER_20)
        for start in ("multitask_10", "multitask_1"):
            tuned("source_tasks", learner, 20, start=start, targets=TARGETS_12)
        for group in ("best_2", "best_3"):
            tuned("grouped", learner, 20, group=group)
        tuned("adapted", learner, 20, start="multitask_20")
        for group in GROUPS:
            if group:
                tuned("grouped_adapted", learner, 20, start="multitask_20", group=group)
        for on, higher in BACKBONES.items():
            tuned("scaling", learner, 20, on=on, extra=higher, targets=TARGETS_12)
            sources("scaling_sources", learner, 20, DATASETS_11, on=on, extra=higher)
            tuned("scaling_adapted", learner, 20, start="scaling_sources", on=on, extra=higher, targets=TARGETS_12)
        for length in LENGTHS:
            if length != LENGTH[learner]:
                names = {"coop": ("context_length",), "vpt": ("visual_length",)}
                sweep = dict.fromkeys(names.get(learner, ("context_length", "visual_length")), length)
                longer = np.log2(length / LENGTH[learner])
                tuned("length", learner, 20, sweep=sweep, targets=TARGETS_12)
                sources("length_sources", learner, 20, DATASETS_11, sweep=sweep)
                extra = -0.8 * longer if learner == "upt" else 0.8 * longer
                tuned(
                    "length_adapted", learner, 20, start="length_sources", sweep=sweep, extra=extra, targets=TARGETS_12
                )
        for source in ELEVATER_20:
            for task in ELEVATER_20 if source in tasks else ():
                for seed in seeds if task in tasks else ():
                    own = GAIN[learner] if source == task else -12 * distance(learner, source, task)
                    value = zero_shot(task) + own
                    add("transfer_grid", ALONE[learner], task, 20, seed, value, source=source)
    for name, values in BLOCK.items():
        for value in values:
            tuned("upt_block", "upt", 20, sweep={name: value}, extra=0.1 * np.log2(value), targets=TARGETS_12)
    return pd.DataFrame(rows, columns=COLUMNS).assign(repeat=0, source_seed=0)


def zero_shot(task: str) -> float:
    """The invented score of zero-shot CLIP on a task, in percent."""
    return 35.0 + 2.0 * (*ELEVATER_20, *DATASETS_11).index(task)


def luck(learner: str, task: str, shots: int, seed: int) -> float:
    """What a few-shot draw adds for a learner, whatever its start and group."""
    return float(normal("luck", learner, task, shots, seed)[0])


def distance(learner: str, source: str, task: str) -> float:
    """How far the prompt of one task is from serving another, in [0, 1]."""
    return float(np.random.default_rng(zlib.crc32(f"{learner} {source} {task}".encode())).random())


def normal(*identity: object) -> np.ndarray:
    """Two draws from a normal distribution that depend on nothing but `identity`."""
    return np.random.default_rng(zlib.crc32(repr(identity).encode())).normal(size=2)
