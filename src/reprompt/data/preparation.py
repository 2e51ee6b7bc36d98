"""How a picture of any size becomes the input of an image tower: as its weights were trained to see pictures."""

from dataclasses import dataclass, replace
from typing import Literal

from PIL import Image

from reprompt.tasks.card import Card

Resize = Literal["centred", "squashed", "padded"]  # of data/files/transforms.py
Interpolation = Literal["bicubic", "bilinear"]


@dataclass(frozen=True)
class Preparation:
    """Pictures `side` pixels wide and high; what is left out is as OpenAI's CLIPs have it.

    It is a property of the backbone: open_clip has one for every set of weights.
    """

    side: int = 224
    resize: Resize = "centred"
    interpolation: Interpolation = "bicubic"

    @property
    def resampling(self) -> Image.Resampling:
        """The interpolation, as Pillow calls it."""
        return Image.Resampling[self.interpolation.upper()]

    @property
    def name(self) -> str:
        return f"{self.side}-{self.resize}-{self.interpolation}"

    def of(self, card: Card) -> "Preparation":
        """How the pictures of a task are prepared: what its card says of resizing goes before what the weights want.

        MVLPT's code squashes all of ELEVATER's pictures, whatever the backbone, so the cards of these tasks say
        `resize: squashed`, and it stays so for weights that want the centre. The cards of CoOp's tasks say nothing: in
        that code pictures are resized as the backbone's weights want it, which for OpenAI's is the centre.
        """
        return replace(self, resize=card.resize or self.resize)


AS_OPENAI = Preparation()
