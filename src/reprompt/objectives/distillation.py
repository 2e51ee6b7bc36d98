"""Knowledge distillation from zero-shot CLIP: KL(teacher || student), the loss of LwF and ProGrad's general direction.

The released code minimises the soft cross-entropy, T^2 times the KL up to the teacher's entropy, which is constant:
their gradients are the same (ProGrad eq. 3; Prompt-align's `ProGradLoss`).
"""

import torch.nn.functional as F
from torch import Tensor

from reprompt.learners.outcome import Outcome


def loss(outcome: Outcome, teacher: Tensor, weights: Tensor, temperature: float = 1.0) -> Tensor:
    """Student logits and `teacher` logits (R, B, K), image weights (R, B) -> losses (R,)."""
    log_student = F.log_softmax(outcome.logits / temperature, dim=-1)
    log_teacher = F.log_softmax(teacher / temperature, dim=-1)
    per_image = (log_teacher.exp() * (log_teacher - log_student)).sum(dim=-1)
    return temperature**2 * (per_image * weights).sum(dim=1)
