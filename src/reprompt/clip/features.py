"""The feature store: the image features of a frozen tower, computed once per augmented view.

Every method, seed and epoch shares them. Features are stored as the tower gives them, unnormalised (the linear probe
wants them so); prompt learners normalise.

With the features go digests of the pictures that they were made of (reprompt.clip.manifest), and checksums: what is
damaged is made again, and said in the log.
"""

import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from reprompt.cells.parameters import Views
from reprompt.clip.backbones import Backbone
from reprompt.clip.manifest import Listings, PicturesOfTasks, digest_of_picture
from reprompt.data.source import SourceInViews, rows_of
from reprompt.foundation.damage import DamagedFileError, reading
from reprompt.foundation.locks import FOLDER as LOCKS
from reprompt.foundation.locks import exclusive
from reprompt.foundation.tensor_files import TensorFile, write_tensors

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


@dataclass(frozen=True)
class PartFeatures:
    """Features of tasks of a part, by task, and the digests of the pictures of all its tasks."""

    of_tasks: dict[str, TaskFeatures]
    pictures: PicturesOfTasks


def write_features(path: Path, features: dict[str, TaskFeatures], made_from: str, pictures: PicturesOfTasks) -> None:
    """Write the features of several tasks into one file, with what they were made from and of which pictures."""
    tensors = {
        f"{task}/{name}": tensor.numpy()
        for task, of_task in features.items()
        for name, tensor in vars(of_task).items()
        if tensor is not None
    }
    write_tensors(path, tensors, {"made_from": made_from, "pictures": pictures})


def read_features(path: Path, task: str) -> TaskFeatures:
    """Read one task's features. Raises FileNotFoundError, DamagedFileError."""
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing; `reprompt features` makes it (Snakemake does so when needed)")
    return _of_task(opened_features(path), task)


def opened_features(path: Path) -> TensorFile:
    """The file of a part's features, whose tensors are checked when they are read, if it has checksums."""
    remedy = f"have it made again: snakemake --cores all --forcerun {path.with_suffix('.json')}"
    return TensorFile(path, remedy, before="made_from")


def _of_task(file: TensorFile, task: str) -> TaskFeatures:
    names = (name for name in TaskFeatures.__dataclass_fields__ if f"{task}/{name}" in file.names)
    return TaskFeatures(**{name: file[f"{task}/{name}"] for name in names})


def ensure_features(
    path: Path,
    made_from: str,
    backbone: Backbone,
    images: PartImages,
    wanted: Collection[str] | None = None,
    advance: Callable[[int], None] = lambda tasks: None,
) -> PartFeatures:
    """The features of those of a part's tasks that are `wanted` (all, where nothing is said), from the file at `path`.

    They are large and quickly made, so no store keeps them: whoever needs them calls this, which makes them where they
    are missing, damaged, or made from something else than `made_from` and these weights. Where two processes do, the
    second waits for the first. What a killed process had encoded lies beside `path` and is not encoded again.
    """
    made_from = json.dumps({"made_from": made_from, "weights_sha256": backbone.weights_sha256})
    wanted = images.tasks if wanted is None else wanted
    with suppress(DamagedFileError):
        if (kept := _kept(path, made_from, wanted)) is not None:
            return kept
    with exclusive(LOCKS / f"features-{backbone.name}-{path.stem}.lock"):
        try:
            kept = _kept(path, made_from, wanted)  # by another process, meanwhile
        except DamagedFileError as damage:
            print(damage.but("made again"), file=sys.stderr)
            kept = None
        if kept is None:
            unfinished = path.with_name(f"{path.stem}-{hashlib.sha256(made_from.encode()).hexdigest()[:20]}~")
            encoded, pictures = {}, {}
            for task in images.tasks:
                images.check(task)
                encoded[task], pictures[task] = task_features(backbone, images, task, unfinished)
                advance(1)
            write_features(path, encoded, made_from, pictures)
            shutil.rmtree(unfinished)
            kept = _kept(path, made_from, wanted)
    return kept


def _kept(path: Path, made_from: str, wanted: Collection[str]) -> PartFeatures | None:
    """What lies at `path`, if it was made from exactly that. Raises DamagedFileError."""
    if not path.exists():
        return None
    file = opened_features(path)
    with reading(path, file.remedy):
        if not file.has_checksums or file.about["made_from"] != made_from:
            return None
    return PartFeatures({task: _of_task(file, task) for task in wanted}, file.about["pictures"])


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
            indices = range(start, min(start + AT_ONCE, count))
            file = unfinished / f"{task}-{name}-{start}.safetensors"
            if (before := _encoded_before(file)) is None:
                pictures = read(indices)
                before = encode_images(backbone, pictures), "".join(map(digest_of_picture, pictures))
                write_tensors(file, {"features": before[0].numpy()}, before[1])
            parts.append(before[0])
            digests[kind].update(before[1].encode())
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


def _encoded_before(file: Path) -> tuple[Tensor, str] | None:
    """Features (n, E) that a killed process left, and the digests of their pictures, one text; None if it did not."""
    if not file.exists():
        return None
    try:
        kept = TensorFile(file, "encode its pictures again")
        return kept["features"], kept.about
    except DamagedFileError as damage:
        print(damage.but("its pictures are encoded again"), file=sys.stderr)
        return None
