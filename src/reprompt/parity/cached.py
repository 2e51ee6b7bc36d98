"""Cases of learners on features that are kept: adapters, residuals, probes with texts, and a learned projection.

Their images are features, each step with its own rate, and every method has its own optimiser.
"""

import math
import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from types import ModuleType

import torch
import torch.nn.functional as F
from torch import Tensor

from reprompt.cells.axes import LearnerSettings
from reprompt.cells.tuning import OptimiserName
from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.clip.savings import Savings
from reprompt.evaluation.evaluate import evaluate
from reprompt.evaluation.images import EvaluationBatch
from reprompt.gradients import plain
from reprompt.learners import clap, clip_adapter, lpp, prolip, taskres, tip_adapter, tip_adapter_f
from reprompt.learners.learner import Shown
from reprompt.learners.output import LearnerOutput
from reprompt.objectives import cross_entropy
from reprompt.parity.case import Case
from reprompt.parity.comparison import CaseComparison, stacked
from reprompt.parity.tuning import LastOutput, batch_of
from reprompt.tasks.card import card_of
from reprompt.tasks.class_texts import spelt_out
from reprompt.training.loop import optimiser_of
from reprompt.training.optimisers import Optimiser
from reprompt.training.run import Run, Sampling
from reprompt.training.schedule import Schedule
from reprompt.training.step import TrainingMethod, training_step

TASKS = {  # by what the cases call a data set
    "ImageNet": "imagenet",
    "Caltech101": "caltech101",
    "OxfordPets": "oxford_pets",
    "StanfordCars": "stanford_cars",
    "OxfordFlowers": "flowers102",
    "Food101": "food101",
    "FGVCAircraft": "fgvc_aircraft",
    "SUN397": "sun397",
    "DescribableTextures": "dtd",
    "EuroSAT": "eurosat",
    "UCF101": "ucf101",
}


@dataclass(frozen=True)
class Method:
    """How a method's cases are read.

    `settings` are those of a case's learner, `ours` the name of each of the file's learnable arrays among our tensors.
    `batch` and `tests` are where it has the features of a batch and of test images, `shown` those of the few-shot set,
    by whose labels. `raw`: class texts are raw.
    """

    module: ModuleType
    settings: Callable[[Case], LearnerSettings]
    ours: dict[str, str]
    batch: str = "in.batch_features"
    labels: str = "labels"
    tests: str = "in.test_features"
    shown: str = ""
    raw: bool = False


def _texts(case: Case) -> dict:
    """The templates of a case's class texts."""
    config = case.config
    if "templates" in case:
        return {"class_texts": tuple(map(str, case.arrays["templates"]))}
    if "templates" in config:
        return {"class_texts": tuple(config["templates"])}
    task = TASKS[config.get("template") or config["dataset_template"]]
    word = "own_or_eight" if "dataset_template" in config else "own"
    return {"class_texts": spelt_out(word, task, card_of(task).template)}


def _constraint(case: Case) -> str:
    """CLAP's. Raises ValueError for multipliers that are updated, which no table has."""
    if case.config["constraint"] not in ("l2", "none"):
        raise ValueError(f"constraint {case.config['constraint']!r}: multipliers are constant here (learners/clap.py)")
    return case.config["constraint"]


def _cache(case: Case, weight: float, sharpness: float) -> dict:
    views = case.arrays["in.train_views"].shape[0]
    return {**_texts(case), "cache_weight": weight, "cache_sharpness": sharpness, "cache_views": views}


METHODS: dict[str, Method] = {
    "clip_adapter": Method(
        clip_adapter,
        lambda case: clip_adapter.Settings(
            **_texts(case), adapter_ratio=case.config["ratio"], reduction=case.config["reduction"]
        ),
        {"w1": "down", "w2": "up"},
        tests="in.test_features_raw",
    ),
    "tip_adapter": Method(
        tip_adapter,
        lambda case: tip_adapter.Settings(**_cache(case, 1.0, 1.0)),
        {},
        shown="in.train_views",
    ),
    "tip_adapter_f": Method(
        tip_adapter_f,
        lambda case: tip_adapter_f.Settings(**_cache(case, case.config["alpha"], case.config["beta"])),
        {"keys": "keys"},
        shown="in.train_views",
    ),
    "taskres": Method(
        taskres,
        lambda case: taskres.Settings(**_texts(case), residual_share=case.config["alpha"]),
        {"residual": "residual"},
        tests="in.test_features_raw",
        raw=True,
    ),
    "prolip": Method(
        prolip,
        lambda case: prolip.Settings(**_texts(case), pull=case.config["lambda_rule"]),
        {"proj": "projection"},
        batch="in.train_features_before",
        labels="in.train_labels",
        tests="in.test_features_before",
        shown="in.train_features_before",
    ),
    "lp++": Method(
        lpp,
        lambda case: lpp.Settings(**_texts(case)),
        {"weight": "weight", "bias": "bias", "alpha": "alpha"},
        batch="in.train_features",
        labels="in.train_labels",
        shown="in.train_features",
    ),
    "clap": Method(
        clap,
        lambda case: clap.Settings(**_texts(case), constraint=_constraint(case)),
        {"prototypes": "prototypes"},
        batch="in.train_features_raw",
        tests="in.test_features_raw",
        shown="in.train_features_raw",
        raw=True,
    ),
}


