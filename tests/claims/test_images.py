"""The interval beyond these images: the paired variance over test images, against an independent formula."""

import math

import numpy as np
import pytest
from scipy import stats

from reprompt.claims.claim import claims_in, methods
from reprompt.claims.expressions import each
from reprompt.claims.images import beyond_these_images
from reprompt.claims.lookup import At
from reprompt.claims.records import lookups
from reprompt.claims.terms import H, acc, delta_lcd, mean, new
from reprompt.claims.verdict import judge
from reprompt.evidence.lookup import Missing

few_shot, base_to_new = claims_in("prograd", "few_shot", backbone="RN50"), claims_in("prograd", "base_to_new")
coop, prograd, clip = methods("coop", "prograd", "zero_shot_clip")
IMAGES, DRAWS = 40, (1, 2, 3)


@pytest.fixture
def rights():
    """Whether an image is judged right: by recipe, task, split, seed."""
    random = np.random.default_rng(0)
    rates = {"prograd": 0.8, "coop": 0.6, "zero_shot": 0.5}
    return {
        (recipe, task, split, seed): random.random(IMAGES) < rate
        for recipe, rate in rates.items()
        for task in ("dtd", "eurosat")
        for split in ("all", "base", "new")
        for seed in (DRAWS if recipe != "zero_shot" else (0,))
    }


@pytest.fixture
def records(maker, rights):
    rows = maker(noise=0.0)
    targets = np.zeros(IMAGES, int)
    for (recipe, task, split, seed), right in rights.items():
        protocol = "few_shot" if split == "all" else "base_to_new"
        where = {"protocol": protocol, "task": task, "seed": seed, "split": split, "shots": 4, "images": IMAGES}
        arrays = {"predictions": (~right).astype(int), "targets": targets}
        rows.add(protocol, recipe, 100 * right.mean(), **where, **arrays)
    return rows.frame()


def interval(records, statement, setting=few_shot):
    claim = setting("x-01", "", statement, "")
    lookup = lookups(records)[claim.paper]
    (part,) = judge(claim, lookup).parts
    return part.effect, beyond_these_images(part, At(lookup, claim.setting))


def variance(half_width, freedom):
    return (half_width / stats.t.ppf(0.975, freedom)) ** 2


def test_the_paired_variance_over_images_is_added(records, rights):
    effect, beyond = interval(records, acc(prograd, "dtd", shots=4) > acc(coop, "dtd", shots=4))
    gaps = [100.0 * (rights["prograd", "dtd", "all", s].astype(int) - rights["coop", "dtd", "all", s]) for s in DRAWS]
    of_images = np.mean(gaps, axis=0).var(ddof=1) / IMAGES
    of_draws = np.var([gap.mean() for gap in gaps], ddof=1) / 3
    freedom = (of_draws + of_images) ** 2 / (of_draws**2 / 2 + of_images**2 / (IMAGES - 1))
    assert beyond.estimate == effect.estimate
    assert beyond.freedom == pytest.approx(freedom)
    assert beyond.half_width == pytest.approx(stats.t.ppf(0.975, freedom) * math.sqrt(of_draws + of_images))


def test_test_sets_of_several_tasks_are_independent(records, rights):
    _, beyond = interval(records, mean(prograd, "datasets11", shots=4) > mean(clip, "datasets11"))
    parts = []
    for task in ("dtd", "eurosat"):
        gaps = [
            100.0 * (rights["prograd", task, "all", s].astype(int) - rights["zero_shot", task, "all", 0]) for s in DRAWS
        ]
        parts.append(np.mean(gaps, axis=0).var(ddof=1) / IMAGES / 4)
        parts.append(np.var([gap.mean() for gap in gaps], ddof=1) / 3 / 4)
    assert variance(beyond.half_width, beyond.freedom) == pytest.approx(sum(parts))


def test_the_bootstrap_over_images_says_the_same_of_H(records, rights):
    _, beyond = interval(records, H(prograd, "dtd", shots=4) > H(coop, "dtd", shots=4), base_to_new)
    random = np.random.default_rng(1)
    drawn = {split: random.integers(0, IMAGES, (4000, IMAGES)) for split in ("base", "new")}

    def H_of(recipe, draw):
        B, N = (100 * rights[recipe, "dtd", split, draw][drawn[split]].mean(axis=1) for split in ("base", "new"))
        return 2 * B * N / (B + N)

    worlds = np.mean([H_of("prograd", draw) - H_of("coop", draw) for draw in DRAWS], axis=0)
    gaps = [
        2 / sum(1 / (100 * rights["prograd", "dtd", split, s].mean()) for split in ("base", "new"))
        - 2 / sum(1 / (100 * rights["coop", "dtd", split, s].mean()) for split in ("base", "new"))
        for s in DRAWS
    ]
    of_draws = np.var(gaps, ddof=1) / 3
    assert variance(beyond.half_width, beyond.freedom) - of_draws == pytest.approx(worlds.var(), rel=0.15)


def test_what_is_no_accuracy_or_has_no_predictions_has_no_such_interval(records):
    with pytest.raises(Missing):
        interval(
            records.assign(predictions=None), new(prograd, "dtd", shots=4) > new(coop, "dtd", shots=4), base_to_new
        )
    rows = records[(records["split"] != "all") & (records["seed"] > 0)].assign(
        metric="delta_lcd", experiment="imbalanced", recipe="maple"
    )
    with pytest.raises(Missing):
        npt = claims_in("npt", "base_to_new")
        interval(rows.drop_duplicates(["task", "split", "seed"]), delta_lcd(methods("maple")[0], each("dtd")) > 1, npt)
