"""How alike two tasks are, by the names of their classes and by their images, as the frozen CLIP sees them.

MVLPT (section 4.3) explains its transferability grid by similar class names and similar images, and measures neither.
These are the plainest measures of the two that no prompt has a part in.

`label_similarity`: for each class of the target the largest cosine with a class of the source, averaged over the
target's classes. It asks how much of what the target must tell apart the source has words for. So it is not symmetric,
and a source with many classes has better chances than one with few. The template is the same for all tasks, "a photo
of a {}.": a task's own template says what its images are ("a type of pet"), which is the other question.

`image_similarity`: the cosine of the mean features of all training images of the two tasks. No test image has a part
in it, nor the few-shot draw: like the names, it belongs to the tasks and not to a run.

Features of OpenAI's CLIP share a large component (texts lie in one narrow cone, images in another), which makes all
such cosines high. It is not taken out here, because that would need a centre: then the value of a pair would depend on
which other tasks there are. It need not be: only the order of pairs is read. Of unit vectors a cosine is 1 - d^2 / 2,
and what two vectors share cancels in their distance d. What remains is that a task in the middle of all is near to each
of them; `reprompt.evidence.explanation` has a view without it, the means of sources and targets taken out of the whole
grid: on ranks, what centring the features of images on its tasks would do (classical scaling).

    K classes of a task, N training images of it, E joint width
"""

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from reprompt.clip.backbones import Backbone
from reprompt.foundation.arrays import Arrays
from reprompt.learners.templates import class_features

if TYPE_CHECKING:
    from reprompt.evaluation.task_data import TaskData

TEMPLATE = "a photo of a {}."
# What a backbone has encoded, by class names: a grid asks for each task 40 times. It goes when the backbone goes.
_encoded: WeakKeyDictionary[Backbone, dict[tuple[str, ...], Tensor]] = WeakKeyDictionary()


def pair(source: "TaskData", target: "TaskData", backbone: Backbone) -> Arrays:
    """`label_similarity` and `image_similarity` of a source task for a target task, in [-1, 1], each (1,)."""
    labels = (label_features(backbone, task.split.class_names) for task in (source, target))
    return {
        "label_similarity": np.array([label_similarity(*labels)]),
        "image_similarity": np.array([float(mean_image(source) @ mean_image(target))]),
    }


def label_similarity(source_KE: Tensor, target_KE: Tensor) -> float:
    """The mean over the target's classes of the largest cosine with a class of the source, from unit features."""
    return float((target_KE @ source_KE.T).amax(dim=1).mean())


def label_features(backbone: Backbone, class_names: list[str]) -> Tensor:
    """Unit text features (K, E) of class names; every list of names goes through the text tower once."""
    known, names = _encoded.setdefault(backbone, {}), tuple(class_names)
    if names not in known:
        known[names] = class_features(backbone, class_names, (TEMPLATE,)).detach().cpu()
    return known[names]


def mean_image(task: "TaskData") -> Tensor:
    """The direction (E,) of the mean of the unit features of a task's training images, not augmented."""
    return F.normalize(task.features.normalised_plain.mean(dim=0), dim=-1)
