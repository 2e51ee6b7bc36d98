"""GRAM's gradient regulator R_phi. Li et al., ICCV 2023, arXiv:2303.06571, section 3.3.

    paper         here                  meaning
    g             gradient              gradient of a prompt: one row per prompt token (the paper writes columns)
    phi           Regulator             W_gamma, b_gamma, W_beta, b_beta
    gamma         scale                 tanh(W_gamma g + b_gamma)                                       eq. 5
    beta          shift                 tanh(W_beta g + b_beta)                                         eq. 5
    R_phi(g)      regulated gradient    gamma * g + beta                                                eq. 6

W is (D, D), shared by all tokens and layers of a modality; text and visual prompts have a regulator each. The
identity (W = 0, tanh(b_gamma) = 1, b_beta = 0) is the plain step. The regulator acts before momentum and weight decay.
Learned tensors that are no prompts (couplings, meta-nets) keep their plain gradient: the paper regulates none.

    R runs, D width of a modality's tokens
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Annotated, Literal

import torch
from pydantic import Field, PositiveFloat
from torch import Tensor

from reprompt.cells.axes import GradientSettings
from reprompt.clip.params import Params
from reprompt.gradients.step import Rule, TrainingStep

MODALITY = {"context": "text", "deep_context": "text", "visual": "visual"}


class Settings(GradientSettings):
    """What regulators are made for: the gradient (eq. 5 as printed) or its direction.

    Where they are meta-learned, also lambda_2 of eq. 9 and the factor that they start as.
    """

    label = "GRAM"
    in_episodes = True
    regulated = True

    regulator_input: Literal["gradient", "direction"]
    regulator_rate: PositiveFloat | None = None
    regulator_start: Annotated[float, Field(gt=0, lt=1)] | None = None


@dataclass(frozen=True)
class Regulator:
    """phi of one modality: matrices (D, D) and vectors (D,), or (R, D, D) and (R, D) where every run has its own."""

    gamma_weight: Tensor
    gamma_bias: Tensor
    beta_weight: Tensor
    beta_bias: Tensor

    @classmethod
    def scaling(cls, width: int, by: float, dtype: torch.dtype = torch.float32) -> "Regulator":
        """R(g) = by * g, 0 < by < 1: where meta-training starts. The paper starts at random and says no more."""
        zeros = torch.zeros(width, width, dtype=dtype)
        bias = torch.atanh(torch.full((width,), by, dtype=dtype))
        return cls(zeros, bias, zeros.clone(), zeros[0].clone())

    @classmethod
    def identity(cls, width: int, dtype: torch.dtype = torch.float32) -> "Regulator":
        """R(g) = g: the argument of tanh is so large that it is one."""
        zeros = torch.zeros(width, width, dtype=dtype)
        return cls(zeros, torch.full((width,), 20.0, dtype=dtype), zeros.clone(), zeros[0].clone())

    def to(self, like: Tensor) -> "Regulator":
        """The same on the device of `like`, and in its precision."""
        return type(self)(*(tensor.to(like) for tensor in self.tensors.values()))

    def of_runs(self, runs: Tensor) -> "Regulator":
        """Those of some runs (R',) of regulators that every run has for itself."""
        return type(self)(*(tensor[runs] for tensor in self.tensors.values()))

    @property
    def tensors(self) -> dict[str, Tensor]:
        """The learned tensors by name."""
        return {field.name: getattr(self, field.name) for field in fields(Regulator)}

    def scale(self, gradient: Tensor) -> Tensor:
        """gamma of gradients (..., D), same shape out, each number in (-1, 1)."""
        return torch.tanh(_affine(gradient, self.gamma_weight, self.gamma_bias))

    def shift(self, gradient: Tensor) -> Tensor:
        """beta of gradients (..., D), same shape out, each number in (-1, 1)."""
        return torch.tanh(_affine(gradient, self.beta_weight, self.beta_bias))

    def __call__(self, gradient: Tensor) -> Tensor:
        """Equation 6 on gradients (..., D), one row per token: same shape out."""
        return self.scale(gradient) * gradient + self.shift(gradient)


class DirectionRegulator(Regulator):
    """R_phi of a gradient's direction: rows come in with root mean square 1 and get their length back.

    Gradients of prompts are small, so that in equation 5 as printed tanh sees little but its bias, and the shift is
    large beside the gradient. Here both count, whatever the gradient's scale. A row of zeros stays one.
    """

    def __call__(self, gradient: Tensor) -> Tensor:
        """Equation 6 on directions of gradients (..., D), one row per token: same shape out."""
        length = torch.linalg.vector_norm(gradient, dim=-1, keepdim=True) / gradient.shape[-1] ** 0.5
        return length * super().__call__(gradient / length.clamp_min(torch.finfo(gradient.dtype).tiny))


REGULATOR = {"gradient": Regulator, "direction": DirectionRegulator}


def _affine(gradient: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """W g + b of gradients (..., D); where every run has its own W (R, D, D), of gradients (R, ..., D)."""
    if weight.ndim == 2:
        return gradient @ weight.T + bias
    return (gradient.flatten(1, -2) @ weight.mT + bias[:, None]).view_as(gradient)


Regulators = dict[str, Regulator]


def regulate(regulators: Regulators, gradients: dict[str, Tensor]) -> dict[str, Tensor]:
    """Regulated gradients (R, ..., D) of all prompts; those of other learned tensors are left alone."""
    return {
        name: regulators[MODALITY[name]].to(gradient)(gradient) if name in MODALITY else gradient
        for name, gradient in gradients.items()
    }


def regulator_tensors(regulators: Regulators) -> Params:
    """Regulators as named tensors, `text.gamma_weight`, ..., so that they are kept beside the prompts."""
    return {
        f"{modality}.{name}": tensor
        for modality, regulator in regulators.items()
        for name, tensor in regulator.tensors.items()
    }


def regulators_in(params: Params, kind: type[Regulator] = Regulator) -> Regulators:
    """The regulators among named tensors; a prompt's own name has no dot."""
    modalities = dict.fromkeys(name.split(".")[0] for name in params if "." in name)
    names = [field.name for field in fields(Regulator)]
    return {modality: kind(*(params[f"{modality}.{name}"] for name in names)) for modality in modalities}


def regulated_by(regulators: Regulators) -> Callable[[TrainingStep], tuple[Tensor, Params]]:
    """The rule with one regulator per modality for all runs."""

    def gradients(step: TrainingStep) -> tuple[Tensor, Params]:
        losses = step.objective(step.forward(), step.batch)
        return losses, regulate(regulators, step.gradients(losses))

    return gradients


def rule(settings: Sequence[Settings], handed_over: Sequence[Params] = ()) -> Rule:
    """GRAM's rule: the regulators of every run are those that were meta-learned with its start, under dotted names.

    Raises ValueError if a start came without any.
    """
    tensors = [{name: tensor for name, tensor in start.items() if "." in name} for start in handed_over]
    if not tensors or not all(tensors):
        raise ValueError("a start without a regulator: GRAM's rule needs what meta-training leaves behind")
    kind = REGULATOR[settings[0].regulator_input]
    of_fleet = regulators_in({name: torch.stack([of_run[name] for of_run in tensors]) for name in tensors[0]}, kind)

    def gradients(step: TrainingStep) -> tuple[Tensor, Params]:
        of_batch = {modality: regulator.of_runs(step.batch.runs) for modality, regulator in of_fleet.items()}
        return regulated_by(of_batch)(step)

    return gradients
