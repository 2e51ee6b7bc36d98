"""Cases of tuned prompts: a few SGD steps from given values, through the code that the studies run."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.clip.savings import Savings
from reprompt.clip.text import tokenize
from reprompt.evaluation.evaluate import evaluate
from reprompt.evaluation.images import EvaluationBatch
from reprompt.evaluation.measures.collapse import Cosines
from reprompt.evaluation.metrics import delta_lcd, delta_mid
from reprompt.gradients import plain, prograd
from reprompt.gradients.step import Rule, TrainingStep
from reprompt.learners.learner import Learner, frozen_image_features
from reprompt.learners.output import LearnerOutput
from reprompt.learners.templates import class_features
from reprompt.objectives import cross_entropy, lwf, multitask, npt
from reprompt.objectives.batch import Batch, Objective
from reprompt.parity.case import Case
from reprompt.parity.comparison import CaseComparison, stacked
from reprompt.parity.learners import learner_of_case, tensor_places, to_ours, to_theirs, tokens_agree
from reprompt.training.fixed import Fixed
from reprompt.training.optimisers import SGD, Adam, Optimiser
from reprompt.training.step import TrainingMethod, training_step

STEPS = 5


class TunedRun:
    """One run of a case: its learned tensors, what it minimises by which rule, and the optimiser."""

    def __init__(self, case: Case, backbone: Backbone, savings: Savings, objective: Objective, rule: Rule):
        self.case, self.method = case, TrainingMethod(learner_of_case(case, backbone, savings), objective, rule)
        arrays = case.under("init.")
        self.where = tensor_places(arrays)
        start = {name: case.tensor(f"init.{name}") for name in arrays}
        self.params = {name: tensor.clone() for name, tensor in to_ours(start, self.where).items()}
        self.rate, decay, momentum = (
            torch.tensor([case.config[name]], dtype=case.dtype) for name in ("lr", "weight_decay", "momentum")
        )
        self.optimiser: Optimiser = SGD(self.params, decay, momentum)

    def by_adam(self) -> "TunedRun":
        """The same run, to be stepped by Adam as the case says."""
        said = self.case.config["adam"]
        self.rate, decay, epsilon = (
            torch.tensor([said[name]], dtype=self.case.dtype) for name in ("lr", "weight_decay", "eps")
        )
        self.optimiser = Adam(self.params, decay, epsilon)
        return self

    def output(self, images: Tensor) -> LearnerOutput:
        """Features and logits of images (B, 3, H, W) as they are evaluated."""
        last, learner = LastOutput(), self.method.learner
        evaluate(learner, self.params, [EvaluationBatch(seen(learner, images), torch.arange(len(images)))], [last])
        return last.output

    def step_on(self, images: Tensor, batch: Batch) -> TrainingStep:
        """What the rule sees of images (B, 3, H, W)."""
        return self.method.step_on(self.params, seen(self.method.learner, images), batch)

    def take(self, step: TrainingStep) -> tuple[Tensor, Params]:
        """Take a step at the case's constant rate: the loss (a scalar) and the gradients before it."""
        losses, gradients = training_step(step, self.method.rule, self.optimiser, self.rate)
        return losses[0].detach(), gradients


class LastOutput:
    """A hook that keeps what a learner makes of the last batch."""

    output: LearnerOutput

    def after_batch(self, output: LearnerOutput, batch: EvaluationBatch) -> None:
        """Keep it."""
        self.output = output


def collapse_degrees(output: LearnerOutput, labels: Tensor, text_energy: float, target: float) -> dict[str, Tensor]:
    """NPT's Definitions 2 and 3 of one run, from the cosines that records keep, here in double precision.

    Of records E_W = 1 and sqrt(E_W E_H) = 1; other ones, `text_energy` and `target`, only shift the degrees. Balanced
    by class, Definition 3 is that of one image per class that occurs.
    """
    classes = output.classes.shape[-2]
    hook = Cosines(1, classes)
    with torch.no_grad():
        hook.after_batch(output, EvaluationBatch(output.images, torch.arange(len(labels)), labels))
    (cosines,) = hook.cosines()
    of_images = {"Delta_MID": labels.numpy(), "Delta_MID_class_balanced": np.unique(labels.numpy())}
    degrees = {name: delta_mid(cosines["own_cosines"], targets) + 1 - target for name, targets in of_images.items()}
    degrees["Delta_LCD"] = delta_lcd(cosines["text_cosines"]) + (text_energy - 1) / (classes - 1)
    return {name: torch.tensor(degree, dtype=torch.float64) for name, degree in degrees.items()}


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


