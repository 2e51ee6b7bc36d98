"""Fake records for the tests of this folder; tests/tables/fake_records.py makes them."""

import fake_records
import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from reprompt.tables.image import to_figure


@pytest.fixture(scope="session")
def make():
    """The maker of fake records: make(scale=..., backbone=..., tasks=..., seeds=...)."""
    return fake_records.make_records


@pytest.fixture(scope="session")
def records() -> pd.DataFrame:
    """Fake records of a complete miniature run."""
    return fake_records.make_records()


@pytest.fixture(scope="session")
def assert_legible():
    """A check of a table's picture: its words stay on it, apart from each other, and large enough."""

    def check(table) -> None:
        figure = to_figure(table)
        renderer = figure.canvas.get_renderer()
        texts = [text for text in figure.findobj(Text) if text.get_text().strip()]
        boxes = [text.get_window_extent(renderer) for text in texts]
        assert min(text.get_fontsize() for text in texts) >= 5.5
        for text, box in zip(texts, boxes, strict=True):
            assert figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1, text.get_text()
            assert figure.bbox.y0 <= box.y0 and box.y1 <= figure.bbox.y1, text.get_text()
        edges = np.array([box.extents for box in boxes])
        across = np.minimum(edges[:, None, 2], edges[None, :, 2]) - np.maximum(edges[:, None, 0], edges[None, :, 0])
        along = np.minimum(edges[:, None, 3], edges[None, :, 3]) - np.maximum(edges[:, None, 1], edges[None, :, 1])
        touching = np.argwhere(np.triu((across > 0) & (along > 2), 1))  # lines of one entry may share two pixels
        assert not len(touching), [(texts[one].get_text(), texts[other].get_text()) for one, other in touching]

    return check
