"""One function per figure of each paper: records in, `PaperFigure` out, no disk."""

from reprompt.figures import prograd
from reprompt.figures.figure import PaperFigure
from reprompt.figures.gram import GRAM_FIGURES
from reprompt.figures.mvlpt import MVLPT_FIGURES
from reprompt.figures.npt import NPT_FIGURES

FIGURES = {name: getattr(prograd, name) for name in prograd.__all__} | NPT_FIGURES | MVLPT_FIGURES | GRAM_FIGURES

__all__ = ["FIGURES", "PaperFigure"]
