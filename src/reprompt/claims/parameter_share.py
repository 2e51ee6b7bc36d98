"""MVLPT, section 4: what share of ViT-B/16 CLIP the learned numbers are. Counted for the paper's sizes."""

from reprompt.cells.recipes import recipe_of
from reprompt.evidence.adaptation import VIT_B_16

PARAMETERS = 124_000_000  # of ViT-B/16 CLIP, as the paper has it
SETTINGS = {
    "coop": {"context_length": 16},
    "vpt": {"visual_length": 16, "visual_depth": 12},
    "upt": {"context_length": 4, "visual_length": 4, "visual_depth": 12, "mix_width": 128, "attention": "itself"},
}


def share_percent(learner: str) -> float:
    """Learned numbers of "coop", "vpt" or "upt" in percent of CLIP's parameters."""
    return 100 * _counted(learner) / PARAMETERS


def share_in_words(learner: str) -> str:
    """The division behind the share, for example "147,456 of 124,000,000 are 0.1189 %"."""
    return f"{_counted(learner):,} of {PARAMETERS:,} are {share_percent(learner):.4f} %"


def _counted(learner: str) -> int:
    return recipe_of(learner).settings("learner", SETTINGS[learner]).learned_numbers(VIT_B_16)
