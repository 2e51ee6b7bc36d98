"""The commands `reprompt task ...`: tasks made of pictures of one's own."""

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reprompt.cells.parameters import LARGEST_IMAGE

if TYPE_CHECKING:
    import numpy as np

AT_ONCE = 64  # pictures that are in memory while their features are made

app = typer.Typer(no_args_is_help=True, help="Tasks of your own: a card and a listing each, in the folder `tasks`.")


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="What the task is to be called: lower-case letters, digits and _.")],
    folder: Annotated[Path, typer.Argument(help="The pictures: a folder per class, or below train, val and test.")],
    template: Annotated[str, typer.Option(help="A sentence with {} for the class name.")] = "a photo of a {}.",
    table: Annotated[
        Path | None, typer.Option("--csv", help="A table with columns picture and class, perhaps part; not by folders.")
    ] = None,
    folds: Annotated[
        int | None, typer.Option(min=0, help="Cross-validate in so many folds; 0: a test set, however small.")
    ] = None,
    features: Annotated[
        Path | None,
        typer.Option(help="Weights of a CLIP: pictures whose features nearly agree (crops) are on one side, too."),
    ] = None,
    largest_image: Annotated[int, typer.Option(min=1, help="Megapixels; larger ones are left out.")] = LARGEST_IMAGE,
    as_json: Annotated[bool, typer.Option("--json", help="What was found, as JSON.")] = False,
) -> None:
    """Look at every picture of a folder and write a card and a listing: a task like all others."""
    from functools import partial

    from reprompt.clip.lengths import token_counts
    from reprompt.data.own.add import Wanted, add_task, in_words

    if folds == 1:
        raise ValueError("--folds 1: one fold has nothing to train on; 2 or more, or 0 for a test set")
    wanted = Wanted(name, folder, template, table, folds, largest_image)
    features_of = partial(features_by, features) if features else None
    added = add_task(wanted, token_counts, bar, features_of)
    print(json.dumps(added.as_json, indent=1, ensure_ascii=False) if as_json else "\n".join(in_words(added)))


def bar(steps: Iterable, total: int) -> Iterable:
    """Steps one after another, on a terminal with a bar."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return track(steps, "Looking", total, console=console, transient=True, disable=not sys.stderr.isatty())


def features_by(weights: Path, paths: Sequence[Path]) -> "np.ndarray":
    """Features (N, E) of length 1 that the CLIP in a weight file has of pictures."""
    import numpy as np

    from reprompt.clip.features import encode_images
    from reprompt.clip.openai import load
    from reprompt.data.files.listing import Item
    from reprompt.data.files.pictures import picture_of
    from reprompt.data.files.rgb import Reading
    from reprompt.data.files.transforms import prepared

    backbone, reading = load(weights, weights.stem), Reading(upright=True)
    encoded = []
    for start in bar(range(0, len(paths), AT_ONCE), -(-len(paths) // AT_ONCE)):
        pictures = [picture_of(Item(path, None, 0), reading) for path in paths[start : start + AT_ONCE]]
        pixels = np.stack([prepared(picture, backbone.preparation) for picture in pictures])
        encoded.append(encode_images(backbone, pixels).numpy())
    features = np.concatenate(encoded)
    return features / np.linalg.norm(features, axis=1, keepdims=True)
