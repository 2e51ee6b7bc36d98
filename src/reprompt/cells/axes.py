"""What a member of an axis declares beside its code: a class `Settings` on one of the four classes here.

Its fields are the member's own settings, all that its code is given of the parameter file. A field of the same name
as one of `tuning` is filled by that; every other one stands in the member's block. Class variables and properties say
what the plan, the estimates and the code hash have to know of it.
"""

from typing import ClassVar, Literal, NamedTuple

from pydantic import PositiveFloat, PositiveInt

from reprompt.foundation.block import Block


class TextPrompts(NamedTuple):
    """What a learner puts into the text tower: `context` learned vectors, `words` frozen ones behind them."""

    context: int
    words: int = 0
    position: Literal["end", "middle", "front"] = "end"
    per_class: bool = False
    per_image: bool = False


class ImagePrompts(NamedTuple):
    """What it puts into the image tower: so many vectors at each of so many layers."""

    length: int
    depth: int


class Widths(NamedTuple):
    """Numbers of a token in the two towers, of a feature, and the classes among which is learned."""

    text: int
    image: int
    joint: int
    classes: int


class Settings(Block):
    """A member's own settings. `label` is what tables call it; its name, where there is none."""

    label: ClassVar[str] = ""


class LearnerSettings(Settings):
    """Of a learner.

    `trained`: by gradient steps, fitted at once, or not at all. `images_at_once` is how many test images one forward
    pass evaluates, which bounds its memory; None is all of them. `templates` is how many hand-written texts of every
    class are encoded before images are evaluated.
    """

    trained: ClassVar[Literal["by_steps", "at_once", "not"]] = "by_steps"
    images_at_once: ClassVar[int | None] = None
    templates: ClassVar[int] = 0

    @property
    def text_prompts(self) -> TextPrompts | None:
        """What it learns in the text tower, if anything."""
        return None

    @property
    def image_prompts(self) -> ImagePrompts | None:
        """What it learns in the image tower, which then has to be a ViT."""
        return None

    @property
    def weights_per_class(self) -> bool:
        """Whether what it learns belongs to classes, so that it cannot name those that it was not trained on."""
        return self.text_prompts is not None and self.text_prompts.per_class

    @property
    def solver_rounds(self) -> float:
        """About so many rounds of the solver that fits it, where it is trained at once."""
        return 0.0

    def beside_prompts(self, widths: Widths) -> int:
        """Numbers that one run learns beside its prompts."""
        return 0

    def learned_numbers(self, widths: Widths) -> int:
        """Numbers that one run learns."""
        text, image = self.text_prompts, self.image_prompts
        of_text = text.context * widths.text * (widths.classes if text.per_class else 1) if text else 0
        return of_text + (image.length * image.depth * widths.image if image else 0) + self.beside_prompts(widths)


class ImagePromptSettings(LearnerSettings):
    """Of a learner with `visual_length` prompts at each of `visual_depth` layers of the image tower.

    `visual_start` normal is N(0, 0.02^2) (MaPLe's repository), uniform the original VPT's (MVLPT's). `placement`: the
    first layer's prompts pass `ln_pre` (MaPLe's) or not (MVLPT's).
    """

    visual_length: PositiveInt
    visual_depth: PositiveInt
    visual_start: Literal["normal", "uniform"] = "normal"
    placement: Literal["before_norm", "after_norm"] = "before_norm"

    @property
    def image_prompts(self) -> ImagePrompts | None:
        return ImagePrompts(self.visual_length, self.visual_depth)


class Taught(Settings):
    """Of a member that compares with a teacher: zero-shot CLIP by one template or several, or an oracle."""

    temperature: PositiveFloat
    teacher: Literal["template", "ensemble", "oracle"]


class ObjectiveSettings(Settings):
    """Of an objective.

    `on_text`: it has a term on text features, which the learner has to learn. `of_one_class`: its labels are one class
    per image. `of_several_tasks`: it knows the tasks of its classes apart. `in_episodes`: it is the loss of GRAM's
    episodes. `of_a_run`: settings that may differ between the runs of a fleet.
    """

    on_text: ClassVar[bool] = False
    of_one_class: ClassVar[bool] = False
    of_several_tasks: ClassVar[bool] = False
    in_episodes: ClassVar[bool] = False
    of_a_run: ClassVar[tuple[str, ...]] = ()


class GradientSettings(Settings):
    """Of a gradient rule.

    `general_gradient`: it takes the gradient of the teacher's divergence too. `in_episodes`: it is a rule of GRAM's
    inner step. `regulated`: by what was meta-learned with the start. `of_a_run`: as an objective's.
    """

    general_gradient: ClassVar[bool] = False
    in_episodes: ClassVar[bool] = False
    regulated: ClassVar[bool] = False
    of_a_run: ClassVar[tuple[str, ...]] = ()


class StartSettings(Settings):
    """Of a start, the learner's own unless it is `Stored`."""


class Stored(StartSettings):
    """Of a start from prompts that another experiment keeps.

    They are made under `made_under` by the same learner with `made_by`, an objective or a gradient rule. `regulator`:
    one comes with them. `hand_over` mean: every seed starts from the mean of all seeds' prompts, as in MVLPT's released
    code; seed: from the prompt of its own seed.
    """

    made_under: ClassVar[Literal["multitask", "meta"]]
    made_by: ClassVar[str] = ""
    regulator: ClassVar[bool] = False

    hand_over: Literal["mean", "seed"]
