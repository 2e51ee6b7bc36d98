"""What the plan leaves on the disk: weights, features, decoded images, records and kept prompts."""

from reprompt.cells.job import Job
from reprompt.planning.plan import Plan
from reprompt.workflow.estimate.memory import SINGLE
from reprompt.workflow.estimate.sizes import size_of
from reprompt.workflow.estimate.traced import TracedFleet, backbone_of

RECORD = 2000  # bytes of a cell's record beside its predictions
HALF = 2


def weights_disk(plan: Plan, backbone: str) -> float:
    """Bytes of a weight file: most of it in half precision, embeddings and norms in single."""
    towers = backbone_of(plan, backbone).architecture
    return HALF * towers.parameters + (SINGLE - HALF) * towers.table


def features_disk(plan: Plan, backbone: str, part: str) -> float:
    """Bytes of the features of a part's images, every view of a training image once."""
    views = plan.views_of(part)
    sizes = [size_of(plan, task) for task in plan.parts[part]]
    vectors = sum(size.train * (1 + (views.count if views else 0)) + size.test for size in sizes)
    return vectors * backbone_of(plan, backbone).architecture.joint * SINGLE


def images_disk(plan: Plan) -> float:
    """Bytes of all decoded images; a backbone of another input size needs its own.

    So does one that resizes otherwise at the same size (docs/backbones.md), which is not counted.
    """
    sides = {backbone_of(plan, backbone).architecture.side for backbone in plan.parameters.backbones}
    images = sum(size_of(plan, task).train + size_of(plan, task).test for task in plan.all_tasks)
    return images * 3 * sum(side**2 for side in sides)


def job_disk(plan: Plan, job: Job) -> float:
    """Bytes of a job's records, as they are before compression, and of the prompts that it keeps."""
    backbone, total = backbone_of(plan, job.backbone), 0.0
    for cell in job.cells:
        sizes = [size_of(plan, cell.data_set(test.task)).half(test.split) for test in cell.tests]
        total += RECORD + sum(min(size.test, cell.judged_images or size.test) * HALF for size in sizes)
        if cell.keeps_prompt:
            total += HALF * TracedFleet(cell, backbone, sizes[0], runs=1).learned
    return total
