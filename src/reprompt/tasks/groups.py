"""The groups of tasks that the papers train on, average over or go through one by one, as the cards have them."""

from collections.abc import Iterable
from functools import cache

from reprompt.tasks.card import card_of, cards, data_sets, own_folds

ALONE = "imagenet"  # the one source of prompts that are evaluated elsewhere


@cache
def groups() -> dict[str, tuple[str, ...]]:
    """The tasks of every group, in the papers' order.

    `datasets11` are CoOp's, `sources11` the same in MVLPT's order, `imagenet4` ImageNet's shifts, `elevater20`
    ELEVATER's, `web` GRAM's pictures from the web, `topics3` tasks that are derived from these. The rest follows:
    without ImageNet `targets10` and `sources10`, and `elevater12`, MVLPT's targets, are ELEVATER's that are not among
    its sources.
    """
    placed: dict[str, dict[int, str]] = {}
    for task, card in cards().items():
        for group, place in card.groups.items():
            placed.setdefault(group, {})[place] = task
    by_group = {group: tuple(by_place[place] for place in sorted(by_place)) for group, by_place in placed.items()}
    return by_group | {
        "targets10": _without(by_group["datasets11"], [ALONE]),
        "sources10": _without(by_group["sources11"], [ALONE]),
        "elevater12": _without(by_group["elevater20"], by_group["sources11"]),
    }


def pictures_of(data_set: str) -> str:
    """The data set whose pictures another shows: itself, but for those that are derived from the corpus."""
    return card_of(data_set).pictures or data_set


@cache
def derived() -> tuple[str, ...]:
    """The tasks that show the pictures of another."""
    return tuple(task for task in cards() if task not in data_sets())


def members(name: str) -> tuple[str, ...]:
    """The tasks that a group stands for, and those of a task that is cross-validated; a task stands for itself."""
    return groups().get(name) or own_folds().get(name, (name,))


def expanded(names: object) -> object:
    """A group's name as its tasks, in a list of tasks and groups too; what is neither is left to who asked."""
    if isinstance(names, str):
        return members(names) if members(names) != (names,) else names
    if isinstance(names, list | tuple):
        return tuple(task for name in names for task in (members(name) if isinstance(name, str) else (name,)))
    return names


def _without(tasks: Iterable[str], others: Iterable[str]) -> tuple[str, ...]:
    return tuple(task for task in tasks if task not in others)
