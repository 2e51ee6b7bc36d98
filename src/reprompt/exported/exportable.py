"""What of a recipe can be exported, by what its learner declares: docs/exporting.md is the table of all learners.

classes      features of the classes, which are all that is needed where the image tower is the frozen one
new classes  whether features of other class names follow from what was learned
opens in     open_clip, where features of the classes are enough; else reprompt, which has the prompted tower
"""

from dataclasses import dataclass
from typing import Literal

from reprompt.cells.axes import LearnerSettings
from reprompt.cells.parameters import Experiment, Parameters
from reprompt.cells.recipes import Recipe, label_of, names_of, recipe_of
from reprompt.exported.card import Opens


@dataclass(frozen=True)
class Exportable:
    """What there is of a recipe once it is exported; `refused` says why nothing is.

    `plain_lines` says what lines of open_clip make class features of: a learned context, or templates.
    """

    classes: bool = False
    new_classes: bool = False
    opens_in: Opens = "reprompt"
    plain_lines: Literal["context", "templates", ""] = ""
    refused: str = ""


def exportable(recipe: Recipe, learner: LearnerSettings) -> Exportable:
    """What of a recipe can be exported, given its learner's settings."""
    if recipe.trained == "at_once":
        why = f"{recipe.label} is a classifier that is fitted to features by itself, not a prompt"
        return Exportable(refused=f"{why}: its weights are scikit-learn's, and nothing of CLIP's text is in them")
    text, prompted = learner.text_prompts, learner.image_prompts is not None
    per_image = text is not None and text.per_image
    names_classes = not (recipe.by_steps and learner.weights_per_class)
    alone = not prompted and not per_image
    return Exportable(
        classes=not per_image,
        new_classes=names_classes,
        opens_in="open_clip" if alone else "reprompt",
        plain_lines=_plain_lines(recipe, learner) if alone and names_classes else "",
    )


def _plain_lines(recipe: Recipe, learner: LearnerSettings) -> Literal["context", "templates", ""]:
    """The lines of README put a learned context before the name, at the input and with nothing frozen between."""
    if not recipe.by_steps:
        return "templates"
    text = learner.text_prompts
    at_the_input = text is not None and not text.words and getattr(learner, "text_depth", 1) == 1
    return "context" if at_the_input and text.position == "end" else ""


LINES = {"context": "yes", "templates": "its templates by `encode_text`", "": "no: `reprompt.load`"}


def page(parameters: Parameters) -> str:
    """docs/exporting.md: the table of all learners, each as its block of the parameter file has it."""
    return HEAD + "\n".join(_row(name, parameters) for name in names_of("learner")) + TAIL


def _row(name: str, parameters: Parameters) -> str:
    recipe, label = recipe_of(name), f"`{name}`, {label_of('learner', name)}"
    can = exportable(recipe, settings_of(recipe, parameters))
    if can.refused:
        return f"| {label} | refused: {can.refused} | | | |"
    yes = {True: "yes", False: "no"}
    lines = {"context": "yes", "templates": "its templates by `encode_text`", "": "no: `reprompt.load`"}[
        can.plain_lines
    ]
    return f"| {label} | {yes[can.classes]} | {yes[can.new_classes]} | {can.opens_in} | {lines} |"


def settings_of(recipe: Recipe, parameters: Parameters) -> LearnerSettings:
    """The settings of a learner as its block has them, by the few-shot block of `tuning` on ViT-B/16."""
    experiment = Experiment(protocol="few_shot", tuning="few_shot", methods=(recipe.expression,), shots=(16,))
    resolved = parameters.resolved(experiment, recipe, "dtd", 16)
    return recipe.settings("learner", parameters.with_depths(resolved, recipe, "ViT-B-16"))


HEAD = """# What can be exported

`reprompt export TASK --method METHOD --shots N --out FOLDER` writes `prompt.safetensors` (what was learned, the
features of the classes and the logit scale) and `card.json` (recipe, settings, CLIP and the hash of its weights,
classes, accuracy with its intervals, versions, and lines that open it). `reprompt exportable --out docs/exporting.md`
writes this page; a test holds it to the learners that there are. Objective, gradient rule and start make no difference.

- **Features of classes**: the file holds them. Where pictures go through the frozen tower, they and the logit scale
  are all of the classifier.
- **New classes**: `prompt.classifier(model, ["heron", "egret"])` gives features of classes that it was not tuned on.
- **Opens in**: what a process needs beside torch and safetensors to classify a picture.
- **Plain lines**: whether features of classes, new ones too, can be made again by a loop in plain open_clip, the one
  in README, to 1e-6. A prompt in deep layers, in the image tower or behind frozen words needs `reprompt.load`, which
  gives the prompted tower.

| learner | features of classes | new classes | opens in | plain lines |
|---|---|---|---|---|
"""
TAIL = """

A prompt opens on the weights that it was tuned on, and is refused on others by their name and hash. Weights loaded in
half precision are others. What is in the file was rounded to half precision before its accuracy was measured.
"""
