"""Contrastive pre-training of a miniature CLIP on the rendered corpus.

The recipe is CLIP's (symmetric cross-entropy over a batch of pairs, learned temperature, AdamW, one cosine), shortened
until two CPU cores do it in minutes. Three exact savings make that possible: captions stop at their end token, a batch
is cut into chunks of similar length, and the token table holds only the rows that occur in the corpus.

The standard backbone trains both towers. The others train an image tower against the standard's frozen text tower
(locked-text tuning, LiT, arXiv:2111.07991, with the roles swapped), whose caption features are then computed once.
"""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import open_clip
import torch
import torch.nn.functional as F
from open_clip.model import CLIP
from torch import Tensor, nn

from reprompt.cells.parameters import CorpusSettings, RenderedBackbone
from reprompt.clip.weights import build, normalise, read, save
from reprompt.foundation.digests import digest_of_text
from reprompt.foundation.streams import stream_seed, torch_stream
from reprompt.miniature.corpus import render_corpus
from reprompt.training.checkpoint import Checkpoint, State, nowhere

MEAN = (0.5, 0.5, 0.5)
STD = (0.25, 0.25, 0.25)


@dataclass(frozen=True)
class PretrainingSchedule:
    """`steps` of AdamW at batch size `batch`: `warmup` linear steps to `rate`, then one cosine to zero.

    `seed` is that of the order of the pairs; `stop_after` ends it after the first so many steps, as they are in the
    whole. With `locked_text` the text tower keeps the weights it came with.
    """

    steps: int
    batch: int = 256
    rate: float = 2e-3
    warmup: int = 100
    weight_decay: float = 0.1
    clip_norm: float = 1.0
    seed: int = 0
    stop_after: int | None = None
    locked_text: bool = False

    def rate_at(self, step: int) -> float:
        """Learning rate of step 0 ... steps - 1."""
        return self.rate * min(1, (step + 1) / self.warmup) * 0.5 * (1 + math.cos(math.pi * step / self.steps))


class CaptionEncoder(nn.Module):
    """The text tower over captions, with a token table of the occurring rows only.

    N captions, L tokens of the longest, T tokens that occur, D text width, E joint width, B captions of a batch.
    """

    def __init__(self, model: CLIP, captions: list[str]):
        super().__init__()
        tokens_NL = open_clip.get_tokenizer("ViT-B-32")(captions)
        self.ends_N = tokens_NL.argmax(dim=1)
        self.token_ids, self.rows_NL = torch.unique(tokens_NL[:, : int(self.ends_N.max()) + 1], return_inverse=True)
        self.table_TD = nn.Parameter(model.token_embedding.weight.detach()[self.token_ids].clone())
        self.model = model

    def forward(self, indices: Tensor, chunks: int = 4) -> Tensor:
        """Normalised features (B, E) of the captions of these indices (B,), best given in order of length."""
        return torch.cat([self._encode(part) for part in indices.chunk(chunks)])

    def _encode(self, indices: Tensor) -> Tensor:
        model, ends = self.model, self.ends_N[indices]
        length = int(ends.max()) + 1
        x = self.table_TD[self.rows_NL[indices, :length]] + model.positional_embedding[:length]
        x = model.transformer(x, attn_mask=model.attn_mask[:length, :length])
        x = model.ln_final(x)[torch.arange(len(indices)), ends]
        return F.normalize(x @ model.text_projection, dim=-1)


def contrastive_loss(images_BE: Tensor, captions_BE: Tensor, scale: Tensor) -> Tensor:
    """Symmetric cross-entropy, a scalar, of matching pairs against all others; features (B, E) are normalised."""
    logits_BB = scale * images_BE @ captions_BE.T
    matches = torch.arange(len(logits_BB))
    return (F.cross_entropy(logits_BB, matches) + F.cross_entropy(logits_BB.T, matches)) / 2


