"""The feature store: the image features of a frozen tower, computed once per augmented view.

Every method, seed and epoch shares them. Features are stored as the tower gives them, unnormalised (the linear probe
wants them so); prompt learners normalise.

With the features go digests of the pictures that they were made of (reprompt.clip.manifest).
"""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from reprompt.cells.parameters import Views
from reprompt.clip.backbones import Backbone
from reprompt.clip.manifest import Listings, PicturesOfTasks, digest_of_picture
from reprompt.data.source import SourceInViews, rows_of
from reprompt.foundation.atomic import write_text, written_whole
from reprompt.foundation.locks import FOLDER as LOCKS
from reprompt.foundation.locks import exclusive
from reprompt.foundation.made_from import is_made_from

AT_ONCE = 4096  # images that are in memory, and that a killed job has to encode again


@dataclass(frozen=True)
class PartImages:
    """The images of a part's `tasks`, of which training images are encoded in `views` too, if any.

    `listings` say of files which they have to be; there are none where images are rendered.
    """

    source: SourceInViews
    tasks: tuple[str, ...]
    views: Views | None
    listings: Listings

    @classmethod
    def as_listed(cls, source: SourceInViews, tasks: tuple[str, ...], views: Views | None) -> "PartImages":
        """The images that are there now."""
        listings = {
            task: {"pictures": digests["pictures"], "rows": rows_of(source, task)}
            for task in tasks
            if (digests := source.digests(task))
        }
        return cls(source, tasks, views, listings)

    def check(self, task: str) -> None:
        """Raise ValueError where the files of a task are not those that they have to be."""
        digests = self.source.digests(task)
        if digests and digests["pictures"] != self.listings.get(task, {}).get("pictures"):
            raise ValueError(
                f"{task}: the pictures on disk are not those that its split is of (some came, went or were replaced);"
                " snakemake --cores all makes the split, the features and the cells of it again"
            )


@torch.inference_mode()
def encode_images(backbone: Backbone, images: np.ndarray, batch: int = 256) -> Tensor:
    """(N, H, W, 3) uint8 -> unnormalised features (N, E)."""
    parts = torch.from_numpy(images).to(backbone.device).split(batch)
    encoded = [backbone.model.visual(backbone.normalise(part).to(backbone.dtype)) for part in parts]
    return torch.cat(encoded).to("cpu", backbone.learned_dtype)


@dataclass(frozen=True)
class TaskFeatures:
    """One task: `plain` (N, E) and `views` (V, N, E) of its training images, `test` (N', E); unnormalised.

    Pictures from the web have no views: there are enough of them. `validation` (N'', E) is there where such a split is.
    """

    plain: Tensor
    views: Tensor
    test: Tensor
    validation: Tensor | None = None

    @property
    def rows(self) -> dict[str, int]:
        """The number of images of each split."""
        validation = {} if self.validation is None else {"validation": len(self.validation)}
        return {"train": len(self.plain), "test": len(self.test), **validation}

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
        """What prompt learners are evaluated on."""
        return F.normalize(self.test, dim=-1)


def write_features(path: Path, features: dict[str, TaskFeatures], made_from: str, pictures: PicturesOfTasks) -> None:
    """Write the features of several tasks into one file, with what they were made from and of which pictures."""
    tensors = {
        f"{task}/{name}": tensor.clone()
        for task, of_task in features.items()
        for name, tensor in vars(of_task).items()
        if tensor is not None
    }
    with written_whole(path) as unfinished:
        save_file(tensors, unfinished, metadata={"made_from": made_from, "pictures": json.dumps(pictures)})


def read_features(path: Path, task: str) -> TaskFeatures:
    """Read one task's features. Raises FileNotFoundError."""
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing; `reprompt features` makes it (Snakemake does so when needed)")
    with safe_open(path, "pt") as file:
        there = file.keys()
        names = (name for name in TaskFeatures.__dataclass_fields__ if f"{task}/{name}" in there)
        return TaskFeatures(**{name: file.get_tensor(f"{task}/{name}") for name in names})


def ensure_features(
    path: Path,
    made_from: str,
    backbone: Backbone,
    images: PartImages,
    advance: Callable[[int], None] = lambda tasks: None,
) -> PicturesOfTasks:
    """Make the features of a part's tasks at `path`, unless they are there; returns the digests of their pictures.

    They are large and quickly made, so no store keeps them: whoever needs them calls this, and says with `made_from`
    what else they depend on. Where two processes do, the second waits for the first. What a killed process had encoded
    lies beside `path` and is not encoded again.
    """
    made_from = json.dumps({"made_from": made_from, "weights_sha256": backbone.weights_sha256})
    with exclusive(LOCKS / f"features-{backbone.name}-{path.stem}.lock"):
        if not is_made_from(path, made_from):
            unfinished = path.with_name(f"{path.stem}-{hashlib.sha256(made_from.encode()).hexdigest()[:20]}~")
            encoded, pictures = {}, {}
            for task in images.tasks:
                images.check(task)
                encoded[task], pictures[task] = task_features(backbone, images, task, unfinished)
                advance(1)
            write_features(path, encoded, made_from, pictures)
            shutil.rmtree(unfinished)
    with safe_open(path, "pt") as file:
        return json.loads(file.metadata()["pictures"])


def task_features(
    backbone: Backbone, images: PartImages, task: str, unfinished: Path
) -> tuple[TaskFeatures, dict[str, str]]:
    """Encode a task's images: plain and in every augmented view for training, plain for testing; and their digests.

    The folder `unfinished` has what was encoded before.
    """
    source, views = images.source, images.views
    splits = source.splits(task)
    digests = {kind: hashlib.sha256() for kind in ("views", *splits)}

    def encoded(name: str, kind: str, count: int, read: Callable[[range], np.ndarray]) -> Tensor:
        parts = [torch.empty(0, backbone.joint_width)]
        for start in range(0, count, AT_ONCE):
            file, indices = unfinished / f"{task}-{name}-{start}.npy", range(start, min(start + AT_ONCE, count))
            picture_digests = file.with_suffix(".sha256")
            if not file.exists():
                pictures = read(indices)
                write_text(picture_digests, "".join(map(digest_of_picture, pictures)))
                with written_whole(file) as whole, whole.open("wb") as opened:
                    np.save(opened, encode_images(backbone, pictures).numpy())
            digests[kind].update(picture_digests.read_bytes())
            parts.append(torch.from_numpy(np.load(file)))
        return torch.cat(parts)

    count = {split: len(source.labels(task, split)) for split in splits}

    def as_it_is(split: str) -> Tensor:
        return encoded(split, split, count[split], lambda indices: source.images(task, split, indices))

    def in_view(view: int) -> Tensor:
        return encoded(
            *(f"view{view}", "views", count["train"]),
            lambda indices: source.views(task, indices, [view] * len(indices), views),
        )

    plain, others = as_it_is("train"), {split: as_it_is(split) for split in splits if split != "train"}
    shown = [in_view(view) for view in range(views.count if views else 0)]
    in_views = torch.stack(shown) if shown else plain.new_empty(0, *plain.shape)
    return TaskFeatures(plain, in_views, **others), {kind: digest.hexdigest()[:20] for kind, digest in digests.items()}
