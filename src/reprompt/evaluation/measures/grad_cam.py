"""Grad-CAM: which parts of an image speak for its class. Selvaraju et al., ICCV 2017, arXiv:1610.02391.

The library (package grad-cam) computes it; here is what it looks at. In a ViT only the class token is read out, so
behind the last block the patches' gradients are zero: the layer is the first norm of that block, where patches are
about to be attended to. In a ResNet it is the last stage, before the attention pool.

As a measure it shows a few test images, one per class, for every run (ProGrad, Figure 2).

    n images, K classes, E joint embedding, H W pixels
"""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from open_clip.transformer import VisionTransformer
from torch import Tensor, nn

from reprompt.cells.cell import Cell, TestSet
from reprompt.clip.backbones import Backbone
from reprompt.data.pictures import Pictures
from reprompt.evaluation.images import EvaluationBatch
from reprompt.evaluation.task_data import TaskData
from reprompt.foundation.arrays import Arrays
from reprompt.learners.output import LearnerOutput

SHOWN = 5


def evaluation_hook(cells: list[Cell], test: TestSet, data: TaskData, backbone: Backbone) -> "Examples":
    """The hook of a fleet on a test set."""
    return Examples(backbone, data.pixels.test)


class Examples:
    """`grad_cam` (n, H, W) in [0, 1], `grad_cam_images` (n, H, W, 3), uint8, `grad_cam_labels` (n,).

    The images are the first of each of the first n classes among the task's test images.
    """

    def __init__(self, backbone: Backbone, pixels: Pictures):
        self.backbone, self.pixels = backbone, pixels
        self.indices: list[Tensor] = []
        self.targets: list[Tensor] = []
        self.classes: Tensor | None = None

    def after_batch(self, output: LearnerOutput, batch: EvaluationBatch) -> None:
        """Keep the class features and where images are."""
        if output.classes.ndim == 4:
            raise ValueError("grad_cam is there for prompts that are the same for every image")
        self.classes = output.classes
        self.indices.append(batch.indices)
        self.targets.append(batch.targets.cpu())

    def arrays(self) -> list[Arrays]:
        """The maps of every run."""
        indices, targets = torch.cat(self.indices), torch.cat(self.targets)
        first = [int((targets == label).nonzero()[0]) for label in targets.unique()[:SHOWN]]
        images, labels = self.pixels.plain(indices[first]), targets[first]
        seen = self.backbone.normalise(images.to(self.backbone.device))
        shown = {"grad_cam_images": images.numpy(), "grad_cam_labels": labels.numpy()}
        return [
            shown | {"grad_cam": heatmaps(self.backbone, classes, seen, labels).astype(np.float16)}
            for classes in self.classes
        ]


class Classifier(nn.Module):
    """CLIP's scores of images against fixed class features: pixels (n, 3, H, W) -> (n, K)."""

    def __init__(self, backbone: Backbone, class_features_KE: Tensor):
        super().__init__()
        self.tower, self.scale = backbone.model.visual, backbone.scale
        self.class_features = F.normalize(class_features_KE, dim=-1)

    def forward(self, pixels: Tensor) -> Tensor:
        """Cosine similarity times temperature."""
        return self.scale * F.normalize(self.tower(pixels), dim=-1) @ self.class_features.T


def heatmaps(backbone: Backbone, class_features_KE: Tensor, pixels: Tensor, labels: Tensor) -> np.ndarray:
    """Heat of every image for its true class: (n, H, W), each map scaled to [0, 1]; all 0 where nothing speaks for it.

    `pixels` (n, 3, H, W) are as `Backbone.normalise` gives them, `labels` (n,) index the class features. Runs in
    single precision at least, wherever the backbone is; its weights are left alone.
    """
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    backbone = backbone.to(backbone.device, backbone.learned_dtype)
    classifier = Classifier(backbone, class_features_KE.to(backbone.device, backbone.dtype))
    layer, reshape = _looked_at(backbone)
    targets = [ClassifierOutputTarget(int(label)) for label in labels]
    seen = pixels.to(backbone.device, backbone.dtype).requires_grad_(True)  # frozen weights alone carry no gradient
    with torch.enable_grad(), GradCAM(classifier, [layer], reshape_transform=reshape) as cam:
        return np.asarray(cam(seen, targets), dtype=np.float32)


def _looked_at(backbone: Backbone) -> tuple[nn.Module, Callable[[Tensor], Tensor] | None]:
    """The layer whose output is weighted, and how it becomes maps (n, channels, h, w)."""
    tower = backbone.model.visual
    if not isinstance(tower, VisionTransformer):
        return tower.layer4, None
    rows, columns = tower.grid_size

    def maps(tokens: Tensor) -> Tensor:
        return tokens[:, 1:].unflatten(1, (rows, columns)).permute(0, 3, 1, 2)

    return tower.transformer.resblocks[-1].ln_1, maps
