"""Pictures that are read when they are asked for: the training set of a real task in every view would fill a disk.

V views, N pictures, H W pixels
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

Read = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Pictures:
    """N pictures in some views; `read` gives the pictures (n, H, W, 3), uint8, of views (n,) and places (n,)."""

    read: Read
    count: int

    @classmethod
    def of(cls, pictures: np.ndarray | Tensor) -> "Pictures":
        """Pictures (V, N, H, W, 3) that are in memory already."""
        kept = np.asarray(pictures)
        return cls(lambda views, places: kept[views, places], kept.shape[1])

    def __getitem__(self, which: tuple[Tensor, Tensor]) -> Tensor:
        """The pictures (..., H, W, 3) of views (...) and places (...), in memory."""
        views, places = (index.cpu() for index in which)
        return torch.from_numpy(self.read(views.flatten().numpy(), places.flatten().numpy())).unflatten(0, views.shape)

    def plain(self, places: np.ndarray | Tensor) -> Tensor:
        """The pictures (n, H, W, 3) at some places (n,), in the first view."""
        places = torch.as_tensor(places)
        return self[torch.zeros_like(places), places]


def laid_end_to_end(parts: Sequence[Pictures]) -> Pictures:
    """The pictures of several tasks as those of one: first all of the first task."""
    first = np.cumsum([0, *(part.count for part in parts)])

    def read(views: np.ndarray, places: np.ndarray) -> np.ndarray:
        of = np.searchsorted(first, places, side="right") - 1
        groups = {n: np.flatnonzero(of == n) for n in np.unique(of)}
        found = [parts[n].read(views[where], places[where] - first[n]) for n, where in groups.items()]
        return np.concatenate(found)[np.argsort(np.concatenate(list(groups.values())))]

    return Pictures(read, int(first[-1]))
