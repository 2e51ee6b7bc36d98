"""The work of every job of the plan: training and evaluating, fleet by fleet.

The plan says which cells train together; how many steps they take follows from their schedule and their few-shot sets.
"""

from dataclasses import dataclass
from functools import cached_property
from math import log

from reprompt.cells.cell import Cell
from reprompt.cells.fleets import fleets_of
from reprompt.cells.job import Job
from reprompt.cells.recipes import recipe_of
from reprompt.cells.tuning import Episodes
from reprompt.planning.plan import Plan
from reprompt.workflow.estimate.learners import evaluating, fit, fixed_texts, meta_step, step
from reprompt.workflow.estimate.sizes import TaskSize, size_of
from reprompt.workflow.estimate.towers import Towers, towers_of
from reprompt.workflow.estimate.work import NOTHING, Work

VALIDATION = 0.2  # of a few-shot set, where the best checkpoint is chosen
PARTNERS = {"best_2": 1, "best_3": 2, "worst_2": 1, "worst_3": 2}  # tasks beside the target


@dataclass(frozen=True)
class FleetWork:
    """Cells of a job that train together, and what they are trained on."""

    plan: Plan
    cells: list[Cell]

    @property
    def towers(self) -> Towers:
        return towers_of(self.plan.parameters.backbones[self.cells[0].backbone])

    @cached_property
    def learned(self) -> TaskSize:
        """Classes and images that it is trained on, those of all tasks together; a group's partners are like it."""
        cell = self.cells[0]
        sizes = [size_of(self.plan, task).half(cell.learns) for task in cell.trained_on]
        if cell.group:
            sizes *= 1 + PARTNERS[cell.group]
        return together(sizes)

    def few_shot(self, cell: Cell) -> int:
        """Training images of a cell: shots of every class, fewer of the rarer ones under imbalance."""
        size = self.learned
        share = 1.0 if cell.tau == 1 else (1 - cell.tau) / log(1 / cell.tau)
        held_out = VALIDATION if _is_validated(cell) and cell.shots > 1 else 0.0
        return max(1, min(round(cell.shots * size.classes * share), size.train or 1) - self.held_out(cell, held_out))

    def held_out(self, cell: Cell, share: float = VALIDATION) -> int:
        """Validation images of a cell."""
        return round(share * cell.shots * self.learned.classes)

    def steps(self, cell: Cell) -> int:
        """Training steps of a cell."""
        return cell.tuned.epochs * cell.tuned.steps_in_epoch(self.few_shot(cell))

    def tests(self, cell: Cell) -> list[tuple[TaskSize, int]]:
        """Classes and images of every test set."""
        sizes = [size_of(self.plan, test.task).half(test.split) for test in cell.tests]
        return [(size, min(size.test, cell.judged_images or size.test)) for size in sizes]

    @property
    def work(self) -> Work:
        """Training and evaluating."""
        cell = self.cells[0]
        recipe = cell.method
        evaluated = self._evaluated(len(self.cells))
        if cell.prompts_of:
            return evaluated + self._validated
        if cell.is_meta:
            each = meta_step(cell.learner, Episodes.of(cell.resolved), cell.tuned.batch, self.towers, cell.shots)
            return sum((self.steps(cell) * each for cell in self.cells), evaluated)
        if recipe.by_steps:
            return evaluated + self._training + self._watching + self._taught
        if recipe.learned:
            size = self.learned.classes
            fits = (fit(cell.learner, self.towers, self.few_shot(cell), size) for cell in self.cells)
            return sum(fits, evaluated)
        return evaluated

    @property
    def _training(self) -> Work:
        """Runs of different length are one fleet: those that have ended leave it."""
        cell, work, done = self.cells[0], NOTHING, 0
        backwards = 2 if cell.method.general_gradient else 1
        lengths = sorted(self.steps(run) for run in self.cells)
        for ended, length in enumerate(lengths):
            if length > done:
                running = len(lengths) - ended
                batch = min(cell.tuned.batch, max(self.few_shot(run) for run in self.cells))
                each = step(cell.learner, self.towers, running, batch, self.learned, backwards)
                work += (length - done) * each
                done = length
        return (2 if "angle" in cell.measures else 1) * work

    def _evaluated(self, runs: int) -> Work:
        cell = self.cells[0]
        works = (
            evaluating(cell.learner, self.towers, runs, images, size)
            + (self._collapse(runs, images, size) if "collapse" in cell.measures else NOTHING)
            for size, images in self.tests(cell)
        )
        return sum(works, NOTHING)

    def _collapse(self, runs: int, images: float, size: TaskSize) -> Work:
        """Cosines of all pairs of classes, of every image where its classes are its own."""
        text = self.cells[0].learner.text_prompts
        passes = images if text and text.per_image else 1
        return Work(2 * runs * passes * size.classes**2 * self.towers.text.joint)

    @property
    def _watching(self) -> Work:
        """Evaluating after every epoch, and validating the checkpoints."""
        cell, work = self.cells[0], NOTHING
        epochs = [run.tuned.epochs for run in self.cells]
        running = sum(epochs) / max(epochs)
        if "curve" in cell.measures:
            work += max(epochs) * self._evaluated(round(running))
        if _is_validated(cell):
            looks = max(epochs) / cell.tuned.validate_every
            images = max(1, self.held_out(cell))
            work += looks * evaluating(cell.learner, self.towers, round(running), images, self.learned)
        return work

    @property
    def _validated(self) -> Work:
        """Prompts that are evaluated elsewhere are evaluated on the held-out images of their own seed too."""
        cell = self.cells[0]
        ((size, _),) = self.tests(cell)
        images = max(1, round(VALIDATION * cell.shots * size.classes))
        return evaluating(cell.learner, self.towers, len(self.cells), images, size)

    @property
    def _taught(self) -> Work:
        """The teacher of ProGrad and distillation: texts, or a prompt that is tuned on all training images."""
        cell = self.cells[0]
        if not cell.taught:
            return NOTHING
        if cell.taught.teacher != "oracle":
            return fixed_texts(self.towers, self.learned)
        steps = cell.tuned.epochs * cell.tuned.steps_in_epoch(self.learned.train)
        coop = recipe_of("coop").settings("learner", cell.resolved)
        return steps * step(coop, self.towers, 1, cell.tuned.batch, self.learned)


