"""The cache of few-shot images that Tip-Adapter's two learners have.

R runs, B images, N images of a few-shot set, K classes, E joint width
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from reprompt.cells.axes import CacheSettings
from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.clip.savings import ALL_SAVINGS, Savings
from reprompt.learners.fixed_texts import FixedTexts
from reprompt.learners.learner import Shown, frozen_image_features, seen_by_frozen_tower
from reprompt.learners.output import LearnerOutput
from reprompt.learners.templates import class_features


class CacheLearner:
    """Classifies among class texts and by likeness to the few-shot images in the cache."""

    images_at_once = CacheSettings.images_at_once

    def __init__(
        self, backbone: Backbone, class_names: list[str], settings: CacheSettings, savings: Savings = ALL_SAVINGS
    ):
        self.backbone, self.settings = backbone, settings
        self.sees = seen_by_frozen_tower(savings)
        self.texts = FixedTexts(lambda: class_features(backbone, class_names, settings.class_texts, savings), savings)

    def start(self, initialisation: str, stream: torch.Generator) -> Params:
        """Nothing: the cache is of the few-shot images."""
        return {}

    def of_images(self, shown: Shown) -> Params:
        """keys (N, E), of length 1, and values (N, K), one-hot. Raises ValueError for more views than there are."""
        views, count = shown.plain[None], self.settings.cache_views
        if count:
            views = shown.views[:count]
            if len(views) < count:
                raise ValueError(f"cache_views {count}: {len(views)} views are kept: lower it, or raise views.count")
        values = F.one_hot(shown.labels, shown.classes).to(shown.plain.dtype)
        return {"keys": F.normalize(views.mean(dim=0), dim=-1), "values": values}

    def forward(self, params: Params, images: Tensor) -> LearnerOutput:
        """`keys` (R, N, E), `values` (R, N, K) and images -> features, and logits with those of the cache beside."""
        features = frozen_image_features(self.backbone, images)
        likeness = features @ params["keys"].transpose(1, 2)  # (R, B, N)
        of_cache = torch.exp(self.settings.cache_sharpness * (likeness - 1)) @ params["values"]
        classes = self.texts.features.expand(len(of_cache), -1, -1)
        return LearnerOutput(features, classes, self.backbone.scale, beside=self.settings.cache_weight * of_cache)
