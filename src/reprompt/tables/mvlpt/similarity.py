"""Beyond the paper: how much of the transferability grid label and image similarity explain."""

from collections.abc import Iterator

import pandas as pd

from reprompt.evidence.adaptation import LABELS, LEARNERS
from reprompt.evidence.explanation import CLAIMED, LEAST_TASKS, OTHER, VIEWS, LearnerGrids, grids_of_learner
from reprompt.evidence.mantel import PERMUTATIONS, Mantel
from reprompt.tables.correlations import LEGEND, CorrelationTable, correlation_cell, direction
from reprompt.tables.scope import Scope, scope_of
from reprompt.tables.table import columns_in_words
from reprompt.tasks.groups import members

BLOCKS = {  # view of the pairs: the title of its block of rows, and what it is called in a sentence
    "pairs": ("All pairs as they are", "over all pairs"),
    "targets": ("Among the sources of one target", "among the sources of a target"),
    "interaction": ("Without the levels of sources and targets", "without levels"),
}
COLUMNS = {  # the similarity that transfer is correlated with, and whether the other one is given
    "Label similarity": ("label", False),
    "Image similarity": ("image", False),
    "Label, given image": ("label", True),
    "Image, given label": ("image", True),
}
DETAIL_COLUMNS = ["scale", "backbone", "learner", "view", "similarity", "given", "correlation", "p", "pairs", "verdict"]
NOTES = (
    "Each number: Spearman's rank correlation of normalised transfer (a target's column of Figure 4 divided by its "
    "best entry, seed mean) and similarity, over ordered pairs of different tasks. Second block: of ranks among the "
    "sources of one target. Third block: of what is left of the ranks without every source's and every target's own "
    f"level. {LEGEND}",
    f"p: two-sided Mantel test, which relabels the tasks of the grid {PERMUTATIONS} times, or in every way where these "
    "are fewer; not corrected for the number of tests. Given: partial correlation (Smouse et al. 1986).",
    "Label similarity: mean over the target's classes of the largest cosine with a class name of the source, text "
    "features of “a photo of a {}.”. Image similarity: cosine of the mean features of the training images. Both by the "
    "frozen CLIP, with no prompt. A source with many classes has a larger label similarity to all; the third block "
    "takes this out. A correlation is not yet a cause.",
    "Section 4.3 of the paper says that similar class names help CoOp, similar images VPT and UPT, without numbers.",
)
Relations = dict[tuple[str, str, bool], Mantel]  # by view, similarity and whether the other similarity is given


def mvlpt_table_similarity(records: pd.DataFrame, backbone: str | None = None) -> CorrelationTable:
    """Beyond MVLPT: rank correlations of transfer with label and image similarity, with Mantel tests, by learner."""
    scope = scope_of(records, "transfer_grid", backbone=backbone, tasks=members("elevater20"))
    grid = records[(records["experiment"] == "transfer_grid") & (records["backbone"] == scope.backbone)]
    compared = {learner: grids_of_learner(grid, learner) for learner in LEARNERS}
    relations = {learner: relations_of(grids) if grids else {} for learner, grids in compared.items()}
    details = [row for learner, related in relations.items() for row in _details(scope, learner, related)]
    return CorrelationTable(
        name="mvlpt_table_similarity",
        heading="Beyond MVLPT. What explains transfer? Similarity of labels and of images",
        setting=scope.words,
        corner="Learner",
        cells=pd.DataFrame(list(_cells(scope, compared, relations))),
        notes=(*(_verdict(learner, compared[learner], relations[learner]) for learner in LEARNERS), *NOTES),
        details=pd.DataFrame(details, columns=DETAIL_COLUMNS),
    )


def relations_of(grids: LearnerGrids) -> Relations:
    """Every correlation of one learner."""
    return {
        (view, similarity, given): grids.related(similarity, given, view)
        for view in VIEWS
        for similarity, given in COLUMNS.values()
    }


def verdict(learner: str, relations: Relations) -> str:
    """What the correlations of a learner say, and whether over all pairs this is what the paper says."""
    words = []
    for similarity, other in OTHER.items():
        alone, beyond = (_said(relations, similarity, given) for given in (False, True))
        words.append(f"With {similarity} similarity transfer {alone}; given {other} similarity it {beyond}.")
    claimed = direction(relations["pairs", CLAIMED[learner], False])
    agrees = {"rises": "as published", "falls": "against published"}.get(claimed, claimed)
    return f"{' '.join(words)} The paper's claim, that it rises with {CLAIMED[learner]} similarity: {agrees}."


def _said(relations: Relations, similarity: str, given: bool) -> str:
    """In which views it rises or falls: "rises over all pairs and among the sources of a target"."""
    shown = {view: direction(relations[view, similarity, given]) for view in VIEWS}
    words = []
    for way in ("rises", "falls"):
        where = [BLOCKS[view][1] for view in VIEWS if shown[view] == way]
        if where:
            words.append(f"{way} {'in all three views' if len(where) == len(VIEWS) else columns_in_words(where, [])}")
    return " and ".join(words) or "shows no change"


def _verdict(learner: str, grids: LearnerGrids | None, relations: Relations) -> str:
    """The note on a learner."""
    if grids is None:
        return f"{LABELS[learner]}: not run, or fewer than {LEAST_TASKS} tasks have every pair."
    lacking = ", ".join(grids.left_out)
    left_out = f" Left out, because pairs are missing: {lacking}." if lacking else ""
    return f"{LABELS[learner]}. {verdict(learner, relations)}{left_out}"


def _cells(scope: Scope, compared: dict[str, LearnerGrids | None], relations: dict[str, Relations]) -> Iterator[dict]:
    """Every correlation, learners down, a block for every view."""
    for view, (block, _) in BLOCKS.items():
        for learner, grids in compared.items():
            row = LABELS[learner] + (f" ({grids.pairs} pairs)" if grids else "")
            for column, (similarity, given) in COLUMNS.items():
                relation = relations[learner].get((view, similarity, given))
                yield correlation_cell(row, column, relation, scope.seeds, block)


def _details(scope: Scope, learner: str, relations: Relations) -> Iterator[tuple]:
    """Every correlation of a learner as a row."""
    for (view, similarity, given), relation in relations.items():
        which = (scope.scale, scope.backbone, learner, view, similarity, OTHER[similarity] if given else "")
        yield (*which, relation.correlation, relation.p, relation.pairs, direction(relation))
