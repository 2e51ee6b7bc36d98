"""Peak memory of a job, stage by stage: reading the weights, holding the data, a training step, evaluating.

Activations are counted in tensors of a tower's size: R rows of D numbers for the tokens of a block, and one number per
attention weight in the text tower. How many such tensors are alive at the peak was measured on ViT-B-16 and RN50 at
full size: resident memory before and during a step (`reprompt bench --backbone` measures the same).
"""

from dataclasses import dataclass

from reprompt.cells.axes import LearnerSettings, TextPrompts, Widths
from reprompt.cells.job import Job
from reprompt.cells.tuning import Episodes
from reprompt.clip.blocks import FLOATS_PER_TOKEN
from reprompt.clip.features import AT_ONCE as ENCODED_AT_ONCE
from reprompt.clip.savings import ALL_SAVINGS
from reprompt.planning.plan import Plan
from reprompt.workflow.estimate.jobs import FleetWork, fleets, tasks_trained, uses_gradients
from reprompt.workflow.estimate.learners import front_and_own
from reprompt.workflow.estimate.sizes import TaskSize, size_of
from reprompt.workflow.estimate.towers import ResNet, Text, Towers, Vit, towers_of

PROCESS = 900e6  # an interpreter with everything imported that a job imports
READING = 10  # bytes per weight while a file is read: as stored in half, as built, as read in single precision
SINGLE = 4
TEXT_KEPT, SCORES_KEPT = 13.6, 15.6  # tensors per block of the text tower that wait for the backward pass
IMAGE_KEPT = 15.6
# At the peak of a backward pass that computes a block again, in blocks; text: 4.3 to 7.4, more with more classes.
TEXT_ANEW, IMAGE_ANEW = 6.0, 7.2
TEXT_EVALUATED, IMAGE_EVALUATED = 20.0, 20.6  # tensors at the peak of a block without gradients
CONVOLUTIONS_EVALUATED = 2.9  # of the largest convolution's size
WORKSPACE = 100e6  # of the libraries, once anything large has run
# GRAM's outer step, in training steps on its support and on its query images; its attention is not fused. A gradient
# through a gradient keeps the support's forward pass and the graph of its backward pass while the query's is taken.
SECOND_ORDER_SUPPORT, SECOND_ORDER_QUERY, FIRST_ORDER = 3.1, 0.95, 1.3
COPIED = 190e6  # of a model that was copied: freed blocks that stay with the process
FEATURES_AT_ONCE = 256
LEARNED_COPIES = 4  # of what is learned: the tensor, its momentum, its gradient, the leaf of a step


@dataclass(frozen=True)
class Memory:
    """Bytes at the peak, in the main memory and on the GPU where there is one."""

    host: float
    gpu: float


def job_memory(plan: Plan, job: Job, device: str) -> Memory:
    """Of a job; on a GPU lie its towers, activations and training features, on the host all data that it holds.

    Pictures are read a batch at a time and count with the step.
    """
    towers = towers_of(plan.parameters.backbones[job.backbone])
    weights = SINGLE * towers.parameters
    data = held_features(plan, job, towers)
    computing = max(_computing(fleet, job, towers) for fleet in fleets(plan, job))
    reading, copying = PROCESS + READING * towers.parameters, PROCESS + 2 * weights + data
    if device == "cpu":
        return Memory(max(reading, copying, PROCESS + weights + min(weights, COPIED) + data + computing), 0.0)
    return Memory(max(reading, copying), weights + data + computing)


def features_memory(plan: Plan, backbone: str, part: str, device: str) -> Memory:
    """Of encoding a part's images: a chunk of them, all features, and the pass of a batch."""
    towers, views = towers_of(plan.parameters.backbones[backbone]), plan.views_of(part)
    pixels = towers.image.size**2 * 3
    sizes = [size_of(plan, task) for task in plan.parts[part]]
    vectors = sum(size.test + size.train * (1 + (views.count if views else 0)) for size in sizes)
    held = ENCODED_AT_ONCE * pixels + 2 * vectors * SINGLE * towers.text.joint
    weights, passing = SINGLE * towers.parameters, encoding(towers, max(size.test + size.train for size in sizes))
    reading = PROCESS + READING * towers.parameters
    if device == "cpu":
        return Memory(max(reading, PROCESS + weights + held + passing), 0.0)
    return Memory(max(reading, PROCESS + held), weights + passing)


def encoding(towers: Towers, images: int) -> float:
    """Bytes at the peak of encoding so many images in batches."""
    at_once = min(images, FEATURES_AT_ONCE)
    if isinstance(towers.image, ResNet):
        largest = max(channels * side**2 for _, channels, _, side in towers.image.convolutions)
        return WORKSPACE + at_once * CONVOLUTIONS_EVALUATED * SINGLE * largest
    return WORKSPACE + at_once * IMAGE_EVALUATED * SINGLE * towers.image.tokens * towers.image.width


