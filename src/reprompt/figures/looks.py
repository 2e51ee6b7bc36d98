"""How methods look. One colour and one marker for each of a paper's learners, in all figures of that paper."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reprompt.evidence import adaptation
from reprompt.tables.methods import METHODS

DASHED, DOTTED, DASHES_AND_DOTS = (0, (3, 1.5)), (0, (1, 2)), (0, (6, 1.5, 1, 1.5))
# Okabe and Ito's palette, told apart with any colour vision; in grey it is markers, dashes and hatches that do it.
BLACK, SHADOW, ORANGE, BLUE, SKY, GREEN = "#000000", "#777777", "#D55E00", "#0072B2", "#56B4E9", "#009E73"
YELLOW = "#E69F00"


@dataclass(frozen=True)
class Look:
    """How the points of a method are drawn, and what they are called; columns may stand in it. A level is drawn "
    "across."""

    label: str
    colour: str
    marker: str = ""
    dash: tuple | str = "-"
    filled: bool = True
    level: bool = False
    hatch: str = ""

    @property
    def face(self) -> str:
        """The colour inside a marker."""
        return self.colour if self.filled else "white"


def alone(look: Look, **others: str) -> Look:
    """Open and dashed: tuned without what the paper adds."""
    return replace(look, dash=DASHED, filled=False, **others)


def recipe(name: str, colour: str, marker: str) -> Look:
    """The look of a recipe that has a row in the papers' tables."""
    return Look(METHODS[name].label, colour, marker)


ZERO_SHOT = Look(METHODS["zero_shot"].label, BLACK, "*", DOTTED, level=True)
PROGRAD: Mapping[str, Look] = {
    "zero_shot": ZERO_SHOT,
    "linear_probe": recipe("linear_probe", SHADOW, "s"),
    "coop": recipe("coop", ORANGE, "^"),
    "prograd": recipe("prograd", BLUE, "o"),
    "prograd_ensemble": recipe("prograd_ensemble", SKY, "v"),
    "prograd_oracle": recipe("prograd_oracle", GREEN, "D"),
}
NPT: Mapping[str, Look] = {
    "zero_shot": ZERO_SHOT,
    "cocoop": recipe("cocoop", ORANGE, "^"),
    "maple": recipe("maple", BLUE, "o"),
    "maple_npt": recipe("maple_npt", GREEN, "D"),
}
GRAM: Mapping[str, Look] = {
    "zero_shot": ZERO_SHOT,
    "coop": alone(recipe("coop", ORANGE, "^")),
    "coop_gram": recipe("coop_gram", ORANGE, "^"),
    "coop_long": Look("CoOp, {epoch} epochs", ORANGE, dash=DASHES_AND_DOTS, level=True),
    "vpt": alone(recipe("vpt", BLUE, "o")),
    "vpt_gram": recipe("vpt_gram", BLUE, "o"),
}
LEARNERS = {"coop": (ORANGE, "^"), "vpt": (BLUE, "o"), "upt": (GREEN, "D")}
MVLPT: dict[str, Look] = {adaptation.ZERO_SHOT: replace(ZERO_SHOT, level=False)} | {
    method: Look(label, *LEARNERS[method.removeprefix("m")]) for method, label in adaptation.LABELS.items()
}
MVLPT |= {method: alone(MVLPT[method]) for method in LEARNERS}  # from a random start
