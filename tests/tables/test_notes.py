"""Notes under tables that depend on the records."""

import re
from dataclasses import replace

import pytest

from reprompt.tables.notes import Chosen
from reprompt.tables.npt import npt_table2
from reprompt.tables.prograd import prograd_table1, prograd_table2, prograd_table3, prograd_table5


def said(table, records, about) -> list[str]:
    return [note for note in table(records).notes if about in note]


def mean(records, experiment, recipe, shots, over=""):
    chosen = records[
        (records["experiment"] == experiment)
        & (records["recipe"] == recipe)
        & (records["shots"] == shots)
        & (records["swept"] == over)
    ]
    return chosen["value"].mean()


@pytest.mark.parametrize(
    ("table", "experiment", "recipe", "usual"),
    [
        (prograd_table1, "few_shot", "prograd", ""),
        (prograd_table5, "few_shot_lwf", "lwf", '{"distillation":1.0}'),
    ],
)
def test_the_gain_from_the_task_s_template_stands_beside_that_from_a_random_start(
    records, table, experiment, recipe, usual
):
    (note,) = said(table, records, "right-aligned in its 16 tokens")
    template = '{"initialisation":"template"}'
    for shots, words in ((1, "1 shot"), (2, "2 shots")):
        there, here = map(float, re.search(rf"{words}: (\S+) ± \S+, and (\S+) ±", note.replace("−", "-")).groups())
        of_template = [mean(records, "few_shot_template_start", name, shots, template) for name in (recipe, "coop")]
        assert there == pytest.approx(of_template[0] - of_template[1], abs=0.06)
        expected = mean(records, experiment, recipe, shots, usual) - mean(records, "few_shot", "coop", shots)
        assert here == pytest.approx(expected, abs=0.06)
    assert "on 11 tasks" in note


def test_a_start_that_was_run_on_some_tasks_is_compared_on_these_and_cuts_no_cell(records):
    few = records[(records["experiment"] != "few_shot_template_start") | records["task"].isin(["dtd", "eurosat"])]
    (note,) = said(prograd_table1, few, "right-aligned in its 16 tokens")
    assert "on 2 tasks" in note
    assert "11 of 11 tasks" in prograd_table1(few).title


def test_a_start_that_was_not_run_is_said_to_be_missing(records):
    without = records[records["experiment"] != "few_shot_template_start"]
    (note,) = said(prograd_table1, without, "right-aligned in its 16 tokens")
    assert note.endswith("1 shot: not run; 2 shots: not run.")


@pytest.mark.parametrize(
    ("templates", "words"), [("coop", "CoOp's"), ("prograd", "those of ProGrad's released trainers")]
)
def test_a_table_says_where_a_switch_stands(records, templates, words):
    of_prograd = records["recipe"] == "prograd"
    records = records.assign(
        settings=[
            given | ({"templates": templates, "floor": 1e-5} if own else {})
            for given, own in zip(records["settings"], of_prograd, strict=True)
        ]
    )
    (note,) = said(prograd_table1, records, "that teach ProGrad")
    assert words in note
    (note,) = said(prograd_table3, records, "has no direction")
    assert "at most 1e-05 of" in note


def test_a_switch_that_no_run_has_is_no_note(records):
    assert not said(prograd_table1, records, "`templates`")
    assert not said(npt_table2, records, "Layers that MaPLe prompts")


def test_several_values_of_a_switch_are_all_said(records):
    table = replace(prograd_table1, notes=(Chosen("epochs", "prograd", "{chosen} epochs"),))
    longer = records.assign(
        settings=[
            given | {"epochs": 99} if shots == 16 else given
            for given, shots in zip(records["settings"], records["shots"], strict=True)
        ]
    )
    few = records["settings"].iloc[0]["epochs"]
    assert table(longer).notes[0] == f"{few}, 99 epochs"


def test_the_probe_s_classes_on_imagenets_shifts_and_its_validation_images_are_said(records):
    (note,) = said(prograd_table2, records, "-A and -R")
    assert "200 classes" in note and "no other validation set" in note


def test_how_h_is_averaged_is_said_where_it_is_of_every_data_set(records):
    assert said(prograd_table3, records, "over seeds first")


@pytest.mark.parametrize("table", [prograd_table1, prograd_table3])
def test_a_table_says_that_its_prompts_are_tuned_on_fixed_views(records, table):
    def tuned_by(augmentation: str) -> list[str]:
        tuned = [given | {"augmentation": augmentation} for given in records["settings"]]
        return said(table, records.assign(settings=tuned), "fixed augmented views")

    assert len(tuned_by("views")) == 1
    assert tuned_by("fresh") == tuned_by("none") == said(table, records, "fixed augmented views") == []