def fleets(plan: Plan, job: Job) -> list[FleetWork]:
    """The fleets of a job."""
    return [FleetWork(plan, cells) for cells in fleets_of(job.cells, plan.parameters.runs_per_fleet)]


def job_work(plan: Plan, job: Job) -> Work:
    """Everything that a job computes, and the views that it crops where it prompts the image tower."""
    _, views = images_read(plan, job)
    side = towers_of(plan.parameters.backbones[job.backbone]).image.size
    return sum((fleet.work for fleet in fleets(plan, job)), Work(pictures=views * side**2))


def images_read(plan: Plan, job: Job) -> tuple[int, int]:
    """Images that a job reads as they are, and augmented views that it makes: none where features are enough.

    Pictures are read when a batch asks for them: test images once per fleet, training images step by step.
    """
    if not job.reads_pixels:
        return 0, 0
    plain = views = 0
    for fleet in fleets(plan, job):
        plain += sum(images for _, images in fleet.tests(fleet.cells[0]))
        for cell in fleet.cells if uses_gradients(job) and fleet.cells[0].learner.image_prompts else ():
            shown = fleet.steps(cell) * min(cell.tuned.batch, fleet.few_shot(cell))
            if cell.is_augmented:
                views += shown
            else:
                plain += shown
    return plain, views


def tasks_trained(job: Job) -> set[str]:
    """The tasks that a job trains on, partners in a group among them."""
    return {*job.partners, *(task for cell in job.cells for task in cell.trained_on)}


def together(sizes: list[TaskSize]) -> TaskSize:
    """Several tasks as one: their classes side by side."""
    classes = sum(size.classes for size in sizes)
    mean = sum(size.classes * size.name for size in sizes) / classes
    longest = max(size.longest for size in sizes)
    return TaskSize(classes, sum(size.train for size in sizes), sum(size.test for size in sizes), mean, longest)


def uses_gradients(job: Job) -> bool:
    """Whether a job trains anything by gradient steps."""
    return job.cells[0].method.by_steps and not job.cells[0].prompts_of


def _is_validated(cell: Cell) -> bool:
    """Whether images of its few-shot set are held out to choose a checkpoint by."""
    return cell.method.by_steps and cell.tuned.checkpoint == "best"
