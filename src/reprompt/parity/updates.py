"""Cases of CLIP-LoRA: both towers with low-rank updates of their attention."""

import torch
from torch import Tensor

from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.clip.savings import Savings
from reprompt.evaluation.evaluate import evaluate
from reprompt.evaluation.images import EvaluationBatch
from reprompt.gradients import plain
from reprompt.learners import clip_lora
from reprompt.learners.output import LearnerOutput
from reprompt.objectives import cross_entropy
from reprompt.parity.cached import with_scale
from reprompt.parity.case import Case
from reprompt.parity.comparison import CaseComparison, stacked
from reprompt.parity.learners import tokens_agree
from reprompt.parity.tuning import LastOutput, batch_of, seen
from reprompt.training.optimisers import AdamW
from reprompt.training.step import TrainingMethod, training_step

TOWERS = {"text": "text", "image": "vision"}  # ours, and the file's
SIDES = {"down": "A", "up": "B"}


def updated_steps(case: Case, backbone: Backbone, savings: Savings) -> CaseComparison:
    """Features, logits, loss and gradients at the start, then values after one and five steps."""
    done, config = CaseComparison(case), case.config
    settings = clip_lora.Settings(
        lora_towers={"vision": "image"}.get(config["encoder"], config["encoder"]),
        lora_text_layers=len(backbone.model.transformer.resblocks),
        lora_image_layers=len(backbone.model.visual.transformer.resblocks),
        lora_matrices=tuple(config["params"]),
        lora_rank=config["r"],
        lora_alpha=config["lora_alpha"],
        before_name=config["template"].removesuffix(" {}."),
    )
    done.add_exact("token_ids", tokens_agree(case))
    learner = clip_lora.Learner(with_scale(backbone, config["scale"]), case.class_names, settings, savings)
    params = stacked_updates(case, learner)
    decay, epsilon = (torch.tensor([config[name]], dtype=case.dtype) for name in ("weight_decay", "eps"))
    method, optimiser = TrainingMethod(learner, cross_entropy.loss, plain.gradients), AdamW(params, decay, epsilon)
    images, batch = case.tensor("images"), batch_of(case.tensor("labels"), case.dtype)

    def output() -> LearnerOutput:
        last = LastOutput()
        evaluate(learner, params, [EvaluationBatch(seen(learner, images), torch.arange(len(images)))], [last])
        return last.output

    start, losses = output(), []
    done.add("out.logits", start.logits[0], "logits")
    done.add("out.image_features", start.images[0], "other")
    done.add("out.text_features", start.classes[0], "other")
    for number, rate in enumerate(case.tensor("in.lrs"), 1):
        step = method.step_on(params, seen(learner, images), batch)
        loss, gradients = training_step(step, plain.gradients, optimiser, rate[None])
        losses.append(loss[0])
        if number == 1:
            done.add("out.loss", loss[0], "loss")
            done.add_all("grad", as_file(gradients, settings), "gradient")
        done.add_all(f"step{number}", as_file(params, settings), "step 1" if number == 1 else "step 5")
        if f"out.logits_step{number}" in case:
            done.add(f"out.logits_step{number}", output().logits[0], "step 1" if number == 1 else "step 5")
    done.add("out.losses", stacked(losses), "step 5")
    return done


def stacked_updates(case: Case, learner: clip_lora.Learner) -> Params:
    """The file's updates of every block and matrix as our tensors, with a run axis of one."""

    def of(tower: str, layer: int, side: str) -> Tensor:
        name = f"init.{TOWERS[tower]}.{layer}"
        return torch.stack([case.tensor(f"{name}.{m}.{SIDES[side]}") for m in learner.settings.lora_matrices])

    return {
        f"{tower}_{side}": torch.stack([of(tower, layer, side) for layer in range(layers)])[None]
        for tower, (layers, _) in learner.towers.items()
        for side in SIDES
    }


def as_file(params: Params, settings: clip_lora.Settings) -> Params:
    """Our tensors, or their gradients, as the file's arrays."""
    arrays = {}
    for name, tensor in params.items():
        tower, side = name.split("_")
        for layer, of_block in enumerate(tensor[0]):
            for matrix, array in zip(settings.lora_matrices, of_block, strict=True):
                arrays[f"{TOWERS[tower]}.{layer}.{matrix}.{SIDES[side]}"] = array
    return arrays
