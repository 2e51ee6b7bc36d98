"""Cross-entropy of the labels, the loss of CoOp (eq. 3 of arXiv:2109.01134, eq. 2 of ProGrad)."""

import torch.nn.functional as F
from torch import Tensor

from reprompt.learners.outcome import Outcome


def loss(outcome: Outcome, labels: Tensor, weights: Tensor) -> Tensor:
    """Logits (R, B, K), labels (R, B), image weights (R, B) that sum to one per run -> losses (R,)."""
    per_image = F.cross_entropy(outcome.logits.transpose(1, 2), labels, reduction="none")
    return (per_image * weights).sum(dim=1)
