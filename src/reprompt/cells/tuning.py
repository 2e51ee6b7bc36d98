"""How prompts are tuned: blocks of `tuning` as they stand in the file, and as they are resolved for a run."""

import math
from typing import Annotated, Literal, Self

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from reprompt.foundation.block import Block, NonNegative

TEMPLATE = "template"  # an initialisation: the words before the class name in the task's template
ALIGNED = "... "  # before a phrase: right-aligned in the context, zeros before it
LastBatch = Literal["dropped", "kept"]
OptimiserName = Literal["sgd", "adam", "adamw", "own"]


class ParameterError(ValueError):
    """A mistake in the parameter file, in words for its author."""


def batches_of(images: int, size: int, last: LastBatch) -> int:
    """Batches of an epoch over so many images; fewer images than a batch has are one batch."""
    return max(1, math.ceil(images / size) if last == "kept" else images // size)


class Tuned(Block):
    """What a run is tuned by.

    `cosine` by_epoch is CoOp's schedule: one epoch at `warmup_rate`, then one cosine over the epochs; by_step is one
    cosine over all steps, from the first on, that ends at `last_rate` (Tip-Adapter-F, ProLIP, CLIP-LoRA); none is the
    same rate in every step (LP++).

    `checkpoint` is the prompt after the last epoch, or the best one on a validation fifth that is taken out of the few-
    shot set (MVLPT), looked at after every `validate_every` epochs and after the last; or, `average`, the sum of the
    prompts after each epoch, weighed by a Gaussian over epochs 1, 2, ... around `average_mean` with the deviation
    `average_std`, in epochs (PromptSRC). `optimiser`: released code has SGD, but TCP's has Adam, with an `epsilon` of
    1e-3, and so have TaskRes and ProLIP (1e-4), Tip-Adapter-F (1e-4) and CLIP-LoRA AdamW, whose weight decay does not
    join the gradient; LP++ has its own; MVLPT's paper says Adam. `initialisation` is "random"; a phrase of as many
    tokens as the context; a phrase behind "... ", right-aligned in a longer context, zeros before it, as ProGrad's
    released code starts; or "template": so aligned, the words before the class name in the template of the task
    (ProGrad's, see `Taught`). `last_batch`: what is left of an epoch's images when they no longer fill a batch is
    dropped (CoOp's loader) or is a batch of its own (ELEVATER's). `augmentation`: at each visit an image is seen in one
    of its `views.count` views by chance, or, `fresh`, in the next of them and in none twice, as CoOp's loader crops it
    anew (there have to be as many views as visits), or, `none`, as it is.
    """

    context_length: PositiveInt
    initialisation: str
    rate: PositiveFloat
    warmup_rate: PositiveFloat = 1e-5
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    weight_decay: NonNegative = 5e-4
    batch: PositiveInt = 32
    last_batch: LastBatch = "dropped"
    epochs: PositiveInt
    steps_per_epoch: PositiveInt | None = None
    augmentation: Literal["views", "fresh", "none"] = "views"
    cosine: Literal["by_epoch", "by_step", "none"] = "by_epoch"
    last_rate: NonNegative = 0.0
    optimiser: OptimiserName = "sgd"
    epsilon: PositiveFloat = 1e-8
    checkpoint: Literal["last", "best", "average"] = "last"
    validate_every: PositiveInt = 1
    average_mean: PositiveFloat | None = None
    average_std: PositiveFloat | None = None

    @model_validator(mode="after")
    def _average_is_said(self) -> Self:
        said = self.average_mean is not None and self.average_std is not None
        if self.checkpoint == "average" and not said:
            raise ValueError("checkpoint average needs average_mean and average_std, in epochs")
        return self

    def steps_in_epoch(self, images: int) -> int:
        """Steps per epoch of a run with that many images: all of them once, where the file does not say it."""
        return self.steps_per_epoch or batches_of(images, self.batch, self.last_batch)


class Tuning(Tuned):
    """A block of the file: its epochs may be by shots and by task."""

    epochs: PositiveInt | dict[PositiveInt, PositiveInt]
    epochs_of_task: dict[str, PositiveInt] = Field(default={})

    def epochs_for(self, task: str, shots: int) -> int:
        """Epochs of a run: a task's own number first, then the number for its shots."""
        by_shots = self.epochs if isinstance(self.epochs, int) else self.epochs.get(shots)
        epochs = self.epochs_of_task.get(task, by_shots)
        if epochs is None:
            raise ParameterError(f"tuning.epochs has no entry for {shots} shots: add one or give a single number")
        return epochs


class Episodes(Block):
    """GRAM's meta-training, beside the schedule of its outer loop, whose batch is the episodes of a step.

    `ways` and `queries`: topics of an episode and images of each in its query set; its support set has `shots`.
    `inner_rate` is alpha (eq. 7), `order` whether there are second derivatives, `support_from` whether the support set
    of a topic is from one of its domains.

    `begins_at` is where the prompts are before the first outer step: at random, as line 1 of Algorithm 1 has it for all
    of the paper's tables, or at the learner's own `initialisation`, from which it is tuned alone. Prompts of the image
    tower always begin at random.
    """

    begins_at: Literal["phrase", "random"]
    ways: PositiveInt
    queries: PositiveInt
    inner_rate: PositiveFloat
    clip_norm: PositiveFloat
    order: Literal["first", "second"]
    support_from: Literal["one_domain", "all_domains"]
