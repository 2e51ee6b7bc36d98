"""Writes a folder of golden cases in the README's format, with other sizes, names, depths and lengths than its own.

Expected results come from `reference`. Kinds that the README states in single precision are computed in single, and
`precision_json` says how far the same computation lies from double; the others are computed in double. Arrays are
stored in single precision, scalars of the latter in double.
"""

import json
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from open_clip import get_tokenizer
from torch import Tensor

from . import reference
from .reference import Arrays, Clip

TEXT_WIDTH, TEXT_HEADS, TEXT_LAYERS = 64, 4, 2
IMAGE_WIDTH, IMAGE_HEADS, IMAGE_LAYERS = 48, 3, 3
JOINT, IMAGE_SIZE, PATCH = 32, 30, 6
PLACEHOLDER = 343
SGD = {"dampening": 0, "lr": 0.002, "momentum": 0.9, "nesterov": False, "weight_decay": 5e-4}
PHOTO = "a photo of a {}."
TEMPLATES = (PHOTO, "itap of a {}.", "a origami {}.", "a {} in a video game.", "a photo of a {}, a type of thing.")

SEVEN = [
    "kite (bird of prey)",  # its ")" and the "." after it are one token
    "owl",
    "Boeing_707-320",
    "great_grey_shrike's_nest_in_a_thorn_bush",
    "2012 Audi TTS Coupe",
    "forest",
    "hen of the woods mushroom",
]
FIVE = ["axolotl", "grand piano in a concert hall", "T-shirt", "annual_crop_land", "St. Bernard"]

ForwardOf = Callable[[Clip, Arrays], reference.Forward]

tokenize = get_tokenizer("ViT-B-32")


def written(texts: list[str]) -> np.ndarray:
    """Token ids (N, 77)."""
    return tokenize(texts).numpy().astype(np.int32)


def texts_of(class_names: list[str], before: str = "", after: str = ".") -> list[str]:
    return [before + name.replace("_", " ") + after for name in class_names]


def ids_of(class_names: list[str], template: str = PHOTO) -> np.ndarray:
    return written(texts_of(class_names, *template.split("{}")))


def ids_with_context(class_names: list[str], length: int, phrase: str | None = None) -> np.ndarray:
    return written(texts_of(class_names, (phrase or " ".join(["X"] * length)) + " "))


def lengths_of(class_names: list[str]) -> np.ndarray:
    return np.array([len(tokenize.encode(text)) for text in texts_of(class_names, after="")])


