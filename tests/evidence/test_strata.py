"""What is an independent unit: a draw of a task, of a prompt's task, or the seed that a start was trained with."""

import numpy as np
import pytest
from scipy import stats

from reprompt.evidence.lookup import Missing
from reprompt.evidence.statistics import stratified
from reprompt.evidence.strata import TRAINED_STARTS, shares_of, strata_of
from reprompt.evidence.values import Origin, Size, Values, by_draw, difference, mean


def started(tasks, draws, sources, value, sourced=True):
    """Values on some tasks in every draw, of starts from source seeds in turn."""
    return Values(
        {
            Origin(task, task, 0, draw, ((draw - 1) % sources + 1) * sourced): value(task, draw)
            for task in tasks
            for draw in range(1, draws + 1)
        }
    )


def test_ten_draws_from_five_source_seeds_are_five_units_over_all_tasks():
    random = np.random.default_rng(0)
    table = {(task, draw): random.normal() for task in ("dtd", "eurosat") for draw in range(1, 11)}
    values = started(("dtd", "eurosat"), 10, 5, lambda task, draw: table[task, draw])
    (stratum,) = strata_of(values)
    assert (stratum.name, stratum.tasks, stratum.units) == (TRAINED_STARTS, 2, (1, 2, 3, 4, 5))
    by_hand = [
        mean((table["dtd", draw] + table["eurosat", draw]) / 2 for draw in (source, source + 5))
        for source in range(1, 6)
    ]
    assert stratum.values == pytest.approx(by_hand)
    estimated = stratified(values)
    assert (estimated.p, estimated.freedom, estimated.seeds) == (
        pytest.approx(stats.ttest_1samp(by_hand, 0).pvalue),
        4,
        5,
    )


def test_differences_are_taken_by_draw_also_against_an_untrained_start():
    trained = started(("dtd",), 4, 2, lambda _, draw: 10.0 + draw)
    alone = started(("dtd",), 4, 2, lambda _, draw: 2.0 * draw, sourced=False)
    for gap, sign in ((difference(trained, alone), 1), (difference(alone, trained), -1)):
        (stratum,) = strata_of(gap)
        assert stratum.units == (1, 2)
        assert stratum.values == pytest.approx([sign * mean([9, 7]), sign * mean([8, 6])])


def test_a_source_seed_for_every_draw_leaves_the_draw_as_the_unit():
    (stratum,) = strata_of(started(("dtd", "eurosat"), 3, 3, lambda task, draw: draw))
    assert (stratum.units, stratum.values) == ((1, 2, 3), (1, 2, 3))


def test_without_a_trained_start_a_task_is_a_stratum():
    strata = strata_of(started(("dtd", "eurosat"), 3, 3, lambda task, draw: draw, sourced=False))
    assert [(stratum.name, stratum.tasks, stratum.units) for stratum in strata] == [
        ("dtd", 1, (1, 2, 3)),
        ("eurosat", 1, (1, 2, 3)),
    ]


def test_what_is_pooled_keeps_its_source_seed():
    pooled = started(("dtd", "eurosat"), 4, 2, lambda task, draw: draw).over_tasks()
    assert {origin.seed: origin.start for origin in pooled.by_origin} == {1: 1, 2: 2, 3: 1, 4: 2}
    both = by_draw([pooled, started(("dtd",), 4, 2, lambda *_: 1.0, sourced=False)], sum)
    assert strata_of(both)[0].units == (1, 2)


def test_starts_from_trainings_of_different_seeds_on_one_draw_are_refused():
    five, two = (started(("dtd",), 6, sources, lambda *_: 1.0) for sources in (5, 2))
    with pytest.raises(Missing, match="source seeds 1 and 3"):
        difference(five, two)


def test_the_size_of_a_stratum_is_the_mean_over_its_runs():
    sizes = {1: Size(0.0, 4.0), 2: Size(2.0, 6.0)}
    values = Values({Origin("dtd", "dtd", 0, seed, size=size): 1.0 for seed, size in sizes.items()})
    assert strata_of(values)[0].size == Size(1.0, 5.0)
    unsized = Values({Origin("dtd", "dtd", 0, seed): 0.5 for seed in sizes})
    assert strata_of(difference(values, unsized))[0].size == Size(1.0, 5.0)


@pytest.mark.parametrize("sources", [0, 2])
def test_shares_make_the_mean_of_the_runs(sources):
    """Two tasks, one of them at two shots; a draw that one task lacks is lost where both are one stratum."""
    random = np.random.default_rng(1)
    cells = [("dtd", 1, draw) for draw in (1, 2, 3, 4)] + [("eurosat", s, draw) for s in (1, 2) for draw in (1, 2, 3)]
    values = Values(
        {
            Origin(task, task, shots, draw, (draw - 1) % 2 + 1 if sources else 0): random.normal()
            for task, shots, draw in cells
        }
    )
    shares = shares_of(values)
    assert sum(shares.values()) == pytest.approx(1)
    total = sum(share * values.by_origin[origin] for origin, share in shares.items())
    assert total == pytest.approx(stratified(values).estimate)
