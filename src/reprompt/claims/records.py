"""The records of a scale in the words of each paper: what the papers call our recipes, starts and settings.

ProGrad, NPT. alpha is the weight of distillation, M the length of the context. Runs without augmentation are
experiments of their own. What was run a second time is a method of its own, "coop-again" (twins.py).

GRAM. M: all prompt tokens, of both towers. epochs 10 and 200: as many as are usual here, and as `gram_long` has. init:
where CoOp starts. Ablations are recipes and starts, as ABLATIONS in tables/methods.py lists them.

MVLPT. init and adapt are those of evidence/adaptation.py. A term that does not say is meant as section 4.1 and Figures
1 and 5 mean it: MCoOp, MVPT and MUPT start from eleven source tasks, CoOp, VPT and UPT at random; each task is adapted
to alone; a prompt is as long as its learner's usually is. Values are the task's own metric. An interval is over draws
of the target tasks: where one source prompt starts every draw (`hand_over: mean`), how lucky it is, is in no interval.
"""

import json
from collections.abc import Iterator
from functools import cache

import pandas as pd

from reprompt.cells import recipes
from reprompt.claims.runs import AGAIN, Row, Runs
from reprompt.evidence.adaptation import LEARNERS, adaptations, partners_by
from reprompt.tables.methods import ABLATIONS, METHODS
from reprompt.training.groups import METRICS

# The experiments that were made for a paper's claims, in the order in which they are believed.
EXPERIMENTS = {
    "prograd": (
        *("few_shot", "few_shot_lwf", "few_shot_lambda", "few_shot_angles", "few_shot_no_augmentation"),
        *("base_to_new", "cross_domain", "cross_dataset"),
        *("few_shot_again", "base_to_new_again", "cross_dataset_again"),
    ),
    "gram": (
        *("gram_base_to_new", "gram_adapted", "gram_universal", "gram_ablation", "gram_unregulated"),
        *("gram_pretrained", "gram_token_numbers", "gram_initialisations", "gram_long", "gram_context"),
        *("gram_transfer", "gram_transfer_adapted", "gram_curves", "gram"),
    ),
    "npt": (
        *("imbalanced", "imbalanced_losses", "imbalanced_weights"),
        *("imbalanced_transfer", "imbalanced_losses_transfer", "collapse_picture"),
    ),
}
WITHOUT_AUGMENTATION = "_no_augmentation"  # how the names of such experiments end
NAMES = {"distillation": "alpha", "context_length": "M"}  # settings of a cell that papers call otherwise
EPOCHS, MANY_EPOCHS = 10.0, 200.0  # in GRAM's words, whatever they are here
VARIED = {  # what an experiment of GRAM varies
    "gram_long": ("epochs",),
    "gram_context": ("M",),
    "gram_token_numbers": ("M",),
    "gram_initialisations": ("init",),
}
STARTS = ("gram_curves", "gram_initialisations")  # experiments that are about CoOp from several starts
USUAL_START = "multitask_11"
METHOD_OF = {(method.recipe, method.start): method.published_id for method in (*METHODS.values(), *ABLATIONS)}
METHOD_OF["unigram", "gram_tokens"] = "unigram"
META_TRAINED = {
    recipes.papers_name(recipes.recipe_of(method.recipe).starts_from.expression): method.published_id
    for method in METHODS.values()
    if method.start == "gram"
}
COLUMNS = ("experiment", "repeat", "recipe", "start", "swept", "settings", "tau", *Row._fields[:1], *Row._fields[2:9])
REST = ("value", "images", "measured", "predictions", "targets", "source_seed")


def lookups(records: pd.DataFrame) -> dict[str, Runs]:
    """Where the terms of each paper are looked up, from the records of one scale."""
    none, grid = records.iloc[:0], records[records["protocol"] == "transfer_grid"]
    return {paper: Runs(_rows(records, paper), none) for paper in EXPERIMENTS} | {
        "mvlpt": Runs(_adapted(records), grid, METRICS[partners_by(records)])
    }


def _rows(records: pd.DataFrame, paper: str) -> Iterator[Row]:
    """The rows of the experiments for ProGrad, NPT or GRAM."""
    order = {name: place for place, name in enumerate(EXPERIMENTS[paper])}
    rows = records[records["experiment"].isin(order)]
    columns = (rows[name].tolist() for name in (*COLUMNS, *REST))
    for place, (experiment, repeat, recipe, start, swept, given, tau, protocol, *of_run) in enumerate(
        zip(*columns, strict=True)
    ):
        if paper == "gram":
            method, settings, varied = _in_grams_words(experiment, protocol, recipe, start, given)
            compared = {"init"} if experiment in STARTS else set()
        else:
            method = (METHODS[recipe].published_id if recipe in METHODS else recipe) + (AGAIN if repeat else "")
            settings = {NAMES.get(name, name): value for name, value in given.items()}
            compared = varied = {NAMES.get(name, name) for name in _swept(swept)}
        rank = (bool(varied), order[experiment], place)
        settings["tau"] = tau
        varied = varied | ({"tau"} if tau != 1 else set())
        if experiment.endswith(WITHOUT_AUGMENTATION):
            settings["augmentation"] = "none"
            varied = varied | {"augmentation"}
        of_run, rest = of_run[: -len(REST)], of_run[-len(REST) :]
        yield Row(protocol, method, *of_run, settings, frozenset(varied), frozenset(compared), rank, *rest)


def _in_grams_words(experiment: str, protocol: str, recipe: str, start: str, given: dict) -> tuple[str, dict, set]:
    """Method, settings and which of them are varied."""
    method = META_TRAINED[recipe] if protocol == "meta" else METHOD_OF.get((recipe, start), recipe)
    settings = {"epochs": MANY_EPOCHS if experiment == "gram_long" else EPOCHS, "M": _tokens(recipe, given)}
    settings["init"] = given.get("initialisation", "")
    return "coop" if experiment == "gram_initialisations" else method, settings, set(VARIED.get(experiment, ()))


def _tokens(recipe: str, settings: dict) -> float:
    """M: the prompt tokens that are learned, in both towers."""
    learner = recipes.recipe_of(recipe).settings("learner", settings)
    text, image = learner.text_prompts, learner.image_prompts
    return float((text.context if text else 0) + (image.length if image else 0))


def _adapted(records: pd.DataFrame) -> Iterator[Row]:
    """The rows of MVLPT's experiments."""
    unswept = records["swept"] == ""
    for usual, runs in ((True, records[unswept]), (False, records[~unswept])):
        table = adaptations(runs)
        table = table[table["swept"] == ""]  # what else than the number of tokens is swept is in no claim
        for place, run in enumerate(table.itertuples(index=False)):
            settings = {"init": run.init, "adapt": run.adapt, "M": float(run.M)}
            plain = {"init": "random" if run.method in LEARNERS else USUAL_START, "adapt": "single"}
            varied = {key for key, value in plain.items() if settings[key] != value} | (set() if usual else {"M"})
            of_run = ("elevater", run.method, "all", "accuracy", run.backbone, run.task, run.task, run.shots, run.seed)
            meant = (settings, frozenset(varied), frozenset({"M"}), (not usual, place))
            yield Row(*of_run, *meant, run.value, run.images, start=run.source_seed)


@cache
def _swept(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text)) if text else ()
