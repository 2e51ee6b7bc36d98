"""What a member of an axis declares beside its code: a class `Settings` on one of the four classes here.

Its fields are the member's own settings, all that its code is given of the parameter file. A field of the same name
as one of `tuning` is filled by that; every other one stands in the member's block. Class variables and properties say
what the plan, the estimates and the code hash have to know of it.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, NamedTuple

from pydantic import NonNegativeInt, PositiveFloat, PositiveInt

from reprompt.foundation.block import Block, NonNegative


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


ALL_LAYERS = "all"  # as a depth in the parameter file: of the backbone's tower, or of the tower with fewer layers


@dataclass(frozen=True)
class DepthOf:
    """Marks a setting as a depth: layers of one tower, or of both. The file may say `all`; a cell has the number."""

    tower: Literal["image", "text", "both"]


ImageDepth = Annotated[PositiveInt, DepthOf("image")]
ImageDepthOrNone = Annotated[NonNegativeInt, DepthOf("image")]  # 0: no prompts
TextDepth = Annotated[PositiveInt, DepthOf("text")]
CoupledDepth = Annotated[PositiveInt, DepthOf("both")]


class Settings(Block):
    """A member's own settings. `label` is what tables call it; its name, where there is none."""

    label: ClassVar[str] = ""


class LearnerSettings(Settings):
    """Of a learner.

    `trained`: by gradient steps, fitted at once, by keeping what its few-shot images show, or not at all.
    `images_at_once` is how many test images one forward pass evaluates, which bounds its memory; None is all of them.
    `of_several_texts`: it reads the texts that a task's card has beside its one template. `of_templates`: it is also
    given the template of every class's task.

    `of_its_images`: some of a run's tensors are made of its few-shot images, whose number may shape them. Of these
    `held` are not learned: they go into the forward pass as they are. `of_one_class`: its images have one class each.
    `own_optimiser`: it has steps of its own, `optimiser: own`.
    """

    trained: ClassVar[Literal["by_steps", "at_once", "by_keeping", "not"]] = "by_steps"
    images_at_once: ClassVar[int | None] = None
    of_its_images: ClassVar[bool] = False
    held: ClassVar[tuple[str, ...]] = ()
    of_one_class: ClassVar[bool] = False
    own_optimiser: ClassVar[bool] = False
    of_templates: ClassVar[bool] = False

    @property
    def of_several_texts(self) -> bool:
        return False

    @property
    def text_prompts(self) -> TextPrompts | None:
        """What it learns in the text tower, if anything."""
        return None

    @property
    def image_prompts(self) -> ImagePrompts | None:
        """What it learns in the image tower, which then has to be a ViT."""
        return None

    @property
    def moves_classes(self) -> bool:
        """Whether features of classes depend on what it learns."""
        return self.text_prompts is not None

    @property
    def moves_images(self) -> bool:
        """Whether features of images depend on what it learns."""
        return self.image_prompts is not None

    @property
    def into_image_tower(self) -> bool:
        """Whether what it learns enters the blocks of the image tower, which then has to be a ViT."""
        return self.image_prompts is not None

    @property
    def reads_pixels(self) -> bool:
        """Whether features of the whole image tower are not enough for it."""
        return self.into_image_tower

    @property
    def keeps_views(self) -> bool:
        """Whether it keeps augmented views of its few-shot images, whatever it is trained on."""
        return False

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


ClassTexts = tuple[str, ...] | Literal["own", "own_or_seven", "own_or_eight"]


class OfClassTexts(LearnerSettings):
    """Of a learner whose classes are hand-written texts: the mean over templates, `class_texts`.

    Of the words of the file a cell has the templates: `own` is the task's one template; for ImageNet `own_or_seven`
    is CoOp's seven (Tip-Adapter's code and those that follow it, which leave out "a photo of a {}."), `own_or_eight`
    the seven and "a photo of a {}." (TaskRes, CLAP).
    """

    class_texts: ClassTexts = ("a photo of a {}.",)


class OfRawClassTexts(OfClassTexts):
    """Of a learner on class features as the text tower gives them: a mean of raw features, of whatever length.

    `underscores` of class names: `kept` in the released code of TaskRes and CLAP, so in all of their tables; `spaces`
    everywhere else in this package.
    """

    underscores: Literal["spaces", "kept"] = "spaces"


