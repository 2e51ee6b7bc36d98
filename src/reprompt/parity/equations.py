"""Cases computed in double precision from the papers' equations: NPT's losses, GRAM's meta-gradients, its TF-IDF."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.clip.savings import Savings
from reprompt.corpus.topic_words import topic_words
from reprompt.gradients import gram
from reprompt.gradients.gram import MODALITY, DirectionRegulator, Regulator, Regulators, regulator_tensors
from reprompt.learners.output import LearnerOutput
from reprompt.objectives import cross_entropy, npt
from reprompt.parity.case import Case
from reprompt.parity.comparison import CaseComparison
from reprompt.parity.learners import TensorPlace, learner_of_case, tensor_places, to_ours, to_theirs, tokens_agree
from reprompt.parity.tuning import batch_of, collapse_degrees, seen
from reprompt.training.meta.bilevel import Loss, Outer, adapt, outer_gradient, outer_optimiser, widths
from reprompt.training.schedule import Schedule
from reprompt.training.step import TrainingMethod

PHI = {"gamma_weight": "W_gamma", "gamma_bias": "b_gamma", "beta_weight": "W_beta", "beta_bias": "b_beta"}
SHORT = {"text": "txt", "visual": "vis"}


def features_alone(case: Case, backbone: Backbone, savings: Savings) -> CaseComparison:
    """NPT's terms and their derivatives with the features as free variables."""
    done = CaseComparison(case)
    images, classes = (case.tensor(name).requires_grad_(True) for name in ("image_features", "text_features"))
    labels, scale = case.tensor("labels"), case.tensor("logit_scale_exp")
    output = LearnerOutput(images[None], classes[None], scale)
    batch = batch_of(labels, case.dtype)
    for prefix in sorted({name.split(".")[0] for name in case.arrays if name.endswith(".E_W")}):
        text_energy, image_energy = (float(case.tensor(f"{prefix}.{name}")) for name in ("E_W", "E_H"))
        target = (text_energy * image_energy) ** 0.5
        settings = {"w_language": float(case.tensor("w1")), "w_isomorphism": float(case.tensor("w2"))}
        settings |= {"text_energy": text_energy, "image_energy": image_energy, "reduction": "sum"}
        values = {
            "L_CLIP": cross_entropy.loss(output, batch)[0],
            "L_LC": npt.language_collapse(output, batch, "sum", text_energy)[0],
            "L_MI": npt.isomorphism(output, batch, "sum", target)[0],
            "L_total": npt.objective([npt.Settings(**settings)])(output, batch)[0],
        }
        for name, value in values.items():
            done.add(f"{prefix}.{name}", value, "loss")
        for name, value in collapse_degrees(output, labels, text_energy, target).items():
            done.add(f"{prefix}.{name}", value, "other")
        for side, features in (("text", classes), ("image", images)):
            for term in case.under(f"{prefix}.grad_{side}."):
                (gradient,) = torch.autograd.grad(values[term], features, retain_graph=True)
                done.add(f"{prefix}.grad_{side}.{term}", gradient, "gradient")
    return done


