"""A second implementation of CLIP prompt tuning: slow, obvious, and written from the golden cases' README alone.

Nothing here knows the package. The frozen model is a dictionary of arrays with OpenAI's names; a text always has 77
tokens; layers are read one by one; attention is written out, so that gradients of gradients exist. The precision is
that of the arrays that go in.

    N sequences, T tokens, B images, K classes, n prompt tokens, d text width, w vision width, e joint width
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

Arrays = dict[str, Tensor]
Forward = Callable[[Arrays, Tensor], tuple[Tensor, Tensor]]
Objective = Callable[[Tensor, Tensor], tuple[Tensor, Arrays]]

RATE, MOMENTUM, WEIGHT_DECAY, STEPS = 0.002, 0.9, 5e-4, 5


class Clip:
    """The frozen model in one precision."""

    def __init__(self, arrays: dict[str, np.ndarray], dtype: torch.dtype):
        self.dtype = dtype
        self.weights = {
            name: torch.from_numpy(np.asarray(a)) for name, a in arrays.items() if not name.startswith("meta.")
        }
        self.weights = {name: a.to(dtype) if a.is_floating_point() else a for name, a in self.weights.items()}
        self.text_blocks, self.image_blocks = blocks_of("", self.weights), blocks_of("visual.", self.weights)
        self.row_of_token = {int(token): row for row, token in enumerate(arrays["token_embedding.ids"])}
        self.vision_heads, self.text_heads = int(arrays["meta.vision_heads"]), int(arrays["meta.text_heads"])
        self.patch = int(arrays["meta.patch_size"])
        self.scale = self.weights["logit_scale"].exp()

    def __getitem__(self, name: str) -> Tensor:
        return self.weights[name]

    def embed(self, token_ids: Tensor) -> Tensor:
        """Token ids (K, <= 77) -> embeddings (K, 77, d), padded with token 0."""
        padded = [ids + [0] * (77 - len(ids)) for ids in token_ids.tolist()]
        rows = [[self.row_of_token[token] for token in ids] for ids in padded]
        return self["token_embedding.rows"][torch.tensor(rows)]


def blocks_of(tower: str, weights: Arrays) -> list[Arrays]:
    """The arrays of each block of a tower ("" is the text tower), by their names within the block."""
    blocks: list[Arrays] = []
    while True:
        prefix = f"{tower}transformer.resblocks.{len(blocks)}."
        block = {name.removeprefix(prefix): a for name, a in weights.items() if name.startswith(prefix)}
        if not block:
            return blocks
        blocks.append(block)


def unit(x: Tensor) -> Tensor:
    return x / (x * x).sum(dim=-1, keepdim=True).sqrt()


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return x @ weight.T + bias


def layer_norm(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    centred = x - x.mean(dim=-1, keepdim=True)
    return centred / ((centred * centred).mean(dim=-1, keepdim=True) + 1e-5).sqrt() * weight + bias


def quick_gelu(x: Tensor) -> Tensor:
    return x * torch.sigmoid(1.702 * x)


def attention(x: Tensor, in_w: Tensor, in_b: Tensor, out_w: Tensor, out_b: Tensor, heads: int, causal: bool) -> Tensor:
    """Self-attention (N, T, D) -> (N, T, D), head by head."""
    tokens, width = x.shape[1:]
    queries, keys, values = linear(x, in_w, in_b).split(width, dim=-1)
    size = width // heads
    seen = torch.ones(tokens, tokens, dtype=torch.bool)
    if causal:
        seen = seen.tril()
    results = []
    for head in range(heads):
        own = slice(head * size, (head + 1) * size)
        scores = queries[..., own] @ keys[..., own].transpose(1, 2) / size**0.5
        results.append(scores.masked_fill(~seen, float("-inf")).softmax(dim=-1) @ values[..., own])
    return linear(torch.cat(results, dim=-1), out_w, out_b)


def through_block(x: Tensor, block: Arrays, heads: int, causal: bool) -> Tensor:
    normalised = layer_norm(x, block["ln_1.weight"], block["ln_1.bias"])
    x = x + attention(
        normalised,
        block["attn.in_proj_weight"],
        block["attn.in_proj_bias"],
        block["attn.out_proj.weight"],
        block["attn.out_proj.bias"],
        heads,
        causal,
    )
    normalised = layer_norm(x, block["ln_2.weight"], block["ln_2.bias"])
    hidden = quick_gelu(linear(normalised, block["mlp.c_fc.weight"], block["mlp.c_fc.bias"]))
    return x + linear(hidden, block["mlp.c_proj.weight"], block["mlp.c_proj.bias"])


def encode_text(clip: Clip, embedded: Tensor, token_ids: Tensor, deep: list[Tensor] | None = None) -> Tensor:
    """Embedded prompts (K, 77, d) -> unit features (K, e), read at the largest id; `deep` replaces positions 1..n."""
    x = embedded + clip["positional_embedding"]
    for layer, block in enumerate(clip.text_blocks):
        if deep and 1 <= layer <= len(deep):
            fresh = deep[layer - 1]
            x = torch.stack([torch.cat([text[:1], fresh, text[1 + len(fresh) :]]) for text in x])
        x = through_block(x, block, clip.text_heads, causal=True)
    x = layer_norm(x, clip["ln_final.weight"], clip["ln_final.bias"])
    at_end = torch.stack([text[int(ids.argmax())] for text, ids in zip(x, token_ids, strict=True)])
    return unit(at_end @ clip["text_projection"])


def plain_text(clip: Clip, token_ids: Tensor) -> Tensor:
    """Texts without learned vectors."""
    return encode_text(clip, clip.embed(token_ids), token_ids)


def patch_tokens(clip: Clip, images: Tensor) -> Tensor:
    """Images (B, 3, H, H) -> class token and patches with positions (B, 1 + patches, w), before `ln_pre`."""
    kernel, size = clip["visual.conv1.weight"].flatten(1), clip.patch
    tokens = [clip["visual.class_embedding"].expand(len(images), -1)]
    for top in range(0, images.shape[2], size):
        for left in range(0, images.shape[3], size):
            tokens.append(images[:, :, top : top + size, left : left + size].flatten(1) @ kernel.T)
    return torch.stack(tokens, dim=1) + clip["visual.positional_embedding"]


def encode_image(clip: Clip, images: Tensor, prompts: list[Tensor] | None = None, after_norm: bool = False) -> Tensor:
    """Images -> unit features (B, e). `prompts[i]` (n, w) stands before block i in place of those of block i - 1.

    As in MaPLe's repository: the first pass through `ln_pre`, all stand last. As in MVLPT's (`after_norm`): none pass
    through it, all stand behind the class token.
    """
    prompts = prompts or []

    def for_all(prompt: Tensor) -> Tensor:
        return torch.stack([prompt] * len(images))

    x = patch_tokens(clip, images)
    if prompts and not after_norm:
        x = torch.cat([x, for_all(prompts[0])], dim=1)
    x = layer_norm(x, clip["visual.ln_pre.weight"], clip["visual.ln_pre.bias"])
    if prompts and after_norm:
        x = torch.cat([x[:, :1], for_all(prompts[0]), x[:, 1:]], dim=1)
    for layer, block in enumerate(clip.image_blocks):
        if 1 <= layer < len(prompts):
            n = len(prompts[layer])
            if after_norm:
                x = torch.cat([x[:, :1], for_all(prompts[layer]), x[:, 1 + n :]], dim=1)
            else:
                x = torch.cat([x[:, :-n], for_all(prompts[layer])], dim=1)
        x = through_block(x, block, clip.vision_heads, causal=False)
    read = layer_norm(x[:, 0], clip["visual.ln_post.weight"], clip["visual.ln_post.bias"])
    return unit(read @ clip["visual.proj"])


def with_context(clip: Clip, token_ids: Tensor, name_lens: Tensor, ctx: Tensor, position: str) -> Tensor:
    """Prompts (K, 77, d) with `ctx` (n, d) or (K, n, d) at the placeholders, laid out as CoOp does."""
    prompts = []
    for k, embedded in enumerate(clip.embed(token_ids)):
        vectors = ctx if ctx.ndim == 2 else ctx[k]
        n, name_length = len(vectors), int(name_lens[k])
        start, name, rest = embedded[:1], embedded[1 + n : 1 + n + name_length], embedded[1 + n + name_length :]
        half = n // 2
        layout = {
            "end": [start, vectors, name, rest],
            "middle": [start, vectors[:half], name, vectors[half:], rest],
            "front": [start, name, vectors, rest],
        }[position]
        prompts.append(torch.cat(layout))
    return torch.stack(prompts)


def numbered(params: Arrays, prefix: str) -> list[Tensor]:
    """params[prefix0], params[prefix1], ... as far as they go."""
    tensors: list[Tensor] = []
    while f"{prefix}{len(tensors)}" in params:
        tensors.append(params[f"{prefix}{len(tensors)}"])
    return tensors


def coop(clip: Clip, token_ids: Tensor, name_lens: Tensor, position: str) -> Forward:
    def forward(params: Arrays, images: Tensor) -> tuple[Tensor, Tensor]:
        embedded = with_context(clip, token_ids, name_lens, params["ctx"], position)
        return encode_image(clip, images), encode_text(clip, embedded, token_ids)

    return forward


def cocoop(clip: Clip, token_ids: Tensor, name_lens: Tensor) -> Forward:
    def forward(params: Arrays, images: Tensor) -> tuple[Tensor, Tensor]:
        features = encode_image(clip, images)
        texts = []
        for feature in features:
            hidden = linear(feature, params["meta_w1"], params["meta_b1"]).relu()
            ctx = params["ctx"] + linear(hidden, params["meta_w2"], params["meta_b2"])
            texts.append(encode_text(clip, with_context(clip, token_ids, name_lens, ctx, "end"), token_ids))
        return features, torch.stack(texts)

    return forward


def vpt(clip: Clip, token_ids: Tensor) -> Forward:
    def forward(params: Arrays, images: Tensor) -> tuple[Tensor, Tensor]:
        return encode_image(clip, images, numbered(params, "vis_prompt_")), plain_text(clip, token_ids)

    return forward


def ivlp(clip: Clip, token_ids: Tensor, name_lens: Tensor) -> Forward:
    def forward(params: Arrays, images: Tensor) -> tuple[Tensor, Tensor]:
        first, *deep = numbered(params, "txt_prompt_")
        embedded = with_context(clip, token_ids, name_lens, first, "end")
        features = encode_image(clip, images, numbered(params, "vis_prompt_"))
        return features, encode_text(clip, embedded, token_ids, deep)

    return forward


def maple(clip: Clip, token_ids: Tensor, name_lens: Tensor) -> Forward:
    def forward(params: Arrays, images: Tensor) -> tuple[Tensor, Tensor]:
        first, *deep = text = numbered(params, "txt_prompt_")
        embedded = with_context(clip, token_ids, name_lens, first, "end")
        couplings = zip(numbered(params, "proj_w_"), numbered(params, "proj_b_"), strict=True)
        visual = [linear(prompt, w, b) for prompt, (w, b) in zip(text, couplings, strict=True)]
        return encode_image(clip, images, visual), encode_text(clip, embedded, token_ids, deep)

    return forward


def deep_after_norm(clip: Clip, token_ids: Tensor) -> Forward:
    """GRAM's `vis_prompt` (layers, n, w)."""

    def forward(params: Arrays, images: Tensor) -> tuple[Tensor, Tensor]:
        return encode_image(clip, images, list(params["vis_prompt"]), after_norm=True), plain_text(clip, token_ids)

    return forward


