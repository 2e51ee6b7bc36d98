"""The benchmark of conditioning: what it disturbs, what it trains twice, and that it tells a rule of noise."""

import json

import numpy as np
import pytest
import torch

from project import PROJECT
from reprompt.benchmarks.conditioning import bench_conditioning, run
from reprompt.benchmarks.conditioning.compare import Changed, changed, trained_twice
from reprompt.benchmarks.conditioning.disturbance import Disturbance
from reprompt.benchmarks.conditioning.fleets import RUNS, fleets_in
from reprompt.benchmarks.conditioning.run import Conditioning
from reprompt.cells.result import Result
from reprompt.gradients import plain
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import make_plan
from reprompt.records.prompts import Prompts
from reprompt.training.given import Given

PLAN = make_plan(load_parameters(PROJECT / "params.yaml", "smoke"))
NAMES = ["cat", "dog of some kind", "tree", "old car"]
LAST_BIT, LARGE = Disturbance(1e-7, seed=1), Disturbance(1e-3, seed=1)


def test_without_a_disturbance_nothing_changes(cells, tasks, tiny):
    twice = trained_twice(cells, tasks, tiny, Disturbance(0.0, seed=1))
    assert twice == Changed(runs=2, predictions=2 * 360, changed=0, largest_change=0.0, largest_printed=0.0)
    assert twice.percent == 0.0


def last_bits(gradient):
    """A direction that is in no digit but the last: the sign of every number is that of its last bit."""
    odd = gradient.contiguous().view(torch.int32) & 1
    return gradient.abs().mean() * (1 - 2 * odd)


def test_a_rule_whose_direction_is_rounding_shows_and_the_plain_one_does_not(cells, tasks, tiny, monkeypatch):
    of_plain, rule = trained_twice(cells, tasks, tiny, LAST_BIT), plain.rule

    def of_noise(settings, handed_over=()):
        def gradients(step):
            losses, found = rule(settings, handed_over)(step)
            return losses, {name: last_bits(gradient) for name, gradient in found.items()}

        return gradients

    monkeypatch.setattr(plain, "rule", of_noise)
    of_noise_alone = trained_twice(cells, tasks, tiny, LAST_BIT)
    assert of_plain.percent < 0.5
    assert of_noise_alone.percent > 5
    assert of_noise_alone.largest_change > 1


def test_changes_are_counted_over_all_runs_and_the_largest_is_of_one(cells, tasks):
    splits = {"imagenet": tasks["imagenet"].split}
    test, targets = cells[0].tests[0], splits["imagenet"].test_targets("all")
    wrong = np.where(np.arange(360) < 9, (targets + 1) % 4, targets)
    one, right = [{test: Result(targets)}, {test: Result(wrong)}], [{test: Result(targets)}] * 2
    assert changed(cells, splits, one, right) == Changed(2, 720, 9, 2.5, 1.25)  # printed is the mean of both runs
    assert changed(cells, splits, one, one[::-1]) == Changed(2, 720, 18, 2.5, 0.0)  # one gains what the other loses


def relative(one, other):
    """How far two tensors are apart, relative to the first where that is not zero."""
    there = one != 0
    return ((other - one)[there] / one[there]).std().item()


def test_weights_features_pixels_and_prompts_are_disturbed_by_its_size(tasks, tiny):
    weights, disturbed = tiny.model.state_dict(), LARGE.of_backbone(tiny)
    for name, tensor in disturbed.model.state_dict().items():
        if tensor.is_floating_point() and tensor.numel() > 500 and weights[name].any():
            assert relative(weights[name], tensor) == pytest.approx(1e-3, rel=0.2), name
    assert disturbed.scale != tiny.scale
    assert (disturbed.weights_sha256, disturbed.image_size) == (tiny.weights_sha256, tiny.image_size)
    pictures = torch.randint(256, (2, 40, 40, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    assert relative(tiny.normalise(pictures), disturbed.normalise(pictures)) == pytest.approx(1e-3, rel=0.1)
    features, of_disturbed = (of["imagenet"].features for of in (tasks, LARGE.of_tasks(tasks)))
    for name in ("plain", "views", "test"):
        assert relative(*(getattr(of, name) for of in (features, of_disturbed))) == pytest.approx(1e-3, rel=0.1)
    prompt = torch.randn(4, 250, generator=torch.Generator().manual_seed(0))
    kept = LARGE.of_given(Given({"gram": Prompts({("gram", 0, 1.0, 1, ""): {"context": prompt}})}))
    ((prompts,),) = (of.of_cells.values() for of in kept.prompts.values())
    assert relative(prompt, prompts["context"]) == pytest.approx(1e-3, rel=0.1)


def test_one_seed_is_one_disturbance_and_another_is_another():
    one, same, other = (Disturbance(1e-3, seed).factors((50,), "weights", "a") for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert not torch.equal(one, LARGE.factors((50,), "weights", "b"))


def test_every_recipe_that_learns_is_trained_under_every_protocol_that_trains_it():
    fleets = fleets_in(PLAN)
    as_planned = [(fleet.cells[0].recipe, fleet.cells[0].protocol) for fleet in fleets if not fleet.variant]
    learned = {(cell.recipe, cell.protocol) for cell in PLAN.cells if cell.method.learned and not cell.prompts_of}
    assert len(as_planned) == len(set(as_planned))
    assert set(as_planned) == learned
    assert all(1 <= len(fleet.cells) <= RUNS for fleet in fleets)


def test_prograd_stands_with_its_floor_and_as_the_bare_rule():
    fleets = [f for f in fleets_in(PLAN) if (f.cells[0].recipe, f.cells[0].protocol) == ("coop+prograd", "base_to_new")]
    floors = [[cell.settings_of("gradient").floor for cell in fleet.cells] for fleet in fleets]
    assert [fleet.variant for fleet in fleets] == ["", "floor 0"]
    assert set(floors[0]) == {1e-5} and set(floors[1]) == {0}
    assert [(c.seed, c.shots) for c in fleets[0].cells] == [(c.seed, c.shots) for c in fleets[1].cells]


def test_every_fleet_is_a_row_of_the_table_and_of_the_file(monkeypatch, tmp_path, capsys):
    def measured(fleet, plan, disturbance):
        first = fleet.cells[0]
        of_fleet = Changed(len(fleet.cells), 2000, 3, 0.5, 0.2)
        return Conditioning(first.recipe, fleet.variant, first.protocol, first.experiment, first.task, of_fleet)

    monkeypatch.setattr(run, "conditioning_of", measured)
    bench_conditioning(PLAN, tmp_path / "conditioning.json")
    written, shown = json.loads((tmp_path / "conditioning.json").read_text()), capsys.readouterr().out
    assert len(written["rows"]) == len(fleets_in(PLAN))
    assert {row["percent"] for row in written["rows"]} == {0.15}
    assert written["disturbance"] == {"size": 1e-7, "seed": 1}
    assert "coop+prograd floor 0" in shown and "0.15" in shown
