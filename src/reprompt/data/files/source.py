"""The real data sets as a source of tasks: only listed until a picture is asked for, and then only that one decoded."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from reprompt.cells.parameters import FileData, Views
from reprompt.data.files.decoding import Decoded, stacked
from reprompt.data.files.digests import digests_of
from reprompt.data.files.folders import folder_of
from reprompt.data.files.listing import Item, Listing, label_array, pooled
from reprompt.data.files.own import read_own
from reprompt.data.files.pictures import picture_of
from reprompt.data.files.readers import READERS, read_beside
from reprompt.data.files.rgb import Reading
from reprompt.data.files.seen import Seen, seen_of
from reprompt.data.files.transforms import prepared
from reprompt.data.files.whole import differences, half_unpacked
from reprompt.data.preparation import Preparation
from reprompt.data.source import Digests, SourceInViews
from reprompt.data.views import augmented
from reprompt.tasks.card import Card, card_of


class Files(SourceInViews):
    """The data sets in the folders below a root that their cards name, as `data` says.

    `train` is at most a pool of pictures of each class, the first by the hashes of their names, so that no draw depends
    on the order of a directory and ImageNet's million pictures are never decoded; of pictures that can show several
    classes it is all. Pictures are (side, side, 3), as `preparation` and the card say. `expected` are the cards whose
    numbers of classes and images data sets must have. Where a task has several versions, what is called `task` here is
    one of them, `dtd` or `dtd-elevater`.
    """

    def __init__(self, data: FileData, preparation: Preparation, expected: Mapping[str, Card] | None = None):
        self.data, self.preparation, self.expected = data, preparation, expected or {}
        self.root, self.cards = Path(data.root), Path(data.cards) if data.cards else None
        self._listings: dict[str, Listing] = {}
        self._decoded = Decoded()

    def folder(self, task: str) -> Path:
        """Where the task's data set lies: in ELEVATER's folder if that is there, else in the one its card names."""
        return folder_of(card_of(task, self.cards), self.root)

    def listing(self, task: str) -> Listing:
        """The pictures that are used: of the training and the validation set the pool, of the test set all.

        Raises FileNotFoundError for what is missing, ValueError for what is wrong with the data set or not whole.
        """
        if task not in self._listings:
            listing, folder = self._whole(task), self.folder(task)
            train, validation = (
                tuple(pooled(items, folder, self.data.pool)) for items in (listing.train, listing.validation)
            )
            self._listings[task] = replace(listing, train=train, validation=validation)
        return self._listings[task]

    def _whole(self, task: str) -> Listing:
        """All that a reader lists, if it is all that there should be."""
        folder, card = self.folder(task), card_of(task, self.cards)
        if card.is_own:
            return read_own(card)
        if task not in READERS:
            raise ValueError(f"no reader for task {task!r}; there are {', '.join(READERS)}")
        if not folder.is_dir():
            raise FileNotFoundError(
                f"{folder} is missing: {task} goes there; `reprompt data status {task}` says where it comes from"
            )
        if unfinished := half_unpacked(folder):
            raise ValueError(
                f"{folder}: {', '.join(unfinished)} is half unpacked; `reprompt data fetch {task}` does the rest"
            )
        listing = READERS[task](folder)
        if task in self.expected and (wrong := differences(self.expected[task], listing)):
            raise ValueError(
                f"{folder}: {task} is not whole: {'; '.join(wrong)}. Extract the data set again, or, where this is all"
                f" that there is to be had, say so in a card of your own (`data.cards`, {task}.yaml);"
                f" `reprompt data status {task}` says more"
            )
        return listing

    def digests(self, task: str) -> Digests:
        """Digests of the pictures that are used and of what they show."""
        return digests_of(self.listing(task), self.folder(task))

    def seen(self, task: str) -> Seen:
        """What the listing of a task was read from, with dates and sizes."""
        listing = self.listing(task)
        used = (item.path for items in (listing.train, listing.test, listing.validation) for item in items)
        return seen_of(self.folder(task), used, read_beside(card_of(task, self.cards)))

    def notes(self, task: str) -> tuple[str, ...]:
        """Where the data set is not what the papers had, in words."""
        return self.listing(task).notes

    def class_names(self, task: str) -> list[str]:
        """Class names in label order."""
        return list(self.listing(task).class_names)

    def splits(self, task: str) -> tuple[str, ...]:
        """`validation` too, where CoOp's authors set pictures aside for it."""
        return ("train", "test", "validation") if self.listing(task).validation else ("train", "test")

    def class_ids(self, task: str) -> list[str] | None:
        """WordNet ids in label order, where the data set has them."""
        return list(self.listing(task).class_ids) or None

    def labels(self, task: str, split: str) -> np.ndarray:
        """Labels (N,), or (N, K) where a picture can show several classes, of `train`, `test` or `validation`."""
        listing = self.listing(task)
        return label_array(self._items(task, split), len(listing.class_names))

    def images(self, task: str, split: str, indices: Sequence[int]) -> np.ndarray:
        """Pictures (n, side, side, 3), uint8. Raises UnreadablePicture for one that cannot be decoded."""
        items = self._items(task, split)
        chosen = [items[index] for index in indices]
        image = partial(self._image, self.preparation.of(card_of(task, self.cards)), self._reading(task))
        return stacked(image, chosen, self.preparation.side, self.data.workers)

    def views(self, task: str, indices: Sequence[int], numbers: Sequence[int], settings: Views) -> np.ndarray:
        """Training pictures (n, side, side, 3), uint8, the i-th in its augmented view numbers[i].

        They are cut out of the pictures as they are on disk, at full size, each decoded once as far as there is room.
        """
        items = self._items(task, "train")
        wanted = [(items[index], number) for index, number in zip(indices, numbers, strict=True)]
        view = partial(self._view, task, self.folder(task), self._reading(task), settings)
        return stacked(view, wanted, self.preparation.side, self.data.workers)

    def _items(self, task: str, split: str) -> tuple[Item, ...]:
        listing = self.listing(task)
        return {"train": listing.train, "test": listing.test, "validation": listing.validation}[split]

    def _reading(self, task: str) -> Reading:
        return Reading(self.data.largest_image, card_of(task, self.cards).is_upright)

    def _image(self, preparation: Preparation, reading: Reading, item: Item) -> np.ndarray:
        return prepared(picture_of(item, reading), preparation)

    def _view(self, task: str, folder: Path, reading: Reading, settings: Views, wanted: tuple[Item, int]) -> np.ndarray:
        item, number = wanted
        picture = self._decoded.picture_of(item, reading)
        return augmented(picture, self.preparation, settings, task, number, item.name(folder))
