"""The figures of ProGrad (arXiv:2205.14865)."""

from reprompt.figures.prograd.angles import prograd_figure6
from reprompt.figures.prograd.failures import prograd_figure5
from reprompt.figures.prograd.few_shot import prograd_figure4, prograd_figure7
from reprompt.figures.prograd.heat import prograd_figure2
from reprompt.figures.prograd.overfitting import prograd_figure1
from reprompt.figures.prograd.projection import prograd_figure3

__all__ = [
    "prograd_figure1",
    "prograd_figure2",
    "prograd_figure3",
    "prograd_figure4",
    "prograd_figure5",
    "prograd_figure6",
    "prograd_figure7",
]
