"""The start from a stored prompt, whichever experiment keeps it: one for all starts but the learner's own."""

import torch

from reprompt.clip.params import Params
from reprompt.initialisation.starting import Starting


def start(learner: Starting, initialisation: str, stream: torch.Generator, handed_over: Params) -> Params:
    """The prompt that is handed over. A regulator that came with it, under dotted names, is no prompt.

    Raises ValueError where its tensors are not those that the learner learns, by name and shape.
    """
    stored = {name: tensor for name, tensor in handed_over.items() if "." not in name}
    expected = learner.start("random", stream)
    if stored.keys() != expected.keys():
        raise ValueError(f"the source prompt holds {sorted(stored)}, but the learner has {sorted(expected)}")
    for name, tensor in expected.items():
        if stored[name].shape != tensor.shape:
            raise ValueError(
                f"the source prompt's {name} is {tuple(stored[name].shape)}, the learner's is {tuple(tensor.shape)}: "
                "lengths, depths and, for class-specific prompts, class counts have to agree"
            )
    return stored
