"""What a training that was killed goes on from: its whole state, kept every so many seconds in one checked file.

The state is all that a step reads and a later one changes: learned tensors, the optimiser's, what hooks have summed up,
the state of random streams that are not drawn ahead. So what ends after a restart has the same bits.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import torch

from reprompt.foundation.checksums import read_checked, write_checked
from reprompt.foundation.damage import DamagedFileError

State = dict[str, object]  # of tensors, numbers, texts, and lists and dictionaries of these


@dataclass
class Checkpoint:
    """The file of a training that is not over, written at most every so many seconds; nothing is kept without a file.

    It stays when the training is over, until `forget`: so that what follows it may be killed as well.
    """

    path: Path | None
    every: float
    written: float = field(default_factory=lambda: time.monotonic())

    def restored(self) -> State | None:
        """The state that was kept last, on the CPU; None where there is none.

        None too where the file is damaged, which the log says: the training begins again.
        """
        if self.path is None or not self.path.exists():
            return None
        try:
            content = read_checked(self.path, "delete it; the training begins again")
        except DamagedFileError as damage:
            print(damage.but("the training begins again"), file=sys.stderr)
            return None
        return torch.load(BytesIO(content), map_location="cpu", weights_only=True)

    def after_step(self, state: Callable[[], State], is_last: bool = False) -> None:
        """Keep the state where it is due; that of the last step also where an earlier one was kept."""
        if self.path is None:
            return
        is_due = time.monotonic() - self.written >= self.every
        if not is_due and not (is_last and self.path.exists()):
            return
        content = BytesIO()
        torch.save(state(), content)
        write_checked(self.path, content.getvalue())
        self.written = time.monotonic()

    def forget(self) -> None:
        """What followed is over as well."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)


def nowhere() -> Checkpoint:
    """A checkpoint of which nothing is kept."""
    return Checkpoint(None, float("inf"))
