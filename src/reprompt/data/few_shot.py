"""What a cell takes of one task: its few-shot set, and what is held out of that."""

from dataclasses import dataclass

import numpy as np

from reprompt.cells.cell import Cell
from reprompt.data.draws import validation_fifth
from reprompt.data.splits import Split


@dataclass(frozen=True)
class FewShotSet:
    """What a cell takes of one task: indices (n,) of training images, labels, (n,) or (n, K), and what is held out."""

    images: np.ndarray
    labels: np.ndarray
    held_out: tuple[np.ndarray, np.ndarray] | None = None


def few_shot_of(split: Split, cell: Cell, place: int) -> FewShotSet:
    """What a cell takes of the task at `place` among those that it is trained on.

    Where the best checkpoint is wanted a fifth of it is held out: of all tasks that are trained together for a source
    prompt, of the target alone, which is the first, in a group.
    """
    images, labels = split.few_shot(cell.seed, cell.learns, cell.shots, cell.tau)
    if not cell.method.by_steps or cell.tuned.checkpoint != "best":
        return FewShotSet(images, labels)
    train, held = validation_fifth(labels, cell.shots)
    held_out = (images[held], labels[held]) if place == 0 or cell.together else None
    return FewShotSet(images[train], labels[train], held_out)
