"""The rate of every step."""

import pytest

from reprompt.cells.tuning import Tuned
from reprompt.training.schedule import Schedule, schedule_of

SETTINGS = {"rate": 0.0035, "warmup_rate": 1e-5, "epochs": 5, "steps_per_epoch": None, "batch": 32}
SETTINGS |= {"momentum": 0.9, "weight_decay": 5e-4}


def schedule(**changes) -> Schedule:
    return Schedule(**SETTINGS | changes)


def test_the_schedule_is_the_closed_form_of_the_reference():
    """MaPLe issue 17's log at 5 epochs and 0.0035; protocol check 1."""
    rates = [schedule().rate_in(epoch) for epoch in range(1, 6)]
    assert rates == pytest.approx([1e-5, 0.0035, 0.003166, 0.002291, 0.001209], rel=1e-3)


def test_an_epoch_drops_its_last_partial_batch_and_has_at_least_one_step():
    assert schedule().steps_in_epoch(100) == 3
    assert schedule().steps_in_epoch(5) == 1


def test_steps_per_epoch_can_be_set_and_need_no_whole_passes():
    three = schedule(steps_per_epoch=3, epochs=3)
    assert three.rates(8) == [three.rate_in(epoch) for epoch in (1, 1, 1, 2, 2, 2, 3, 3, 3)]


def test_the_schedule_of_a_run_is_part_of_what_it_is_tuned_by():
    assert schedule_of(Tuned(**SETTINGS, context_length=4, initialisation="random")) == schedule()
