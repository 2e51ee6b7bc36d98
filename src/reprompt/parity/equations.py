"""Cases computed in double precision from the papers' equations: NPT's losses, GRAM's meta-gradients, its TF-IDF."""

import numpy as np
import torch
from torch import Tensor

from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.clip.savings import Savings
from reprompt.corpus.topic_words import topic_words
from reprompt.gradients.gram import MODALITY, Regulator, Regulators, regulate
from reprompt.learners.outcome import Outcome
from reprompt.objectives import cross_entropy, npt
from reprompt.parity.case import Case
from reprompt.parity.comparison import Comparison
from reprompt.parity.learners import learner_of, places, to_ours, to_theirs, tokens_agree
from reprompt.parity.tuning import batch_of, seen
from reprompt.training.meta.bilevel import Loss, adapt, meta_gradients, widths

PHI = {"gamma_weight": "W_gamma", "gamma_bias": "b_gamma", "beta_weight": "W_beta", "beta_bias": "b_beta"}
SHORT = {"text": "txt", "visual": "vis"}


def features_alone(case: Case, backbone: Backbone, savings: Savings) -> Comparison:
    """NPT's terms and their derivatives with the features as free variables."""
    done = Comparison(case)
    images, classes = (case.tensor(name).requires_grad_(True) for name in ("image_features", "text_features"))
    labels, scale = case.tensor("labels"), case.tensor("logit_scale_exp")
    outcome = Outcome(images[None], classes[None], scale)
    batch = batch_of(labels, case.dtype)
    for prefix in sorted({name.split(".")[0] for name in case.arrays if name.endswith(".E_W")}):
        text_energy, image_energy = (float(case.tensor(f"{prefix}.{name}")) for name in ("E_W", "E_H"))
        target = (text_energy * image_energy) ** 0.5
        settings = {"w_language": float(case.tensor("w1")), "w_isomorphism": float(case.tensor("w2"))}
        settings |= {"text_energy": text_energy, "image_energy": image_energy, "reduction": "sum"}
        values = {
            "L_CLIP": cross_entropy.loss(outcome, batch)[0],
            "L_LC": npt.language_collapse(outcome, batch, "sum", text_energy)[0],
            "L_MI": npt.isomorphism(outcome, batch, "sum", target)[0],
            "L_total": npt.objective([npt.Settings(**settings)])(outcome, batch)[0],
            "Delta_LCD": npt.language_collapse_degree(outcome.classes, text_energy)[0],
            "Delta_MID": npt.isomorphism_degree(outcome, labels[None], target)[0],
            "Delta_MID_class_balanced": npt.isomorphism_degree(outcome, labels[None], target, True)[0],
        }
        for name, value in values.items():
            done.add(f"{prefix}.{name}", value, "loss" if name.startswith("L") else "other")
        for side, features in (("text", classes), ("image", images)):
            for term in case.under(f"{prefix}.grad_{side}."):
                (gradient,) = torch.autograd.grad(values[term], features, retain_graph=True)
                done.add(f"{prefix}.grad_{side}.{term}", gradient, "gradient")
    return done