class CachedRun:
    """One run of a case: its learner, tensors with a run axis of one, and the images of every step."""

    def __init__(self, case: Case, backbone: Backbone, savings: Savings):
        self.case, self.as_file = case, METHODS[case.method]
        self.backbone = with_scale(backbone, case.config["scale"])
        self.learner = self.as_file.module.Learner(
            self.backbone, case.class_names, self.as_file.settings(case), savings
        )
        if case.config.get("kind") == "rn":  # a made-up projection on the features of the tiny ViT
            weight, bias = case.tensor("init.proj").T, case.tensor("in.proj_bias")
            self.learner.frozen = self.learner.frozen._replace(weight=weight, bias=bias)
        self.made = self.learner.of_images(self._shown()) if self.as_file.shown else {}
        given = {ours: self._ours(name, case.tensor(f"init.{name}")) for name, ours in self.as_file.ours.items()}
        self.params = {name: tensor[None].clone() for name, tensor in (self.made | given).items()}

    def _ours(self, name: str, array: Tensor) -> Tensor:
        """An array of the file as ours."""
        if name == "proj" and self.case.config["kind"] == "rn":
            return array.T.contiguous()
        return array[0] if name == "alpha" else array

    def theirs(self, params: Params) -> Params:
        """Our tensors, or their gradients, as the file's arrays."""
        arrays = {name: params[ours][0] for name, ours in self.as_file.ours.items()}
        if "proj" in arrays and self.case.config["kind"] == "rn":
            arrays["proj"] = arrays["proj"].T
        return arrays | ({"alpha": arrays["alpha"][None]} if "alpha" in arrays else {})

    def _shown(self) -> Shown:
        """The few-shot set; CLAP's rows are all views one after another."""
        labels, features = self.case.tensor("in.train_labels"), self.case.tensor(self.as_file.shown)
        if features.ndim == 2:
            views = self.case.config.get("views", 1)
            features = features.unflatten(0, (views, -1))
            labels = labels[: features.shape[1]]
        shots = self.case.config.get("shots", 1)
        return Shown(features[0], features, labels, len(self.case.class_names), shots)

    def images(self, step: int) -> Tensor:
        """What the learner sees in a step, from 1; 0 is before the first: (1, B, ...)."""
        features = self.case.tensor(self.as_file.batch)
        if "in.view_of_step" in self.case:
            return features[int(self.case.arrays["in.view_of_step"][max(step - 1, 0)])][None]
        if "in.batch_index" in self.case:
            features = features[self.case.tensor("in.batch_index").long()]
        return F.normalize(features, dim=-1)[None]

    @property
    def test_images(self) -> Tensor:
        """The test images as the learner sees them (1, T, ...)."""
        features = self.case.tensor(self.as_file.tests)
        return (features if self.case.method == "prolip" else F.normalize(features, dim=-1))[None]

    def output(self, images: Tensor) -> LearnerOutput:
        """What the learner makes of images (1, B, ...) as they are evaluated."""
        last = LastOutput()
        evaluate(self.learner, self.params, [EvaluationBatch(images, torch.arange(images.shape[1]))], [last])
        return last.output


def with_scale(backbone: Backbone, scale: float | str) -> Backbone:
    """A backbone with the temperature that a case has: several methods write 100. One with none of its own stays."""
    if isinstance(scale, str):
        return backbone
    model = deepcopy(backbone.model)
    model.logit_scale.data.fill_(math.log(scale))
    return replace(backbone, model=model)


