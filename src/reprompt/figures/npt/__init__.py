"""The figures of NPT: prompt tuning through the lens of neural collapse (Zhu et al. 2023). Figure 3 is a diagram."""

from reprompt.figures.npt.balance import npt_figure4
from reprompt.figures.npt.collapse import npt_figure1
from reprompt.figures.npt.degrees import npt_figure2
from reprompt.figures.npt.weights import npt_figure5

NPT_FIGURES = {
    "npt_figure1": npt_figure1,
    "npt_figure2": npt_figure2,
    "npt_figure4": npt_figure4,
    "npt_figure5": npt_figure5,
}

__all__ = ["NPT_FIGURES", "npt_figure1", "npt_figure2", "npt_figure4", "npt_figure5"]