def held_features(plan: Plan, job: Job, towers: Towers) -> float:
    """Bytes of the features that a job reads, and of the normalised copy that it trains on."""
    total = 0.0
    trained = tasks_trained(job)
    for task in job.tasks_read:
        size, views = size_of(plan, task), plan.views_of(plan.part_of(task))
        vectors = size.train * (1 + (views.count if views else 0))
        total += vectors * (2 if task in trained else 1) + 2 * size.test
    return total * SINGLE * towers.text.joint


def _computing(fleet: FleetWork, job: Job, towers: Towers) -> float:
    """The larger of a training step and of evaluating."""
    cell = fleet.cells[0]
    evaluated = max(_evaluating(cell.learner, towers, len(fleet.cells), n, size) for size, n in fleet.tests(cell))
    if not uses_gradients(job):
        return evaluated
    if cell.is_meta:
        inner = Episodes.of(cell.resolved)
        return max(evaluated, meta_step_memory(cell.learner, inner, cell.tuned.batch, towers, cell.shots))
    images = min(cell.tuned.batch, max(fleet.few_shot(run) for run in fleet.cells))
    return max(evaluated, step_memory(cell.learner, towers, len(fleet.cells), images, fleet.learned))


def step_memory(learner: LearnerSettings, towers: Towers, runs: int, images: int, among: TaskSize) -> float:
    """Bytes at the peak of a training step of R runs on B images each."""
    return WORKSPACE / 4 + _step_kept(learner, towers, runs, images, among)


def _step_kept(learner: LearnerSettings, towers: Towers, runs: int, images: int, among: TaskSize) -> float:
    total = 0.0
    if text := learner.text_prompts:
        total += _text_kept(towers.text, text, runs * images if text.per_image else runs, among)
    if learner.image_prompts:
        total += _image_kept(towers.image, learner.image_prompts.length, runs * images)
        total += runs * images * 3 * SINGLE * towers.image.size**2
    logits = 4 * runs * images * among.classes * SINGLE
    return total + logits + runs * LEARNED_COPIES * SINGLE * learner.learned_numbers(widths(towers, among))


def meta_step_memory(learner: LearnerSettings, inner: Episodes, episodes: int, towers: Towers, shots: int) -> float:
    """Bytes at the peak of GRAM's outer step: its episodes are runs, each on a support and a query set."""
    among = TaskSize(episodes * inner.ways, 0, 0, 2.0, 4)
    support, query = (
        _step_kept(learner, towers, episodes, inner.ways * each, among) for each in (shots, inner.queries)
    )
    if inner.order == "first":
        return WORKSPACE / 4 + FIRST_ORDER * max(support, query)
    return WORKSPACE / 4 + SECOND_ORDER_SUPPORT * support + SECOND_ORDER_QUERY * query


def widths(towers: Towers, among: TaskSize) -> Widths:
    """The sizes that what is learned goes by; a ResNet has no tokens to prompt."""
    image = towers.image.width if isinstance(towers.image, Vit) else 0
    return Widths(towers.text.width, image, towers.text.joint, among.classes)


def _text_kept(text: Text, prompted: TextPrompts, prompts: int, among: TaskSize) -> float:
    front, own, longest = front_and_own(prompted, among)
    rows = prompts * (front + among.classes * own)
    scores = prompts * text.heads * among.classes * longest * (front + longest)
    block = SINGLE * (TEXT_KEPT * rows * text.width + SCORES_KEPT * scores)
    return _kept(block, rows * text.width, text.layers, TEXT_ANEW)


def _image_kept(image: Vit, prompts: int, images: int) -> float:
    rows = images * (image.tokens + prompts)
    return _kept(SINGLE * IMAGE_KEPT * rows * image.width, rows * image.width, image.layers, IMAGE_ANEW)


def _kept(block: float, passed_on: float, layers: int, anew: float) -> float:
    """What waits for the backward pass; past a limit only what enters each block, and one block at a time anew."""
    if FLOATS_PER_TOKEN * layers * passed_on * SINGLE > ALL_SAVINGS.recompute_above:
        return layers * passed_on * SINGLE + anew * block
    return layers * block


def _evaluating(learner: LearnerSettings, towers: Towers, runs: int, images: float, among: TaskSize) -> float:
    at_once = min(images, learner.images_at_once or images)
    total = WORKSPACE / 4 + 3 * runs * at_once * among.classes * SINGLE
    if text := learner.text_prompts:
        front, own, longest = front_and_own(text, among)
        prompts = runs * (at_once if text.per_image else 1)
        rows = prompts * (front + among.classes * own)
        scores = prompts * towers.text.heads * among.classes * longest * (front + longest)
        total += SINGLE * (TEXT_EVALUATED * rows * towers.text.width + 3 * scores)
    if learner.image_prompts:
        rows = runs * at_once * (towers.image.tokens + learner.image_prompts.length)
        total += SINGLE * IMAGE_EVALUATED * rows * towers.image.width
    return total
