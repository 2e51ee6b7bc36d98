"""Peak memory of a job, stage by stage: reading the weights, holding the data, and its largest step as it is traced.

On a CPU what PyTorch frees does not all go back to the system: a process is larger than its tensors.
"""

from dataclasses import dataclass

from reprompt.cells.job import Job
from reprompt.planning.plan import Plan
from reprompt.workflow.estimate.jobs import fleets, tasks_trained, uses_gradients
from reprompt.workflow.estimate.sizes import size_of
from reprompt.workflow.estimate.traced import TracedBackbone, backbone_of

PROCESS = 900e6  # an interpreter with everything imported that a job imports
READING = 10  # bytes per weight while a file is read: as stored in half, as built, as read in single precision
SINGLE = 4
WORKSPACE = 40e6  # of the libraries, once anything large has run
# Freed memory that the C library keeps: about as much as a step takes at most, but of large steps no more than this, as
# tensors of more than 32 MB go back at once.
NOT_RETURNED = 200e6
ENCODING = 100e6  # of the libraries, while pictures are encoded
COPIED = 190e6  # of a model that was copied: freed blocks that stay with the process
FEATURES_AT_ONCE = 256
ENCODED_AT_ONCE = 4096  # clip.features.AT_ONCE
AHEAD = 3  # batches of pictures: of a step and of the two after it
ROOM = 2e9  # data.files.decoding.ROOM, which imports what this does not need
PHOTOGRAPH = 3 * 500 * 375  # bytes of a picture as large as ImageNet's are on average


@dataclass(frozen=True)
class Memory:
    """Bytes at the peak, in the main memory and on the GPU where there is one."""

    host: float
    gpu: float


def job_memory(plan: Plan, job: Job, device: str) -> Memory:
    """Of a job; on a GPU lie its towers, activations and training features, on the host all data that it holds.

    Pictures are read a batch at a time and count with the step; the next batches, and few-shot sets as they were
    decoded, lie on the host.
    """
    backbone = backbone_of(plan, job.backbone)
    parameters, data = backbone.architecture.parameters, held_features(plan, job)
    shown = held_pictures(plan, job)
    weights, step = SINGLE * parameters, max(fleet.peak for fleet in fleets(plan, job))
    reading, copying = PROCESS + READING * parameters, PROCESS + 2 * weights + data + shown
    if device == "cpu":
        computing = PROCESS + weights + min(weights, COPIED) + data + shown + in_process(step)
        return Memory(max(reading, copying, computing), 0.0)
    return Memory(max(reading, copying), weights + data + step)


def in_process(peak: float) -> float:
    """Bytes by which a process grows while tensors take so many at most."""
    return WORKSPACE + peak + min(peak, NOT_RETURNED)


def features_memory(plan: Plan, backbone: str, part: str, device: str) -> Memory:
    """Of encoding a part's images: a chunk of them, all features, and the pass of a batch."""
    encoder, views = backbone_of(plan, backbone), plan.views_of(part)
    sizes, towers = [size_of(plan, task) for task in plan.parts[part]], encoder.architecture
    vectors = sum(size.test + size.train * (1 + (views.count if views else 0)) for size in sizes)
    held = ENCODED_AT_ONCE * 3 * towers.side**2 + 2 * vectors * SINGLE * towers.joint
    weights, passing = SINGLE * towers.parameters, encoding(encoder, max(size.test + size.train for size in sizes))
    reading = PROCESS + READING * towers.parameters
    if device == "cpu":
        return Memory(max(reading, PROCESS + weights + held + ENCODING + passing), 0.0)
    return Memory(max(reading, PROCESS + held), weights + passing)


def encoding(encoder: TracedBackbone, images: int) -> float:
    """Bytes that encoding so many images in batches takes at most: tensors so large that they go back at once."""
    return encoder.encoding(min(images, FEATURES_AT_ONCE)).peak


def held_pictures(plan: Plan, job: Job) -> float:
    """Bytes of pictures that wait for a step, and of those that are kept as they were decoded."""
    if not job.reads_pixels or not uses_gradients(job):
        return 0.0
    side, trained = backbone_of(plan, job.backbone).architecture.side, fleets(plan, job)
    of_a_step = max(sum(min(cell.tuned.batch, fleet.few_shot(cell)) for cell in fleet.cells) for fleet in trained)
    waiting = AHEAD * of_a_step * 3 * side**2
    of_files = any(map(plan.parameters.is_of_files, job.data_sets.values()))
    if not (of_files and any(cell.is_augmented for cell in job.cells)):
        return waiting
    photographs = sum(fleet.few_shot(cell) for fleet in trained for cell in fleet.cells)
    return waiting + min(ROOM, photographs * PHOTOGRAPH)


def held_features(plan: Plan, job: Job) -> float:
    """Bytes of the features that a job reads, and of the normalised copy that it trains on."""
    total = 0.0
    trained = tasks_trained(job)
    for task, data_set in job.data_sets.items():
        size, views = size_of(plan, data_set), plan.views_of(plan.part_of(data_set))
        vectors = size.train * (1 + (views.count if views else 0))
        total += vectors * (2 if task in trained else 1) + 2 * size.test
    return total * SINGLE * backbone_of(plan, job.backbone).architecture.joint