def pretrain(
    model: CLIP,
    images: Tensor,
    captions: list[str],
    schedule: PretrainingSchedule,
    advance: Callable[[int], None] = lambda steps: None,
    checkpoint: Checkpoint | None = None,
) -> Tensor:
    """Train `model` in place on `images` (N, H, W, 3) uint8 and their `captions`; the ids (T,) of tokens that occur.

    A training that was killed goes on from its `checkpoint`. Raises FloatingPointError where the loss is not finite.
    """
    checkpoint, locked_text = checkpoint or nowhere(), schedule.locked_text
    model.train()
    encoder = CaptionEncoder(model, captions)
    with torch.no_grad():
        in_order = encoder.ends_N.argsort(stable=True)
        frozen_NE = torch.empty(len(captions), model.text_projection.shape[1])
        if locked_text:
            for part in in_order.split(1024):
                frozen_NE[part] = encoder(part, chunks=1)

    towers = ("visual.", "logit_scale") if locked_text else ("",)
    learned = {k: p for k, p in model.named_parameters() if k.startswith(towers) and "token_embedding" not in k}
    if not locked_text:
        learned["table"] = encoder.table_TD
    decayed = [p for k, p in learned.items() if p.ndim >= 2 and k != "table" and "positional" not in k]
    plain = [p for k, p in learned.items() if p.ndim < 2 or k == "table" or "positional" in k]
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": schedule.weight_decay}, {"params": plain, "weight_decay": 0.0}],
        lr=schedule.rate,
        betas=(0.9, 0.98),
    )

    shuffles = torch_stream(schedule.seed, "pre-training order")
    order, first = torch.empty(0, dtype=torch.long), 0

    def state(done: int) -> State:
        weights = {name: parameter.detach() for name, parameter in learned.items()}
        moments, drawn = optimiser.state_dict(), shuffles.get_state()
        return {"weights": weights, "optimiser": moments, "shuffles": drawn, "order": order, "done": done}

    if (kept := checkpoint.restored()) is not None:
        with torch.no_grad():
            for name, parameter in learned.items():
                parameter.copy_(kept["weights"][name])
        optimiser.load_state_dict(kept["optimiser"])
        shuffles.set_state(kept["shuffles"])
        order, first = kept["order"], kept["done"]
        advance(first)
    steps = range(schedule.steps)[: schedule.stop_after]
    for step in steps[first:]:
        if len(order) < schedule.batch:
            order = torch.randperm(len(images), generator=shuffles)
        batch, order = order[: schedule.batch], order[schedule.batch :]
        batch = batch[encoder.ends_N[batch].argsort(stable=True)]
        captions_BE = frozen_NE[batch] if locked_text else encoder(batch)
        images_BE = F.normalize(model.visual(normalise(images[batch], MEAN, STD)), dim=-1)
        loss = contrastive_loss(images_BE, captions_BE, model.logit_scale.exp())
        for group in optimiser.param_groups:
            group["lr"] = schedule.rate_at(step)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_([*decayed, *plain], schedule.clip_norm)
        optimiser.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0, math.log(100))
        if not math.isfinite(loss.item()):
            raise FloatingPointError(f"pre-training diverged at step {step}: lower the rate {schedule.rate}")
        checkpoint.after_step(partial(state, step + 1), is_last=step == steps[-1])
        advance(1)

    if not locked_text:
        with torch.no_grad():
            model.token_embedding.weight[encoder.token_ids] = encoder.table_TD
    return encoder.token_ids


@dataclass(frozen=True)
class Pretraining:
    """What a miniature backbone is made of: its settings, the corpus, and the weights whose text tower it keeps."""

    name: str
    settings: RenderedBackbone
    corpus: CorpusSettings
    text_from: Path | None = None


def pretrain_backbone(
    pretraining: Pretraining,
    out: Path,
    workers: int,
    advance: Callable[[int], None],
    checkpoint_every: float,
    steps: int | None = None,
) -> None:
    """Render the corpus, train a backbone (its first `steps`, or all) and write its weights to `out`.

    Beside that lies the state of a training that is not over, `checkpoint_every` seconds old at most. It belongs to the
    settings and the corpus that it was begun with; with others the training begins anew.
    """
    name, settings, corpus = pretraining.name, pretraining.settings, pretraining.corpus
    pairs = render_corpus(corpus.pairs, corpus.seed, corpus.mismatched_share, workers)
    architecture = {
        "vision": settings.vision,
        "text": settings.text,
        "joint_width": settings.joint_width,
        "mean": MEAN,
        "std": STD,
    }
    torch.manual_seed(stream_seed(settings.seed, "initial weights", name))
    model = build(settings.vision, settings.text, settings.joint_width)
    if pretraining.text_from:
        source = read(pretraining.text_from, f"the text tower of {name}")[0].state_dict()
        model.load_state_dict({k: v for k, v in source.items() if not k.startswith("visual.")}, strict=False)
    schedule = PretrainingSchedule(
        settings.steps,
        settings.batch,
        settings.rate,
        settings.warmup,
        seed=settings.seed,
        stop_after=steps,
        locked_text=bool(pretraining.text_from),
    )
    weights = hashlib.sha256(b"".join(tensor.numpy().tobytes() for tensor in model.state_dict().values())).hexdigest()
    begun_with = digest_of_text(f"{name} {schedule} {pairs.sha256} {weights}")
    checkpoint = Checkpoint(out.with_name(f"{out.stem}-{begun_with}.unfinished"), checkpoint_every)
    images = torch.from_numpy(pairs.images)
    token_ids = pretrain(model, images, pairs.captions, schedule, advance, checkpoint)
    save(out, model, token_ids, architecture, {"corpus_sha256": pairs.sha256, "steps": str(settings.steps)})
    checkpoint.forget()
