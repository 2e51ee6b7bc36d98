"""One function per figure of each paper: records in, `PaperFigure` out, no disk."""

from reprompt.figures.figure import PaperFigure
from reprompt.figures.prograd import prograd_figure4

FIGURES = {"prograd_figure4": prograd_figure4}

__all__ = ["FIGURES", "PaperFigure"]