def mvlpt(clip: Clip, token_ids: Tensor, name_lens: Tensor, position: str, over_all_tokens: bool = False) -> Forward:
    def forward(params: Arrays, images: Tensor) -> tuple[Tensor, Tensor]:
        ctx, visual = params.get("ctx"), []
        if "vis_prompt_0" in params:
            visual = [params["vis_prompt_0"][0], *params.get("vis_prompt_deep", [])]
        if "vis_proj_w" in params:
            visual = [linear(prompt, params["vis_proj_w"], params["vis_proj_b"]) for prompt in visual]
        if "upt.block.fc1_w" in params:
            ctx, visual = unified(params, ctx, visual, over_all_tokens)
        if ctx is None:
            texts = plain_text(clip, token_ids)
        else:
            texts = encode_text(clip, with_context(clip, token_ids, name_lens, ctx, position), token_ids)
        return encode_image(clip, images, visual, after_norm=True), texts

    return forward


def unified(params: Arrays, ctx: Tensor, visual: list[Tensor], over_all_tokens: bool) -> tuple[Tensor, list[Tensor]]:
    """UPT's block; the in/out linears of a side exist only where its width differs from the block's."""

    def side(tokens: Tensor, name: str) -> Tensor:
        weight = params.get(f"upt.{name}_w")
        return tokens if weight is None else linear(tokens, weight, params[f"upt.{name}_b"])

    block = {name.removeprefix("upt.block."): a for name, a in params.items() if name.startswith("upt.block.")}
    text_tokens, visual_tokens = ctx.reshape(-1, ctx.shape[-1]), torch.cat(visual)
    x = torch.cat([side(text_tokens, "txt_in"), side(visual_tokens, "vis_in")])
    normalised = layer_norm(x, block["ln1_w"], block["ln1_b"])
    # One sequence of all tokens (the paper), or as many sequences of one token (the code).
    sequences = normalised[None] if over_all_tokens else normalised[:, None]
    weights = (block["attn_in_w"], block["attn_in_b"], block["attn_out_w"], block["attn_out_b"])
    x = x + attention(sequences, *weights, heads=1, causal=False).reshape(x.shape)
    hidden = quick_gelu(linear(layer_norm(x, block["ln2_w"], block["ln2_b"]), block["fc1_w"], block["fc1_b"]))
    x = x + linear(hidden, block["fc2_w"], block["fc2_b"])
    new_ctx = side(x[: len(text_tokens)], "txt_out").reshape(ctx.shape)
    new_visual = side(x[len(text_tokens) :], "vis_out")
    return new_ctx, list(new_visual.split(len(visual[0])))


