"""Tables 2 and 4: prompts tuned on four images per class of ImageNet, judged on other datasets."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from reprompt.tables.average import average_cell, notes_of, obstacle_to, over_reference
from reprompt.tables.methods import METHODS, PaperMethod
from reprompt.tables.scope import Scope, Which, scope_of
from reprompt.tables.table import Table
from reprompt.tasks.card import card_of
from reprompt.tasks.groups import members
from reprompt.tasks.published import published_values

SOURCE, SHOTS = "imagenet", 4
AVERAGE = "average_11"
# Panels of Table 2: the title of the block, and the backbone as the paper writes it.
PANELS = {
    "(a) ResNet50": "RN50",
    "(b) ResNet101": "RN101",
    "(c) ViT-B/32": "ViT-B/32",
    "(d) ViT-B/16": "ViT-B/16",
}


def prograd_table2(records: pd.DataFrame) -> Table:
    """ProGrad, Table 2: ImageNet and four shifted versions of it, a block for each of four backbones."""
    targets = members("imagenet4")
    columns = {SOURCE: "ImageNet"} | {task: card_of(task).printed.removeprefix("ImageNet") for task in targets}
    recipes = ("zero_shot", "linear_probe", "coop", "cocoop", "prograd")
    cells, run = [], {}
    for panel, backbone in PANELS.items():
        scope = scope_of(records, "cross_domain", backbone=backbone.replace("/", "-"), tasks=tuple(columns))
        printed = published_values("prograd", 2).set_index("backbone").loc[backbone]
        cells += _cells(scope, printed, recipes, columns, backbone, panel)
        if scope.tasks:
            run[backbone] = scope
    everything = replace(next(iter(run.values()), scope), backbone=", ".join(run))
    return Table(
        name="prograd_table2",
        heading="ProGrad Table 2. Robustness to distribution shift: accuracy (%)",
        setting=everything.words,
        corner="",
        cells=pd.DataFrame(cells),
        notes=notes_of(everything, "of the same name"),
        spans={"Source": (columns[SOURCE],), "Target": tuple(columns[task] for task in targets)},
    )


def prograd_table4(records: pd.DataFrame, backbone: str | None = None) -> Table:
    """ProGrad, Table 4: prompts tuned on ImageNet, judged on it and on ten other datasets."""
    scope = scope_of(records, "cross_dataset", backbone=backbone)
    columns = {task: card_of(task).printed for task in members("datasets11")} | {AVERAGE: "Average"}
    printed = published_values("prograd", 4)
    return Table(
        name="prograd_table4",
        heading="ProGrad Table 4. Cross-dataset transfer from 4 shots of ImageNet: accuracy (%)",
        setting=scope.words,
        corner="",
        cells=pd.DataFrame(_cells(scope, printed, ("coop", "cocoop", "prograd"), columns, "RN50")),
        notes=("The average includes the source, as in the paper.", *notes_of(scope, "RN50")),
        spans={"Source": (columns[SOURCE],), "Target": tuple(columns[task] for task in members("targets10"))},
    )


def _cells(
    scope: Scope,
    printed: pd.DataFrame,
    recipes: tuple[str, ...],
    columns: Mapping[str, str],
    backbone: str,
    block: str = "",
) -> list[dict]:
    """Recipes down, the datasets that prompts are judged on across; gains over rows that the table has."""
    values = printed.set_index(["method", "dataset"])["value"]

    def published(method: PaperMethod, task: str) -> float:
        return values[method.published_id, task]

    return [
        average_cell(
            scope,
            which := Which(method.recipe, SHOTS),
            row=method.label,
            column=label,
            published=published(method, task),
            obstacle=obstacle_to(scope, backbone, whole=task == AVERAGE),
            over=over_reference(method, which, recipes, lambda of, task=task: published(of, task)),
            block=block,
            task="" if task == AVERAGE else task,
        )
        for method in (METHODS[recipe] for recipe in recipes)
        for task, label in columns.items()
    ]
