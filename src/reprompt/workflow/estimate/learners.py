"""What a training step and judging cost, learner by learner: which towers run, on how many tokens, how often.

R runs, B images of a batch, N test images, K classes
"""

from math import ceil
from typing import Any

from reprompt.cells.recipes import RECIPES, TAUGHT
from reprompt.clip.blocks import FLOATS_PER_TOKEN
from reprompt.clip.savings import ALL_SAVINGS
from reprompt.workflow.estimate.sizes import TaskSize
from reprompt.workflow.estimate.towers import Towers
from reprompt.workflow.estimate.work import NOTHING, Pass, Work

AT_ONCE = {"conditional_context": 16}  # test images of one forward pass
PIXELS_AT_ONCE = 32
ON_TEXT = ("text_context", "conditional_context", "independent_prompts", "coupled_prompts", "unified_prompts")
TEMPLATE = 8  # tokens of "a photo of a {}." beside the name, start and end
ENSEMBLE = 8  # templates of the prompt ensemble
ONE_STEP = Work(steps=1)
SINGLE = 4  # bytes


def front_and_own(settings: dict[str, Any], classes: TaskSize) -> tuple[int, float, float]:
    """Tokens that all classes share at the front, own tokens of a class on average, and of the longest."""
    context, words = settings["context_length"], len(settings.get("words", "").split())
    position = settings.get("position", "end")
    before = {"end": context, "middle": context // 2, "front": 0}[position]
    if settings.get("class_specific"):
        before = 0
    behind = context - before
    return 1 + before + words, classes.own + behind, classes.longest + 2 + behind


def visual(settings: dict[str, Any]) -> tuple[int, int]:
    """Visual prompts per layer, and the number of layers that have some."""
    if "visual_length" in settings:
        return settings["visual_length"], settings["visual_depth"]
    return settings["context_length"], settings["depth"]  # coupled prompts: as many as in the text


def forward_pass(
    recipe: str, settings: dict[str, Any], towers: Towers, runs: int, images: float, among: TaskSize
) -> Pass:
    """One forward pass of R runs on B images each, and its backward pass."""
    return sum(_passes(recipe, settings, towers, runs, images, among), Pass())


def _passes(
    recipe: str, settings: dict[str, Any], towers: Towers, runs: int, images: float, among: TaskSize
) -> list[Pass]:
    """Those of the text tower, of the image tower and of the logits."""
    learner, found = RECIPES[recipe].learner, []
    if learner in ON_TEXT:
        prompts = runs * images if learner == "conditional_context" else runs  # there every image has its own
        found.append(towers.text.prompts(prompts, *_text(settings, among)))
    if RECIPES[recipe].pixels:
        found.append(towers.image.prompted(runs, images, *visual(settings)))
    compared = Work(2 * runs * images * among.classes * towers.text.joint)
    return [*found, Pass(compared, 2 * compared)]


def is_computed_again(one: Pass) -> bool:
    """Whether a backward pass computes the blocks again because too much would have to be kept: see `clip.blocks`."""
    kept = FLOATS_PER_TOKEN * SINGLE * (one.forward.packed + one.forward.elements)
    return kept > ALL_SAVINGS.recompute_above


def step(recipe: str, settings: dict[str, Any], towers: Towers, runs: int, images: int, among: TaskSize) -> Work:
    """One training step of R runs: ProGrad goes backward twice, through one forward pass."""
    backwards = 2 if RECIPES[recipe].gradient in TAUGHT else 1
    passes = _passes(recipe, settings, towers, runs, images, among)
    return sum((one.trained(backwards, is_computed_again(one)) for one in passes), ONE_STEP)


def meta_step(recipe: str, settings: dict[str, Any], towers: Towers, shots: int) -> Work:
    """One outer step of GRAM on a batch of episodes, with the second derivative through the inner step.

    The classes of all episodes are encoded for each. Going backward through a backward pass costs about twice what the
    two passes cost that it goes through.
    """
    episodes, ways = settings["batch"], settings["ways"]
    among = TaskSize(episodes * ways, 0, 0, 2.0, 4)
    support, query = (
        forward_pass(recipe, settings, towers, episodes, ways * each, among) for each in (shots, settings["queries"])
    )
    both = support.trained() + query.trained()
    twice = 2 * support.trained() if settings["order"] == "second" else NOTHING
    return both + twice + 0.2 * both + ONE_STEP + ONE_STEP  # every fifth step both gradients once more, for the trace


def judging(recipe: str, settings: dict[str, Any], towers: Towers, runs: int, images: float, among: TaskSize) -> Work:
    """R runs judged on N images."""
    learner = RECIPES[recipe].learner
    if learner in ("zero_shot", "prompt_ensemble"):
        return fixed_texts(towers, among, ENSEMBLE if learner == "prompt_ensemble" else 1) + _compared(
            towers, 1, images, among
        )
    if learner == "linear_probe":
        return _compared(towers, runs, images, among)
    pixels = RECIPES[recipe].pixels
    at_once = PIXELS_AT_ONCE if pixels else AT_ONCE.get(learner, max(1, images))
    whole, rest = divmod(images, at_once)
    found = whole * forward_pass(recipe, settings, towers, runs, at_once, among).forward
    if rest:
        found += forward_pass(recipe, settings, towers, runs, rest, among).forward
    if learner == "visual_prompts":
        found += fixed_texts(towers, among)
    return found + Work(steps=ceil(images / at_once))


def fixed_texts(towers: Towers, among: TaskSize, templates: int = 1) -> Work:
    """Class texts that nothing learned enters."""
    return templates * (towers.text.texts(among.classes, TEMPLATE + among.longest) + ONE_STEP)


def probe(settings: dict[str, Any], towers: Towers, images: int, classes: int) -> Work:
    """Logistic regressions at every C of the search. Some stop early, those of a large C at the limit."""
    fits = settings["coarse"] + 2 + settings["bisections"]
    rounds = fits * settings["iterations"] / 3
    return Work(rounds * 4 * images * classes * towers.text.joint, steps=rounds / 20)


def _compared(towers: Towers, runs: int, images: float, among: TaskSize) -> Work:
    return Work(2 * runs * images * among.classes * towers.text.joint, steps=1)


def _text(settings: dict[str, Any], among: TaskSize) -> tuple[int, float, float, float]:
    front, own, longest = front_and_own(settings, among)
    return front, among.classes, own, longest
