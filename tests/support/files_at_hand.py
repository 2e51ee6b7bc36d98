"""The smoke scale on files: parameters, small data sets in the makers' layouts, and cards that count these."""

from pathlib import Path

import layouts
import yaml

from project import PROJECT
from reprompt.data.files.readers import READERS
from reprompt.tasks.card import card_of


def parameters() -> dict:
    """The project's own, the smoke scale of which reads files: Textures, EuroSAT and two targets, one to a part."""
    raw = yaml.safe_load((PROJECT / "params.yaml").read_text())
    smoke = raw["scales"]["smoke"]
    smoke["data"] = {"source": "files", "root": "data", "pool": 8, "workers": 1, "cards": "cards"}
    smoke["gram"] |= {"pairs": {"root": "data/cc3m"}, "web": {"root": "data/webvision"}}
    smoke |= {"tasks_per_job": 1, "targets": ["hateful_memes", "voc2007"]}
    return raw | {"scale": "smoke"}


def write_data(folder: Path, *tasks: str, **variant: bool) -> None:
    """Write small data sets below the folder's `data`, and cards with what these have, its `cards`."""
    (folder / "cards").mkdir(exist_ok=True)
    for task in tasks:
        made = layouts.make(task, folder / "data" / card_of(task).folder, 10, **variant)
        write_card(folder, task, made)


def write_card(folder: Path, task: str, made: Path, **more: object) -> None:
    """A card that has the numbers of a data set as it lies there."""
    listing = READERS[task](made)
    sizes = {"classes": len(listing.class_names), "validation": len(listing.validation) or None}
    sizes |= {"train": len(listing.train) or None, "test": len(listing.test)}
    (folder / "cards" / f"{task}.yaml").write_text(yaml.safe_dump(sizes | more))