def logits_of(clip: Clip, images: Tensor, texts: Tensor) -> Tensor:
    """Image features (B, e) and text features (K, e), or (B, K, e) with one set per image -> (B, K)."""
    if texts.ndim == 2:
        return clip.scale * images @ texts.T
    return torch.stack([clip.scale * own @ image for image, own in zip(images, texts, strict=True)])


def log_softmax(logits: Tensor) -> Tensor:
    shifted = logits - logits.max(dim=-1, keepdim=True).values
    return shifted - shifted.exp().sum(dim=-1, keepdim=True).log()


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean over images; labels (B,), or multi-hot (B, K) of which each class counts its share."""
    log_p = log_softmax(logits)
    if labels.ndim == 1:
        return -torch.stack([log_p[b, y] for b, y in enumerate(labels.tolist())]).mean()
    shares = labels / labels.sum(dim=1, keepdim=True)
    return -(shares * log_p).sum(dim=1).mean()


def plain_objective(clip: Clip, labels: Tensor) -> Objective:
    def objective(images: Tensor, texts: Tensor) -> tuple[Tensor, Arrays]:
        logits = logits_of(clip, images, texts)
        return cross_entropy(logits, labels), {"logits": logits}

    return objective


def masked_objective(clip: Clip, labels: Tensor, task: Tensor, starts: Tensor, ends: Tensor) -> Objective:
    """Logits of the classes of other tasks are multiplied by zero."""

    def objective(images: Tensor, texts: Tensor) -> tuple[Tensor, Arrays]:
        unmasked = logits_of(clip, images, texts)
        own = torch.zeros_like(unmasked)
        for b, t in enumerate(task.tolist()):
            own[b, int(starts[t]) : int(ends[t])] = 1
        return cross_entropy(unmasked * own, labels), {"logits": unmasked * own, "logits_unmasked": unmasked}

    return objective


def gradients(loss: Tensor, params: Arrays, create_graph: bool = False) -> Arrays:
    gradients = torch.autograd.grad(
        loss, list(params.values()), create_graph=create_graph, retain_graph=True, allow_unused=True
    )
    pairs = zip(params.items(), gradients, strict=True)
    return {name: torch.zeros_like(a) if gradient is None else gradient for (name, a), gradient in pairs}


def leaves(params: Arrays) -> Arrays:
    return {name: a.detach().clone().requires_grad_(True) for name, a in params.items()}


class Sgd:
    """Momentum SGD; the first buffer is the gradient itself."""

    def __init__(self):
        self.buffers: Arrays = {}

    def step(self, params: Arrays, gradients: Arrays) -> Arrays:
        new = {}
        for name, a in params.items():
            decayed = gradients[name] + WEIGHT_DECAY * a
            self.buffers[name] = MOMENTUM * self.buffers[name] + decayed if name in self.buffers else decayed
            new[name] = (a - RATE * self.buffers[name]).detach()
        return new


def five_steps(forward: Forward, start: Arrays, images: Tensor, objective: Objective) -> Arrays:
    """Results at the start, after one and after five steps, by the files' names."""
    results, losses, params, sgd = {}, [], leaves(start), Sgd()
    for step in range(1, STEPS + 1):
        image_features, texts = forward(params, images)
        loss, shown = objective(image_features, texts)
        losses.append(loss)
        of_params = gradients(loss, params)
        if step == 1:
            results |= {f"out.{name}": a for name, a in shown.items()}
            results |= {"out.image_features": image_features, "out.text_features": texts, "out.loss": loss}
            results |= {f"grad.{name}": gradient for name, gradient in of_params.items()}
        params = leaves(sgd.step(params, of_params))
        if step in (1, STEPS):
            results |= {f"step{step}.{name}": a for name, a in params.items()}
            with torch.no_grad():
                results[f"out.logits_step{step}"] = objective(*forward(params, images))[1]["logits"]
    return results | {"out.losses": torch.stack(losses)}


