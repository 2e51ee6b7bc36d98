"""The hand-written texts of a task's classes, by the words that the parameter file has for them."""

# CoOp's selection of CLIP's ImageNet templates; protocol: also the task's own template, except for ImageNet itself.
SEVEN = (
    "itap of a {}.",
    "a bad photo of the {}.",
    "a origami {}.",
    "a photo of the large {}.",
    "a {} in a video game.",
    "art of the {}.",
    "a photo of the small {}.",
)
PHOTO = "a photo of a {}."
OF_IMAGENET = {"own_or_seven": SEVEN, "own_or_eight": (*SEVEN, PHOTO)}


def spelt_out(word: str, task: str, template: str) -> tuple[str, ...]:
    """The templates that `own`, `own_or_seven` or `own_or_eight` stands for, of a task with a template of its own."""
    return OF_IMAGENET.get(word, (template,)) if task == "imagenet" else (template,)
