"""The Gaussian average of a run's prompts over its epochs: PromptSRC, arXiv:2307.06948, section 3.2 (self-ensembling).

    paper         here       meaning
    E             epochs     of a run, counted from 1; the first is the warm-up's
    mu, sigma^2   mean, std  the Gaussian that weighs epochs
    w_e           weights    exp(-(e - mu)^2 / (2 sigma^2)), normalised to sum 1
    P_GPA         params     sum of w_e times the prompts after the last step of epoch e; what is evaluated

The released code averages everything that the model holds, its frozen weights in half precision too, which rounding
moves; here only what is learned.

R runs of a fleet, E epochs of the longest
"""

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from reprompt.clip.params import Params
from reprompt.evaluation.measures.measure import TrainingState


def gaussian_weights(epochs: int, mean: float, std: float) -> Tensor:
    """The weights (E,) of epochs 1 ... E, in double precision; they sum to 1."""
    epoch = torch.arange(1, epochs + 1, dtype=torch.float64)
    return torch.softmax(-0.5 * ((epoch - mean) / std) ** 2, dim=0)


class GaussianAverage:
    """Sums every run's learned tensors after each of its epochs; `params`, each (R, ...), are whole after the last."""

    def __init__(self, epochs: list[int], mean: float, std: float) -> None:
        self.weights = pad_sequence([gaussian_weights(count, mean, std) for count in epochs], batch_first=True)
        self.params: Params = {}

    def after_step(self, state: TrainingState) -> None:
        """Add the runs whose epoch ends with this step."""
        runs = state.ends_epoch.cpu().nonzero().flatten()
        weights = self.weights[runs, state.epoch.cpu()[runs]]
        for name, tensor in state.params.items():
            total = self.params.setdefault(name, torch.zeros_like(tensor))
            of_runs = weights.to(tensor).view(-1, *[1] * (tensor.ndim - 1))
            total[runs] += of_runs * tensor[runs]