def zero_shot(clip: Clip, token_ids: Tensor, images: Tensor, labels: Tensor) -> Arrays:
    """`token_ids` (T, K, 77) of T templates."""
    texts = unit(torch.stack([plain_text(clip, ids) for ids in token_ids]).mean(dim=0))
    features = encode_image(clip, images)
    logits = logits_of(clip, features, texts)
    return {
        "out.logits": logits,
        "out.loss": cross_entropy(logits, labels),
        "out.text_features": texts,
        "out.image_features": features,
    }


def prograd(
    clip: Clip,
    forward: Forward,
    ctx: Tensor,
    images: Tensor,
    labels: Tensor,
    zs_token_ids: Tensor,
    strength: float,
    temperature: float,
) -> Arrays:
    """One batch per step: `images` (S, B, 3, H, H), `labels` (S, B)."""
    teacher_texts = plain_text(clip, zs_token_ids)
    rows: dict[str, list[Tensor]] = {}
    params, sgd = {"ctx": ctx}, Sgd()
    for batch, own_labels in zip(images, labels, strict=True):
        params = leaves(params)
        features, texts = forward(params, batch)
        logits = logits_of(clip, features, texts)
        teacher = logits_of(clip, features, teacher_texts)
        ce = cross_entropy(logits, own_labels)
        taught = log_softmax(teacher / temperature).exp()
        kl = -(temperature**2) * (taught * log_softmax(logits / temperature)).sum(dim=1).mean()
        g_ce, g_kl = gradients(ce, params)["ctx"], gradients(kl, params)["ctx"]
        dot = (g_ce * g_kl).sum()
        conflict = dot < 0
        g_final = g_ce - strength * dot / (g_kl * g_kl).sum() * g_kl if conflict else g_ce
        params = sgd.step(params, {"ctx": g_final})
        row = {"ce": ce, "kl": kl, "g_ce": g_ce, "g_kl": g_kl, "g_final": g_final, "dot": dot, "conflict": conflict}
        row |= {"cos": dot / ((g_ce * g_ce).sum().sqrt() * (g_kl * g_kl).sum().sqrt()), "ctx": params["ctx"]}
        row |= {"logits": logits, "zs_logits": teacher}
        for name, value in row.items():
            rows.setdefault(name, []).append(value)
    return {f"step.{name}": torch.stack(values) for name, values in rows.items()} | {
        "out.zs_text_features": teacher_texts
    }


