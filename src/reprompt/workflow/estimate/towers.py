"""Closed formulas for the towers of a CLIP, as the fast path runs them; tests hold them against PyTorch's own counter.

A linear layer on one token costs two operations per weight: a block has 12 D^2 weights, 3 D^2 of them for queries, keys
and values, D^2 for the output projection and 8 D^2 for the feed-forward layers.

    R runs, B images, K classes, P shared tokens at the front, L own tokens of a class, T image tokens, N visual prompts
"""

from dataclasses import dataclass
from functools import cache

from reprompt.cells.parameters import OpenClipBackbone, RenderedBackbone
from reprompt.workflow.estimate.work import Pass, Work

VOCABULARY, LENGTH = 49408, 77
RESNET_STRIDE = 32
CONVOLUTIONS_TO_A_BLOCK = 6  # a block of attention passes each number on about 18 times, a convolution three times


@dataclass(frozen=True)
class Text:
    """The text tower: D wide, with H heads."""

    width: int
    heads: int
    layers: int
    joint: int

    @property
    def parameters(self) -> int:
        """Its weights, token table included."""
        return _blocks(self.width, self.layers) + (VOCABULARY + LENGTH + self.joint + 2) * self.width

    def prompts(self, runs: int, prefix: int, classes: float, own: float, longest: float) -> Pass:
        """Class prompts with a shared front: K classes of `own` tokens on average and `longest` at most."""
        d, rows = self.width, prefix + classes * own
        inner = self.layers - 1
        products = 24 * d**2 * rows * inner + (6 * rows + 18 * classes) * d**2
        read_out = 2 * d * self.joint * classes
        asked = classes * longest
        pairs = inner * (prefix**2 + asked * (prefix + longest)) + classes * (prefix + longest)
        attention = 4 * d * pairs
        seen = {"packed": runs * d * rows * self.layers, "scores": runs * self.heads * pairs}
        forward = Work(runs * (products + read_out + attention), **seen, launches=self.layers)
        backward = Work(runs * (products + read_out + 2 * attention), **seen, launches=self.layers)
        return Pass(forward, backward)

    def texts(self, count: float, length: float) -> Work:
        """Plain texts of so many tokens each, through open_clip's own blocks: no gradient."""
        d, rows = self.width, count * length
        operations = self.layers * (24 * d**2 * rows + 4 * d * rows * length) + 2 * d * self.joint * count
        scores = self.heads * rows * length * self.layers
        return Work(operations, packed=d * rows * self.layers, scores=scores, launches=self.layers)


