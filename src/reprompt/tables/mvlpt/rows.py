"""What MVLPT's tables have in common: which runs a row averages, what it is called, and its printed values."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from reprompt.evidence.adaptation import LABELS, ZERO_SHOT, adaptations, method_of
from reprompt.tables.average import Over, average_cell, obstacle_to
from reprompt.tables.scope import Scope, restricted, the_only
from reprompt.tables.table import PARTS
from reprompt.tasks.published import published_values

BACKBONE = "ViT-B/16"  # of the printed values
SHOTS = 20  # in Tables 2, 3 and 4
AVERAGE = "average"
OF_AN_ADAPTATION = ("method", "init", "adapt", "shots")  # the columns that tell runs apart
SOURCES = {
    "": "–",
    "random": "–",
    "imagenet": "ImageNet1K",
    "multitask_10": "10 source tasks",
    "multitask_11": "11 source tasks",
    "multitask_20": "M",
}
ADAPTATIONS = {"": "–", "single": "S", "multitask_best": "Best M", "multitask_worst": "Worst M"}
CORNER = PARTS.join(("Model", "Source", "Adaptation"))
METRICS = (
    "Each task is judged by its own metric: accuracy; mean per class for Caltech101, FGVCAircraft, Flowers102 and "
    "OxfordPets; 11-point mAP for VOC 2007; ROC-AUC for Hateful Memes. The paper does not name its metrics."
)
AS_ACCURACY = (
    "The paper's numbers for Hateful Memes are multiples of 1/15 of a point, as accuracies on 500 images averaged over "
    "three runs are; ours are ROC-AUC and not comparable with them. In our averages it is one task of {tasks}."
)
CHECKPOINTS = "Checkpoints are chosen on a fifth of the few-shot images, as in the paper."


@dataclass(frozen=True)
class Adaptation:
    """The runs of a row: a learner ("" is zero-shot CLIP), where its prompt starts and how it is adapted."""

    learner: str
    init: str
    adapt: str
    shots: int = SHOTS

    @property
    def method(self) -> str:
        """The published id."""
        return method_of(self.learner, self.init, self.adapt)

    @property
    def key(self) -> tuple[str, str, str, int]:
        """How a scope tells these runs from others."""
        return (self.method, self.init, self.adapt, self.shots)

    @property
    def name(self) -> str:
        """CoOp, MCoOp, ..."""
        return "CLIP" if self.method == ZERO_SHOT else LABELS[self.method]

    @property
    def row(self) -> str:
        """Name, source and adaptation, each in a column of its own."""
        return PARTS.join((self.name, SOURCES[self.init], ADAPTATIONS[self.adapt]))

    @property
    def in_a_sentence(self) -> str:
        """The name; with source and adaptation unless it is tuned alone from a random start."""
        alone = self.method == self.learner and self.init == "random"
        return self.name if alone else f"{self.name} ({SOURCES[self.init]}, {ADAPTATIONS[self.adapt]})"


CLIP = Adaptation("", "", "", shots=0)
# Tasks under which the CLIP row of Table 2 prints the number of another task.
SHIFTED = ("flowers102", "food101", "gtsrb", "hateful_memes", "kitti_distance", "mnist")
Printed = Mapping[tuple, float]  # (method, init, adapt, shots, task or AVERAGE): percent


def scope_of_adaptations(
    records: pd.DataFrame,
    experiments: Iterable[str],
    shown: Iterable[Adaptation],
    tasks: tuple[str, ...],
    backbone: str | None = None,
) -> Scope:
    """What a table shows of some experiments' adaptations, over the tasks that each of its rows has at every seed."""
    scale = the_only(records, "scale", "read the records of one results/<scale> folder")
    runs = adaptations(records[records["experiment"].isin(list(experiments))])
    keys = pd.MultiIndex.from_frame(runs[list(OF_AN_ADAPTATION)])
    return restricted(runs[keys.isin([adapted.key for adapted in shown])], scale, backbone, tasks, OF_AN_ADAPTATION)


def printed_values(table: int) -> dict[tuple, float]:
    """The printed numbers by what they are of; a gain has its published id and nothing but a task."""
    values = published_values("mvlpt", table)
    return {
        (row.method, row.source_init, row.adaptation, row.shots, _place(row.dataset)): row.value
        for row in values.fillna({"source_init": "", "adaptation": ""}).itertuples()
    }


def _place(dataset: str) -> str:
    return AVERAGE if dataset.startswith("average_") else dataset


def adaptation_cell(
    scope: Scope,
    adapted: Adaptation,
    place: str,
    printed: Printed,
    column: str,
    over: Adaptation | None = None,
    block: str = "",
    row: str = "",
) -> dict:
    """One cell: `place` is a task, or AVERAGE over the scope's tasks; `over` is the row a gain is claimed over.

    `row` is the label, if it is not the adaptation's own.
    """
    return average_cell(
        scope,
        adapted,
        row=row or adapted.row,
        column=column,
        published=printed.get((*adapted.key, place), math.nan),
        obstacle=obstacle_to(scope, BACKBONE, whole=place == AVERAGE) or peculiarity(adapted, place),
        over=over and Over(over, over.in_a_sentence, printed.get((*over.key, place), math.nan)),
        block=block,
        task="" if place == AVERAGE else place,
    )


def peculiarity(adapted: Adaptation, place: str) -> str:
    """Why a printed number cannot be compared at any scale; empty for almost all."""
    if adapted == CLIP:
        return "printed under another task" if place in SHIFTED else ""
    return "ROC-AUC, published as accuracy" if place == "hateful_memes" else ""
