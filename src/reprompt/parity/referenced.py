"""Cases of objectives that hold on to the untouched CLIP: KgCoOp's, PromptSRC's, and the average over epochs."""

import re

import numpy as np
import torch
from torch import Tensor

from reprompt.clip.backbones import Backbone
from reprompt.clip.savings import Savings
from reprompt.clip.text import tokenize
from reprompt.evaluation.measures.measure import TrainingState
from reprompt.gradients import plain
from reprompt.learners.learner import frozen_image_features
from reprompt.learners.output import LearnerOutput
from reprompt.learners.templates import IMAGENET_60, reference_features
from reprompt.objectives import cross_entropy, kgcoop, promptsrc
from reprompt.objectives.batch import Batch, Objective, Reference
from reprompt.parity.case import Case
from reprompt.parity.comparison import CaseComparison
from reprompt.parity.learners import to_ours, to_theirs, tokens_agree
from reprompt.parity.tuning import (
    TunedRun,
    batch_of,
    compare_start,
    gradient_where_used,
    train_and_compare,
)
from reprompt.training.average import GaussianAverage, gaussian_weights


def guided_steps(case: Case, backbone: Backbone, savings: Savings) -> CaseComparison:
    """A learner under KgCoOp's objective, its released code's: KgCoOp's own, and TCP."""
    done, template = CaseComparison(case), case.config["reference_template"]
    done.add_exact(
        "in.reference_token_ids", np.array_equal(_ids(case, template), case.arrays["in.reference_token_ids"])
    )
    batch = _held_batch(done, backbone, (template,), savings)
    settings = kgcoop.Settings(guidance=case.config["weight"], distance="cosine")

    def fresh() -> TunedRun:
        return TunedRun(case, backbone, savings, kgcoop.objective([settings]), plain.gradients)

    run, images = fresh(), case.tensor("images")
    output = run.output(images)
    compare_start(done, output, output.logits[0])
    terms: dict[str, Objective] = {
        "ce": cross_entropy.loss,
        "kg": lambda output, batch: kgcoop.knowledge(output, batch, "cosine"),
    }
    for name, term in terms.items():
        done.add(f"out.loss_{name}", term(output, batch)[0], "loss")
        if case.under(f"grad_{name}."):
            gradients = gradient_where_used(term, run.step_on(images, batch))
            done.add_all(f"grad_{name}", to_theirs(gradients, run.where), "gradient")
    if "out.class_tokens" in case:
        done.add("out.class_tokens", run.method.learner.class_tokens(run.params)[0], "other")
    train_and_compare(done, run, images, batch, _logits)
    if "adam" in case.config:
        train_and_compare(done, fresh().by_adam(), images, batch, _logits, "adam_")
    return done


def self_regulated_steps(case: Case, backbone: Backbone, savings: Savings) -> CaseComparison:
    """IVLP under PromptSRC's objective as its released code has it, and its terms at the start."""
    done, images = CaseComparison(case), case.tensor("images")
    templates = tuple(map(str, case.arrays["in.templates"]))
    done.add_exact("in.templates", templates == IMAGENET_60)
    ids = np.stack([_ids(case, template) for template in templates])
    done.add_exact("in.reference_token_ids", np.array_equal(ids, case.arrays["in.reference_token_ids"]))
    batch = _held_batch(done, backbone, templates, savings)
    done.add("in.reference_image_features", batch.reference.images[0], "other")
    frozen = backbone.scale * batch.reference.images[0] @ batch.reference.classes.T
    done.add("in.reference_logits", frozen, "logits")
    run = TunedRun(case, backbone, savings, promptsrc.objective([_weights(case)]), plain.gradients)
    output = run.output(images)
    compare_start(done, output, output.logits[0])
    text, image = (term(output, batch, "mean")[0] for term in (promptsrc.text_consistency, promptsrc.image_consistency))
    values = {
        "loss_ce": cross_entropy.loss(output, batch)[0],
        "l1_text": text,
        "l1_image": image,
        "loss_text": case.config["text_loss_weight"] * text,
        "loss_image": case.config["image_loss_weight"] * image,
        "loss_logits": promptsrc.logits_consistency(output, batch, "mean", "from_frozen")[0],
    }
    for name, value in values.items():
        done.add(f"out.{name}", value, "loss")
    train_and_compare(done, run, images, batch, _logits)
    return done


def averaged_epochs(case: Case, backbone: Backbone, savings: Savings) -> CaseComparison:
    """PromptSRC's average of given prompts, epoch by epoch, and the weights of other means and deviations."""
    done, config = CaseComparison(case), case.config
    done.add_exact("token_ids", tokens_agree(case))
    run = TunedRun(case, backbone, savings, cross_entropy.loss, plain.gradients)
    average = GaussianAverage([config["epochs"]], config["gpa_mean"], config["gpa_std"])
    snapshots = {name: case.tensor(f"snapshots.{name}") for name in case.under("snapshots.")}
    for epoch in range(config["epochs"]):
        params = to_ours({name: tensor[epoch] for name, tensor in snapshots.items()}, run.where)
        ends = torch.ones(1, dtype=torch.bool)
        average.after_step(TrainingState(torch.arange(1), None, ends, torch.tensor([epoch]), params))
    done.add("out.weights", average.weights[0], "other")
    for name in case.arrays:
        if match := re.fullmatch(r"out\.weights_E(\d+)_mean(\d+)_std(\d+)", name):
            done.add(name, gaussian_weights(*map(int, match.groups())), "other")
    done.add_all("out.average", to_theirs(average.params, run.where), "other")
    run.params = average.params
    done.add("out.logits_average", run.output(case.tensor("images")).logits[0], "other")
    return done


def _weights(case: Case) -> promptsrc.Settings:
    """The settings of PromptSRC's objective in a case: its released code's."""
    weights = {
        name: case.config[f"{name.removesuffix('_weight')}_loss_weight"] for name in ("text_weight", "image_weight")
    }
    return promptsrc.Settings(**weights, reduction="mean", divergence="from_frozen")


def _held_batch(done: CaseComparison, backbone: Backbone, templates: tuple[str, ...], savings: Savings) -> Batch:
    """The batch of a case with what the untouched CLIP makes of it, whose class features are compared."""
    case = done.case
    classes = reference_features(backbone, case.class_names, templates, savings)
    done.add("in.reference_text_features", classes, "other")
    images = frozen_image_features(backbone, case.tensor("images")[None])
    return batch_of(case.tensor("labels"), case.dtype, reference=Reference(classes, images))


def _ids(case: Case, template: str) -> np.ndarray:
    """Token ids (K, 77) of the class names in a template."""
    return tokenize([template.format(name.replace("_", " ")) for name in case.class_names]).numpy()


def _logits(output: LearnerOutput) -> Tensor:
    return output.logits[0]
