"""The figures of GRAM's corpus; they read what `reprompt corpus` wrote, not records."""

import json
from pathlib import Path

from reprompt.corpus.pictures import CorpusFigureData
from reprompt.figures.figure import PaperFigure
from reprompt.figures.gram.corpus_filter import gram_figure_filter
from reprompt.figures.gram.corpus_topics import gram_figure_topics

CORPUS_FIGURES = {"gram_figure_filter": gram_figure_filter, "gram_figure_topics": gram_figure_topics}


def corpus_figure(name: str, folder: Path) -> PaperFigure:
    """A figure from the pictures and numbers in the folder that `reprompt corpus` wrote."""
    quality = json.loads((folder / "quality.json").read_text())
    return CORPUS_FIGURES[name](CorpusFigureData.read(folder / "pictures.npz"), quality)
