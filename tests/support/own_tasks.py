"""Tasks of one's own, written as `reprompt task add` writes them, without a look at the pictures."""

from pathlib import Path

import yaml

from photographs import plain
from reprompt.data.files.own import write_listing


def write_task(name: str, classes: tuple[str, ...] = ("a rose", "a lily", "a fern", "a weed"), folds: int = 0) -> Path:
    """A task in the working folder with pictures in `<name>_pictures`: six to train and two to test of each class."""
    folder = plain(Path(f"{name}_pictures"), dict.fromkeys(classes, 8))
    parts = [str(1 + n % folds) for n in range(8)] if folds else ["train"] * 6 + ["test"] * 2
    Path("tasks").mkdir(exist_ok=True)
    listing = Path(f"tasks/{name}.csv")
    write_listing(listing, ((f"{of}/{n}.png", of, part) for of in classes for n, part in enumerate(parts)))
    keys = {"printed": name, "title": name, "template": "a picture of {}.", "classes": len(classes)}
    keys |= {"name_tokens": {"mean": 2.0, "longest": 2}, "train": 6 * len(classes), "test": 2 * len(classes)}
    keys |= {"folder": str(folder), "listing": listing.name, "orientation": "upright"}
    Path(f"tasks/{name}.yaml").write_text(yaml.safe_dump(keys | ({"folds": folds} if folds else {})))
    return folder