def meta_step(case: Case, backbone: Backbone, savings: Savings) -> CaseComparison:
    """GRAM and UNIGRAM: inner step, meta-loss, first- and second-order meta-gradients, and the outer step."""
    done = CaseComparison(case)
    done.add_exact("token_ids", tokens_agree(case))
    arrays = case.under("init.")
    where = tensor_places(arrays)
    prompts = to_ours({name: case.tensor(f"init.{name}") for name in arrays}, where)
    regulators = _regulators(case, prompts)
    count = len({name.split(".")[0] for name in case.arrays if name.startswith("task")})
    meta_tasks = [MetaTask(case, backbone, savings, f"task{t}") for t in range(count)]
    tasks = [(task.loss("support"), task.loss("query")) for task in meta_tasks]

    for meta_task, (support, query) in zip(meta_tasks, tasks, strict=True):
        task = meta_task.name
        leaves = {name: tensor.clone().requires_grad_(True) for name, tensor in prompts.items()}
        adapted, gradient, support_loss = adapt(leaves, regulators, support, float(case.tensor("alpha")), True)
        done.add_all(f"{task}.g", to_theirs(gradient, where), "gradient")
        scales = {name: regulators[MODALITY[name]].scale(g) for name, g in gradient.items()}
        shifts = {name: regulators[MODALITY[name]].shift(g) for name, g in gradient.items()}
        done.add_all(f"{task}.gamma", to_theirs(scales, where), "other")
        done.add_all(f"{task}.beta", to_theirs(shifts, where), "other")
        done.add_all(f"{task}.ghat", to_theirs(meta_task.regulated(prompts, regulators), where), "gradient")
        of_directions = {name: _by_direction(regulators[MODALITY[name]], g) for name, g in gradient.items()}
        done.add_all(f"{task}.ghat", to_theirs(of_directions, where), "gradient")
        done.add_all(f"{task}.theta_adapted", to_theirs(adapted, where), "step 1")
        done.add(f"{task}.support_loss", support_loss[0], "loss")
        done.add(f"{task}.query_loss", query(adapted)[0], "loss")
        done.add(f"{task}.query_loss_before", query(leaves)[0], "loss")
        alone = OuterStep(case, prompts, regulators, [(support, query)])
        done.add_all(f"{task}.meta_grad", alone.gradients(where), "gradient")

    together = OuterStep(case, prompts, regulators, tasks)
    done.add("out.meta_loss", together.loss, "loss")
    done.add_all("meta_grad", together.gradients(where), "gradient")
    done.add_all("after", together.taken(where), "step 1")
    first_order = OuterStep(case, prompts, regulators, tasks, first_order=True)
    done.add_all("meta_grad_first_order", first_order.gradients(where), "gradient")
    return done


class OuterStep:
    """An outer step of meta-training on some tasks, which share the start, by plain SGD and with nothing clipped."""

    def __init__(
        self,
        case: Case,
        prompts: Params,
        regulators: Regulators,
        tasks: Sequence[tuple[Loss, Loss]],
        first_order: bool = False,
    ):
        schedule = Schedule(
            rate=float(case.tensor("lambda1")),
            warmup_rate=0,
            epochs=1,
            steps_per_epoch=1,
            batch=len(tasks),
            momentum=0,
            weight_decay=0,
        )
        alpha, regulator_rate = (float(case.tensor(name)) for name in ("alpha", "lambda2"))
        outer = Outer(schedule, alpha, first_order, math.inf, adam=False, regulator_rate=regulator_rate)
        self.theta = {name: tensor[0].clone().requires_grad_(True) for name, tensor in prompts.items()}
        self.phi = {name: tensor.clone().requires_grad_(True) for name, tensor in regulator_tensors(regulators).items()}
        self.optimiser = outer_optimiser(self.theta, self.phi, outer)
        support, query = (_side_by_side(losses) for losses in zip(*tasks, strict=True))
        self.loss = outer_gradient(self.theta, self.phi, support, query, outer)

    def gradients(self, where: dict[str, TensorPlace]) -> dict[str, Tensor]:
        """The gradients of the summed query loss by the file's names."""
        return _by_their_names({name: leaf.grad for name, leaf in {**self.theta, **self.phi}.items()}, where)

    def taken(self, where: dict[str, TensorPlace]) -> dict[str, Tensor]:
        """Prompts and regulators after the step by the file's names."""
        self.optimiser.step()
        return _by_their_names({**self.theta, **self.phi}, where)


def _side_by_side(losses: Sequence[Loss]) -> Loss:
    """The losses of several tasks as one of prompts with as many runs."""

    def loss(prompts: Params) -> Tensor:
        runs = ({name: tensor[run : run + 1] for name, tensor in prompts.items()} for run in range(len(losses)))
        return torch.cat([of_task(prompt) for of_task, prompt in zip(losses, runs, strict=True)])

    return loss


