"""The rows and columns that papers use again and again."""

from collections.abc import Iterable
from dataclasses import replace
from string import ascii_lowercase

from reprompt.evidence.adaptation import LABELS, LEARNERS, ZERO_SHOT, method_of
from reprompt.tables.methods import METHODS, PaperMethod
from reprompt.tables.specification import Head, Row
from reprompt.tables.table import PARTS
from reprompt.tasks.card import card_of
from reprompt.tasks.groups import expanded

SPLITS = tuple(Head(label, {"split": split}) for split, label in (("base", "Base"), ("new", "New"), ("H", "H")))
SOURCES = {
    "": "–",
    "random": "–",
    "imagenet": "ImageNet1K",
    "multitask_10": "10 source tasks",
    "multitask_11": "11 source tasks",
    "multitask_20": "M",
}
ADAPTATIONS = {"": "–", "single": "S", "multitask_best": "Best M", "multitask_worst": "Worst M"}


def methods(*recipes: str, **runs: object) -> tuple[Row, ...]:
    """A row for each of the papers' methods, over the one that its paper compares it with. `runs` holds for all."""
    return tuple(method_row(METHODS[recipe], recipe, **runs) for recipe in recipes)


def method_row(method: PaperMethod, key: str, **runs: object) -> Row:
    """The row of a method."""
    row = Row(method.label, {"recipe": method.recipe, "start": method.start, **runs}, key=key)
    printed = {**row.entries, "method": method.published_id}
    return replace(row, printed=printed, over=method.reference or "", name=method.in_a_sentence)


def by_meta_learning(*rows: Row) -> tuple[Row, ...]:
    """The rows, of which only those that start from meta-learned prompts claim a gain."""
    return tuple(row if row.runs["start"] else replace(row, over="") for row in rows)


def shots(*numbers: int, words: str = "{}") -> tuple[Head, ...]:
    """A column for each number of shots."""
    return tuple(Head(words.format(number), {"shots": number}) for number in numbers)


def tasks(*names: str, span: str = "", short: bool = False, without: str = "") -> tuple[Head, ...]:
    """A head for each task, or task of a group, as the papers print it: in NPT `short`; `without` the beginning."""
    cards = {task: card_of(task) for task in expanded(names)}
    labels = {task: card.short if short else card.printed.removeprefix(without) for task, card in cards.items()}
    return tuple(Head(label, {"task": task}, span=span) for task, label in labels.items())


def source(task: str, short: bool = False) -> tuple[Head]:
    """The head of the task that prompts are tuned on, with a scope of its own: it is in no average."""
    (head,) = tasks(task, span="Source", short=short)
    return (replace(head, runs={**head.runs, "tasks": (task,)}),)


def average(label: str, number: int, span: str = "") -> tuple[Head]:
    """The head of an average over so many tasks."""
    return (Head(label, {}, {"dataset": f"average_{number}"}, span=span),)


def panels(*heads: Head) -> tuple[Head, ...]:
    """The heads of blocks with their letters: "(a) DTD"."""
    return tuple(
        replace(head, label=f"({letter}) {head.label}") for letter, head in zip(ascii_lowercase, heads, strict=False)
    )


def learners(init: str, adapt: str, over: tuple[str, str] | None = None, label: str = "") -> tuple[Row, ...]:
    """MVLPT's three rows of learners by where the prompt starts and how it is adapted; `over` those of another way.

    `label` has places for the `name`, the `source` and the `adaptation`, of which the row has all three otherwise.
    """
    return tuple(_learner_row(learner, (init, adapt), over, label) for learner in LEARNERS)


def key_of(learner: str, way: tuple[str, str]) -> str:
    """By what other rows name the row of a learner, started and adapted in this way."""
    return " ".join((learner, *way))


def clip(incomparable: Iterable[str], why: str) -> Row:
    """MVLPT's row of zero-shot CLIP."""
    runs = {"method": ZERO_SHOT, "init": "", "adapt": "", "shots": 0}
    return Row(PARTS.join(("CLIP", "–", "–")), runs, incomparable=dict.fromkeys(incomparable, why))


def _learner_row(learner: str, way: tuple[str, str], over: tuple[str, str] | None, label: str) -> Row:
    init, adapt = way
    method = method_of(learner, init, adapt)
    words = {"name": LABELS[method], "source": SOURCES[init], "adaptation": ADAPTATIONS[adapt]}
    alone = method == learner and init == "random"
    return Row(
        (label or PARTS.join(("{name}", "{source}", "{adaptation}"))).format(**words),
        {"method": method, "init": init, "adapt": adapt},
        key=key_of(learner, way),
        over=key_of(learner, over) if over else "",
        name=words["name"] if alone else "{name} ({source}, {adaptation})".format(**words),
    )