def five_steps(case: Case, backbone: Backbone, savings: Savings) -> CaseComparison:
    """Logits, loss and gradients at the start, then values after one and five steps on one batch."""
    images, labels = case.tensor("images"), case.tensor("labels")
    class_mask = "zero" if case.config.get("class_mask") else "none"
    allowed = allowed_classes(case) if class_mask == "zero" else None
    batch = batch_of(labels, case.dtype, allowed=allowed)
    objective = multitask.objective([multitask.Settings(class_mask=class_mask, sampling="image")])
    done, run = CaseComparison(case), TunedRun(case, backbone, savings, objective, plain.gradients)

    def logits(output: LearnerOutput) -> Tensor:
        return (output.logits if allowed is None else multitask.masked(output.logits, allowed, class_mask))[0]

    output = run.output(images)
    compare_start(done, output, logits(output))
    if "out.logits_unmasked" in case:
        done.add("out.logits_unmasked", output.logits[0], "logits")
    train_and_compare(done, run, images, batch, logits)
    return done


def compare_start(done: CaseComparison, output: LearnerOutput, logits: Tensor) -> None:
    """Tokens, features and logits before the first step."""
    done.add_exact("token_ids", tokens_agree(done.case))
    done.add("out.logits", logits, "logits")
    done.add("out.image_features", output.images[0], "other")
    done.add("out.text_features", output.classes[0], "other")


def train_and_compare(
    done: CaseComparison,
    run: TunedRun,
    images: Tensor,
    batch: Batch,
    logits: Callable[[LearnerOutput], Tensor],
    prefix: str = "",
) -> None:
    """Five steps on one batch; whatever the file holds of them, under names with a prefix, is compared."""
    losses = []
    for step in range(1, STEPS + 1):
        loss, gradients = run.take(run.step_on(images, batch))
        losses.append(loss)
        if step == 1:
            done.add("out.loss", loss, "loss")
            done.add_all("grad", to_theirs(gradients, run.where), "gradient")
        if step in (1, STEPS):
            done.add_all(f"{prefix}step{step}", to_theirs(run.params, run.where), f"step {step}")
            if f"out.{prefix}logits_step{step}" in run.case:
                done.add(f"out.{prefix}logits_step{step}", logits(run.output(images)), f"step {step}")
    done.add(f"out.{prefix}losses", stacked(losses), "step 5")


def zero_shot(case: Case, backbone: Backbone, savings: Savings) -> CaseComparison:
    """Class features of one template or of an ensemble."""
    done = CaseComparison(case)
    templates = tuple(map(str, case.arrays["templates"]))
    names = [name.replace("_", " ") for name in case.class_names]
    tokens = np.stack([tokenize([template.format(name) for name in names]).numpy() for template in templates])
    done.add_exact("token_ids", np.array_equal(tokens, case.arrays["token_ids"]))
    classes = class_features(backbone, case.class_names, templates, savings)
    output = Fixed(backbone, classes).forward({}, frozen_image_features(backbone, case.tensor("images")[None]))
    done.add("out.image_features", output.images[0], "other")
    done.add("out.text_features", output.classes[0], "other")
    done.add("out.logits", output.logits[0], "logits")
    done.add("out.loss", cross_entropy.loss(output, batch_of(case.tensor("labels"), case.dtype))[0], "loss")
    return done