def collapse_terms(
    images: Tensor, texts: Tensor, labels: Tensor, scale: Tensor, w1: float, w2: float, e_w: float, e_h: float
) -> Arrays:
    """NPT's terms of unit features (N, e) and (K, e)."""
    classes, mu, target = len(texts), -1 / (len(texts) - 1), (e_w * e_h) ** 0.5
    pairs = [texts[i] @ texts[j] - e_w * mu for i in range(classes) for j in range(classes) if i != j]
    own = [image @ texts[y] - target for image, y in zip(images, labels.tolist(), strict=True)]
    by_class: dict[int, list[Tensor]] = {}
    for deviation, y in zip(own, labels.tolist(), strict=True):
        by_class.setdefault(y, []).append(deviation)
    logits = scale * images @ texts.T
    literal = [-log_softmax(logits)[b, y].exp() for b, y in enumerate(labels.tolist())]
    terms = {
        "L_LC": sum(pair**2 for pair in pairs),
        "L_MI": sum(deviation**2 for deviation in own),
        "Delta_LCD": sum(pairs) / len(pairs),
        "Delta_MID": sum(own) / len(own),
        "Delta_MID_class_balanced": sum(sum(group) / len(group) for group in by_class.values()) / len(by_class),
        "L_CLIP": cross_entropy(logits, labels),
        "L_CLIP_literal": sum(literal) / len(literal),
    }
    return terms | {"L_total": terms["L_CLIP"] + w1 * terms["L_LC"] + w2 * terms["L_MI"]}


