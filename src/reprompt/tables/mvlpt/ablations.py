"""Tables 3 and 4: which groups a task is adapted in, and which tasks its prompt starts from; averages alone."""

from collections.abc import Iterable

import pandas as pd

from reprompt.evidence.adaptation import LEARNERS
from reprompt.tables.average import notes_of, task_details
from reprompt.tables.mvlpt.rows import (
    AS_ACCURACY,
    AVERAGE,
    BACKBONE,
    CORNER,
    METRICS,
    Adaptation,
    adaptation_cell,
    printed_values,
    scope_of_adaptations,
)
from reprompt.tables.table import Table
from reprompt.tasks.groups import members

# What a row is compared with: single-task adaptation with the best groups, and the best groups with the worst.
ADAPTED_OVER = {"single": "", "multitask_best": "single", "multitask_worst": "multitask_best"}
STARTED_OVER = {"imagenet": "", "multitask_10": "imagenet", "multitask_11": "multitask_10"}


def mvlpt_table3(records: pd.DataFrame, backbone: str | None = None) -> Table:
    """MVLPT, Table 3: adapted alone, in the best groups and in the worst, from a prompt of all 20 tasks."""
    rows = {
        Adaptation(learner, "multitask_20", adapt): over and Adaptation(learner, "multitask_20", over)
        for adapt, over in ADAPTED_OVER.items()
        for learner in LEARNERS
    }
    return _averages(
        records,
        backbone,
        number=3,
        heading="MVLPT Table 3. Adaptation strategies: average over 20 tasks with 20 shots per class (%)",
        column="Averaged ELEVATER",
        rows=rows,
        experiments=("adapted", "grouped_adapted"),
        tasks=members("elevater20"),
        notes=(
            "Source M: one prompt tuned on all 20 tasks. S: each task alone. Best M: alone or with the one or two "
            "tasks whose prompts transfer to it best. Worst M: with the one or two whose transfer to it is worst. "
            "Partners and, by task and draw, the size of the group are chosen on validation images only. "
            "The paper does not print its worst groups.",
        ),
    )


def mvlpt_table4(records: pd.DataFrame, backbone: str | None = None) -> Table:
    """MVLPT, Table 4: a prompt that starts from ImageNet, from 10 other source tasks and from all 11."""
    rows = {
        Adaptation(learner, init, "single"): over and Adaptation(learner, over, "single")
        for init, over in STARTED_OVER.items()
        for learner in LEARNERS
    }
    return _averages(
        records,
        backbone,
        number=4,
        heading="MVLPT Table 4. Source tasks: average over 12 target tasks with 20 shots per class (%)",
        column="Averaged 12 target tasks",
        rows=rows,
        experiments=("source_tasks", "cross_task"),
        tasks=members("elevater12"),
        notes=(
            "10 source tasks: CoOp's 11 without ImageNet. S: each target alone.",
            "The printed averages of 11 source tasks are those of Table 1, but their printed deviations are not (MVPT "
            "0.3 there and 0.6 here, MUPT 0.4 and 0.7). UPT from ImageNet (67.45) is printed below UPT from a random "
            "start (67.62 in Table 1).",
        ),
    )


def _averages(
    records: pd.DataFrame,
    backbone: str | None,
    number: int,
    heading: str,
    column: str,
    rows: dict[Adaptation, Adaptation | str],
    experiments: Iterable[str],
    tasks: tuple[str, ...],
    notes: tuple[str, ...],
) -> Table:
    """Rows, each with the row that it is compared with ("" for none), in one column of averages."""
    scope = scope_of_adaptations(records, experiments, rows, tasks, backbone)
    printed = printed_values(number)
    return Table(
        name=f"mvlpt_table{number}",
        heading=heading,
        setting=scope.words,
        corner=CORNER,
        cells=pd.DataFrame(
            [adaptation_cell(scope, row, AVERAGE, printed, column, over or None) for row, over in rows.items()]
        ),
        notes=(*notes, f"{METRICS} {AS_ACCURACY.format(tasks=len(tasks))}", *notes_of(scope, BACKBONE)),
        details=task_details(scope, rows),
    )