def _by_direction(regulator: Regulator, gradient: Tensor) -> Tensor:
    """Equation 6 of gradients (..., D) by the regulator of directions, which the studies use: R(g) = l R_phi(g / l).

    Every row, a run by itself, has phi with matrices l times as large, so that gamma and beta are those of the row.
    What comes out is then gamma g + l beta.
    """
    rows = gradient.flatten(0, -2)
    lengths = rows.square().mean(dim=-1).sqrt()[:, None, None]
    weights = (lengths * weight for weight in (regulator.gamma_weight, regulator.beta_weight))
    biases = (bias.expand_as(rows) for bias in (regulator.gamma_bias, regulator.beta_bias))
    gamma_weight, beta_weight, gamma_bias, beta_bias = *weights, *biases
    of_runs = DirectionRegulator(gamma_weight, gamma_bias, beta_weight, beta_bias)
    return (of_runs(rows[:, None]) + (1 - lengths) * regulator.shift(rows)[:, None]).view_as(gradient)


def _regulators(case: Case, prompts: Params) -> Regulators:
    return {
        modality: Regulator(**{ours: case.tensor(f"phi.{SHORT[modality]}_{theirs}") for ours, theirs in PHI.items()})
        for modality in sorted(widths(prompts))
    }


def _by_their_names(tensors: Params, where: dict[str, TensorPlace]) -> dict[str, Tensor]:
    """Prompts (...), and regulators under dotted names, by the file's names."""
    prompts = {name: tensor[None] for name, tensor in tensors.items() if "." not in name}
    dotted = ((*name.split("."), tensor) for name, tensor in tensors.items() if "." in name)
    regulators = {f"phi.{SHORT[modality]}_{PHI[name]}": tensor for modality, name, tensor in dotted}
    return to_theirs(prompts, where) | regulators


class MetaTask:
    """A task of a case: a learner among its classes, and its support and query set."""

    def __init__(self, case: Case, backbone: Backbone, savings: Savings, name: str):
        names = [case.class_names[k] for k in case.arrays[f"{name}.classes"]]
        self.learner, self.name = learner_of_case(case, backbone, savings, names), name
        parts = ("support", "query")
        self.images = {part: seen(self.learner, case.tensor(f"{name}.{part}_images")) for part in parts}
        self.batches = {part: batch_of(case.tensor(f"{name}.{part}_labels"), case.dtype) for part in parts}

    def loss(self, part: str) -> Loss:
        """The loss on one of its sets as a function of the prompts."""
        return lambda prompts: cross_entropy.loss(self.learner.forward(prompts, self.images[part]), self.batches[part])

    def regulated(self, prompts: Params, regulators: Regulators) -> Params:
        """The gradient on its support set by the rule that adaptation runs, with eq. 5 as printed."""
        rule = gram.rule([gram.Settings(regulator_input="gradient")], [regulator_tensors(regulators)])
        method = TrainingMethod(self.learner, cross_entropy.loss, rule)
        _, gradients = rule(method.step_on(prompts, self.images["support"], self.batches["support"]))
        return gradients


def tfidf(case: Case, backbone: Backbone, savings: Savings) -> CaseComparison:
    """The cluster-wise TF-IDF."""
    done = CaseComparison(case)
    words = topic_words([str(s) for s in case.arrays["sentences"]], case.arrays["cluster"])
    counts = words.counts
    done.add_exact("vocabulary", np.array_equal(words.vocabulary, case.arrays["vocabulary"]))
    done.add_exact("counts", np.array_equal(counts, case.arrays["counts"]))
    done.add_exact("words_in_cluster", np.array_equal(counts.sum(axis=1), case.arrays["words_in_cluster"]))
    done.add_exact("clusters_with_word", np.array_equal((counts > 0).sum(axis=0), case.arrays["clusters_with_word"]))
    done.add("tfidf", torch.from_numpy(words.weights), "other")
    done.add_exact("topic", np.array_equal(words.topics, case.arrays["topic"]))
    return done
