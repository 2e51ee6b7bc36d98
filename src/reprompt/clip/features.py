"""The feature store: the image features of a frozen tower, computed once per augmented view.

Every method, seed and epoch shares them. Features are stored as the tower gives them, unnormalised (the linear probe
wants them so); prompt learners normalise.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from reprompt.atomic import written_whole
from reprompt.clip.backbones import Backbone
from reprompt.code import FEATURES, code_hash
from reprompt.data.source import Source
from reprompt.data.views import augmented
from reprompt.locks import FOLDER as LOCKS
from reprompt.locks import exclusive
from reprompt.made_from import is_made_from
from reprompt.plan.parameters import Views
from reprompt.streams import numpy_stream


@torch.inference_mode()
def encode_images(backbone: Backbone, images: np.ndarray, batch: int = 256) -> Tensor:
    """(N, H, W, 3) uint8 -> unnormalised features (N, E)."""
    parts = torch.from_numpy(images).to(backbone.device).split(batch)
    encoded = [backbone.model.visual(backbone.normalise(part).to(backbone.dtype)) for part in parts]
    return torch.cat(encoded).to("cpu", backbone.learned_dtype)


@dataclass(frozen=True)
class TaskFeatures:
    """One task: `plain` (N, E) and `views` (V, N, E) of its training images, `test` (N', E); unnormalised.

    Pictures from the web have no views: there are enough of them.
    """

    plain: Tensor
    views: Tensor
    test: Tensor

    @property
    def normalised_views(self) -> Tensor:
        """What prompt learners are trained on."""
        return F.normalize(self.views, dim=-1)

    @property
    def normalised_plain(self) -> Tensor:
        """The training images as they are, for training without augmentation."""
        return F.normalize(self.plain, dim=-1)

    @property
    def normalised_test(self) -> Tensor:
        """What prompt learners are judged on."""
        return F.normalize(self.test, dim=-1)


def manifest(spec: str, weights_sha256: str) -> str:
    """What a part's features are made from, as JSON: the plan's specification, the weights, and the code."""
    made_from = {"spec": json.loads(spec), "weights_sha256": weights_sha256, "code": code_hash(*FEATURES)}
    return json.dumps(made_from, indent=1, sort_keys=True) + "\n"


def write_features(path: Path, features: dict[str, TaskFeatures], made_from: str) -> None:
    """Write the features of several tasks into one file, with the manifest they were made from."""
    tensors = {f"{task}/{name}": tensor.clone() for task, f in features.items() for name, tensor in vars(f).items()}
    with written_whole(path) as unfinished:
        save_file(tensors, unfinished, metadata={"made_from": made_from})


def read_features(path: Path, task: str) -> TaskFeatures:
    """Read one task's features."""
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing; `reprompt features` makes it (Snakemake does so when needed)")
    with safe_open(path, "pt") as file:
        return TaskFeatures(*(file.get_tensor(f"{task}/{name}") for name in ("plain", "views", "test")))


def ensure_features(
    path: Path, spec: str, backbone: Backbone, source: Source, tasks: tuple[str, ...], views: Views | None, advance=None
) -> None:
    """Make the features of a part's tasks at `path`, unless they are there, made from the same.

    They are large and quickly made, so no store keeps them: whoever needs them calls this. Where two processes do, the
    second waits for the first.
    """
    made_from = manifest(spec, backbone.weights_sha256)
    with exclusive(LOCKS / f"features-{backbone.name}-{path.stem}.lock"):
        if not is_made_from(path, made_from):
            encoded = {}
            for task in tasks:
                encoded[task] = task_features(backbone, source, task, views)
                if advance:
                    advance(1)
            write_features(path, encoded, made_from)


def task_features(backbone: Backbone, source: Source, task: str, views: Views | None) -> TaskFeatures:
    """Encode a task's images: plain and in every augmented view for training, plain for testing."""
    train, test = (source.images(task, split, range(len(source.labels(task, split)))) for split in ("train", "test"))
    plain, of_test = encode_images(backbone, train), encode_images(backbone, test)
    shown = training_views(train, task, views) if views else []
    encoded = [encode_images(backbone, view) for view in shown]
    return TaskFeatures(plain, torch.stack(encoded) if encoded else plain.new_empty(0, *plain.shape), of_test)


def training_views(images: np.ndarray, task: str, views: Views) -> np.ndarray:
    """The augmented views (V, N, H, W, 3) of a task's training images; every view has a stream of its own."""
    streams = (numpy_stream(0, "augmented view", task, view) for view in range(views.count))
    return np.stack([augmented(images, views.smallest_crop, views.flip, stream) for stream in streams])
