"""Rates are found from measurements, and are those that the measurements were made from."""

import pytest
import torch

from reprompt.workflow.estimate.calibrate import (
    FITTED,
    Measurement,
    calibrate,
    fitted,
    seconds_per_cropped_pixel,
    seconds_per_photograph,
)
from reprompt.workflow.estimate.rates import REFERENCE, reference
from reprompt.workflow.estimate.work import KINDS, Work, shared

TRUE = {"operations": 1e-11, "batched": 3e-11, "moved": 8e-10, "launches": 1e-5}


def measured(work, off=1.0):
    return Measurement("", work, off * sum(TRUE[kind] * getattr(work, kind) for kind in FITTED))


WORKS = [
    Work(operations=2e9),
    Work(operations=1e8, moved=1e7, batched=4e6, launches=600),
    Work(operations=1e9, moved=5e7, batched=1e6, launches=800),
    Work(operations=3e8, moved=6e7, batched=9e7, launches=600),
    Work(operations=1e9, moved=9e6, launches=8000),
    Work(operations=2e8, moved=3e6, launches=2400),
    Work(launches=100),
]


def test_rates_that_made_the_measurements_are_found_again():
    assert fitted([measured(work) for work in WORKS]) == pytest.approx(TRUE, rel=1e-6)


def test_no_rate_is_negative_whatever_the_noise():
    noisy = [measured(work, off) for work, off in zip(WORKS, [1.5, 0.6, 1.4, 0.7, 1.3, 0.8, 1.0], strict=True)]
    assert min(fitted(noisy).values()) >= 0


def test_seconds_are_work_times_rates():
    rates = REFERENCE["cpu"]
    assert rates.seconds(Work(operations=1e11) * 2) == pytest.approx(2e11 * rates.operations)


def test_work_adds_up_and_repeats():
    work = Work(*range(1, len(KINDS) + 1))
    assert work + work == 2 * work == work * 2


def test_a_part_of_the_runs_launches_as_many_kernels():
    half = shared(Work(operations=8, moved=4, launches=3), 0.5)
    assert half == Work(operations=4, moved=2, launches=3)


def test_an_unknown_device_is_named():
    with pytest.raises(ValueError, match="tpu: there is cpu and cuda"):
        reference("tpu")


def test_a_gpu_that_nobody_measured_says_so():
    assert "not measured" in reference("cuda").about


def test_pictures_take_time():
    assert 0 < seconds_per_cropped_pixel() < 1e-5
    assert 1e-4 < seconds_per_photograph() < 1


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_cannot_be_calibrated():
    with pytest.raises(ValueError, match="finds no GPU here"):
        calibrate("cuda", "float32")


def test_calibration_on_this_machine_explains_its_own_measurements(monkeypatch):
    lines = []
    monkeypatch.setattr("reprompt.workflow.estimate.calibrate.ROUNDS", 1)
    rates = calibrate("cpu", "float32", lines.append)
    assert rates.operations > 0 and rates.launches > 0
    assert "float32" in rates.about and len(lines) > 10
