"""Which data sets are there: those that their readers can read, looked at as lightly as that allows.

A study runs on what is there, so every start of Snakemake looks, and writes down what is missing (`note`). The jobs
of a run all go by that note: a data set that arrives meanwhile changes the plan of the next run, not of this one.

A data set whose split has been made stays in the plan, wherever its pictures are now: its results are not thrown away
because a disk is not mounted. One that a reader could list is not listed again until its folder changes.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from reprompt.cells.parameters import FileImages, Parameters
from reprompt.foundation.atomic import write_text
from reprompt.foundation.locks import FOLDER
from reprompt.tasks.groups import pictures_of

LISTED = FOLDER / "listed.json"  # the data sets that a reader could list, with what their folders held then


def missing(parameters: Parameters) -> dict[str, str]:
    """The data sets that experiments read and that are not there, each with the reason. Rendered ones are."""
    splits = Path("results") / parameters.scale / "data"
    read = sorted(filter(parameters.is_of_files, set(map(pictures_of, parameters.read))))
    looked_at = [data_set for data_set in read if not (splits / f"{data_set}.json").exists()]
    return dict(_unreadable(parameters, looked_at)) if looked_at else {}


def note(parameters: Parameters, missing: dict[str, str]) -> None:
    """Write down what is missing, for the jobs of the run that starts now."""
    if parameters.reads_files:
        write_text(_note(parameters), json.dumps(missing, indent=1) + "\n")


def noted(parameters: Parameters) -> dict[str, str]:
    """What was missing when the run started that a job belongs to; what is missing now where none ever did."""
    if not parameters.reads_files or not _note(parameters).exists():
        return missing(parameters)
    return json.loads(_note(parameters).read_text())


def _note(parameters: Parameters) -> Path:
    return FOLDER / f"missing.{parameters.scale}.json"


def _unreadable(parameters: Parameters, data_sets: list[str]) -> Iterator[tuple[str, str]]:
    """The data sets that cannot be listed, each with the reason."""
    from reprompt.data.files.folders import needed_folder
    from reprompt.data.files.pairs import Pairs
    from reprompt.data.files.source import Files
    from reprompt.data.files.webvision import WebVision
    from reprompt.data.preparation import AS_OPENAI

    data, listed = parameters.file_data, _listed()
    cards = {data_set: parameters.card(data_set) for data_set in data_sets}
    files = Files(data, AS_OPENAI, cards)
    for data_set in data_sets:
        try:
            if data_set == "corpus":  # its pictures are looked at when it is made: all of them, once
                _ = Pairs(_root(parameters.gram.pairs), AS_OPENAI, data.workers).shards
            elif data_set == "webvision":
                root = _root(parameters.gram.web)
                _ = WebVision(root, AS_OPENAI, data.pool, data.workers).names
                needed_folder(root / "val_images_256", "val_images")
            else:
                folder, was = files.folder(data_set), listed.get(data_set)
                held = [str(folder.resolve()), cards[data_set].model_dump(mode="json"), _held(folder)]
                if was != held:
                    files.listing(data_set)
                    listed[data_set] = held
        except (ValueError, OSError) as error:
            yield data_set, str(error)
    if listed != _listed():
        with suppress(OSError):  # in a folder that cannot be written to the next look takes as long as this one
            write_text(LISTED, json.dumps(listed, indent=1) + "\n")


def _root(images: FileImages) -> Path:
    return Path(images.root)


def _listed() -> dict[str, list]:
    return json.loads(LISTED.read_text()) if LISTED.exists() else {}


def _held(folder: Path) -> list[list]:
    """What lies in a folder: names and dates of change; nothing where there is no such folder."""
    if not folder.is_dir():
        return []
    return sorted([path.name, path.stat().st_mtime_ns] for path in folder.iterdir())
