"""A disturbance of everything that is frozen, of the size of single precision's last bit.

Another processor sums in another order, and so has other last bits. Here every frozen number is multiplied by
1 + 1e-7 n, n standard normal: weights, image features, and the prompts and regulators that other jobs hand over. Pixels
are 8-bit integers; what the image tower gets of them is multiplied by such a factor for every channel and place.
"""

import copy
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from reprompt.clip.backbones import Backbone
from reprompt.clip.features import TaskFeatures
from reprompt.evaluation.task_data import Tasks
from reprompt.foundation.streams import torch_stream
from reprompt.records.prompts import Prompts
from reprompt.training.given import Given


@dataclass(frozen=True)
class DisturbedBackbone(Backbone):
    """A backbone that multiplies the image tower's input by `pixels` (3, H, W)."""

    pixels: Tensor = field(kw_only=True)

    def normalise(self, images: Tensor) -> Tensor:
        """(..., H, W, 3) uint8 pixels -> (..., 3, H, W) floats, disturbed."""
        return super().normalise(images) * self.pixels


@dataclass(frozen=True)
class Disturbance:
    """Factors 1 + `size` n with n standard normal, drawn by `seed` and by what they are for."""

    size: float
    seed: int

    def factors(self, shape: torch.Size | tuple[int, ...], *purpose: str) -> Tensor:
        """Factors of this shape, in double precision."""
        stream = torch_stream(self.seed, "disturbance", *purpose)
        return 1 + self.size * torch.randn(shape, generator=stream, dtype=torch.float64)

    def of_tensor(self, tensor: Tensor, *purpose: str) -> Tensor:
        """A disturbed copy, rounded to the precision of the tensor; integers and booleans as they are."""
        if not tensor.is_floating_point():
            return tensor
        return (tensor.double() * self.factors(tensor.shape, *purpose).to(tensor.device)).to(tensor.dtype)

    def of_backbone(self, backbone: Backbone) -> DisturbedBackbone:
        """Every weight, the temperature among them, and the image tower's input."""
        model = copy.deepcopy(backbone.model)
        weights = model.state_dict()
        model.load_state_dict({name: self.of_tensor(tensor, "weights", name) for name, tensor in weights.items()})
        pixels = self.factors((3, backbone.image_size, backbone.image_size), "pixels").float()
        return DisturbedBackbone(**vars(replace(backbone, model=model)), pixels=pixels)

    def of_tasks(self, tasks: Tasks) -> Tasks:
        """All features of every task, each by itself."""
        return {name: replace(data, features=self._of_features(data.features, name)) for name, data in tasks.items()}

    def _of_features(self, features: TaskFeatures, task: str) -> TaskFeatures:
        there = {name: tensor for name, tensor in vars(features).items() if tensor is not None}
        return TaskFeatures(**{name: self.of_tensor(tensor, task, name) for name, tensor in there.items()})

    def of_given(self, given: Given) -> Given:
        """The prompts and regulators that other jobs hand over."""
        return replace(given, prompts={name: self._of_prompts(kept, name) for name, kept in given.prompts.items()})

    def _of_prompts(self, kept: Prompts, experiment: str) -> Prompts:
        return Prompts(
            {
                cell: {name: self.of_tensor(tensor, experiment, str(cell), name) for name, tensor in prompt.items()}
                for cell, prompt in kept.of_cells.items()
            }
        )
