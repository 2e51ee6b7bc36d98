"""Reprompt: prompt tuning for CLIP, the papers' tables and figures, and prompts of your own.

import reprompt
task = reprompt.load_task("flowers_i_took")
prompt = reprompt.tune(task, "prograd", shots=16)
print(reprompt.evaluate(prompt, task).accuracy)
prompt.save(Path("prompt"))
reprompt.load("prompt").predict(model, ["new.jpg"])
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reprompt.api import Prompt, evaluate, load, load_task, tune

__all__ = ["Prompt", "evaluate", "load", "load_task", "tune"]


def __getattr__(name: str) -> object:
    """The public names, imported when they are first asked for: they need PyTorch, most commands do not."""
    if name not in __all__:
        raise AttributeError(f"module 'reprompt' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module("reprompt.api"), name)
