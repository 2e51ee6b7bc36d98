"""`reprompt bench ...`: every command hands what it was asked to its measurement."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from project import PROJECT
from reprompt.benchmarks import carry, conditioning, fleets, meta, steps, topics, views
from reprompt.cli import app
from reprompt.workflow.estimate import feeding
from reprompt.workflow.estimate.rates import reference

FILE = ("--params", str(PROJECT / "params.yaml"), "--scale", "smoke")


def asked(monkeypatch: pytest.MonkeyPatch, module: object, name: str, *command: str) -> tuple[tuple, dict]:
    """With what a command calls a function of a module."""
    calls = []
    monkeypatch.setattr(module, name, lambda *arguments, **named: calls.append((arguments, named)))
    done = CliRunner().invoke(app, ["bench", *command])
    assert done.exit_code == 0, done.output
    (call,) = calls
    return call


def test_steps_and_meta_are_measured_on_the_architecture_asked_for(monkeypatch) -> None:
    options = ("--backbone", "RN50", "--device", "cuda", "--precision", "bfloat16", "--out", "a.json")
    got = asked(monkeypatch, steps, "bench_steps", "steps", *options)
    assert got == (("RN50", "cuda", "bfloat16"), {"json_out": Path("a.json")})
    got = asked(monkeypatch, meta, "bench_meta", "meta", *options)
    assert got == (("RN50", "cuda", "bfloat16", meta.Size(), Path("a.json")), {})


def test_fleets_and_topics_are_measured_by_the_parameters(monkeypatch) -> None:
    (plan,), _ = asked(monkeypatch, fleets, "bench", "fleets", *FILE)
    assert plan.scale == "smoke"
    (settings, chunk), named = asked(monkeypatch, topics, "bench_topics", "topics", *FILE)
    assert (settings, chunk) == (plan.parameters.gram.clustering.topics, plan.parameters.gram.clustering.chunk)
    assert named == {"json_out": None}


def test_views_are_measured_by_the_plan(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # it makes images, under the lock of the folder
    (plan,), named = asked(monkeypatch, views, "bench_views", "views", *FILE, "--out", "a.json")
    assert plan.scale == "smoke"
    assert named == {"json_out": Path("a.json")}


def test_conditioning_is_of_the_plan(monkeypatch) -> None:
    (plan,), named = asked(monkeypatch, conditioning, "bench_conditioning", "conditioning", *FILE, "--out", "a.json")
    assert (plan.scale, named) == ("smoke", {"json_out": Path("a.json")})


def test_carry_is_of_the_plan_and_each_of_its_processes_too(monkeypatch, tmp_path: Path) -> None:
    (plan, *rest), _ = asked(monkeypatch, carry, "bench_carry", "carry", *FILE, "--recipe", "coop", "--out", "a.json")
    assert (plan.scale, rest) == ("smoke", [["coop"], Path("a.json"), PROJECT / "params.yaml"])
    of = asked(monkeypatch, carry, "train_fleets", "carry-of", "two threads", *FILE, "--out", str(tmp_path))
    (plan, *rest), _ = of
    assert (plan.scale, rest[:3]) == ("smoke", ["two threads", (), tmp_path])


def test_input_is_set_beside_what_the_plan_at_scale_paper_needs(monkeypatch) -> None:
    (plan, rates, out), named = asked(monkeypatch, feeding, "bench_input", "input", *FILE[:2], "--device", "cuda")
    assert (plan.scale, rates, out, named) == ("paper", reference("cuda"), None, {})