def random_model() -> dict[str, np.ndarray]:
    """Arrays of a frozen model whose towers differ in every size."""
    stream = torch.Generator().manual_seed(17)
    draw = draws(stream)
    model: Arrays = {
        "positional_embedding": draw(77, TEXT_WIDTH, scale=0.05),
        "text_projection": draw(TEXT_WIDTH, JOINT, scale=TEXT_WIDTH**-0.5),
        "logit_scale": torch.tensor(2.9),
        "visual.class_embedding": draw(IMAGE_WIDTH, scale=0.2),
        "visual.positional_embedding": draw(1 + (IMAGE_SIZE // PATCH) ** 2, IMAGE_WIDTH, scale=0.2),
        "visual.proj": draw(IMAGE_WIDTH, JOINT, scale=IMAGE_WIDTH**-0.5),
        "visual.conv1.weight": draw(IMAGE_WIDTH, 3, PATCH, PATCH, scale=0.1),
    }
    for name, width in (("visual.ln_pre", IMAGE_WIDTH), ("visual.ln_post", IMAGE_WIDTH), ("ln_final", TEXT_WIDTH)):
        model |= {f"{name}.weight": 1 + draw(width, scale=0.15), f"{name}.bias": draw(width, scale=0.1)}
    for tower, width, layers in (("visual.", IMAGE_WIDTH, IMAGE_LAYERS), ("", TEXT_WIDTH, TEXT_LAYERS)):
        for layer in range(layers):
            block = {
                "attn.in_proj_weight": draw(3 * width, width, scale=1.5 * width**-0.5),
                "attn.in_proj_bias": draw(3 * width, scale=0.1),
                "attn.out_proj.weight": draw(width, width, scale=width**-0.5),
                "attn.out_proj.bias": draw(width, scale=0.1),
                "mlp.c_fc.weight": draw(4 * width, width, scale=width**-0.5),
                "mlp.c_fc.bias": draw(4 * width, scale=0.1),
                "mlp.c_proj.weight": draw(width, 4 * width, scale=0.5 * width**-0.5),
                "mlp.c_proj.bias": draw(width, scale=0.1),
            }
            for name in ("ln_1", "ln_2"):
                block |= {f"{name}.weight": 1 + draw(width, scale=0.15), f"{name}.bias": draw(width, scale=0.1)}
            model |= {f"{tower}transformer.resblocks.{layer}.{name}": a for name, a in block.items()}
    everything = [ids_of(names, template) for names in (FIVE, SEVEN) for template in TEMPLATES]
    ids = np.unique(np.concatenate([*map(np.ravel, everything), [0, PLACEHOLDER]])).astype(np.int64)
    rows = draw(len(ids), TEXT_WIDTH, scale=0.15)
    return {name: a.numpy() for name, a in model.items()} | {
        "token_embedding.ids": ids,
        "token_embedding.rows": rows.numpy(),
        "token_embedding.full_shape": np.array([49408, TEXT_WIDTH]),
        "meta.vision_heads": np.array(IMAGE_HEADS),
        "meta.text_heads": np.array(TEXT_HEADS),
        "meta.image_resolution": np.array(IMAGE_SIZE),
        "meta.patch_size": np.array(PATCH),
    }


def draws(stream: torch.Generator) -> Callable[..., Tensor]:
    return lambda *shape, scale=1.0: scale * torch.randn(*shape, generator=stream)


def in_dtype(arrays: dict[str, np.ndarray], dtype: torch.dtype) -> Arrays:
    tensors = {name: torch.from_numpy(np.asarray(a)) for name, a in arrays.items() if np.asarray(a).dtype.kind != "U"}
    return {name: a.to(dtype) if a.is_floating_point() else a for name, a in tensors.items()}


def spread(single: Arrays, double: Arrays) -> str:
    """Largest difference per group of arrays: [absolute, relative to the largest magnitude]."""
    groups: dict[str, list[float]] = {}
    for name, a in single.items():
        first, _, rest = name.partition(".")
        group = {"out": "out." + rest, "step": rest}.get(first, first)
        group = group.removeprefix("out.") if group == "out.zs_text_features" else group
        if a.dtype == torch.bool:
            continue
        error = float((a.detach().double() - double[name].detach()).abs().max())
        largest = groups.setdefault(group, [0.0, 0.0])
        largest[0] = max(largest[0], error)
        largest[1] = max(largest[1], error / (float(double[name].detach().abs().max()) or 1.0))
    return json.dumps({name: [f"{value:.2e}" for value in pair] for name, pair in groups.items()})


def stored(results: Arrays, scalars: str = "float32") -> dict[str, np.ndarray]:
    arrays = {name: a.detach().numpy() for name, a in results.items()}
    return {
        name: a if a.dtype == bool else a.astype(scalars if a.ndim == 0 else np.float32) for name, a in arrays.items()
    }


class Writer:
    """Cases under names that say nothing, each with a random stream of its own."""

    def __init__(self, folder: Path):
        self.folder, self.model = folder, random_model()
        self.clips = {dtype: Clip(self.model, dtype) for dtype in (torch.float32, torch.float64)}
        self.files: dict[str, str] = {}
        self.save("zz-17", self.model)

    def save(self, name: str, arrays: dict[str, np.ndarray]) -> None:
        np.savez(self.folder / f"{name}.npz", **arrays)

    def write(self, what: str, config: dict, inputs: dict, results: dict[str, np.ndarray]) -> None:
        """`what` is for the reader of a failing test; the file's name comes from a checksum."""
        name = f"{zlib.crc32(what.encode()):08x}"
        assert name not in self.files
        self.files[name] = what
        self.save(name, inputs | results | {"config_json": np.array(json.dumps(config, sort_keys=True))})

    def single(self, what: str, config: dict, inputs: dict, run: Callable[[Clip, Arrays], Arrays]) -> None:
        """A case in single precision, with its distance from double."""
        by_dtype = {dtype: run(clip, in_dtype(inputs, dtype)) for dtype, clip in self.clips.items()}
        results = stored(by_dtype[torch.float32])
        results["precision_json"] = np.array(spread(by_dtype[torch.float32], by_dtype[torch.float64]))
        self.write(what, config, inputs, results)

    def double(self, what: str, config: dict, inputs: dict, run: Callable[[Clip, Arrays], Arrays]) -> None:
        """A case in double precision."""
        results = run(self.clips[torch.float64], in_dtype(inputs, torch.float64))
        self.write(what, config, inputs, stored(results, "float64"))

    def tuned(
        self, what: str, config: dict, inputs: dict, forward_of: Callable[[Clip, Arrays], reference.Forward]
    ) -> None:
        """A case of five steps under cross-entropy, masked if the settings say so."""

        def run(clip: Clip, a: Arrays) -> Arrays:
            objective = reference.plain_objective(clip, a["labels"])
            if config.get("class_mask"):
                objective = reference.masked_objective(clip, a["labels"], a["task"], a["task_start"], a["task_end"])
            return reference.five_steps(forward_of(clip, a), learned(a), a["images"], objective)

        self.single(what, SGD | config, inputs, run)

    def phrase(self, words: str) -> np.ndarray:
        """The token embeddings of a phrase (n, d)."""
        return np.stack(
            [
                self.model["token_embedding.rows"][list(self.model["token_embedding.ids"]).index(token)]
                for token in tokenize.encode(words)
            ]
        )


def learned(arrays: Arrays) -> Arrays:
    return {name.removeprefix("init."): a for name, a in arrays.items() if name.startswith("init.")}


def init(**arrays: Tensor | np.ndarray) -> dict[str, np.ndarray]:
    return {f"init.{name}": np.asarray(a) for name, a in arrays.items()}


def images_and_labels(draw: Callable[..., Tensor], batch: int, classes: int) -> dict[str, np.ndarray]:
    images = draw(batch, 3, IMAGE_SIZE, IMAGE_SIZE) + draw(batch, 3, 1, 1)
    return {"images": images.numpy(), "labels": np.array([(3 * b + 1) % classes for b in range(batch)])}


def names_and_tokens(class_names: list[str], token_ids: np.ndarray) -> dict[str, np.ndarray]:
    return {"class_names": np.array(class_names), "token_ids": token_ids, "name_lens": lengths_of(class_names)}


def write_folder(folder: Path) -> dict[str, str]:
    """Write one model and one case of every kind; returns what each case's file is."""
    writer = Writer(folder)
    for seed, write in enumerate((zero_shot, coop, cocoop, vpt, ivlp, maple, prograd, mvlpt, npt, gram)):
        write(writer, draws(torch.Generator().manual_seed(100 + seed)))
    tfidf(writer)
    return writer.files


def zero_shot(writer: Writer, draw: Callable[..., Tensor]) -> None:
    for names, templates in ((SEVEN, TEMPLATES[4:]), (FIVE, TEMPLATES)):
        inputs = images_and_labels(draw, 3, len(names)) | {"class_names": np.array(names)}
        inputs |= {"templates": np.array(templates), "token_ids": np.stack([ids_of(names, t) for t in templates])}
        config = {"method": "zeroshot", "dataset_template": "Things", "ensemble": len(templates) > 1}
        writer.single(
            f"zeroshot, {len(templates)} templates",
            config,
            inputs,
            lambda clip, a: reference.zero_shot(clip, a["token_ids"], a["images"], a["labels"]),
        )


def coop(writer: Writer, draw: Callable[..., Tensor]) -> None:
    cases = [(n, position, csc, None) for position, n in (("end", 1), ("middle", 3), ("front", 5)) for csc in (0, 1)]
    cases += [(1, "middle", 1, None), (3, "middle", 0, "a photo of"), (2, "end", 0, "a photo")]
    cases += [(4, "end", 0, "a thing, a photo of a")]  # words are counted by blanks: the last tokens stay frozen
    for n, position, csc, phrase in cases:
        names, batch = ((FIVE, 5), (SEVEN, 3))[n % 3 == 0 or csc]
        inputs = images_and_labels(draw, batch, len(names)) | names_and_tokens(
            names, ids_with_context(names, n, phrase)
        )
        shape = (len(names), n, TEXT_WIDTH) if csc else (n, TEXT_WIDTH)
        inputs |= init(ctx=writer.phrase(phrase)[:n] if phrase else draw(*shape, scale=0.2))
        config = {"method": "coop", "n_ctx": n, "class_specific": bool(csc), "class_token_position": position}
        writer.tuned(
            f"coop, {n} vectors, {position}, {'class-specific' if csc else 'shared'}, {phrase}",
            config | {"ctx_init": phrase or "given vectors"},
            inputs,
            lambda clip, a, p=position: reference.coop(clip, a["token_ids"], a["name_lens"], p),
        )


def cocoop(writer: Writer, draw: Callable[..., Tensor]) -> None:
    hidden = JOINT // 16
    for n, names, batch in ((3, FIVE, 5), (1, SEVEN, 3)):
        inputs = images_and_labels(draw, batch, len(names)) | names_and_tokens(names, ids_with_context(names, n))
        inputs |= init(
            ctx=draw(n, TEXT_WIDTH, scale=0.2),
            meta_w1=draw(hidden, JOINT, scale=0.3),
            meta_b1=draw(hidden, scale=0.1) + 0.1,
            meta_w2=draw(TEXT_WIDTH, hidden, scale=0.2),
            meta_b2=draw(TEXT_WIDTH, scale=0.1),
        )
        config = {"method": "cocoop", "n_ctx": n, "hidden": hidden, "ctx_init": "given vectors"}
        writer.tuned(
            f"cocoop, {n} vectors",
            config,
            inputs,
            lambda clip, a: reference.cocoop(clip, a["token_ids"], a["name_lens"]),
        )


def vpt(writer: Writer, draw: Callable[..., Tensor]) -> None:
    for depth, n, names, template in ((1, 6, FIVE, PHOTO), (2, 1, SEVEN, TEMPLATES[4]), (3, 3, FIVE, TEMPLATES[1])):
        inputs = images_and_labels(draw, 3 + depth % 3, len(names))
        inputs |= {"class_names": np.array(names), "token_ids": ids_of(names, template)}
        inputs |= init(**{f"vis_prompt_{i}": draw(n, IMAGE_WIDTH, scale=0.2) for i in range(depth)})
        config = {"method": "vpt", "depth": depth, "n_vis": n, "template": template}
        writer.tuned(
            f"vpt, depth {depth}, {n} prompts", config, inputs, lambda clip, a: reference.vpt(clip, a["token_ids"])
        )


def ivlp(writer: Writer, draw: Callable[..., Tensor]) -> None:
    phrase = "a photo of a"
    cases = [  # n_txt, depth_txt, n_vis, depth_vis, class names, phrase
        (2, 1, 0, 0, FIVE, phrase),
        (2, 2, 3, 3, SEVEN, phrase),  # the first name ends with ")": its length is not that of its tokens before "."
        (1, 2, 6, 2, FIVE, phrase),
        (4, 2, 0, 0, SEVEN, phrase),
        (5, 2, 6, 3, SEVEN, None),
        (7, 1, 1, 2, FIVE, None),
    ]
    for n, depth, n_vis, depth_vis, names, words in cases:
        inputs = images_and_labels(draw, 5 if depth_vis else 3, len(names)) | names_and_tokens(
            names, ids_with_context(names, n, words)
        )
        prompts = {"txt_prompt_0": writer.phrase(words)[:n] if words else draw(n, TEXT_WIDTH, scale=0.2)}
        prompts |= {f"vis_prompt_{i}": draw(n_vis, IMAGE_WIDTH, scale=0.2) for i in range(depth_vis)}
        prompts |= {f"txt_prompt_{i}": draw(n, TEXT_WIDTH, scale=0.3) for i in range(1, depth)}
        config = {"method": "independentVL", "n_txt": n, "depth_txt": depth, "n_vis": n_vis, "depth_vis": depth_vis}
        writer.tuned(
            f"independentVL, text {n} x {depth}, visual {n_vis} x {depth_vis}, {words}",
            config | {"ctx_init": words or "given vectors"},
            inputs | init(**prompts),
            lambda clip, a: reference.ivlp(clip, a["token_ids"], a["name_lens"]),
        )


def maple_prompts(writer: Writer, draw: Callable[..., Tensor], n: int, depth: int, words: str | None) -> Arrays:
    prompts = {"txt_prompt_0": writer.phrase(words)[:n] if words else draw(n, TEXT_WIDTH, scale=0.2)}
    for i in range(depth):
        if i:
            prompts[f"txt_prompt_{i}"] = draw(n, TEXT_WIDTH, scale=0.3)
        prompts[f"proj_w_{i}"] = draw(IMAGE_WIDTH, TEXT_WIDTH, scale=0.1)
        prompts[f"proj_b_{i}"] = draw(IMAGE_WIDTH, scale=0.1)
    return init(**prompts)


def maple(writer: Writer, draw: Callable[..., Tensor]) -> None:
    phrase = "a photo of a"
    for n, depth, names, words in (
        (3, 1, FIVE, phrase),
        (2, 2, SEVEN, phrase),
        (6, 2, FIVE, None),
    ):
        inputs = images_and_labels(draw, 3, len(names)) | names_and_tokens(names, ids_with_context(names, n, words))
        config = {"method": "maple", "n_ctx": n, "depth": depth, "ctx_init": words or "given vectors"}
        writer.tuned(
            f"maple, {n} vectors, depth {depth}, {words}",
            config,
            inputs | maple_prompts(writer, draw, n, depth, words),
            lambda clip, a: reference.maple(clip, a["token_ids"], a["name_lens"]),
        )


def prograd(writer: Writer, draw: Callable[..., Tensor]) -> None:
    cases = [  # steps, n, position, class-specific, lambda, T, names, template
        (4, 3, "end", False, 0.8, 1.0, FIVE, PHOTO),
        (3, 1, "end", True, 0.5, 3.0, SEVEN, TEMPLATES[4]),
        (5, 5, "middle", False, 1.0, 2.0, SEVEN, TEMPLATES[1]),
        (3, 3, "middle", True, 1.0, 1.0, FIVE, PHOTO),
        (2, 6, "end", False, 1.0, 1.0, FIVE, PHOTO),
    ]
    for steps, n, position, csc, strength, temperature, names, template in cases:
        padded = n == 6
        ctx = draw(*((len(names),) if csc else ()), n, TEXT_WIDTH, scale=0.2)
        if padded:
            ctx = torch.from_numpy(np.concatenate([np.zeros((2, TEXT_WIDTH), "f4"), writer.phrase("a photo of a")]))
        inputs = names_and_tokens(names, ids_with_context(names, n)) | init(ctx=ctx)
        inputs |= {"zs_token_ids": ids_of(names, template), "zs_template": np.array(template)}
        inputs |= {"lambda": np.float32(strength), "T": np.float32(temperature)}
        config = SGD | {"method": "prograd", "n_ctx": n, "steps": steps, "class_specific": csc, "lambda_": strength}
        config |= {"T": temperature, "zs_template": template, "class_token_position": position}
        config["ctx_init"] = "template phrase, zero padded in front" if padded else "given vectors"

        def run(clip: Clip, a: Arrays, position=position) -> Arrays:
            forward = reference.coop(clip, a["token_ids"], a["name_lens"], position)
            arrays = (a["init.ctx"], a["images"], a["labels"], a["zs_token_ids"])
            return reference.prograd(clip, forward, *arrays, float(a["lambda"]), float(a["T"]))

        def takes_both_branches(inputs: dict[str, np.ndarray], run=run) -> bool:
            cos = run(writer.clips[torch.float64], in_dtype(inputs, torch.float64))["step.cos"]
            return float(cos.abs().min()) > 0.05 and float(cos.min()) < 0 < float(cos.max())

        while True:
            batches = [images_and_labels(draw, 3, len(names)) for _ in range(steps)]
            for batch in batches:
                batch["labels"] = draw(3, len(names)).argmax(dim=1).numpy()
            inputs |= {name: np.stack([batch[name] for batch in batches]) for name in ("images", "labels")}
            if takes_both_branches(inputs):
                break
        what = f"prograd, {n} vectors, {position}, class-specific {csc}, lambda {strength}, T {temperature}"
        writer.single(what, config, inputs, run)


def upt_arrays(draw: Callable[..., Tensor], width: int) -> Arrays:
    """UPT's block of a width, and the in/out linears of the sides of another width."""
    block = {
        "attn_in_w": draw(3 * width, width, scale=1.5 * width**-0.5),
        "attn_in_b": draw(3 * width, scale=0.1),
        "attn_out_w": draw(width, width, scale=width**-0.5),
        "attn_out_b": draw(width, scale=0.1),
        "ln1_w": 1 + draw(width, scale=0.1),
        "ln1_b": draw(width, scale=0.1),
        "fc1_w": draw(4 * width, width, scale=width**-0.5),
        "fc1_b": draw(4 * width, scale=0.1),
        "fc2_w": draw(width, 4 * width, scale=0.5 * width**-0.5),
        "fc2_b": draw(width, scale=0.1),
        "ln2_w": 1 + draw(width, scale=0.1),
        "ln2_b": draw(width, scale=0.1),
    }
    arrays = {f"upt.block.{name}": a for name, a in block.items()}
    for side, outer in (("vis", IMAGE_WIDTH), ("txt", TEXT_WIDTH)):
        if outer != width:
            arrays |= {f"upt.{side}_in_w": draw(width, outer, scale=outer**-0.5)}
            arrays |= {f"upt.{side}_in_b": draw(width, scale=0.1)}
            arrays |= {f"upt.{side}_out_w": draw(outer, width, scale=0.3 * width**-0.5)}
            arrays |= {f"upt.{side}_out_b": draw(outer, scale=0.1)}
    return arrays


def mvlpt(writer: Writer, draw: Callable[..., Tensor]) -> None:
    tasks_of = {5: ([0, 1, 3], [1, 3, 5]), 7: ([0, 4], [4, 7])}
    plain = {
        "n_txt": 0, "n_vis": 0, "multitask": False, "class_mask": False, "soft_labels": False, "cut_context": False,
        "class_specific": False, "class_token_position": "middle", "vis_deep": False, "vis_project_dim": -1,
        "upt": False, "upt_dim": None, "upt_attention": None,
    }  # fmt: skip
    itself, over_all = "sequence length 1 (as the reference code does)", "over all prompt tokens (the paper)"
    mask = {"multitask": True, "class_mask": True}
    upt = {"upt": True, "upt_attention": itself}
    cases = [  # settings, class names
        ({"n_txt": 3}, FIVE),
        ({"n_txt": 1, "class_token_position": "end", "class_specific": True}, SEVEN),
        ({"n_txt": 5, **mask}, SEVEN),
        ({"n_txt": 5, "multitask": True, "cut_context": True}, SEVEN),
        ({"n_txt": 3, "soft_labels": True, "class_token_position": "front"}, SEVEN),
        ({"n_txt": 3, "soft_labels": True, **mask}, FIVE),
        ({"n_vis": 6}, FIVE),
        ({"n_vis": 1, "vis_deep": True}, SEVEN),
        ({"n_vis": 3, "vis_deep": True, **mask}, FIVE),
        ({"n_vis": 3, "vis_deep": True, "vis_project_dim": 10}, SEVEN),
        ({"n_vis": 6, "vis_project_dim": 20}, FIVE),
        ({"n_txt": 3, "n_vis": 1, "vis_deep": True, **upt, "upt_dim": 12}, FIVE),
        ({"n_txt": 5, "n_vis": 3, **upt, "upt_dim": 20}, SEVEN),
        ({"n_txt": 1, "n_vis": 6, "vis_deep": True, **upt, "upt_dim": 12, "upt_attention": over_all, **mask}, FIVE),
        ({"n_txt": 3, "n_vis": 3, **upt, "upt_dim": 12, "upt_attention": over_all}, SEVEN),
        ({"n_txt": 3, "n_vis": 1, "vis_deep": True, **upt, "upt_dim": 12, "class_specific": True,
          "class_token_position": "end"}, SEVEN),
        ({"n_txt": 3, "n_vis": 1, **upt, "upt_dim": 20, "class_specific": True, "upt_attention": over_all}, FIVE),
        ({"n_txt": 3, "n_vis": 3, "vis_deep": True, **upt, "upt_dim": IMAGE_WIDTH}, FIVE),
        ({"n_txt": 1, "n_vis": 3, "vis_deep": True, **upt, "upt_dim": TEXT_WIDTH, "upt_attention": over_all}, SEVEN),
        ({"n_txt": 3, "n_vis": 6, **upt, "upt_dim": TEXT_WIDTH}, FIVE),
        ({"n_txt": 3, "n_vis": 3, "vis_deep": True}, SEVEN),
        ({"n_txt": 1, "n_vis": 1, **mask}, FIVE),
    ]  # fmt: skip
    for settings, names in cases:
        config = plain | settings
        n_txt, n_vis = config["n_txt"], config["n_vis"]
        ids = ids_with_context(names, n_txt) if n_txt else ids_of(names)
        if config["cut_context"]:
            ids = ids[:, : ids.argmax(axis=1).max() + 1]
        inputs = images_and_labels(draw, 5 if n_vis else 3, len(names)) | names_and_tokens(names, ids)
        starts, ends = map(np.array, tasks_of[len(names)])
        if config["multitask"]:
            inputs |= {"task_start": starts, "task_end": ends}
        if config["class_mask"]:
            inputs["task"] = np.array([int((starts <= y).sum()) - 1 for y in inputs["labels"]])
        if config["soft_labels"]:
            shown = np.eye(len(names), dtype=np.float32)
            y = inputs["labels"]
            inputs["labels"] = np.maximum(shown[y], shown[(2 * y) % len(names)])
        start: Arrays = {}
        if n_vis:
            width = config["vis_project_dim"] if config["vis_project_dim"] > 0 else IMAGE_WIDTH
            start["vis_prompt_0"] = draw(1, n_vis, width, scale=0.3)
            if config["vis_deep"]:
                start["vis_prompt_deep"] = draw(IMAGE_LAYERS - 1, n_vis, width, scale=0.3)
            if width != IMAGE_WIDTH:
                start |= {"vis_proj_w": draw(IMAGE_WIDTH, width, scale=0.2), "vis_proj_b": draw(IMAGE_WIDTH, scale=0.1)}
        if n_txt:
            start["ctx"] = draw(*((len(names),) if config["class_specific"] else ()), n_txt, TEXT_WIDTH, scale=0.2)
        if config["upt"]:
            start |= upt_arrays(draw, config["upt_dim"])
        writer.tuned(
            f"mvlpt, {len(names)} classes, {settings}",
            {"method": "mvlpt", "ctx_init": "given vectors", **config},
            inputs | init(**start),
            lambda clip, a, position=config["class_token_position"], attends=config["upt_attention"] == over_all: (
                reference.mvlpt(clip, a["token_ids"], a["name_lens"], position, attends)
            ),
        )


def npt(writer: Writer, draw: Callable[..., Tensor]) -> None:
    w1, w2 = 0.2, 0.7
    weights = {"w1": np.float64(w1), "w2": np.float64(w2)}
    inputs = {
        "image_features": reference.unit(draw(9, JOINT)).numpy(),
        "text_features": reference.unit(draw(5, JOINT) + 0.3).numpy(),
        "labels": np.array([0, 2, 2, 4, 1, 2, 0, 4, 3]),
        "logit_scale_exp": np.float64(9.5),
        **weights,
    }
    energies = {"E0": (1.0, 1.0), "E1": (0.8, 1.7)}
    for name, (e_w, e_h) in energies.items():
        inputs |= {f"{name}.E_W": np.float64(e_w), f"{name}.E_H": np.float64(e_h)}

    def of_features(clip: Clip, a: Arrays) -> Arrays:
        results: Arrays = {}
        for name, pair in energies.items():
            arrays = (a["image_features"], a["text_features"], a["labels"], a["logit_scale_exp"])
            terms = reference.collapse_of_features(*arrays, w1, w2, *pair)
            results |= {f"{name}.{term}": value for term, value in terms.items()}
        return results

    config = {"method": "npt on given unit features", "w1": w1, "w2": w2}
    writer.double("npt on given features", config, inputs, of_features)

    cases = [  # method, n, E_W, E_H, names, start, forward
        ("npt+coop", 3, 1.0, 1.0, FIVE, init(ctx=draw(3, TEXT_WIDTH, scale=0.2)), reference.coop),
        ("npt+coop", 5, 1.2, 0.6, SEVEN, init(ctx=draw(5, TEXT_WIDTH, scale=0.2)), reference.coop),
        ("npt+maple", 5, 1.0, 1.0, FIVE, maple_prompts(writer, draw, 5, 2, None), reference.maple),
        ("npt+maple", 2, 1.0, 1.0, SEVEN, maple_prompts(writer, draw, 2, 1, "a photo of a"), reference.maple),
    ]
    for method, n, e_w, e_h, names, start, forward_of in cases:
        words = "a photo of a" if n == 2 else None
        inputs = (
            images_and_labels(draw, 5, len(names))
            | names_and_tokens(names, ids_with_context(names, n, words))
            | weights
        )
        inputs["labels"] = np.array([0, 0, 3, 0, 3])  # imbalanced
        inputs |= start | {"E_W": np.float64(e_w), "E_H": np.float64(e_h)}

        def trained(clip: Clip, a: Arrays, forward_of=forward_of, e_w=e_w, e_h=e_h) -> Arrays:
            position = ("end",) if forward_of is reference.coop else ()
            forward = forward_of(clip, a["token_ids"], a["name_lens"], *position)
            return reference.collapse_steps(clip, forward, learned(a), a["images"], a["labels"], w1, w2, e_w, e_h)

        config = SGD | {"method": method, "n_ctx": n, "w1": w1, "w2": w2, "E_W": e_w, "E_H": e_h}
        if method == "npt+maple":
            config["depth"] = sum("proj_w" in name for name in start)
        writer.double(f"{method}, {n} vectors", config, inputs, trained)


def phi_arrays(draw: Callable[..., Tensor], side: str) -> dict[str, np.ndarray]:
    width = TEXT_WIDTH if side == "txt" else IMAGE_WIDTH
    phi = {}
    for part, weight, bias in (("gamma", 0.5, 0.3), ("beta", 0.4, 0.1)):
        phi[f"phi.{side}_W_{part}"] = draw(width, width, scale=weight).numpy()
        phi[f"phi.{side}_b_{part}"] = draw(width, scale=bias).double().numpy()
    return phi


def gram(writer: Writer, draw: Callable[..., Tensor]) -> None:
    def text(clip: Clip, ids: Tensor, lengths: Tensor) -> reference.Forward:
        return reference.coop(clip, ids, lengths, "end")

    def visual(clip: Clip, ids: Tensor, lengths: Tensor) -> reference.Forward:
        return reference.vpt(clip, ids)

    def deep(clip: Clip, ids: Tensor, lengths: Tensor) -> reference.Forward:
        return reference.deep_after_norm(clip, ids)

    def both(clip: Clip, ids: Tensor, lengths: Tensor) -> reference.Forward:
        of_text, of_images = text(clip, ids, lengths), visual(clip, ids, lengths)
        return lambda params, images: (of_images(params, images)[0], of_text(params, images)[1])

    def prompts(*shape: int) -> Tensor:
        return draw(*shape, scale=0.2)

    ctx, vis, layers = prompts(3, TEXT_WIDTH), prompts(3, IMAGE_WIDTH), prompts(IMAGE_LAYERS, 1, IMAGE_WIDTH)
    cases = [  # settings, names, start, sides, forward, alpha, task sizes
        ({"method": "gram", "n_ctx": 3, "prompts": "text (coop, class token at the end)"}, SEVEN,
         init(ctx=ctx), ["txt"], text, 0.02, (5, 2, 3)),
        ({"method": "gram", "n_vis": 3, "prompts": "visual, shallow, before ln_pre"}, FIVE,
         init(vis_prompt_0=vis), ["vis"], visual, 0.03, (3, 5, 2)),
        ({"method": "gram", "n_vis": 1, "depth": IMAGE_LAYERS, "prompts": "visual, deep, after ln_pre"}, SEVEN,
         init(vis_prompt=layers), ["vis"], deep, 0.05, (4, 3, 6)),
        ({"method": "unigram", "n_ctx": 5, "n_vis": 6}, FIVE,
         init(ctx=prompts(5, TEXT_WIDTH), vis_prompt_0=prompts(6, IMAGE_WIDTH)), ["txt", "vis"], both, 0.03, (3, 2, 4)),
    ]  # fmt: skip
    for config, names, start, sides, forward_of, alpha, sizes in cases:
        ids = ids_with_context(names, config["n_ctx"]) if "n_ctx" in config else ids_of(names)
        rates = {"alpha": alpha, "lambda1": 0.01, "lambda2": 0.03}
        inputs = {"class_names": np.array(names), "token_ids": ids, **start}
        inputs |= {name: np.float64(rate) for name, rate in rates.items()}
        for side in sides:
            inputs |= phi_arrays(draw, side)
        for t, size in enumerate(sizes):
            order = [(3 * k + t) % len(names) for k in range(len(names))]  # 3 divides neither 5 nor 7
            inputs[f"task{t}.classes"] = np.array(order[:size])
            for part, batch in (("support", size + t), ("query", 2 * size - 1)):
                drawn = images_and_labels(draw, batch, size)
                inputs |= {f"task{t}.{part}_{name}": a for name, a in drawn.items()}

        def run(clip: Clip, a: Arrays, names=names, forward_of=forward_of, rates=rates, sizes=sizes) -> Arrays:
            lengths = torch.from_numpy(lengths_of(names))
            tasks = [
                {name.partition(".")[2]: x for name, x in a.items() if name.startswith(f"task{t}.")}
                for t in range(len(sizes))
            ]
            phi = {name.removeprefix("phi."): x for name, x in a.items() if name.startswith("phi.")}
            return reference.meta_step(
                clip,
                lambda classes: forward_of(clip, a["token_ids"][classes], lengths[classes]),
                learned(a),
                phi,
                tasks,
                **rates,
            )

        writer.double(f"{config['method']}, {sorted(start)}", config | rates | {"tasks": len(sizes)}, inputs, run)


def tfidf(writer: Writer) -> None:
    sentences = [
        "A heron stands in the reeds",
        "the grey heron and a frog",
        "heron, heron and heron over the lake",
        "an old tram in the street",
        "tram\tstop near the tram depot",
        "the bakery sells warm bread in the morning",
        "bread and a bread knife on the table",
    ]
    clusters = [0, 0, 0, 1, 1, 2, 2]
    config = {"method": "cluster-wise tf-idf, Eq. 3 of GRAM", "log": "natural"}
    inputs = {"sentences": np.array(sentences), "cluster": np.array(clusters)}
    writer.write("tf-idf", config, inputs, reference.tfidf(sentences, clusters))
