"""Every figure of each paper as a specification: called with records it is a `PaperFigure`, and no disk is touched."""

from reprompt.figures.figure import FigureSpec, PaperFigure
from reprompt.figures.gram import GRAM_FIGURES
from reprompt.figures.mvlpt import MVLPT_FIGURES
from reprompt.figures.npt import NPT_FIGURES
from reprompt.figures.prograd import PROGRAD_FIGURES

FIGURES = PROGRAD_FIGURES | NPT_FIGURES | MVLPT_FIGURES | GRAM_FIGURES

__all__ = ["FIGURES", "FigureSpec", "PaperFigure"]
