"""Cells: the trained-and-judged settings, the smallest things with a number."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from reprompt.plan.parameters import Parameters, Protocol
from reprompt.plan.recipes import RECIPES

SPLITS = {"few_shot": ("all",), "base_to_new": ("base", "new")}


def canonical(value: Any) -> str:
    """One JSON text per value: sorted keys, no blanks."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True)
class Cell:
    """One setting. `settings` holds every resolved parameter of its recipe as canonical JSON.

    `shots` and `seed` are 0 for recipes that learn nothing.
    """

    protocol: str
    recipe: str
    backbone: str
    task: str
    shots: int
    seed: int
    settings: str

    @property
    def splits(self) -> tuple[str, ...]:
        """The parts of the test set it is judged on."""
        return SPLITS[self.protocol]

    @property
    def resolved(self) -> dict[str, Any]:
        """The settings as a dictionary."""
        return json.loads(self.settings)

    @property
    def spec(self) -> str:
        """Everything that defines this cell, as canonical JSON."""
        return canonical({**self.__dict__, "settings": self.resolved})

    def key(self, *depends_on: str) -> str:
        """A content address of this cell given hashes of the data, weights and code it depends on."""
        return hashlib.sha256("\n".join([self.spec, *depends_on]).encode()).hexdigest()


def cells_of(parameters: Parameters, protocol: str, recipe: str, backbone: str, task: str) -> tuple[Cell, ...]:
    """The cells of one recipe on one task: all shots and seeds, or one cell for a recipe that learns nothing."""
    settings: Protocol = getattr(parameters.protocols, protocol)
    runs = [(shots, seed) for shots in settings.shots for seed in parameters.seeds]
    return tuple(
        Cell(
            protocol,
            recipe,
            backbone,
            task,
            shots,
            seed,
            canonical(_resolve(parameters, protocol, recipe, task, shots)),
        )
        for shots, seed in (runs if RECIPES[recipe].learned else [(0, 0)])
    )


def _resolve(parameters: Parameters, protocol: str, recipe: str, task: str, shots: int) -> dict[str, Any]:
    """The settings of a cell: its protocol's tuning, its method's block over it, and what both say of epochs."""
    own = getattr(parameters.methods, recipe).settings_for(protocol, task, shots)
    if RECIPES[recipe].gradient is None:
        return own
    tuning = getattr(parameters.protocols, protocol).tuning
    given = {key: own.pop(key) for key in type(tuning).model_fields if key in own}
    if "epochs" in given:  # a method's own epochs, so the protocol's exceptions by task are not meant for it
        given.setdefault("epochs_of_task", {})
    tuning = tuning.model_copy(update=given)
    resolved = tuning.model_dump(exclude={"epochs", "epochs_of_task"}) | {"epochs": tuning.epochs_for(task, shots)}
    return resolved | own | ({} if parameters.precision == "float32" else {"precision": parameters.precision})
