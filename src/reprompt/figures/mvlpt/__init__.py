"""The figures of MVLPT: multitask vision-language prompt tuning (arXiv:2211.11720). Figures 2 and 3 are diagrams."""

from reprompt.figures.mvlpt.block import mvlpt_figure6
from reprompt.figures.mvlpt.lengths import mvlpt_figure5
from reprompt.figures.mvlpt.similarity import mvlpt_figure_similarity
from reprompt.figures.mvlpt.sizes import mvlpt_figure1
from reprompt.figures.mvlpt.transferability import mvlpt_figure4

MVLPT_FIGURES = {
    "mvlpt_figure1": mvlpt_figure1,
    "mvlpt_figure4": mvlpt_figure4,
    "mvlpt_figure5": mvlpt_figure5,
    "mvlpt_figure6": mvlpt_figure6,
    "mvlpt_figure_similarity": mvlpt_figure_similarity,
}

__all__ = [
    "MVLPT_FIGURES",
    "mvlpt_figure1",
    "mvlpt_figure4",
    "mvlpt_figure5",
    "mvlpt_figure6",
    "mvlpt_figure_similarity",
]
