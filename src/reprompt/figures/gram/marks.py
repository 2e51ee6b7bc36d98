"""How GRAM's methods look: a colour per learner; tuned alone open and dashed, from a meta-learned start filled."""

from reprompt.figures.lines import DASHED
from reprompt.tables.methods import METHODS

# Okabe and Ito's palette, told apart by readers with any colour vision; the markers tell them apart in grey.
COLOURS = {"zero_shot": "#000000", "coop": "#D55E00", "vpt": "#0072B2", "unigram": "#009E73"}
MARKERS = {"coop": "^", "vpt": "o", "unigram": "D"}


def learner_of(recipe: str) -> str:
    """The learner behind a recipe: coop_gram and coop_meta are CoOp's."""
    return next(learner for learner in COLOURS if recipe.startswith(learner))


def style_of(recipe: str) -> dict:
    """The line and the marker of a recipe, without their colour."""
    marker = {"marker": MARKERS[learner_of(recipe)]}
    return marker if METHODS[recipe].start else marker | {"linestyle": DASHED, "markerfacecolor": "white"}
