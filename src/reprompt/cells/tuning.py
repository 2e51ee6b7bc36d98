"""How prompts are tuned: blocks of `tuning` as they stand in the file, and as they are resolved for a run."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from reprompt.foundation.block import Block, NonNegative


class ParameterError(ValueError):
    """A mistake in the parameter file, in words for its author."""


class Tuned(Block):
    """What a run is tuned by. The schedule is CoOp's: one epoch at `warmup_rate`, then one cosine over the epochs.

    `checkpoint` is the prompt after the last epoch, or the best one on a validation fifth that is taken out of the
    few-shot set (MVLPT), looked at after every `validate_every` epochs and after the last. `optimiser`: all released
    code has SGD; MVLPT's paper says Adam. `initialisation` is "random" or a phrase.
    """

    context_length: PositiveInt
    initialisation: str
    rate: PositiveFloat
    warmup_rate: PositiveFloat = 1e-5
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    weight_decay: NonNegative = 5e-4
    batch: PositiveInt = 32
    epochs: PositiveInt
    steps_per_epoch: PositiveInt | None = None
    augmentation: Literal["views", "none"] = "views"
    optimiser: Literal["sgd", "adam"] = "sgd"
    checkpoint: Literal["last", "best"] = "last"
    validate_every: PositiveInt = 1

    def steps_in_epoch(self, images: int) -> int:
        """Steps per epoch of a run with that many images: all of them once, the last partial batch dropped."""
        return self.steps_per_epoch or max(1, images // self.batch)


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
    """

    ways: PositiveInt
    queries: PositiveInt
    inner_rate: PositiveFloat
    clip_norm: PositiveFloat
    order: Literal["first", "second"]
    support_from: Literal["one_domain", "all_domains"]
