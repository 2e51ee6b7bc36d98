"""Where a learned context stands in the prompts of K classes: before, around or after the name, as CoOp has it.

    end       [start] [V]_1 ... [V]_M  words  name . [end]        the front is shared by all classes
    middle    [start] [V]_1 ... [V]_m  name [V]_m+1 ... [V]_M . [end]     m = M // 2
    front     [start] name [V]_1 ... [V]_M . [end]

`words` are frozen (IVLP and MaPLe: with M = 2 of "a photo of a", the words "of a" stay behind the context), and so is
what follows the name, a "." unless it is said otherwise (TCP: ", a type of pet.").

    R runs, K classes, M context vectors, P prefix tokens, L tokens, D text width
"""

from dataclasses import dataclass
from typing import Literal

import torch
from open_clip.model import CLIP
from torch import Tensor

from reprompt.clip.text import tokenize

Position = Literal["end", "middle", "front"]


@dataclass(frozen=True)
class ClassPrompts:
    """The frozen parts: `start_D`, `words_ND`, and per class `names_KLD`: name, ending, end token, padding.

    `lengths_K` counts the tokens of each name, `ends_K` is the end token's place in `names_KLD`.
    """

    start_D: Tensor
    words_ND: Tensor
    names_KLD: Tensor
    lengths_K: Tensor
    ends_K: Tensor
    position: Position

    @classmethod
    def of(
        cls, model: CLIP, class_names: list[str], position: Position = "end", words: str = "", ending: str = "."
    ) -> "ClassPrompts":
        """Tokenize `class_names`, each followed by `ending`; underscores mean blanks.

        Raises ValueError where frozen words would not stand before the name.
        """
        if words and position != "end":
            raise ValueError(f"frozen words {words!r} stand between context and name: the name must come last")
        names = [name.replace("_", " ") for name in class_names]
        device = model.positional_embedding.device
        tokens_KS = tokenize([f"{name}{ending}" for name in names]).to(device)
        words_S = tokenize([words]).to(device)[0]
        embed = model.token_embedding
        ends_K = tokens_KS.argmax(dim=1) - 1
        longest = int(ends_K.max()) + 1
        return cls(
            embed(tokens_KS[0, 0]),
            embed(words_S[1 : int(words_S.argmax())]),
            embed(tokens_KS[:, 1 : 1 + longest]),
            tokenize(names).to(device).argmax(dim=1) - 1,
            ends_K,
            position,
        )

    def around(self, context: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Prompts with a context (R, M, D), or one per class (R, K, M, D).

        Returns what all classes share at the front (R, P, D), each class's own tokens (R or 1, K, L, D) and the
        place of the end token in these (K,). Raises ValueError for frozen words with a context per class.
        """
        runs, length = len(context), context.shape[-2]
        before = {"end": length, "middle": length // 2, "front": 0}[self.position]
        start, words = (x.to(context.dtype).expand(runs, -1, -1) for x in (self.start_D[None], self.words_ND))
        if context.ndim == 3:
            prefix, context = torch.cat([start, context[:, :before]], dim=1), context[:, None, before:]
            before = 0
        else:
            prefix = start
        if self.position == "end" and context.shape[2] == 0:
            return torch.cat([prefix, words], dim=1), self.names_KLD[None], self.ends_K
        if self.words_ND.shape[0]:
            raise ValueError("frozen words and a context per class do not go together: no paper has both")
        own = self._interleaved(context.expand(-1, len(self.ends_K), -1, -1), before)
        return prefix, own, self.ends_K + context.shape[2]

    def _interleaved(self, context_RKMD: Tensor, before: int) -> Tensor:
        """`before` context vectors, the name, the other context vectors, ".", end token: (R, K, L + M, D)."""
        runs, classes, length, width = context_RKMD.shape
        names = self.names_KLD.to(context_RKMD.dtype).expand(runs, -1, -1, -1)
        longest = names.shape[2]
        place = torch.arange(longest + length, device=names.device).expand(classes, -1)
        name_ends = before + self.lengths_K[:, None]
        source = torch.where(place < before, longest + place, place - before)  # context, then name
        source = torch.where(place >= name_ends, longest + place - self.lengths_K[:, None], source)  # other context
        source = torch.where(place >= name_ends + length - before, place - length, source)  # what follows
        table = torch.cat([names, context_RKMD], dim=2)
        return table.gather(2, source[None, :, :, None].expand(runs, -1, -1, width))
