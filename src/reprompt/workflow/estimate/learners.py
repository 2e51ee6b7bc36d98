"""What a training step and evaluating cost by what a learner declares: which towers run, on how many tokens, how often.

R runs, B images of a batch, N test images, K classes
"""

from math import ceil

from reprompt.cells.axes import LearnerSettings, TextPrompts
from reprompt.cells.tuning import Episodes
from reprompt.clip.blocks import FLOATS_PER_TOKEN
from reprompt.clip.savings import ALL_SAVINGS
from reprompt.workflow.estimate.sizes import TaskSize
from reprompt.workflow.estimate.towers import Towers
from reprompt.workflow.estimate.work import NOTHING, Pass, Work

TEMPLATE = 8  # tokens of "a photo of a {}." beside the name, start and end
ONE_STEP = Work(steps=1)
SINGLE = 4  # bytes


def front_and_own(prompts: TextPrompts, classes: TaskSize) -> tuple[int, float, float]:
    """Tokens that all classes share at the front, own tokens of a class on average, and of the longest."""
    before = {"end": prompts.context, "middle": prompts.context // 2, "front": 0}[prompts.position]
    if prompts.per_class:
        before = 0
    behind = prompts.context - before
    return 1 + before + prompts.words, classes.own + behind, classes.longest + 2 + behind


def forward_pass(learner: LearnerSettings, towers: Towers, runs: int, images: float, among: TaskSize) -> Pass:
    """One forward pass of R runs on B images each, and its backward pass."""
    return sum(_passes(learner, towers, runs, images, among), Pass())


def _passes(learner: LearnerSettings, towers: Towers, runs: int, images: float, among: TaskSize) -> list[Pass]:
    """Those of the text tower, of the image tower and of the logits."""
    passes = []
    if text := learner.text_prompts:
        front, own, longest = front_and_own(text, among)
        of_text = runs * images if text.per_image else runs
        passes.append(towers.text.prompts(of_text, front, among.classes, own, longest))
    if image := learner.image_prompts:
        passes.append(towers.image.prompted(runs, images, image.length, image.depth))
    compared = Work(2 * runs * images * among.classes * towers.text.joint)
    return [*passes, Pass(compared, 2 * compared)]


def is_computed_again(tower_pass: Pass) -> bool:
    """Whether a backward pass computes the blocks again because too much would have to be kept: see `clip.blocks`."""
    kept = FLOATS_PER_TOKEN * SINGLE * (tower_pass.forward.packed + tower_pass.forward.elements)
    return kept > ALL_SAVINGS.recompute_above


def step(learner: LearnerSettings, towers: Towers, runs: int, images: int, among: TaskSize, backwards: int = 1) -> Work:
    """One training step of R runs; with a general gradient it goes backward twice, through one forward pass."""
    passes = _passes(learner, towers, runs, images, among)
    return sum((each.trained(backwards, is_computed_again(each)) for each in passes), ONE_STEP)


def meta_step(learner: LearnerSettings, inner: Episodes, episodes: int, towers: Towers, shots: int) -> Work:
    """One outer step of GRAM on a batch of episodes, with the second derivative through the inner step.

    The classes of all episodes are encoded for each. Going backward through a backward pass costs about twice what the
    two passes cost that it goes through.
    """
    among = TaskSize(episodes * inner.ways, 0, 0, 2.0, 4)
    support, query = (
        forward_pass(learner, towers, episodes, inner.ways * each, among) for each in (shots, inner.queries)
    )
    both = support.trained() + query.trained()
    twice = 2 * support.trained() if inner.order == "second" else NOTHING
    return both + twice + 0.2 * both + ONE_STEP + ONE_STEP  # every fifth step both gradients once more, for the trace


def evaluating(learner: LearnerSettings, towers: Towers, runs: int, images: float, among: TaskSize) -> Work:
    """R runs evaluated on N images."""
    texts = fixed_texts(towers, among, learner.templates) if learner.templates else NOTHING
    if learner.trained != "by_steps":
        return texts + Work(2 * runs * images * among.classes * towers.text.joint, steps=1)
    at_once = learner.images_at_once or max(1, images)
    whole, rest = divmod(images, at_once)
    work = whole * forward_pass(learner, towers, runs, at_once, among).forward
    if rest:
        work += forward_pass(learner, towers, runs, rest, among).forward
    return work + texts + Work(steps=ceil(images / at_once))


def fixed_texts(towers: Towers, among: TaskSize, templates: int = 1) -> Work:
    """Class texts that nothing learned enters."""
    return templates * (towers.text.texts(among.classes, TEMPLATE + among.longest) + ONE_STEP)


def fit(learner: LearnerSettings, towers: Towers, images: int, classes: int) -> Work:
    """The rounds of a solver on images among classes."""
    rounds = learner.solver_rounds
    return Work(rounds * 4 * images * classes * towers.text.joint, steps=rounds / 20)
