"""A folder of golden cases: one `.npz` per case, and one with the frozen model that they share.

A folder of later cases need not repeat the model: it is then that of a folder of the same name further up, whose token
embeddings a file of further rows adds to.

What a file is follows from what it holds, never from its name. Arrays: `init.*` starting values, `out.*` results at the
start, `grad.*` gradients, `step1.*` and `step5.*` values after SGD steps; `config_json` names the method and settings,
`precision_json` how far single and double precision of the reference lie apart.
"""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from reprompt.clip.backbones import Backbone
from reprompt.clip.weights import TOKEN_TABLE, build, freeze

IDS, ROWS = "token_embedding.ids", "token_embedding.rows"
IN_A_MODEL = "positional_embedding"


@dataclass(frozen=True)
class Case:
    """One golden case."""

    name: str
    arrays: dict[str, np.ndarray]

    @cached_property
    def config(self) -> dict:
        return json.loads(str(self.arrays["config_json"]))

    @property
    def method(self) -> str:
        return self.config["method"]

    @cached_property
    def spreads(self) -> dict[str, float] | None:
        """Relative difference between single and double precision by group of arrays; None for cases in double."""
        if "precision_json" not in self.arrays:
            return None
        return {name: float(pair[1]) for name, pair in json.loads(str(self.arrays["precision_json"])).items()}

    @property
    def dtype(self) -> torch.dtype:
        """The precision that the case was computed in: a case with no spread was computed in double."""
        return torch.float64 if self.spreads is None else torch.float32

    @property
    def class_names(self) -> list[str]:
        """Class names (K) as handed to the method."""
        return [str(name) for name in self.arrays["class_names"]]

    def __contains__(self, name: str) -> bool:
        return name in self.arrays

    def under(self, prefix: str) -> dict[str, np.ndarray]:
        """The arrays below a prefix, named without it."""
        return {name.removeprefix(prefix): a for name, a in self.arrays.items() if name.startswith(prefix)}

    def tensor(self, name: str) -> Tensor:
        """An array in the case's precision; integers and truth values as they are."""
        tensor = torch.from_numpy(np.asarray(self.arrays[name]))
        return tensor.to(self.dtype) if tensor.is_floating_point() else tensor


def read_folder(folder: Path) -> tuple[dict[str, np.ndarray], list[Case]]:
    """The model's arrays by name, and all cases of a folder.

    Raises ValueError for a file that is none of these, and where there is not one model or no case.
    """
    cases, models, more = [], {}, []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as file:
            arrays = dict(file)
        if IN_A_MODEL in arrays:
            models[path] = arrays
        elif ROWS in arrays:
            more.append(arrays)
        elif "config_json" in arrays:
            cases.append(Case(path.stem, arrays))
        else:
            raise ValueError(f"{path}: neither a case (no config_json) nor a model (no {ROWS})")
    models = models or _models_above(folder)
    if len(models) != 1:
        found = sorted(map(str, models)) or f"none, nor in a folder {folder.name} further up"
        raise ValueError(f"{folder}: expected one file with a frozen model, found {found}")
    if not cases:
        raise ValueError(f"{folder}: holds no cases")
    (model,) = models.values()
    rows = {name: np.concatenate([part[name] for part in (model, *more)]) for name in (IDS, ROWS)}
    return model | rows, cases


def _models_above(folder: Path) -> dict[Path, dict[str, np.ndarray]]:
    """The models in the nearest folder of the same name further up that has any."""
    for above in folder.resolve().parents[1:]:
        models = {}
        for path in sorted((above / folder.resolve().name).glob("*.npz")):
            with np.load(path) as file:
                if IN_A_MODEL in file.files:
                    models[path] = dict(file)
        if models:
            return models
    return {}


def golden_backbone(arrays: dict[str, np.ndarray], dtype: torch.dtype) -> Backbone:
    """The frozen model of a folder, in OpenAI's layout; sizes are read off its arrays."""
    weights = {name: torch.from_numpy(np.asarray(array)) for name, array in arrays.items()}
    tokens, text_width = map(int, weights["token_embedding.full_shape"])
    table = torch.zeros(tokens, text_width)
    table[weights[IDS].long()] = weights[ROWS].float()
    image_width, _, patch, _ = weights["visual.conv1.weight"].shape
    size = int(weights["meta.image_resolution"])
    model = build(
        {
            "image_size": size,
            "patch_size": int(weights["meta.patch_size"]) if "meta.patch_size" in weights else patch,
            "width": image_width,
            "layers": _layers(weights, "visual."),
            "head_width": image_width // int(weights["meta.vision_heads"]),
        },
        {"width": text_width, "heads": int(weights["meta.text_heads"]), "layers": _layers(weights, "")},
        joint_width=weights["text_projection"].shape[1],
        quick_gelu=True,
    )
    state = {k: v for k, v in weights.items() if not k.startswith(("meta.", "token_embedding."))}
    model.load_state_dict(state | {TOKEN_TABLE: table})
    return Backbone("golden", freeze(model.to(dtype)), size, (0.5,) * 3, (0.25,) * 3, weights_sha256="golden")


def _layers(weights: dict[str, Tensor], tower: str) -> int:
    pattern = re.compile(re.escape(tower) + r"transformer\.resblocks\.(\d+)\.")
    return 1 + max(int(match[1]) for name in weights if (match := pattern.match(name)))
