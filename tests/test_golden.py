"""Agreement with the authors' published implementations, through the code that the studies run."""

import json

import pytest
import torch
import torch.nn.functional as F

from reprompt.gradients import plain, prograd
from reprompt.gradients.step import Step
from reprompt.initialisation.context import initial_context
from reprompt.learners.templates import class_features
from reprompt.learners.text_context import Learner
from reprompt.objectives import cross_entropy
from reprompt.train import sgd_step


def assert_close(actual, expected, relative):
    """Within `relative` of the largest magnitude expected."""
    assert (actual - expected).abs().max() <= relative * expected.abs().max()


def one_step(learner, params, velocity, images, labels, rule, teacher=None):
    """The loop's step at the golden cases' constant rate: returns logits, loss and gradient before it."""
    runs = torch.arange(1)
    leaves = {"context": params.clone().requires_grad_(True)}
    outcome = learner.forward(leaves, images[None])
    weights = torch.full((1, len(images)), 1 / len(images))
    losses = cross_entropy.loss(outcome, labels[None], weights)
    taught = None if teacher is None else outcome.scale * images[None] @ teacher.T
    gradient = rule(Step(runs, leaves, outcome, losses, weights, taught))["context"]
    sgd_step(params, velocity, gradient, runs, torch.tensor([0.002]), torch.tensor([0.9]), torch.tensor([5e-4]))
    return outcome.logits[0].detach(), losses[0].detach(), gradient[0]


@pytest.mark.parametrize("name", ["coop_n16_shared_end", "coop_phrase_end"])
def test_coop_equals_the_reference_over_five_steps(name, golden_clip, golden_case):
    case = golden_case(name)
    learner = Learner(golden_clip, list(case["class_names"]))
    images = F.normalize(golden_clip.model.visual(case["images"]), dim=-1)
    assert_close(images, case["out.image_features"], 1e-5)
    params, velocity = case["init.ctx"][None].clone(), torch.zeros_like(case["init.ctx"][None])
    losses = []
    for step in range(5):
        logits, loss, gradient = one_step(learner, params, velocity, images, case["labels"], plain.gradients)
        losses.append(loss)
        if step == 0:
            assert_close(logits, case["out.logits"], 1e-5)
            assert_close(gradient, case["grad.ctx"], 5e-5)
            assert_close(params[0], case["step1.ctx"], 1e-5)
    assert_close(torch.stack(losses), case["out.losses"], 1e-4)
    assert_close(params[0], case["step5.ctx"], 1e-4)


@pytest.mark.parametrize("name", ["prograd_n16_lambda1_T2", "prograd_n4_lambda0.8"])
def test_prograd_equals_the_reference_over_six_batches(name, golden_clip, golden_case):
    case = golden_case(name)
    names = list(case["class_names"])
    learner = Learner(golden_clip, names)
    teacher = class_features(golden_clip, names, (str(case["zs_template"]),))
    assert_close(teacher, case["out.zs_text_features"], 1e-5)
    rule = prograd.rule([{"strength": float(case["lambda"]), "temperature": float(case["T"])}])
    params, velocity = case["init.ctx"][None].clone(), torch.zeros_like(case["init.ctx"][None])
    contexts, gradients = [], []
    for images, labels in zip(case["images"], case["labels"], strict=True):
        features = F.normalize(golden_clip.model.visual(images), dim=-1)
        _, _, gradient = one_step(learner, params, velocity, features, labels, rule, teacher)
        gradients.append(gradient)
        contexts.append(params[0].clone())
    assert set(case["step.conflict"].tolist()) == {True, False}, "the case must exercise both branches"
    assert_close(torch.stack(gradients), case["step.g_final"], 1e-4)
    assert_close(torch.stack(contexts), case["step.ctx"], 1e-4)


@pytest.mark.parametrize("name", ["zeroshot_single_OxfordPets", "zeroshot_ensemble_OxfordPets"])
def test_templates_equal_the_reference(name, golden_clip, golden_case):
    case = golden_case(name)
    classes = class_features(golden_clip, list(case["class_names"]), tuple(map(str, case["templates"])))
    images = F.normalize(golden_clip.model.visual(case["images"]), dim=-1)
    assert_close(classes, case["out.text_features"], 1e-5)
    assert_close(golden_clip.scale * images @ classes.T, case["out.logits"], 1e-5)


def test_the_phrase_start_is_the_references(golden_clip, golden_case):
    case = golden_case("coop_phrase_end")
    phrase = json.loads(str(case["config_json"]))["ctx_init"]
    context = initial_context(golden_clip, phrase, 4, torch.Generator())
    assert torch.equal(context, case["init.ctx"])
