"""MVLPT's runs in the paper's words: the learner, where its prompt starts, how it is adapted. Sections 4.1 to 4.3.

    paper                                        here
    CoOp, VPT, UPT; MCoOp, MVPT, MUPT            method     the published id; the M of the paper as `method_of` has it
    Source: -, ImageNet1K, 10 or 11 source       init       random, imagenet, multitask_10, multitask_11,
    tasks, M (all 20)                                       multitask_20
    Adaptation: S, (Best) M, Worst M             adapt      single, multitask_best, multitask_worst

Multitask adaptation trains a task together with one or two partners, and there are several such groups. Which of them
stands in a table is chosen here, once per task for all draws: the size with the highest score on the validation images
in the mean over draws, of equals the smaller. (33 of the 60 cells in Table 2's rows (-, M) are those of (-, S) to the
last digit, means of three runs: so the paper chose once per task.) The best groups are of one task (the single-task run
with the same start), two or three; the worst groups only of two or three, as a task alone is in no bad company.
"""

import json

import pandas as pd

from reprompt.cells.axes import Widths
from reprompt.cells.cell import swept
from reprompt.cells.parameters import PartnersBy
from reprompt.training.groups import USUAL

LEARNERS = ("coop", "vpt", "upt")
LABELS = {"coop": "CoOp", "vpt": "VPT", "upt": "UPT", "mcoop": "MCoOp", "mvpt": "MVPT", "mupt": "MUPT"}
ALONE = {"coop": "coop_middle", "vpt": "vpt_deep", "upt": "upt"}  # recipes: one task, random start; those of the grid
ZERO_SHOT = "zero_shot_clip"  # published id; it has no learner, no start, no adaptation and no tokens
LEARNER_OF = {"zero_shot": ""} | {
    recipe: learner
    for learner in LEARNERS
    for recipe in (ALONE[learner], f"{learner}_source", f"m{learner}", f"m{learner}_source")
}
# What the paper calls the sources of a start; an experiment that is not listed keeps its own name.
INITS = {
    "": "random",
    "multitask_1": "imagenet",
    "scaling_sources": "multitask_11",
    "length_sources": "multitask_11",
}
SIZES = {"": 1, "best_2": 2, "best_3": 3, "worst_2": 2, "worst_3": 3}
CHOICES = {"multitask_best": ("", "best_2", "best_3"), "multitask_worst": ("worst_2", "worst_3")}
VIT_B_16 = Widths(text=512, image=768, joint=512, classes=1)  # the CLIP whose parameters the paper counts
TOKENS = ("context_length", "visual_length")
ADAPTATION_COLUMNS = (
    *("method", "learner", "init", "adapt", "M", "backbone", "task", "shots", "seed", "value", "validation"),
    *("group_size", "swept", "recipe", "settings", "images", "source_seed", "cell", "file", "scale"),
)
# Tells the rows of one run from those of any other; two groups that have the same partners are one and the same cell.
RUN = ["file", "experiment", "cell", "task", "start", "group"]
CHOICE = ["scale", "learner", "init", "M", "backbone", "swept", "shots", "task"]  # within which a group is chosen
DIGITS = 9  # to which mean scores are equal: the order of a sum must not decide between groups


def adaptations(records: pd.DataFrame) -> pd.DataFrame:
    """One row per run of protocol "elevater", with ADAPTATION_COLUMNS; a run that a choice takes stands there again.

    `value` is the task's own metric and `validation` the same on the validation images, both in percent. `M` is the
    number of tokens: of context, for VPT visual; 0 for zero-shot CLIP. `group_size` is 1, 2 or 3 tasks. `swept` says
    what an experiment varies other than M. A choice needs every size that it chooses from: where one was not run,
    there is no row.
    """
    runs = _runs(records)
    alone = runs[runs["group"] == ""]
    alone = alone.assign(adapt=["single" if learner else "" for learner in alone["learner"]])
    parts = [alone, *(_chosen(runs, groups).assign(adapt=adapt) for adapt, groups in CHOICES.items())]
    table = pd.concat(parts, ignore_index=True)
    rows = zip(table["learner"], table["init"], table["adapt"], strict=True)
    return table.assign(method=[method_of(*row) for row in rows])[list(ADAPTATION_COLUMNS)]


def method_of(learner: str, init: str, adapt: str) -> str:
    """The published id. The paper speaks of MCoOp, MVPT, MUPT where several tasks share a prompt at either stage."""
    if not learner:
        return ZERO_SHOT
    return learner if init in ("random", "imagenet") and adapt == "single" else f"m{learner}"


def partners_by(records: pd.DataFrame) -> PartnersBy:
    """What the partners in the records' groups were chosen by; the usual where there are no groups.

    Raises ValueError where they were chosen in more than one way.
    """
    ways = sorted({said or USUAL for said in records.loc[records["group"] != "", "partners_by"]})
    if len(ways) > 1:
        raise ValueError(
            f"the records hold groups whose partners were chosen by {' and by '.join(ways)}; have them made again by "
            "one: snakemake --cores all"
        )
    return ways[0] if ways else USUAL


def _runs(records: pd.DataFrame) -> pd.DataFrame:
    """Every run with its score and its validation score beside each other, before any choice."""
    rows = records[(records["protocol"] == "elevater") & records["recipe"].isin(LEARNER_OF)]
    validation = rows.loc[rows["metric"] == "validation", [*RUN, "value"]].rename(columns={"value": "validation"})
    runs = rows[rows["metric"] == "score"].merge(validation, on=RUN, how="left", validate="one_to_one")
    learners = [LEARNER_OF[recipe] for recipe in runs["recipe"]]
    return runs.assign(
        learner=learners,
        init=[
            INITS.get(start, start) if learner else "" for start, learner in zip(runs["start"], learners, strict=True)
        ],
        M=[_tokens(settings, learner) for settings, learner in zip(runs["settings"], learners, strict=True)],
        group_size=[SIZES[group] for group in runs["group"]],
        swept=runs["swept"].map({swept: _without_tokens(swept) for swept in runs["swept"].unique()}),
    )


def _chosen(runs: pd.DataFrame, groups: tuple[str, ...]) -> pd.DataFrame:
    """For every task the runs of the group that is best on the validation images, on the draws that have all groups."""
    candidates = runs[runs["group"].isin(groups) & runs["validation"].notna()]
    sizes = candidates.groupby([*CHOICE, "seed"])["group"].transform("nunique")
    whole = candidates[sizes == len(groups)]
    score = whole.groupby([*CHOICE, "group"])["validation"].transform("mean").round(DIGITS)
    ordered = whole.assign(score=score).sort_values(["score", "group_size"], ascending=[False, True], kind="stable")
    best = ordered.groupby(CHOICE)["group"].transform("first")
    return ordered[ordered["group"] == best].drop_duplicates([*CHOICE, "seed"]).sort_index().drop(columns="score")


def _tokens(settings: dict, learner: str) -> int:
    """M: the tokens that are learned, in one tower."""
    return settings["visual_length" if learner == "vpt" else "context_length"] if learner else 0


def _without_tokens(text: str) -> str:
    """What is swept besides the number of tokens, written as the records write it."""
    settings = json.loads(text) if text else {}
    return swept(**{name: value for name, value in settings.items() if name not in TOKENS})
