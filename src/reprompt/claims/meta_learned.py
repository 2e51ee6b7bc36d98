"""GRAM's runs as a source of numbers: its terms name ablations and nominal settings, not recipes and starts.

    paper                                   here
    unigram-no_domain_shift, ...            recipe and start, as ABLATIONS in tables/methods.py lists them
    M                                       all prompt tokens: UNIGRAM's 4 are 2 of text and 2 visual
    epochs 10, 200                          as many as are usual here; as many as `gram_long` has
    init                                    where CoOp starts: as usual, or as in `gram_initialisations`
    M of CoOp                               compared from random starts, as no phrase has 16 tokens
    few-shot accuracy (no half named)       on the base classes, of which there are shots
    mean_H                                  harmonic mean of average base and average new accuracy

That H is of no single task. It is taken apart into one number for every task and draw by its slopes at the averages:
these numbers have it as their mean, and differences stay paired by task and draw.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from reprompt.cells import recipes
from reprompt.claims.measured import EXPERIMENTS, Measured, recipe_of
from reprompt.claims.statements import LABELS
from reprompt.evidence.inference import estimate
from reprompt.evidence.lookup import Missing, Slice
from reprompt.evidence.statistics import harmonic_mean
from reprompt.evidence.values import Origin, Values, combine
from reprompt.foundation.digests import canonical
from reprompt.tables.methods import ABLATIONS, METHODS
from reprompt.tables.scope import HALVES
from reprompt.tasks.groups import groups

EPOCHS, MANY_EPOCHS = 10.0, 200.0  # in the paper's words, whatever they are here
VARIED = {  # what an experiment varies
    "gram_long": ("epochs",),
    "gram_context": ("M",),
    "gram_token_numbers": ("M",),
    "gram_initialisations": ("init",),
}
STARTS = ("gram_curves", "gram_initialisations")  # experiments that are about CoOp from several starts
METHOD_OF = {(method.recipe, method.start): method.published_id for method in (*METHODS.values(), *ABLATIONS)}
METHOD_OF["unigram", "gram_tokens"] = "unigram"
META_TRAINED = {
    recipes.papers_name(recipes.recipe_of(method.recipe).starts_from.expression): method.published_id
    for method in METHODS.values()
    if method.start == "gram"
}


class MetaLearned(Measured):
    """Looks GRAM's terms up in the records of one scale."""

    def __init__(self, records: pd.DataFrame):
        super().__init__(in_the_papers_words(records), names={})

    def accuracies(self, where: Slice) -> Values:
        """Accuracy in percent of every run; H of a group is that of the averages."""
        if where.split == "H" and where.place in groups():
            base, new = (self.accuracies(replace(where, split=half)) for half in HALVES)
            return H_of_means(base, new)
        if where.method == "coop" and "M" in dict(where.settings):
            where = where.having(init="random")
        return super().accuracies(_few_shot(where))

    def variants(self, where: Slice, keys: tuple[str, ...]) -> list[Slice]:
        """The slice at every start that was run. Raises Missing for fewer than two."""
        where = _few_shot(where)
        rows = self._rows.get((*self._kind(where), where.split, "accuracy"), [])
        starts = sorted({row.settings["init"] for row in rows if row.experiment in STARTS})
        if keys != ("init",) or len(starts) < 2:
            raise Missing(f"no experiment varies {' and '.join(keys)} of {LABELS[where.method]}")
        return [where.having(init=start) for start in starts]

    def inner_products(self, where: Slice) -> Mapping[Origin, np.ndarray]:
        """The normalised inner product of support and query gradient at the logged steps (steps,), by run."""
        words = "the inner product of support and query gradients"
        products = self._arrays_of(replace(where, place="corpus"), "inner_product", words)
        return {origin: np.asarray(product, dtype=float) for origin, _, product in products}


def in_the_papers_words(records: pd.DataFrame) -> pd.DataFrame:
    """The rows of GRAM's experiments: recipes by what the paper calls them, settings M, epochs and init, and of these
    what is varied.
    """
    rows = records[records["experiment"].isin(EXPERIMENTS["gram"])]
    columns = [rows[name].tolist() for name in ("experiment", "protocol", "recipe", "start", "settings")]
    methods, settings, varied = [], [], []
    for experiment, protocol, recipe, start, given in zip(*columns, strict=True):
        method = META_TRAINED[recipe] if protocol == "meta" else METHOD_OF.get((recipe, start), recipe)
        in_words = {"epochs": MANY_EPOCHS if experiment == "gram_long" else EPOCHS, "M": _tokens(recipe, given)}
        in_words["init"] = given.get("initialisation", "")
        methods.append("coop" if experiment == "gram_initialisations" else recipe_of(method))
        settings.append(in_words)
        varied.append({name: in_words[name] for name in VARIED.get(experiment, ())})
    swept = [canonical(values) if values else "" for values in varied]
    return rows.assign(recipe=methods, settings=settings, swept=swept)


def H_of_means(base: Values, new: Values) -> Values:
    """The harmonic mean of the averages, as a number for every run: H + dH/dB (b - B) + dH/dN (n - N).

    B and N are the averages of base and new accuracy over the runs that have both, b and n those of one run. The mean
    of the numbers is H, their spread over draws that of H to first order.
    """
    paired = [combine(base, new, lambda one, other, half=half: (one, other)[half]) for half in (0, 1)]
    if not paired[0].by_origin:
        raise Missing("base and new classes were run, but never in the same draw")
    B, N = (estimate(half).mean for half in paired)
    by_base, by_new = 2 * (N / (B + N)) ** 2, 2 * (B / (B + N)) ** 2
    H = harmonic_mean(B, N)
    return combine(base, new, lambda one, other: H + by_base * (one - B) + by_new * (other - N))


def _few_shot(where: Slice) -> Slice:
    """Where the paper speaks of few-shot accuracy and names no half of the classes: the half that has shots."""
    return replace(where, split="base") if (where.setting, where.split) == ("base_to_new", "all") else where


def _tokens(recipe: str, settings: dict) -> float:
    """M: the prompt tokens that are learned, in both towers."""
    learner = recipes.recipe_of(recipe).settings("learner", settings)
    text, image = learner.text_prompts, learner.image_prompts
    return float((text.context if text else 0) + (image.length if image else 0))