def collapse_of_features(
    images: Tensor, texts: Tensor, labels: Tensor, scale: Tensor, w1: float, w2: float, e_w: float, e_h: float
) -> Arrays:
    """The terms and their derivatives with the features as free variables."""
    free = leaves({"image": images, "text": texts})
    terms = collapse_terms(free["image"], free["text"], labels, scale, w1, w2, e_w, e_h)
    results = dict(terms)
    for term in ("L_LC", "L_MI", "L_total"):
        for side, gradient in gradients(terms[term], free).items():
            if (side, term) != ("image", "L_LC"):  # no image in it
                results[f"grad_{side}.{term}"] = gradient
    return results


def collapse_steps(
    clip: Clip,
    forward: Forward,
    start: Arrays,
    images: Tensor,
    labels: Tensor,
    w1: float,
    w2: float,
    e_w: float,
    e_h: float,
) -> Arrays:
    """Five steps on the total loss; the terms and their gradients at the start."""

    def terms_of(features: Tensor, texts: Tensor) -> Arrays:
        return collapse_terms(features, texts, labels, clip.scale, w1, w2, e_w, e_h)

    def objective(features: Tensor, texts: Tensor) -> tuple[Tensor, Arrays]:
        return terms_of(features, texts)["L_total"], {"logits": logits_of(clip, features, texts)}

    results = five_steps(forward, start, images, objective)
    results = {name: a for name, a in results.items() if not name.startswith("out.logits_step")}
    params = leaves(start)
    terms = terms_of(*forward(params, images))
    for name in ("L_CLIP", "L_LC", "L_MI", "Delta_LCD", "Delta_MID", "L_CLIP_literal"):
        results[f"out.{name}"] = terms[name]
    for name in ("L_LC", "L_MI"):
        for array, gradient in gradients(terms[name], params).items():
            if gradient.any():
                results[f"grad_{name}.{array}"] = gradient
    return results