class CacheSettings(OfClassTexts):
    """Of a learner with a cache of its few-shot images (Tip-Adapter): `cache_sharpness` beta and `cache_weight` alpha.

    A key is the mean of the first `cache_views` augmented views, 10 in the released code, or, 0, the image as it is.

    The paper has alpha 1 and beta 5.5 (ImageNet). The released code begins at beta 1 and an alpha by data set, then
    searches both on the official validation set (on ImageNet: the test set), and reports what it found or, of
    Tip-Adapter-F, the epoch that is best on the test set. Here both are fixed, as the paper has them unless the file
    says otherwise.
    """

    of_its_images = True
    of_one_class = True

    cache_weight: PositiveFloat = 1.0
    cache_sharpness: PositiveFloat = 5.5
    cache_views: NonNegativeInt

    @property
    def keeps_views(self) -> bool:
        """Whether its keys are of augmented views."""
        return self.cache_views > 0

    @property
    def weights_per_class(self) -> bool:
        """The cache has no rows of new classes."""
        return True


class ImagePromptSettings(LearnerSettings):
    """Of a learner with `visual_length` prompts at each of `visual_depth` layers of the image tower.

    `visual_start` normal is N(0, 0.02^2) (MaPLe's repository), uniform the original VPT's (MVLPT's). `placement`: the
    first layer's prompts pass `ln_pre` (MaPLe's) or not (MVLPT's).
    """

    visual_length: PositiveInt
    visual_depth: ImageDepth
    visual_start: Literal["normal", "uniform"] = "normal"
    placement: Literal["before_norm", "after_norm"] = "before_norm"

    @property
    def image_prompts(self) -> ImagePrompts | None:
        return ImagePrompts(self.visual_length, self.visual_depth)


class Taught(Settings):
    """Of a member that compares with a teacher: zero-shot CLIP by one template or several, or an oracle.

    `templates` says whose: CoOp's, the papers' own, or those of ProGrad's released trainers, which end with the name.
    Of these a cell has its task's as `template`; "" is the one that the task's split file has. `oracle_epochs`: how
    often the prompt of an oracle is shown the whole training set.
    """

    temperature: PositiveFloat
    teacher: Literal["template", "ensemble", "oracle"]
    templates: Literal["coop", "prograd"] = "coop"
    template: str = ""
    oracle_epochs: PositiveInt | None = None


class Referenced(Settings):
    """Of an objective that holds on to what the untouched CLIP makes of classes and images.

    `reference`: class features are those of `template`, one sentence, or of `imagenet60`, the mean over 60 of CLIP's
    ImageNet templates. `reference_template` is that sentence; "" is the task's own template.
    """

    reference: Literal["template", "imagenet60"] = "template"
    reference_template: str = ""


class ObjectiveSettings(Settings):
    """Of an objective.

    `on_text`, `on_images`: it has a term on features of classes, of images, which the learner has to learn.
    `of_one_class`: its labels are one class per image. `of_several_tasks`: it knows the tasks of its classes apart.
    `in_episodes`: it is the loss of GRAM's episodes. `of_a_run`: settings that may differ between the runs of a fleet.
    """

    on_text: ClassVar[bool] = False
    on_images: ClassVar[bool] = False
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


class GeneralDirection(Taught, GradientSettings):
    """Of a gradient rule that takes the direction of G_g, the gradient of the teacher's divergence.

    `floor`: where norm(G_g) is at most this part of norm(G_d) there is no direction, and nothing conflicts with it. A
    prompt that starts at its own teacher has a G_g of zero but for rounding, whose direction is noise. 0 is the bare
    rule, the released code's, which knows an exact zero alone.
    """

    general_gradient = True

    floor: NonNegative


class StartSettings(Settings):
    """Of a start, the learner's own unless it is `Stored`."""


class Stored(StartSettings):
    """Of a start from prompts that another experiment keeps.

    They are made under `made_under` by the same learner with `made_by`, an objective or a gradient rule. `regulator`:
    one comes with them. `hand_over` mean: every draw starts from the mean of all seeds' prompts, as in MVLPT's released
    code, so that there is one start for all, the only one where there is one seed; seed: from the prompt of its own
    seed, and where there are fewer seeds than draws from these in turn.
    """

    made_under: ClassVar[Literal["multitask", "meta"]]
    made_by: ClassVar[str] = ""
    regulator: ClassVar[bool] = False

    hand_over: Literal["mean", "seed"]
