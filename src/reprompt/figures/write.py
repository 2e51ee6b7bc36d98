"""Write a figure beside its stem: STEM.png and STEM.csv, the numbers behind it."""

from pathlib import Path

from reprompt.figures.figure import PaperFigure
from reprompt.foundation.atomic import write_text, written_whole


def write_figure(figure: PaperFigure, stem: Path) -> None:
    """Write picture and points; each file appears whole or not at all."""
    write_text(Path(f"{stem}.csv"), figure.to_csv())
    with written_whole(Path(f"{stem}.png")) as unfinished:
        unfinished.write_bytes(figure.to_png())
