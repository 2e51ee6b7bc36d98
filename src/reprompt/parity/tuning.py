"""Cases of tuned prompts: a few SGD steps from given values, through the code that the studies run."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.clip.savings import Savings
from reprompt.clip.text import tokenize
from reprompt.gradients import plain, prograd
from reprompt.gradients.step import Rule, Step
from reprompt.learners.learner import Learner, frozen_image_features
from reprompt.learners.outcome import Outcome
from reprompt.learners.templates import class_features
from reprompt.objectives import cross_entropy, lwf, multitask, npt
from reprompt.objectives.batch import Batch, Objective
from reprompt.parity.case import Case
from reprompt.parity.comparison import Comparison, stacked
from reprompt.parity.learners import learner_of, places, to_ours, to_theirs, tokens_agree
from reprompt.training.loop import sgd_step

STEPS = 5


class Tuning:
    """One run of a case: its learner, learned tensors and optimiser."""

    def __init__(self, case: Case, backbone: Backbone, savings: Savings):
        self.case, self.learner = case, learner_of(case, backbone, savings)
        arrays = case.under("init.")
        self.where = places(arrays)
        start = {name: case.tensor(f"init.{name}") for name in arrays}
        self.params = {name: tensor.clone() for name, tensor in to_ours(start, self.where).items()}
        self.velocity = {name: torch.zeros_like(tensor) for name, tensor in self.params.items()}

    def outcome(self, images: Tensor) -> Outcome:
        """Features and logits of images (B, 3, H, W) as the loop gets them."""
        with torch.no_grad():
            return self.learner.forward(self.params, seen(self.learner, images))

    def gradients(self, rule: Rule, objective: Objective, images: Tensor, batch: Batch) -> tuple[Tensor, Params]:
        """Loss (a scalar) and gradients under a rule."""
        losses, gradients = rule(self.step(objective, images, batch))
        return losses[0].detach(), gradients

    def step(self, objective: Objective, images: Tensor, batch: Batch) -> Step:
        """What a rule sees."""
        leaves = {name: tensor.clone().requires_grad_(True) for name, tensor in self.params.items()}
        return Step(leaves, partial(self.learner.forward, leaves, seen(self.learner, images)), objective, batch)

    def sgd(self, gradients: Params) -> None:
        """The loop's step, at the case's constant rate."""
        config, runs = self.case.config, torch.arange(1)
        settings = (torch.tensor([config[name]], dtype=self.case.dtype) for name in ("lr", "momentum", "weight_decay"))
        rate, momentum, decay = settings
        sgd_step(self.params, self.velocity, gradients, runs, rate, momentum, decay)


def seen(learner: Learner, images: Tensor) -> Tensor:
    """Images (B, 3, H, W) as one run's input of a learner."""
    if learner.sees == "pixels":
        return images[None]
    return frozen_image_features(learner.backbone, images[None])


def batch_of(labels: Tensor, dtype: torch.dtype, **more: Tensor) -> Batch:
    """One run's batch, all images counting the same."""
    return Batch(labels[None], torch.full((1, len(labels)), 1 / len(labels), dtype=dtype), torch.arange(1), **more)


def allowed_classes(case: Case) -> Tensor:
    """Which classes belong to each image's own task: (1, B, K)."""
    own = case.tensor("task")
    starts, ends = case.tensor("task_start")[own], case.tensor("task_end")[own]
    classes = torch.arange(len(case.class_names))
    return ((classes >= starts[:, None]) & (classes < ends[:, None]))[None]


