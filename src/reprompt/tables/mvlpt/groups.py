"""Table 5: the two tasks that every target is grouped with, by learner."""

import pandas as pd

from reprompt.evidence.adaptation import ALONE, LABELS
from reprompt.evidence.statistics import why_not_comparable
from reprompt.tables.mvlpt.rows import BACKBONE
from reprompt.tables.names import LEGEND, NamesTable, name_cell
from reprompt.tables.scope import Scope, scope_of
from reprompt.tasks.card import card_of
from reprompt.tasks.groups import members
from reprompt.tasks.published import published_values
from reprompt.training.groups import grid_of, partners

EXPERIMENT = "transfer_grid"
PLACES = ("Task 1", "Task 2")
Pairs = dict[str, tuple[str, ...]]  # target -> the tasks it is trained with, the best first


def mvlpt_table5(records: pd.DataFrame, backbone: str | None = None) -> NamesTable:
    """MVLPT, Table 5: the two tasks that each of 20 is trained together with, printed beside what our grids give."""
    scope = scope_of(records, EXPERIMENT, backbone=backbone, tasks=members("elevater20"))
    of_grid = records[(records["experiment"] == EXPERIMENT) & (records["backbone"] == scope.backbone)]
    cells, counts = [], []
    for learner, recipe in ALONE.items():
        grid, printed = grid_of(of_grid, recipe, "validation"), printed_pairs(learner)
        ours = {target: candidates.best for target, candidates in partners(grid).items()}
        cells += _cells(scope, learner, grid, ours, printed)
        counts.append(f"{LABELS[learner]}: {agreement(ours, printed, tuple(grid.index))}.")
    return NamesTable(
        name="mvlpt_table5",
        heading="MVLPT Table 5. Task groups: the two tasks that each target is trained together with",
        setting=scope.words,
        corner="Target task",
        cells=pd.DataFrame(cells),
        notes=(
            LEGEND,
            "Task 1 is the source whose 20-shot prompt is best on the target as it is, Task 2 the second; a group of "
            "two has the first, a group of three both. Ours are chosen by their mean over seeds on the target's "
            "validation images. The paper does not say on which images it chose; test images are possible.",
            *counts,
            *_where_found(scope),
        ),
        abreast=len(ALONE),
    )


def printed_pairs(learner: str) -> Pairs:
    """The partners of every target that the paper prints for a learner."""
    values = published_values("mvlpt", 5)
    rows = values[values["model"] == learner]
    return dict(zip(rows["target_task"], zip(rows["task1"], rows["task2"], strict=True), strict=True))


def agreement(ours: Pairs, printed: Pairs, sources: tuple[str, ...]) -> str:
    """How many of our partners are printed ones, and how many would be if they were drawn from `sources` at random."""
    if not ours:
        return "not run"
    chosen = sum(len(pair) for pair in ours.values())
    shared = sum(len({*pair} & {*printed[target]}) for target, pair in ours.items())
    same = sum(one == other for target in ours for one, other in zip(ours[target], printed[target], strict=False))
    by_chance = 0.0
    for target, pair in ours.items():
        others = {*sources} - {target}
        by_chance += len(pair) * len(others & {*printed[target]}) / max(len(others), 1)
    return (
        f"{shared} of {chosen} partners are among the two that the paper prints for the target ({by_chance:.1f} would "
        f"be if drawn at random), {same} of them in the same place"
    )


def _cells(scope: Scope, learner: str, grid: pd.DataFrame, ours: Pairs, printed: Pairs) -> list[dict]:
    """The cells of a learner: targets down, its two partners across."""
    cells = []
    for target in scope.possible:
        sources = int(grid[target].notna().sum()) if target in grid else 0
        obstacle = why_not_comparable(scope.scale, scope.backbone, BACKBONE, sources, len(scope.possible))
        names = [card_of(task).printed for task in ours.get(target, ())]
        published = [card_of(task).printed for task in printed[target]]
        for place, column in enumerate(PLACES):
            name, other = names[place] if place < len(names) else None, published[1 - place]
            row = card_of(target).printed
            cells.append(name_cell(LABELS[learner], row, column, name, published[place], (other,), obstacle))
    return cells


def _where_found(scope: Scope) -> list[str]:
    """What a reader must know before comparing the names."""
    notes = []
    if scope.scale not in ("", "paper"):
        notes.append(
            f"The published groups were found with CLIP {BACKBONE} on the real datasets, ours on rendered counterparts "
            "with a miniature CLIP: which tasks are alike there need not be alike here."
        )
    missing = [task for task in scope.possible if task not in scope.tasks]
    if scope.tasks and missing:
        notes.append(f"Not every learner was run on: {', '.join(missing)}.")
    return notes
