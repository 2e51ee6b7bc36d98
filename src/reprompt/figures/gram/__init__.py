"""The figures of GRAM (Li et al., ICCV 2023, arXiv:2303.06571). Figure 2 is a diagram."""

from reprompt.figures.gram.initialisations import gram_figure1a
from reprompt.figures.gram.regulating import gram_figure3b
from reprompt.figures.gram.training import gram_figure1b, gram_figure3a

GRAM_FIGURES = {
    "gram_figure1a": gram_figure1a,
    "gram_figure1b": gram_figure1b,
    "gram_figure3a": gram_figure3a,
    "gram_figure3b": gram_figure3b,
}

__all__ = ["GRAM_FIGURES", *GRAM_FIGURES]