def cached_features(case: Case, backbone: Backbone, savings: Savings) -> CaseComparison:
    """What the learner makes of its few-shot images; logits, losses and gradients at the start, and after its steps."""
    done, run = CaseComparison(case), CachedRun(case, backbone, savings)
    compare_texts(done, run)
    compare_made(done, run)
    if case.method == "tip_adapter":
        return compare_caches(done, run, backbone, savings)
    method = TrainingMethod(run.learner, cross_entropy.loss, plain.gradients, run.as_file.settings(case).held)
    optimiser, rates = steps_of(case, run, method)
    labels = case.tensor(run.as_file.labels)
    done.add("out.logits", run.output(run.images(0)).logits[0], "logits")
    compare_tests(done, run, "")
    losses, entropies, penalties = [], [], []
    for number, rate in enumerate(rates, 1):
        images = run.images(number)
        step = method.step_on(run.params, images, batch_of(labels, case.dtype))
        output = step.forward()
        entropies.append(cross_entropy.loss(output, step.batch)[0])
        if output.penalty is not None:
            penalties.append(output.penalty[0])
        loss, gradients = training_step(step, plain.gradients, optimiser, rate[None])
        losses.append(loss[0])
        if number == 1:
            done.add("out.loss", loss[0], "loss")
            done.add_all("grad", run.theirs(gradients), "gradient")
        if f"out.alpha_grad_accumulated_step{number}" in case:
            done.add(f"out.alpha_grad_accumulated_step{number}", optimiser.pushed, "gradient")
        done.add_all(f"step{number}", run.theirs(run.params), "step 1" if number == 1 else "step 5")
        if f"out.logits_step{number}" in case:
            logits = run.output(run.images(number + 1)).logits[0]
            done.add(f"out.logits_step{number}", logits, "step 1" if number == 1 else "step 5")
        compare_tests(done, run, f"_step{number}")
    compare_losses(done, losses, entropies, penalties)
    return done


def compare_losses(
    done: CaseComparison, losses: list[Tensor], entropies: list[Tensor], penalties: list[Tensor]
) -> None:
    """The losses of all steps, and their parts where the file has them."""
    done.add("out.losses", stacked(losses), "step 5")
    if "out.losses_ce" in done.case:
        done.add("out.losses_ce", stacked(entropies), "step 5")
    if "out.losses_penalty" in done.case:
        weighed = stacked(penalties) / done.case.tensor("in.lambda")
        done.add("out.losses_penalty", weighed, "step 5")


def compare_tests(done: CaseComparison, run: CachedRun, when: str) -> None:
    """Logits of test images, where the file has them."""
    if f"out.test_logits{when}" in done.case:
        logits = run.output(run.test_images).logits[0]
        done.add(f"out.test_logits{when}", logits, "step 5" if when else "logits")


def compare_texts(done: CaseComparison, run: CachedRun) -> None:
    """Class features of the case's templates, of length 1 or raw."""
    texts = run.learner.base if run.as_file.raw else run.learner.texts
    done.add(f"in.class_features{'_raw' if run.as_file.raw else ''}", texts.features, "other")


def compare_made(done: CaseComparison, run: CachedRun) -> None:
    """What a learner makes of its few-shot images."""
    stored = {
        "keys": "out.cache_keys",
        "values": "out.cache_values",
        "pull": "in.lambda",
        "multipliers": "out.multipliers",
        "weight": "init.weight",
        "alpha": "init.alpha",
        "weight_step": "out.lr_w",
        "alpha_step": "out.lr_alpha",
    }
    for name, tensor in run.made.items():
        if stored[name] in done.case:
            done.add(stored[name], tensor[None] if name == "alpha" else tensor, "other")


def steps_of(case: Case, run: CachedRun, method: TrainingMethod) -> tuple[Optimiser, Tensor]:
    """A case's optimiser, and the rate of every step: of LP++, whose sizes are of the data, 1."""
    config = case.config
    name = re.match(r"AdamW|Adam|SGD", config["optimizer"])[0].lower()
    optimiser: OptimiserName = "own" if case.method == "lp++" else name
    schedule = Schedule(
        rate=config.get("lr", 1.0),
        warmup_rate=0.0,
        epochs=1,
        steps_per_epoch=1,
        batch=1,
        momentum=config.get("momentum", 0.0),
        weight_decay=config["weight_decay"],
        epsilon=config.get("eps", 1e-8),
    )
    start = {name: tensor[0] for name, tensor in run.params.items()}
    of_case = Run(torch.zeros(1), torch.zeros(1), start, schedule, Sampling(*[torch.Generator()] * 2))
    rates = case.tensor("in.lrs")
    if case.method == "lp++":
        rates = torch.ones_like(rates)
    return optimiser_of(optimiser, [of_case], method, run.params), rates


def compare_caches(done: CaseComparison, run: CachedRun, backbone: Backbone, savings: Savings) -> CaseComparison:
    """Tip-Adapter with each of the case's alphas and betas, and with no weight on the cache zero-shot CLIP."""
    case, logits = run.case, []
    for sharpness, weight in case.tensor("in.beta_alpha").tolist():
        settings = tip_adapter.Settings(**_cache(case, weight, sharpness))
        run.learner = tip_adapter.Learner(run.backbone, case.class_names, settings, savings)
        output = run.output(run.test_images)
        logits.append(output.logits[0])
    done.add("out.test_logits", stacked(logits), "logits")
    done.add("out.zeroshot_logits", output.scaled_cosines[0], "logits")
    return done
