"""Any subset of the experiments is a valid parameter file."""

import pytest
import yaml
from subsets import RAW, needed_by, only

from project import PROJECT
from reprompt.cells.tuning import ParameterError
from reprompt.planning.parameters import parse_parameters
from reprompt.planning.plan import make_plan
from reprompt.workflow import order


@pytest.mark.parametrize("experiment", RAW["experiments"])
def test_an_experiment_is_planned_alone_with_those_whose_prompts_it_takes(experiment):
    plan = make_plan(parse_parameters(only(needed_by(experiment)), "smoke"))
    assert {job.experiment for job in plan.jobs} == needed_by(experiment)
    assert all(job.spec for job in plan.every_job)
    assert all(map(plan.split_spec, plan.labelled_tasks)) and (not plan.has_corpus or plan.corpus_spec())
    assert all(output.jobs or output.name == "prograd_figure3" for output in plan.outputs.values())
    steps = {output.step for output in order.wanted(plan)}
    assert steps == {f"{output.kind}/{output.name}" for output in plan.outputs.values()} | {
        f"corpus_figure/{figure.name}" for figure in plan.corpus_figures
    }


def test_the_corpus_is_there_where_something_reads_it():
    plans = {
        name: make_plan(parse_parameters(only(needed_by(name)), "smoke"))
        for name in ("few_shot", "gram", "gram_supervised", "gram_settings_alone")
    }
    assert {name: plan.has_corpus for name, plan in plans.items()} == {
        "few_shot": False,
        "gram": True,
        "gram_supervised": False,
        "gram_settings_alone": True,
    }
    assert {name: plan.labelled_tasks for name, plan in plans.items()} == {
        "few_shot": ("imagenet", "dtd", "eurosat"),
        "gram": (),
        "gram_supervised": ("webvision",),
        "gram_settings_alone": (),
    }


def test_halves_of_one_class_are_refused():
    raw = yaml.safe_load((PROJECT / "params.yaml").read_text())
    raw["scales"]["smoke"]["experiments"]["base_to_new"]["tasks"] = ["dtd", "hateful_memes"]
    with pytest.raises(ParameterError, match=r"experiments.base_to_new.tasks: hateful_memes: 2 classes; .* 4 or more"):
        parse_parameters(raw, "smoke")
    raw["scales"]["smoke"]["experiments"]["base_to_new"]["tasks"] = ["dtd", "eurosat"]
    raw["scales"]["smoke"]["experiments"]["gram_settings_alone"]["protocol"] = "base_to_new"
    with pytest.raises(ParameterError, match=r"gram_settings_alone.tasks: topics_1: 2 classes"):
        parse_parameters(raw, "smoke")