def five_steps(case: Case, backbone: Backbone, savings: Savings) -> Comparison:
    """Logits, loss and gradients at the start, then values after one and five steps on one batch."""
    done, run = Comparison(case), Tuning(case, backbone, savings)
    images, labels = case.tensor("images"), case.tensor("labels")
    class_mask = "zero" if case.config.get("class_mask") else "none"
    allowed = allowed_classes(case) if class_mask == "zero" else None
    batch = batch_of(labels, case.dtype, allowed=allowed)
    objective = multitask.objective([multitask.Settings(class_mask=class_mask, sampling="image")])

    def logits(outcome: Outcome) -> Tensor:
        return (outcome.logits if allowed is None else multitask.masked(outcome.logits, allowed, class_mask))[0]

    outcome = run.outcome(images)
    compare_start(done, outcome, logits(outcome))
    if "out.logits_unmasked" in case:
        done.add("out.logits_unmasked", outcome.logits[0], "logits")
    train(done, run, objective, images, batch, logits)
    return done


def compare_start(done: Comparison, outcome: Outcome, logits: Tensor) -> None:
    """Tokens, features and logits before the first step."""
    done.add_exact("token_ids", tokens_agree(done.case))
    done.add("out.logits", logits, "logits")
    done.add("out.image_features", outcome.images[0], "other")
    done.add("out.text_features", outcome.classes[0], "other")


def train(
    done: Comparison,
    run: Tuning,
    objective: Objective,
    images: Tensor,
    batch: Batch,
    logits: Callable[[Outcome], Tensor],
) -> None:
    """Five steps on one batch; whatever the file holds of them is compared."""
    losses = []
    for step in range(1, STEPS + 1):
        loss, gradients = run.gradients(plain.gradients, objective, images, batch)
        losses.append(loss)
        if step == 1:
            done.add("out.loss", loss, "loss")
            done.add_all("grad", to_theirs(gradients, run.where), "gradient")
        run.sgd(gradients)
        if step in (1, STEPS):
            done.add_all(f"step{step}", to_theirs(run.params, run.where), f"step {step}")
            if f"out.logits_step{step}" in run.case:
                done.add(f"out.logits_step{step}", logits(run.outcome(images)), f"step {step}")
    done.add("out.losses", stacked(losses), "step 5")


def zero_shot(case: Case, backbone: Backbone, savings: Savings) -> Comparison:
    """Class features of one template or of an ensemble."""
    done = Comparison(case)
    templates = tuple(map(str, case.arrays["templates"]))
    names = [name.replace("_", " ") for name in case.class_names]
    tokens = np.stack([tokenize([template.format(name) for name in names]).numpy() for template in templates])
    done.add_exact("token_ids", np.array_equal(tokens, case.arrays["token_ids"]))
    classes = class_features(backbone, case.class_names, templates, savings)
    (images,) = frozen_image_features(backbone, case.tensor("images")[None])
    logits = backbone.scale * images @ classes.T
    done.add("out.image_features", images, "other")
    done.add("out.text_features", classes, "other")
    done.add("out.logits", logits, "logits")
    done.add("out.loss", F.cross_entropy(logits, case.tensor("labels")), "loss")
    return done


