"""A prompt that was exported, opened again: class features, the tower that it prompts, and labels of pictures.

B images, K classes, E joint width, S side of a picture
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from open_clip.model import CLIP
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from reprompt.cells.members import AXES
from reprompt.clip.backbones import Backbone
from reprompt.clip.params import Params
from reprompt.data.files.listing import Item
from reprompt.data.files.pictures import picture_of
from reprompt.data.files.rgb import Reading
from reprompt.data.files.transforms import prepared
from reprompt.exported.card import CARD, TENSORS, Card, read_card
from reprompt.exported.fingerprint import fingerprint
from reprompt.foundation.atomic import write_text, written_whole
from reprompt.learners.learner import Learner, Sees
from reprompt.learners.output import LearnerOutput
from reprompt.learners.templates import class_features

LEARNED = "learned/"  # before the names of learned tensors in the file
AT_ONCE = 32  # pictures of one forward pass


@dataclass(frozen=True)
class Prediction:
    """What a picture is taken for, and how probable every class is, the most probable first."""

    picture: str
    label: str
    probability: float
    probabilities: dict[str, float]


@dataclass(frozen=True)
class Templates:
    """Class features with nothing learned, as a learner: of zero-shot CLIP and the prompt ensemble."""

    backbone: Backbone
    classes: Tensor
    sees: Sees = "features"

    def forward(self, params: Params, images: Tensor) -> LearnerOutput:
        """Image features (1, B, E), normalised -> features and logits; there are no learned tensors."""
        return LearnerOutput(images, self.classes[None], self.backbone.scale)


@dataclass(frozen=True)
class Prompt:
    """A tuned prompt with its card. It is used with a model of open_clip's that has the weights it was tuned on.

    `learned` are its tensors, `class_features` (K, E) those of its classes, None where each image has its own.
    """

    card: Card
    learned: Params
    class_features: Tensor | None
    logit_scale: Tensor

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of its classes, in the order of its logits."""
        return self.card.classes

    @torch.no_grad()
    def classifier(self, model: CLIP, classes: Sequence[str] | None = None) -> Tensor:
        """Class features (K, E) of length 1, of its own classes or, for prompts that allow it, of others.

        Raises ValueError for a model of other weights, for names that it cannot have features of, and for a prompt that
        has others for every image (CoCoOp).
        """
        learner = self._learner(model, classes)
        output = learner.forward(self._params(model), self._blank(learner))
        if output.classes.ndim == 4:
            raise ValueError(f"{self.card.method.label} has class features of its own for every image: use `logits`")
        return output.classes[0]

    def tower(self, model: CLIP) -> Callable[[Tensor], Tensor]:
        """The image tower, with its prompts if it has any: pixels (B, 3, S, S) -> features (B, E), normalised."""
        learner = self._learner(model, None)

        @torch.no_grad()
        def encode(pixels: Tensor) -> Tensor:
            if learner.sees == "features":
                return _features(model, pixels)
            return learner.forward(self._params(model), pixels[None]).images[0]

        return encode

    @torch.no_grad()
    def logits(self, model: CLIP, pixels: Tensor, classes: Sequence[str] | None = None) -> Tensor:
        """Logits (B, K) of pixels (B, 3, S, S) that are normalised as the CLIP wants them."""
        learner = self._learner(model, classes)
        images = _features(model, pixels) if learner.sees == "features" else pixels
        return learner.forward(self._params(model), images[None]).logits[0]

    def pixels(self, pictures: Sequence[Path | str]) -> Tensor:
        """Pictures from disk as the CLIP wants them, (B, 3, S, S). Raises UnreadablePicture, FileNotFoundError."""
        of_pictures, reading = self.card.pictures, Reading(upright=self.card.pictures.upright)
        read = (picture_of(Item(Path(picture), None, 0), reading) for picture in pictures)
        stacked = np.stack([prepared(picture, of_pictures.preparation) for picture in read])
        mean, std = torch.tensor(of_pictures.mean), torch.tensor(of_pictures.std)
        return ((torch.from_numpy(stacked).float() / 255 - mean) / std).movedim(-1, 1)

    def predict(
        self, model: CLIP, pictures: Sequence[Path | str], classes: Sequence[str] | None = None
    ) -> list[Prediction]:
        """Labels and probabilities of pictures on disk."""
        names, predictions = self.classes if classes is None else tuple(classes), []
        for start in range(0, len(pictures), AT_ONCE):
            these = pictures[start : start + AT_ONCE]
            device = model.positional_embedding.device
            probabilities = self.logits(model, self.pixels(these).to(device), classes).softmax(dim=-1).cpu()
            for picture, of_picture in zip(these, probabilities, strict=True):
                order = of_picture.argsort(descending=True).tolist()
                by_class = {names[k]: float(of_picture[k]) for k in order}
                predictions.append(Prediction(str(picture), names[order[0]], float(of_picture[order[0]]), by_class))
        return predictions

    def save(self, folder: Path) -> None:
        """Write it into a folder, `prompt.safetensors` and `card.json`."""
        tensors = {f"{LEARNED}{name}": tensor.contiguous() for name, tensor in self.learned.items()}
        tensors |= {"logit_scale": self.logit_scale.clone()}
        tensors |= {} if self.class_features is None else {"class_features": self.class_features.contiguous()}
        with written_whole(folder / TENSORS) as unfinished:
            save_file(tensors, unfinished)
        write_text(folder / CARD, self.card.model_dump_json(indent=1) + "\n")

    def _learner(self, model: CLIP, classes: Sequence[str] | None) -> Learner | Templates:
        """Its learner on a model, among its own classes or others."""
        names = list(self.classes if classes is None else classes)
        if names != [*self.classes] and not self.card.new_classes:
            raise ValueError(
                f"{self.card.method.label} learned something for each of its {len(self.classes)} classes and has"
                f" no features of others: {', '.join(name for name in names if name not in self.classes)}"
            )
        backbone = self._on(model)
        if not self.card.method.by_steps:
            return Templates(backbone, class_features(backbone, names, self.card.templates))
        module = import_module(f"reprompt.{AXES['learner']}.{self.card.method.members['learner']}")
        return module.Learner(backbone, names, self.card.learner)

    def _on(self, model: CLIP) -> Backbone:
        """The model as a backbone. Raises ValueError where its weights are not those that the prompt was tuned on."""
        of, pictures, found = self.card.backbone, self.card.pictures, fingerprint(model)
        if found != of.fingerprint:
            raise ValueError(
                f"this prompt was tuned on {of.model}, {of.pretrained} (fingerprint {of.fingerprint[:12]}), and the"
                f" model has other weights (fingerprint {found[:12]}): load those, in single precision"
            )
        return Backbone(of.name, model, pictures.side, pictures.mean, pictures.std, of.weights_sha256)

    def _params(self, model: CLIP) -> Params:
        """Its tensors with the leading run axis of a fleet of one, on the model's device."""
        device = model.positional_embedding.device
        return {name: tensor[None].to(device) for name, tensor in self.learned.items()}

    def _blank(self, learner: Learner | Templates) -> Tensor:
        """An image that shows nothing, for class features, which do not depend on it: (1, 1, E) or (1, 1, 3, S, S)."""
        side, device = self.card.pictures.side, learner.backbone.device
        if learner.sees == "features":
            return torch.zeros(1, 1, learner.backbone.joint_width, device=device)
        return torch.zeros(1, 1, 3, side, side, device=device)


def load(folder: Path | str) -> Prompt:
    """Open a prompt that `reprompt export` wrote.

    Raises FileNotFoundError where there is none, ValueError where a file of it is damaged.
    """
    card, path = read_card(Path(folder)), Path(folder) / TENSORS
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing; export the prompt again")
    try:
        tensors = load_file(path)
    except SafetensorError as error:
        raise ValueError(f"{path}: cannot be read ({error}); export the prompt again") from None
    learned = {name.removeprefix(LEARNED): tensor for name, tensor in tensors.items() if name.startswith(LEARNED)}
    return Prompt(card, learned, tensors.get("class_features"), tensors["logit_scale"])


def _features(model: CLIP, pixels: Tensor) -> Tensor:
    """Features (B, E) of length 1 that the frozen tower has of pixels (B, 3, S, S)."""
    return F.normalize(model.visual(pixels), dim=-1)