def meta_step(case: Case, backbone: Backbone, savings: Savings) -> Comparison:
    """GRAM and UNIGRAM: inner step, meta-loss, first- and second-order meta-gradients, and the outer step."""
    done = Comparison(case)
    done.add_exact("token_ids", tokens_agree(case))
    arrays = case.under("init.")
    where = places(arrays)
    prompts = to_ours({name: case.tensor(f"init.{name}") for name in arrays}, where)
    regulators = _regulators(case, prompts)
    rate = float(case.tensor("alpha"))
    count = len({name.split(".")[0] for name in case.arrays if name.startswith("task")})
    tasks = [_losses(case, backbone, savings, f"task{t}") for t in range(count)]

    for t, (support, query) in enumerate(tasks):
        task = f"task{t}"
        leaves = {name: tensor.clone().requires_grad_(True) for name, tensor in prompts.items()}
        adapted, gradient, support_loss = adapt(leaves, regulators, support, rate, first_order=True)
        regulated = regulate(regulators, gradient)
        done.add_all(f"{task}.g", to_theirs(gradient, where), "gradient")
        scales = {name: regulators[MODALITY[name]].scale(g) for name, g in gradient.items()}
        shifts = {name: regulators[MODALITY[name]].shift(g) for name, g in gradient.items()}
        done.add_all(f"{task}.gamma", to_theirs(scales, where), "other")
        done.add_all(f"{task}.beta", to_theirs(shifts, where), "other")
        done.add_all(f"{task}.ghat", to_theirs(regulated, where), "gradient")
        done.add_all(f"{task}.theta_adapted", to_theirs(adapted, where), "step 1")
        done.add(f"{task}.support_loss", support_loss[0], "loss")
        done.add(f"{task}.query_loss", query(adapted)[0], "loss")
        done.add(f"{task}.query_loss_before", query(leaves)[0], "loss")
        _, of_prompts, _ = meta_gradients(prompts, regulators, [(support, query)], rate)
        done.add_all(f"{task}.meta_grad", to_theirs(of_prompts, where), "gradient")

    total, of_prompts, of_regulators = meta_gradients(prompts, regulators, tasks, rate)
    _, first_order, _ = meta_gradients(prompts, regulators, tasks, rate, first_order=True)
    done.add("out.meta_loss", total, "loss")
    theirs = to_theirs(of_prompts, where) | {f"phi.{name}": g for name, g in _phi(of_regulators).items()}
    done.add_all("meta_grad", theirs, "gradient")
    done.add_all("meta_grad_first_order", to_theirs(first_order, where), "gradient")
    prompt_rate, regulator_rate = case.tensor("lambda1"), case.tensor("lambda2")
    after = {name: prompts[name] - prompt_rate * of_prompts[name] for name in prompts}
    phi, of_phi = _phi(regulators), _phi(of_regulators)
    after_phi = {f"phi.{name}": tensor - regulator_rate * of_phi[name] for name, tensor in phi.items()}
    done.add_all("after", to_theirs(after, where) | after_phi, "step 1")
    return done


def _regulators(case: Case, prompts: Params) -> Regulators:
    return {
        modality: Regulator(**{ours: case.tensor(f"phi.{SHORT[modality]}_{theirs}") for ours, theirs in PHI.items()})
        for modality in sorted(widths(prompts))
    }


def _phi(regulators: Regulators) -> dict[str, Tensor]:
    """Tensors of all regulators by the file's names."""
    return {
        f"{SHORT[modality]}_{theirs}": getattr(regulator, ours)
        for modality, regulator in regulators.items()
        for ours, theirs in PHI.items()
    }


def _losses(case: Case, backbone: Backbone, savings: Savings, task: str) -> tuple[Loss, Loss]:
    """Support and query loss of a task as functions of the prompts."""
    names = [case.class_names[k] for k in case.arrays[f"{task}.classes"]]
    learner = learner_of(case, backbone, savings, names)

    def loss_on(part: str) -> Loss:
        images = seen(learner, case.tensor(f"{task}.{part}_images"))
        batch = batch_of(case.tensor(f"{task}.{part}_labels"), case.dtype)
        return lambda prompts: cross_entropy.loss(learner.forward(prompts, images), batch)

    return loss_on("support"), loss_on("query")


def tfidf(case: Case, backbone: Backbone, savings: Savings) -> Comparison:
    """The cluster-wise TF-IDF."""
    done = Comparison(case)
    words = topic_words([str(s) for s in case.arrays["sentences"]], case.arrays["cluster"])
    counts = words.counts
    done.add_exact("vocabulary", np.array_equal(words.vocabulary, case.arrays["vocabulary"]))
    done.add_exact("counts", np.array_equal(counts, case.arrays["counts"]))
    done.add_exact("words_in_cluster", np.array_equal(counts.sum(axis=1), case.arrays["words_in_cluster"]))
    done.add_exact("clusters_with_word", np.array_equal((counts > 0).sum(axis=0), case.arrays["clusters_with_word"]))
    done.add("tfidf", torch.from_numpy(words.weights), "other")
    done.add_exact("topic", np.array_equal(words.topics, case.arrays["topic"]))
    return done