def regulated(phi: Arrays, side: str, g: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """gamma, beta and g_hat of a gradient with one row per token."""
    gamma = torch.tanh(linear(g, phi[f"{side}_W_gamma"], phi[f"{side}_b_gamma"]))
    beta = torch.tanh(linear(g, phi[f"{side}_W_beta"], phi[f"{side}_b_beta"]))
    return gamma, beta, gamma * g + beta


def meta_step(
    clip: Clip,
    forward_among: Callable[[Tensor], Forward],
    start: Arrays,
    start_phi: Arrays,
    tasks: list[Arrays],
    alpha: float,
    lambda1: float,
    lambda2: float,
) -> Arrays:
    """GRAM and UNIGRAM: one inner step per task, exact meta-gradients, one outer step."""
    results: Arrays = {}
    total, of_theta, of_phi, first_order = 0, {}, {}, {}

    def accumulate(into: Arrays, gradients: Arrays) -> None:
        for name, gradient in gradients.items():
            into[name] = into.get(name, 0) + gradient

    for t, task in enumerate(tasks):
        forward = forward_among(task["classes"])

        def loss(part: str, params: Arrays, task: Arrays = task, forward: Forward = forward) -> Tensor:
            features, texts = forward(params, task[f"{part}_images"])
            return cross_entropy(logits_of(clip, features, texts), task[f"{part}_labels"])

        theta, phi = leaves(start), leaves(start_phi)
        support_loss = loss("support", theta)
        g = gradients(support_loss, theta, create_graph=True)
        adapted, held = {}, {}
        for name, gradient in g.items():
            side = "txt" if name == "ctx" else "vis"
            gamma, beta, ghat = regulated(phi, side, gradient)
            adapted[name], held[name] = theta[name] - alpha * ghat, theta[name] - alpha * ghat.detach()
            parts = {"g": gradient, "gamma": gamma, "beta": beta, "ghat": ghat, "theta_adapted": adapted[name]}
            results |= {f"task{t}.{part}.{name}": a for part, a in parts.items()}
        query_loss = loss("query", adapted)
        exact = gradients(query_loss, theta | phi)
        results |= {f"task{t}.meta_grad.{name}": exact[name] for name in theta}
        results |= {f"task{t}.support_loss": support_loss, f"task{t}.query_loss": query_loss}
        results[f"task{t}.query_loss_before"] = loss("query", theta)
        total = total + query_loss
        accumulate(of_theta, {name: exact[name] for name in theta})
        accumulate(of_phi, {name: exact[name] for name in phi})
        accumulate(first_order, gradients(loss("query", held), theta))

    results["out.meta_loss"] = total
    for name, a in start.items():
        results[f"meta_grad.{name}"] = of_theta[name]
        results[f"meta_grad_first_order.{name}"] = first_order[name]
        results[f"after.{name}"] = a - lambda1 * of_theta[name]
    for name, a in start_phi.items():
        results[f"meta_grad.phi.{name}"] = of_phi[name]
        if "_b_" in name:
            results[f"after.phi.{name}"] = a - lambda2 * of_phi[name]
    return results


def tfidf(sentences: list[str], clusters: list[int]) -> dict[str, np.ndarray]:
    """Cluster-wise TF-IDF of lower-cased white-space tokens."""
    words = [sentence.lower().split() for sentence in sentences]
    vocabulary = sorted({word for sentence in words for word in sentence})
    count = max(clusters) + 1
    counts = np.zeros((count, len(vocabulary)), dtype=np.int64)
    for sentence, cluster in zip(words, clusters, strict=True):
        for word in sentence:
            counts[cluster, vocabulary.index(word)] += 1
    scores = np.zeros(counts.shape)
    for cluster in range(count):
        for w in range(len(vocabulary)):
            clusters_with_word = sum(counts[other, w] > 0 for other in range(count))
            scores[cluster, w] = counts[cluster, w] / counts[cluster].sum() * np.log(count / (clusters_with_word + 1))
    return {
        "vocabulary": np.array(vocabulary),
        "counts": counts,
        "words_in_cluster": counts.sum(axis=1),
        "clusters_with_word": (counts > 0).sum(axis=0),
        "tfidf": scores,
        "topic": np.array([vocabulary[best] for best in scores.argmax(axis=1)]),
    }