def prograd_steps(case: Case, backbone: Backbone, savings: Savings) -> Comparison:
    """ProGrad on a batch of its own per step."""
    done, run = Comparison(case), Tuning(case, backbone, savings)
    done.add_exact("token_ids", tokens_agree(case))
    teacher = class_features(backbone, case.class_names, (str(case.arrays["zs_template"]),), savings)
    done.add("out.zs_text_features", teacher, "other", spread="zs_text_features")
    temperature = float(case.tensor("T"))
    settings = {"lambda": float(case.tensor("lambda")), "temperature": temperature, "teacher": "template"}
    rule = prograd.rule([prograd.Settings(**settings, projection="per_tensor")], savings=savings)
    found: dict[str, list[Tensor]] = {name: [] for name in case.under("step.")}
    for images, labels in zip(case.tensor("images"), case.tensor("labels"), strict=True):
        taught = backbone.scale * frozen_image_features(backbone, images[None]) @ teacher.T
        batch = batch_of(labels, case.dtype, teacher=taught)
        outcome = run.outcome(images)
        step = run.step(cross_entropy.loss, images, batch)
        _, g_task, g_general = prograd.two_gradients(step, temperature, savings)
        loss, aligned = run.gradients(rule, cross_entropy.loss, images, batch)
        g_ce, g_kl, g_final = (to_theirs(g, run.where)["ctx"] for g in (g_task, g_general, aligned))
        dot = (g_ce * g_kl).sum()
        kl = lwf.divergence(outcome, batch, temperature) + lwf.teacher_entropy(batch, temperature)
        run.sgd(aligned)
        values = {"ce": loss, "kl": kl[0], "g_ce": g_ce, "g_kl": g_kl, "g_final": g_final, "dot": dot}
        values |= {"cos": dot / (g_ce.norm() * g_kl.norm()), "conflict": dot < 0}
        values |= {"ctx": to_theirs(run.params, run.where)["ctx"].clone()}
        values |= {"logits": outcome.logits[0], "zs_logits": taught[0]}
        for name, tensors in found.items():
            tensors.append(values[name])
    groups = {"logits": "logits", "zs_logits": "logits", "ce": "loss", "kl": "loss", "ctx": "step 5"}
    for name, tensors in found.items():
        array = f"step.{name}"
        if name == "conflict":
            done.add_exact(array, torch.equal(stacked(tensors), case.tensor(array)))
        else:
            # Logits and losses after the first step are not at the start: their own spread is their measure.
            group = groups.get(name, "gradient")
            done.add(array, stacked(tensors), "other" if group in ("logits", "loss") else group, spread=name)
    done.add_start("step.logits", found["logits"][0], "logits")
    done.add_start("step.ce", found["ce"][0], "loss")
    return done


def neural_collapse_steps(case: Case, backbone: Backbone, savings: Savings) -> Comparison:
    """A learner trained with NPT's whole loss, and its terms at the start."""
    done, run = Comparison(case), Tuning(case, backbone, savings)
    images, labels = case.tensor("images"), case.tensor("labels")
    batch = batch_of(labels, case.dtype)
    text_energy, image_energy = float(case.tensor("E_W")), float(case.tensor("E_H"))
    target = (text_energy * image_energy) ** 0.5
    weights = {"w_language": float(case.tensor("w1")), "w_isomorphism": float(case.tensor("w2"))}
    energies = {"text_energy": text_energy, "image_energy": image_energy}
    objective = npt.objective([npt.Settings(**weights, **energies, reduction="sum")])
    terms: dict[str, Objective] = {
        "L_CLIP": cross_entropy.loss,
        "L_LC": lambda outcome, batch: npt.language_collapse(outcome, batch, "sum", text_energy),
        "L_MI": lambda outcome, batch: npt.isomorphism(outcome, batch, "sum", target),
    }
    outcome = run.outcome(images)
    compare_start(done, outcome, outcome.logits[0])
    done.add("out.Delta_LCD", npt.language_collapse_degree(outcome.classes, text_energy).mean(), "other")
    done.add("out.Delta_MID", npt.isomorphism_degree(outcome, labels[None], target)[0], "other")
    for name, term in terms.items():
        done.add(f"out.{name}", term(outcome, batch)[0], "loss")
        if case.under(f"grad_{name}."):
            done.add_all(
                f"grad_{name}", to_theirs(_gradient_where_used(run, term, images, batch), run.where), "gradient"
            )
    train(done, run, objective, images, batch, lambda outcome: outcome.logits[0])
    return done


def _gradient_where_used(run: Tuning, term: Objective, images: Tensor, batch: Batch) -> Params:
    """The gradient of a term that need not depend on every tensor (L_LC on couplings): zero there."""
    step = run.step(term, images, batch)
    loss = step.objective(step.forward(), batch).sum()
    tensors = torch.autograd.grad(loss, list(step.params.values()), materialize_grads=True, allow_unused=True)
    return dict(zip(step.params, tensors, strict=True))