def prograd_steps(case: Case, backbone: Backbone, savings: Savings) -> CaseComparison:
    """ProGrad on a batch of its own per step."""
    temperature = float(case.tensor("T"))
    settings = {"lambda": float(case.tensor("lambda")), "temperature": temperature, "teacher": "template"}
    rule = prograd.rule([prograd.Settings(**settings, projection="per_tensor", floor=0.0)], savings=savings)
    done, run = CaseComparison(case), TunedRun(case, backbone, savings, cross_entropy.loss, rule)
    done.add_exact("token_ids", tokens_agree(case))
    teacher = class_features(backbone, case.class_names, (str(case.arrays["zs_template"]),), savings)
    done.add("out.zs_text_features", teacher, "other", spread="zs_text_features")
    by_step: dict[str, list[Tensor]] = {name: [] for name in case.under("step.")}
    for images, labels in zip(case.tensor("images"), case.tensor("labels"), strict=True):
        taught = backbone.scale * frozen_image_features(backbone, images[None]) @ teacher.T
        batch = batch_of(labels, case.dtype, teacher=taught)
        output = run.output(images)
        step = run.step_on(images, batch)
        _, g_task, g_general = prograd.two_gradients(step, temperature, savings)
        loss, aligned = run.take(step)
        g_ce, g_kl, g_final = (to_theirs(g, run.where)["ctx"] for g in (g_task, g_general, aligned))
        dot = (g_ce * g_kl).sum()
        kl = lwf.divergence(output, batch, temperature) + lwf.teacher_entropy(batch, temperature)
        values = {"ce": loss, "kl": kl[0], "g_ce": g_ce, "g_kl": g_kl, "g_final": g_final, "dot": dot}
        values |= {"cos": dot / (g_ce.norm() * g_kl.norm()), "conflict": dot < 0}
        values |= {"ctx": to_theirs(run.params, run.where)["ctx"].clone()}
        values |= {"logits": output.logits[0], "zs_logits": taught[0]}
        for name, tensors in by_step.items():
            tensors.append(values[name])
    groups = {"logits": "logits", "zs_logits": "logits", "ce": "loss", "kl": "loss", "ctx": "step 5"}
    for name, tensors in by_step.items():
        array = f"step.{name}"
        if name == "conflict":
            done.add_exact(array, torch.equal(stacked(tensors), case.tensor(array)))
        else:
            # Logits and losses after the first step are not at the start: their own spread is their measure.
            group = groups.get(name, "gradient")
            done.add(array, stacked(tensors), "other" if group in ("logits", "loss") else group, spread=name)
    done.add_start("step.logits", by_step["logits"][0], "logits")
    done.add_start("step.ce", by_step["ce"][0], "loss")
    return done


def neural_collapse_steps(case: Case, backbone: Backbone, savings: Savings) -> CaseComparison:
    """A learner trained with NPT's whole loss, and its terms at the start."""
    images, labels = case.tensor("images"), case.tensor("labels")
    batch = batch_of(labels, case.dtype)
    text_energy, image_energy = float(case.tensor("E_W")), float(case.tensor("E_H"))
    target = (text_energy * image_energy) ** 0.5
    weights = {"w_language": float(case.tensor("w1")), "w_isomorphism": float(case.tensor("w2"))}
    energies = {"text_energy": text_energy, "image_energy": image_energy}
    objective = npt.objective([npt.Settings(**weights, **energies, reduction="sum")])
    done, run = CaseComparison(case), TunedRun(case, backbone, savings, objective, plain.gradients)
    terms: dict[str, Objective] = {
        "L_CLIP": cross_entropy.loss,
        "L_LC": lambda output, batch: npt.language_collapse(output, batch, "sum", text_energy),
        "L_MI": lambda output, batch: npt.isomorphism(output, batch, "sum", target),
    }
    output = run.output(images)
    compare_start(done, output, output.logits[0])
    degrees = collapse_degrees(output, labels, text_energy, target)
    for name in ("Delta_LCD", "Delta_MID"):
        done.add(f"out.{name}", degrees[name], "other")
    for name, term in terms.items():
        done.add(f"out.{name}", term(output, batch)[0], "loss")
        if case.under(f"grad_{name}."):
            gradients = gradient_where_used(term, run.step_on(images, batch))
            done.add_all(f"grad_{name}", to_theirs(gradients, run.where), "gradient")
    train_and_compare(done, run, images, batch, lambda output: output.logits[0])
    return done


def gradient_where_used(term: Objective, step: TrainingStep) -> Params:
    """The gradient of a term that need not depend on every tensor (L_LC on couplings): zero there."""
    loss = term(step.forward(), step.batch).sum()
    tensors = torch.autograd.grad(loss, list(step.params.values()), materialize_grads=True, allow_unused=True)
    return dict(zip(step.params, tensors, strict=True))
