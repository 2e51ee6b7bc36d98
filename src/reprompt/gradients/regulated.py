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
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor

from reprompt.gradients.step import Rule, Step

MODALITY = {"context": "text", "deep_context": "text", "visual": "visual"}


@dataclass(frozen=True)
class Regulator:
    """phi of one modality: matrices (D, D) and vectors (D,)."""

    gamma_weight: Tensor
    gamma_bias: Tensor
    beta_weight: Tensor
    beta_bias: Tensor

    @classmethod
    def identity(cls, width: int, dtype: torch.dtype = torch.float32) -> "Regulator":
        """R(g) = g: the argument of tanh is so large that it is one."""
        zeros = torch.zeros(width, width, dtype=dtype)
        return cls(zeros, torch.full((width,), 20.0, dtype=dtype), zeros.clone(), zeros[0].clone())

    def to(self, like: Tensor) -> "Regulator":
        """The same where `like` is, and in its precision."""
        return Regulator(*(getattr(self, field.name).to(like) for field in fields(Regulator)))

    def scale(self, gradient: Tensor) -> Tensor:
        """gamma of gradients (..., D)."""
        return torch.tanh(gradient @ self.gamma_weight.T + self.gamma_bias)

    def shift(self, gradient: Tensor) -> Tensor:
        """beta of gradients (..., D)."""
        return torch.tanh(gradient @ self.beta_weight.T + self.beta_bias)

    def __call__(self, gradient: Tensor) -> Tensor:
        """Equation 6 on gradients (..., D), one row per token: same shape out."""
        return self.scale(gradient) * gradient + self.shift(gradient)


Regulators = dict[str, Regulator]


def regulate(regulators: Regulators, gradients: dict[str, Tensor]) -> dict[str, Tensor]:
    """Regulated gradients of all prompts; other learned tensors are left alone."""
    return {
        name: regulators[MODALITY[name]].to(gradient)(gradient) if name in MODALITY else gradient
        for name, gradient in gradients.items()
    }


def load_regulators(path: Path) -> Regulators:
    """Read what meta-training left behind: tensors named `text.gamma_weight`, `visual.beta_bias`, ..."""
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: the regulator of GRAM; meta-training makes it")
    with safe_open(path, "pt") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (no dict)
    modalities = sorted({key.split(".")[0] for key in tensors if "." in key} & set(MODALITY.values()))
    names = [field.name for field in fields(Regulator)]
    return {modality: Regulator(*(tensors[f"{modality}.{name}"] for name in names)) for modality in modalities}


def regulated_by(regulators: Regulators) -> Callable[[Step], tuple[Tensor, dict[str, Tensor]]]:
    """The rule with given regulators."""

    def gradients(step: Step) -> tuple[Tensor, dict[str, Tensor]]:
        losses = step.objective(step.forward(), step.batch)
        return losses, regulate(regulators, step.gradients(losses))

    return gradients


def rule(settings: list[dict]) -> Rule:
    """GRAM's rule with the fleet's stored regulator."""
    (path,) = {s["regulator"] for s in settings}
    return regulated_by(load_regulators(Path(path)))
