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
    """N pictures in some views; `read` gives the pictures (n, H, W, 3), uint8, of views (n,) and indices (n,)."""

    read: Read
    count: int

    @classmethod
    def of(cls, pictures: np.ndarray | Tensor) -> "Pictures":
        """Pictures (V, N, H, W, 3) that are in memory already."""
        kept = np.asarray(pictures)
        return cls(lambda views, indices: kept[views, indices], kept.shape[1])

    def __getitem__(self, which: tuple[Tensor, Tensor]) -> Tensor:
        """The pictures (..., H, W, 3) of views (...) and indices (...), in memory."""
        views, indices = (index.cpu() for index in which)
        return torch.from_numpy(self.read(views.flatten().numpy(), indices.flatten().numpy())).unflatten(0, views.shape)

    def plain(self, indices: np.ndarray | Tensor) -> Tensor:
        """The pictures (n, H, W, 3) of some indices (n,), in the first view."""
        indices = torch.as_tensor(indices)
        return self[torch.zeros_like(indices), indices]


def laid_end_to_end(parts: Sequence[Pictures]) -> Pictures:
    """The pictures of several tasks as those of one: first all of the first task."""
    first = np.cumsum([0, *(part.count for part in parts)])

    def read(views: np.ndarray, indices: np.ndarray) -> np.ndarray:
        part = np.searchsorted(first, indices, side="right") - 1
        rows = {n: np.flatnonzero(part == n) for n in np.unique(part)}
        pictures = [parts[n].read(views[of_part], indices[of_part] - first[n]) for n, of_part in rows.items()]
        return np.concatenate(pictures)[np.argsort(np.concatenate(list(rows.values())))]

    return Pictures(read, int(first[-1]))
