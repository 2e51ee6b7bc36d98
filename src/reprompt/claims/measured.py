"""Our records as a source of numbers: which runs a term of a claim speaks about."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from reprompt.cells import recipes
from reprompt.claims.statements import LABELS
from reprompt.evidence.lookup import Lookup, Missing, Slice
from reprompt.evidence.statistics import harmonic_mean
from reprompt.evidence.values import DETERMINISTIC, Origin, Values, combine
from reprompt.tables.methods import METHODS, UNTUNED
from reprompt.tables.scope import HALVES
from reprompt.tasks.groups import members

# The experiments that were made for a paper's claims, in the order in which they are believed.
EXPERIMENTS = {
    "prograd": (
        *("few_shot", "few_shot_lwf", "few_shot_lambda", "few_shot_angles", "few_shot_no_augmentation"),
        *("base_to_new", "cross_domain", "cross_dataset"),
    ),
    "npt": (
        *("imbalanced", "imbalanced_losses", "imbalanced_weights"),
        *("imbalanced_transfer", "imbalanced_losses_transfer", "collapse_picture"),
    ),
    "mvlpt": (
        *("elevater", "elevater_zero_shot", "elevater_few"),
        *("multitask_11", "multitask_10", "multitask_1", "multitask_20"),
        *("cross_task", "source_tasks", "grouped", "adapted", "grouped_adapted", "transfer_grid"),
        *("scaling", "scaling_sources", "scaling_adapted", "length", "length_sources", "length_adapted", "upt_block"),
    ),
    "gram": (
        *("gram_base_to_new", "gram_adapted", "gram_universal", "gram_ablation", "gram_unregulated"),
        *("gram_pretrained", "gram_token_numbers", "gram_initialisations", "gram_long", "gram_context"),
        *("gram_transfer", "gram_transfer_adapted", "gram_curves", "gram"),
    ),
}
WITHOUT_AUGMENTATION = "_no_augmentation"  # how the names of such experiments end
# A claim's setting against the protocol of our runs; one that is not listed has the same name.
PROTOCOLS = {"domain_generalization": "transfer", "cross_dataset": "transfer", "meta-training": "meta"}
# Keys of a term against settings of a cell; a key that is not listed has the same name there.
SETTINGS = {"alpha": "distillation", "M": "context_length"}
NOT_SETTINGS = ("shots", "tau", "backbone", "augmentation", "table")
RECIPE_OF = {method.published_id: method.recipe for method in METHODS.values()}


class _MeasuredRow(NamedTuple):
    """One row of the records; `position` is its place in the frame."""

    experiment: str
    backbone: str
    source: str
    task: str
    shots: int
    tau: float
    seed: int
    swept: str
    settings: dict
    value: float
    position: int


class Measured(Lookup):
    """Looks terms up in the records frame of one scale. Grouped once, then each look-up reads one recipe's rows.

    `names` says how cells call the keys of terms; a key that is not there has the same name in cells.
    """

    def __init__(self, records: pd.DataFrame, names: Mapping[str, str] = SETTINGS):
        self._names = names
        self._images = records["images"].tolist()
        self._arrays = {name: records[name].tolist() for name in ("measured", "predictions", "targets")}
        self._rows: dict[tuple[str, str, str, str], list[_MeasuredRow]] = defaultdict(list)
        self._backbones: dict[tuple[str, tuple[str, ...], tuple[str, ...]], str] = {}
        columns = ("protocol", "recipe", "split", "metric", *_MeasuredRow._fields[:-1])
        for position, row in enumerate(zip(*(records[name].tolist() for name in columns), strict=True)):
            self._rows[row[:4]].append(_MeasuredRow(*row[4:], position))

    def accuracies(self, where: Slice) -> Values:
        """Accuracy in percent of every run of the slice; split H combines base and new."""
        if where.split == "H":
            base, new = (self.accuracies(_on(where, split)) for split in HALVES)
            return combine(base, new, harmonic_mean)
        return Values({origin: row.value for origin, row in self._chosen_rows(where)})

    def deltas(self, where: Slice, name: str) -> Values:
        """delta_lcd or delta_mid: the mean over base and new classes, without its sign."""
        halves = (self._chosen_rows(_on(where, split), name) for split in HALVES)
        base, new = (Values({origin: row.value for origin, row in rows}) for rows in halves)
        return combine(base, new, lambda one, other: abs(one + other) / 2)

    def curves(self, where: Slice) -> Mapping[Origin, np.ndarray]:
        """Accuracy in percent after each epoch (epochs,), from counts of right images."""
        if where.split == "H":
            raise Missing("accuracy over epochs is recorded by class half, not as a harmonic mean")
        return {
            origin: 100 * np.asarray(counts, dtype=float) / self._images[row.position]
            for origin, row, counts in self._arrays_of(where, "curve", "accuracy over epochs")
        }

    def angles(self, where: Slice) -> Mapping[Origin, np.ndarray]:
        """The angle in each epoch (epochs,); CoOp is ProGrad with lambda 0, which measures G_g without using it."""
        strength = {"coop": 0.0, "prograd": 1.0}.get(where.method)
        if strength is None:
            raise Missing(f"no angle between gradients is measured under {where.method}")
        prograd = replace(where, method="prograd").having(**{"lambda": strength})
        angles = self._arrays_of(prograd, "angle", "the angle between the gradients")
        return {origin: np.asarray(angle, dtype=float) for origin, _, angle in angles}

    def text_cosines(self, where: Slice) -> Mapping[Origin, np.ndarray]:
        """Cosines of all pairs of base classes (K (K - 1) / 2,)."""
        cosines = self._arrays_of(where, "text_cosines", "cosines between text features")
        return {origin: np.asarray(pairs, dtype=float) for origin, _, pairs in cosines}

    def wrong(self, where: Slice) -> Mapping[Origin, np.ndarray]:
        """Which test images are misjudged (images,), booleans."""
        wrong = {}
        for origin, row in self._chosen_rows(
            where, usable=lambda row: self._arrays["predictions"][row.position] is not None
        ):
            predictions, targets = (self._arrays[name][row.position] for name in ("predictions", "targets"))
            wrong[origin] = np.asarray(predictions) != np.asarray(targets)
        return wrong

    def variants(self, where: Slice, keys: tuple[str, ...]) -> list[Slice]:
        """The slice at every value of some settings that an experiment sweeps. Raises Missing for fewer than two."""
        names = {self._names.get(key, key): key for key in keys}
        values = set()
        for row in self._rows.get((*self._kind(where), "base" if where.split == "H" else where.split, "accuracy"), []):
            settings = _swept(row.swept)
            if row.experiment in EXPERIMENTS[where.paper] and settings.keys() & names.keys():
                values.add(tuple((key, row.settings[name]) for name, key in names.items()))
        if len(values) < 2:
            raise Missing(f"no experiment varies {' and '.join(keys)} of {_label(where.method)}")
        return [where.having(**dict(settings)) for settings in sorted(values)]

    def _arrays_of(self, where: Slice, name: str, words: str) -> Iterator[tuple[Origin, _MeasuredRow, Any]]:
        """The runs of a slice in which an array was measured."""
        measured = self._arrays["measured"]
        for origin, row in self._chosen_rows(where, words=words, usable=lambda row: name in measured[row.position]):
            yield origin, row, measured[row.position][name]

    def _chosen_rows(
        self,
        where: Slice,
        metric: str = "accuracy",
        words: str = "",
        usable: Callable[[_MeasuredRow], bool] = lambda row: True,
    ) -> list[tuple[Origin, _MeasuredRow]]:
        """The rows of a slice, one per run: unswept before swept, then in the order of the paper's experiments."""
        experiments = EXPERIMENTS[where.paper]
        order = {name: place for place, name in enumerate(experiments)}
        untuned = where.method in (METHODS[recipe].published_id for recipe in UNTUNED)
        tasks, settings = set(members(where.place)), dict(where.settings)
        shots = settings.get("shots", _default(where, "shots"))
        backbone = str(settings.get("backbone", self._backbone(where, experiments))).replace("/", "-")
        named = {self._names.get(key, key): value for key, value in where.settings if key not in NOT_SETTINGS}
        plain = "augmentation" not in settings
        chosen: list[_MeasuredRow] = []
        for row in self._rows.get((*self._kind(where), where.split, metric), []):
            if row.experiment not in order or row.task not in tasks or row.backbone != backbone:
                continue
            if not untuned:
                if (shots is not None and row.shots != shots) or row.tau != settings.get("tau", 1.0):
                    continue
                if row.experiment.endswith(WITHOUT_AUGMENTATION) == plain:
                    continue
                if not _swept(row.swept).keys() <= named.keys():
                    continue
                if any(not _equal(row.settings.get(name), value) for name, value in named.items()):
                    continue
            if usable(row):
                chosen.append(row)
        if not chosen:
            raise Missing(self._why_missing(where, words))
        rows: dict[Origin, _MeasuredRow] = {}
        for row in sorted(chosen, key=lambda row: (row.swept != "", order[row.experiment], row.position)):
            origin = Origin(row.source, row.task, 0 if shots is not None else row.shots, row.seed)
            rows.setdefault(origin.undrawn if untuned or row.seed == DETERMINISTIC else origin, row)
        return list(rows.items())

    def _kind(self, where: Slice) -> tuple[str, str]:
        """Protocol and recipe of a slice."""
        return PROTOCOLS.get(where.setting, where.setting), recipe_of(where.method)

    def _backbone(self, where: Slice, experiments: tuple[str, ...]) -> str:
        """The backbone that has the most rows on the slice's data sets under its protocol; the first of equals."""
        protocol, tasks = self._kind(where)[0], members(where.place)
        key = (protocol, experiments, tasks)
        if key not in self._backbones:
            rows = sorted(
                (row for (name, *_), rows in self._rows.items() if name == protocol for row in rows),
                key=lambda row: row.position,
            )
            counted = Counter(row.backbone for row in rows if row.experiment in experiments and row.task in tasks)
            self._backbones[key] = max(counted, key=counted.__getitem__, default="")
        return self._backbones[key]

    def _why_missing(self, where: Slice, words: str) -> str:
        protocol, recipe = self._kind(where)
        experiments = EXPERIMENTS[where.paper]
        label = _label(where.method)
        rows = [
            row
            for key, rows in self._rows.items()
            if key[:2] == (protocol, recipe)
            for row in rows
            if row.experiment in experiments
        ]
        if not rows:
            return f"no records of {label} under {protocol} in an experiment for this paper"
        if words:
            return f"{words} was not measured for {label} under {protocol} here"
        parts = [f"no records of {label} on {where.place} under {protocol}"]
        parts += [f"{where.split} classes"] if where.split != "all" else []
        parts += [f"{key} {value:g}" if isinstance(value, float) else f"{key} {value}" for key, value in where.settings]
        return ", ".join(parts)


def recipe_of(method: str) -> str:
    """The recipe behind a published id: as METHODS lists it, else the id spelt as a recipe (coop+gram: coop_gram)."""
    return RECIPE_OF.get(method, method.replace("+", "_").replace("-", "_"))


def _default(where: Slice, key: str) -> float | None:
    """A number that the claim's setting gives for all its terms."""
    text = dict(where.defaults).get(key)
    return None if text is None else float(text)


def _on(where: Slice, split: str) -> Slice:
    return replace(where, split=split)


def _label(method: str) -> str:
    if known := LABELS.get(method):
        return known
    try:
        return recipes.recipe_of(recipe_of(method)).label
    except ValueError:  # a row of a paper's table that is no recipe here
        return method


@lru_cache(maxsize=4096)
def _swept(text: str) -> dict:
    return json.loads(text) if text else {}


def _equal(setting: object, value: object) -> bool:
    """Whether a cell's setting has the value that a term names."""
    if isinstance(value, float):
        return isinstance(setting, (int, float)) and abs(float(setting) - value) < 1e-9
    return setting == value
