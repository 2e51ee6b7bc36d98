"""Tables 6 and 7: UNIGRAM without one of its parts, and with two to eight prompt tokens; averages over 11 datasets."""

import json
from dataclasses import replace

import pandas as pd

from reprompt.evidence.statistics import Interval
from reprompt.tables.average import Over, average_cell, notes_of, obstacle_to, task_details
from reprompt.tables.gram.rows import (
    BACKBONE,
    H_OF_MEANS,
    SPLITS,
    Started,
    of_means,
    over,
    printed_values,
    runs_of,
    scope_of_runs,
)
from reprompt.tables.methods import ABLATIONS, METHODS
from reprompt.tables.scope import Scope, swept
from reprompt.tables.table import PARTS, Table
from reprompt.tasks.published import published_values

UNIGRAM = METHODS["unigram"]
ABLATED = ("gram_universal", "gram_ablation", "gram_unregulated", "gram_pretrained", "gram_base_to_new")
WORDS = {  # how Table 6 calls the rows
    "unigram": "UNIGRAM",
    "unigram-no_domain_shift": "− domain shift simulating",
    "unigram-no_gradient_regulating": "− gradient regulating",
    "unigram-prompt_pretraining": "− meta-learning = prompt pre-training",
    "unigram-supervised_meta": "− CHC = supervised meta-learning",
    "coop+vpt_joint": "joint textual & visual prompt tuning",
}
REGULATOR, JOINT = "unigram-no_gradient_regulating", "coop+vpt_joint"
TOKEN_NUMBERS = "gram_token_numbers"
TOKENS = (2, 4, 6, 8)  # half of them of text, half visual
USUAL = 4


def gram_table6(records: pd.DataFrame, backbone: str | None = None) -> Table:
    """GRAM, Table 6: UNIGRAM, five times without a part of it: base, new and H, averaged over 11 datasets."""
    methods = (replace(UNIGRAM, reference=None), *ABLATIONS)
    shown = [runs_of(method, split=split) for method in methods for split in SPLITS]
    scope = scope_of_runs(records, ABLATED, shown, backbone=backbone)
    averaged = of_means(scope)
    printed = printed_values(6, "split")
    cells = [
        average_cell(
            averaged,
            which := runs_of(method, split=split),
            row=f"{number}{PARTS}{WORDS[method.published_id]}",
            column=column,
            published=printed[method.published_id, split],
            obstacle=obstacle_to(scope, BACKBONE),
            over=over(which, method, (UNIGRAM.recipe,), printed, split),
        )
        for number, method in enumerate(methods)
        for split, column in SPLITS.items()
    ]
    return Table(
        name="gram_table6",
        heading="GRAM Table 6. Ablations, 16 shots: accuracy (%), average over 11 datasets",
        setting=scope.words,
        corner=f"Row{PARTS}Model",
        cells=pd.DataFrame(cells),
        notes=(
            f"{H_OF_MEANS} Rows 2, 3 and 5 are tuned with the plain gradient. Row 3 starts from prompts tuned to name "
            "the topics of the corpus, row 4 from meta-training on labelled web pictures instead of the corpus.",
            _share_in_words(averaged, printed),
            *notes_of(scope, BACKBONE),
        ),
        details=task_details(scope, shown),
    )


def gram_table7(records: pd.DataFrame, backbone: str | None = None) -> Table:
    """GRAM, Table 7: UNIGRAM with 2, 4, 6 and 8 prompt tokens: base, new and H, averaged over 11 datasets."""
    sweeps = _sweeps(records)
    shown = {(tokens, split): _with_tokens(tokens, split, sweeps) for tokens in TOKENS for split in SPLITS}
    scope = scope_of_runs(records, ("gram_universal", TOKEN_NUMBERS), shown.values(), backbone=backbone)
    averaged = of_means(scope)
    values = published_values("gram", 7)
    printed = values.set_index([values["context_length"].astype(int), "split"])["value"]
    cells = [
        average_cell(
            averaged,
            which,
            row=str(tokens),
            column=SPLITS[split],
            published=printed[tokens, split],
            obstacle=obstacle_to(scope, BACKBONE),
            over=_over_fewer(shown, tokens, split, printed),
        )
        for (tokens, split), which in shown.items()
    ]
    return Table(
        name="gram_table7",
        heading="GRAM Table 7. UNIGRAM by prompt tokens: accuracy (%), average over 11 datasets",
        setting=scope.words,
        corner="Tokens",
        cells=pd.DataFrame(cells),
        notes=(
            f"16 shots. {H_OF_MEANS} Half of the tokens are of text, half visual; the paper says so of 4 tokens only. "
            "Every number of tokens has a meta-training of its own.",
            *notes_of(scope, BACKBONE),
        ),
        details=task_details(scope, shown.values()),
    )


def _sweeps(records: pd.DataFrame) -> dict[int, str]:
    """What is swept where UNIGRAM has so many tokens; the words that they start from may be swept with them."""
    sweeps = records.loc[records["experiment"] == TOKEN_NUMBERS, "swept"].unique()
    settings = {sweep: json.loads(sweep) for sweep in sweeps}
    return {int(of["context_length"] + of["visual_length"]): sweep for sweep, of in settings.items()}


def _with_tokens(tokens: int, split: str, sweeps: dict[int, str]) -> Started:
    """UNIGRAM's runs with so many prompt tokens."""
    usual = runs_of(UNIGRAM, split=split)
    if tokens == USUAL:
        return usual
    return replace(usual, swept=sweeps.get(tokens, swept(tokens=tokens)), start="gram_tokens")


def _over_fewer(shown: dict[tuple, Started], tokens: int, split: str, printed: pd.Series) -> Over | None:
    """The row above."""
    place = TOKENS.index(tokens)
    if not place:
        return None
    fewer = TOKENS[place - 1]
    return Over(shown[fewer, split], f"{fewer} tokens", printed[fewer, split])


def _share_in_words(averaged: Scope, printed: dict[tuple, float]) -> str:
    """What part of UNIGRAM's gain over joint tuning on new classes is lost without the regulator."""
    lost, gain = (printed["unigram", "new"] - printed[part, "new"] for part in (REGULATOR, JOINT))
    by_id = {method.published_id: method for method in ABLATIONS}
    unigram = runs_of(UNIGRAM, split="new")
    gains = [averaged.gain(unigram, runs_of(by_id[part], split="new")) for part in (REGULATOR, JOINT)]
    ours = _ratio(*(gain and gain.over_seeds for gain in gains))
    return (
        "Section 4.6 says that the regulator makes up 15 % of the relative gain on new classes, and does not say of "
        f"which gain. Of UNIGRAM's gain over joint tuning it is {100 * lost / gain:.0f} % as printed, {ours}."
    )


def _ratio(lost: Interval | None, gain: Interval | None) -> str:
    """Ours, in words; a share of a gain needs a gain."""
    if lost is None or gain is None:
        return "not run here"
    if gain.estimate <= 0:
        return "and here there is no such gain"
    if gain.has_width and gain.low <= 0:
        return "and here that gain cannot be told from none"
    return f"{100 * lost.estimate / gain.estimate:.0f} % here"
