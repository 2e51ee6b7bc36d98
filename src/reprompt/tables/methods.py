"""What the papers call the recipes, and under which id their printed values are kept."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Method:
    """A row of a paper's table: our recipe id, its label, its published id and the row it is judged against."""

    recipe: str
    label: str
    published_id: str
    reference: str | None = None  # recipe id; the row over which the paper claims a gain

    @property
    def in_a_sentence(self) -> str:
        """The label as it stands in the middle of a sentence."""
        return self.label.replace("Zero-shot", "zero-shot").replace("Linear", "linear").removesuffix(" (ensemble)")


METHODS = {
    method.recipe: method
    for method in (
        Method("zero_shot", "Zero-shot CLIP", "zero_shot_clip"),
        Method("prompt_ensemble", "CLIP++ (ensemble)", "clip_ensemble", "zero_shot"),
        Method("linear_probe", "Linear probe", "linear_probe", "zero_shot"),
        Method("coop", "CoOp", "coop", "zero_shot"),
        Method("cocoop", "CoCoOp", "cocoop", "zero_shot"),
        Method("prograd", "ProGrad", "prograd", "coop"),
        Method("prograd_ensemble", "ProGrad++", "prograd_ensemble", "prograd"),
    )
}
UNTUNED = ("zero_shot", "prompt_ensemble")  # their records have shots 0 and seed 0
