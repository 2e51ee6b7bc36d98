"""Episodes as losses: the support and query losses of a meta-batch, its episodes side by side along the run axis.

The class texts of an outer step are those of all its episodes, encoded once; an episode's logits are among its own
topics.

    B episodes, K topics of each, S images per topic, E joint width
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from reprompt.clip.params import Params
from reprompt.evaluation.images import Images
from reprompt.learners.learner import Learner
from reprompt.objectives.batch import Batch, Objective
from reprompt.training.meta.bilevel import Loss
from reprompt.training.meta.episodes import EpisodeSampler, MetaBatch

LearnerAmong = Callable[[list[str]], Learner]  # the learner among classes of these names


@dataclass(frozen=True)
class MetaTrainingSet:
    """Training images as they are (1, N, E), names of their topics, what draws episodes, learners and loss."""

    images: Images
    names: list[str]
    sampler: EpisodeSampler
    learner_among: LearnerAmong
    objective: Objective

    def losses(self, batch: MetaBatch) -> tuple[Loss, Loss]:
        """Support and query loss of a meta-batch: prompts with a leading axis of B episodes -> (B,)."""
        topics, indices = np.unique(batch.topics, return_inverse=True)
        learner = self.learner_among([self.names[topic] for topic in topics])
        own = torch.from_numpy(indices.reshape(batch.topics.shape)).to(self.images.features.device)
        return tuple(self._loss(learner, own, images) for images in (batch.support, batch.query))

    def _loss(self, learner: Learner, own: Tensor, images: np.ndarray) -> Loss:
        """The loss on images (B, K, S) whose topics have the indices `own` (B, K) among the learner's classes."""
        episodes, ways, each = images.shape
        indices = torch.from_numpy(images).flatten(1).to(own.device)
        seen = self.images.batch(learner.sees, torch.zeros_like(indices), indices)
        labels = torch.arange(ways, device=own.device).repeat_interleave(each).expand(episodes, -1)
        weights = torch.full(labels.shape, 1 / labels.shape[1], dtype=self.images.features.dtype, device=own.device)
        batch = Batch(labels, weights, torch.arange(episodes, device=own.device))

        def loss(prompts: Params) -> Tensor:
            output = learner.forward(prompts, seen)
            classes = output.classes.gather(1, own[..., None].expand(-1, -1, output.classes.shape[-1]))
            return self.objective(replace(output, classes=classes), batch)

        return loss
