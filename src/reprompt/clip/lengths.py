"""How long texts are to CLIP, also those that are too long for it."""

from collections.abc import Sequence

from open_clip import get_tokenizer

_tokenizer = get_tokenizer("ViT-B-32")  # the same for every CLIP of OpenAI's


def token_counts(texts: Sequence[str]) -> list[int]:
    """Tokens of every text, but for those that mark its start and its end."""
    return [len(_tokenizer.encode(text)) for text in texts]