@dataclass(frozen=True)
class Vit:
    """An image tower of tokens: W wide, patches of p pixels."""

    size: int
    patch: int
    width: int
    heads: int
    layers: int
    joint: int

    @property
    def tokens(self) -> int:
        """T, the class token included."""
        return 1 + (self.size // self.patch) ** 2

    @property
    def parameters(self) -> int:
        """Its weights."""
        stem = (3 * self.patch**2 + self.tokens + 1 + 4 + self.joint) * self.width
        return stem + _blocks(self.width, self.layers)

    def features(self, images: float) -> Work:
        """Images through open_clip's own blocks: no prompts, no gradient."""
        w, t = self.width, self.tokens
        blocks = self.layers * (24 * w**2 * t + 4 * w * t**2)
        operations = images * (blocks + self._stem + 2 * w * self.joint)
        return Work(operations, images * w * t * self.layers, launches=self.layers)

    def prompted(self, runs: int, images: float, prompts: int, depth: int) -> Pass:
        """Images under N visual prompts at each of the first J layers; a replaced prompt only lends keys and values."""
        w, products, pairs, elements = self.width, 0.0, 0.0, 0.0
        tokens = self.tokens
        for layer in range(self.layers):
            fresh, last = layer < depth, layer == self.layers - 1
            stays = fresh and layer == depth - 1 and not last
            tokens += prompts if stays else 0
            lent = prompts if fresh and not stays else 0
            asking = 1 if last else tokens
            products += images * w**2 * (4 * tokens + 20 * asking) + 4 * w**2 * lent
            pairs += images * asking * (tokens + lent)
            elements += images * w * tokens
        once = images * (self._stem + 2 * w * self.joint)
        stopped = images * 6 * w**2 * self.tokens if depth > 1 else 0  # nothing learned lies before the first block
        seen = {"elements": runs * elements, "launches": self.layers}
        forward = Work(runs * (products + once + 4 * w * pairs), **seen)
        # the fused attention computes its scores again: five products where the forward pass has two
        back = products - stopped + images * 2 * w * self.joint
        backward = Work(runs * (back + 10 * w * pairs), **seen)
        return Pass(forward, backward)

    @property
    def _stem(self) -> float:
        return 2 * 3 * self.patch**2 * self.width * (self.tokens - 1)


@dataclass(frozen=True)
class ResNet:
    """OpenAI's ModifiedResNet: three convolutions, four stages of bottlenecks, pooling by attention."""

    size: int
    width: int
    stages: tuple[int, ...]
    joint: int
    heads: int

    @property
    def convolutions(self) -> tuple[tuple[int, int, int, int], ...]:
        """Input and output channels, kernel and side of the output of every convolution, in order."""
        half, w, side = self.width // 2, self.width, self.size // 2
        convolutions = [(3, half, 3, side), (half, half, 3, side), (half, w, 3, side)]
        entering, side = w, side // 2
        for stage, blocks in enumerate(self.stages):
            planes = w * 2**stage
            for block in range(blocks):
                leaving = side // 2 if block == 0 and stage else side
                convolutions += [
                    (entering, planes, 1, side),
                    (planes, planes, 3, side),
                    (planes, 4 * planes, 1, leaving),
                ]
                convolutions += [(entering, 4 * planes, 1, leaving)] if block == 0 else []
                entering, side = 4 * planes, leaving
        return tuple(convolutions)

    @property
    def parameters(self) -> int:
        """Its weights."""
        c = RESNET_STRIDE * self.width
        convolutions = sum(i * o * k**2 + 2 * o for i, o, k, _ in self.convolutions)
        return convolutions + c * (3 * c + self.joint + self._pooled + 3) + self.joint

    def features(self, images: float) -> Work:
        """Images: no gradient."""
        c, t = RESNET_STRIDE * self.width, self._pooled
        operations = sum(2 * i * o * k**2 * side**2 for i, o, k, side in self.convolutions)
        operations += 6 * c**2 * t + 4 * c * t**2 + 2 * c * self.joint * t
        elements = sum(o * side**2 for _, o, _, side in self.convolutions) / CONVOLUTIONS_TO_A_BLOCK
        return Work(images * operations, images * elements, launches=len(self.convolutions))

    @property
    def _pooled(self) -> int:
        return 1 + (self.size // RESNET_STRIDE) ** 2


@dataclass(frozen=True)
class Towers:
    """Both towers of a backbone."""

    text: Text
    image: Vit | ResNet

    @property
    def parameters(self) -> int:
        """All weights."""
        return self.text.parameters + self.image.parameters + 1


def towers_of(backbone: RenderedBackbone | OpenClipBackbone) -> Towers:
    """The towers of a backbone of the plan: their sizes, nothing of their weights."""
    if isinstance(backbone, RenderedBackbone):
        return _towers(backbone.vision, backbone.text, backbone.joint_width)
    config = _open_clip_config(backbone.model)
    return _towers(config["vision_cfg"], config["text_cfg"], config["embed_dim"])


def _towers(vision: dict, text: dict, joint: int) -> Towers:
    size, head_width, width = vision["image_size"], vision.get("head_width", 64), vision["width"]
    if isinstance(vision["layers"], list | tuple):
        image = ResNet(size, width, tuple(vision["layers"]), joint, width * 32 // head_width)
    else:
        image = Vit(size, vision["patch_size"], width, width // head_width, vision["layers"], joint)
    return Towers(Text(text["width"], text["heads"], text["layers"], joint), image)


@cache
def _open_clip_config(model: str) -> dict:
    import open_clip  # seconds to import, and only scale paper needs it

    config = open_clip.get_model_config(model)
    if config is None:
        raise ValueError(f"open_clip has no architecture {model!r}")
    return config


def _blocks(width: int, layers: int) -> int:
    return layers * (12 * width**2 + 13 * width)
