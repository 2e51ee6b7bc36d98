"""The work of every job of the plan: training and evaluating, fleet by fleet.

The plan says which cells train together; how many steps they take follows from their schedule and their few-shot sets.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil, log

from reprompt.cells.axes import LearnerSettings
from reprompt.cells.cell import Cell
from reprompt.cells.fleets import fleets_of
from reprompt.cells.job import Job
from reprompt.cells.tuning import Episodes
from reprompt.planning.plan import Plan
from reprompt.workflow.estimate.sizes import TaskSize, size_of
from reprompt.workflow.estimate.traced import TracedBackbone, TracedFleet, backbone_of
from reprompt.workflow.estimate.work import NOTHING, Cost, Work, shared

VALIDATION = 0.2  # of a few-shot set, where the best checkpoint is chosen
PARTNERS = {"best_2": 1, "best_3": 2, "worst_2": 1, "worst_3": 2}  # tasks beside the target
NAMES_OF_TOPICS = (2.0, 4)  # tokens: the mean, and of the longest
LAUNCHES_OF_A_ROUND = 5


@dataclass(frozen=True)
class FleetWork:
    """Cells of a job that train together, and what they are trained on."""

    plan: Plan
    cells: list[Cell]

    @property
    def backbone(self) -> TracedBackbone:
        return backbone_of(self.plan, self.cells[0].backbone)

    def among(self, classes: TaskSize) -> TracedFleet:
        """All of its runs, among classes of a size."""
        cell = self.cells[0]
        kept = self.few_shot(cell) if cell.method.of_its_images else 0
        return TracedFleet(cell, self.backbone, classes, len(self.cells), kept)

    @cached_property
    def learned(self) -> TaskSize:
        """Classes and images that it is trained on, those of all tasks together; a group's partners are like it."""
        cell = self.cells[0]
        sizes = [size_of(self.plan, cell.data_set(task)).half(cell.learns) for task in cell.trained_on]
        if cell.group:
            sizes *= 1 + PARTNERS[cell.group]
        return together(sizes)

    @property
    def validated_on(self) -> TaskSize:
        """The classes of held-out images: where prompts are evaluated elsewhere, the target's."""
        cell = self.cells[0]
        return self.tests(cell)[0][0] if cell.prompts_of else self.learned

    def few_shot(self, cell: Cell) -> int:
        """Training images of a cell: shots of every class, fewer of the rarer ones under imbalance."""
        size = self.learned
        share = 1.0 if cell.tau == 1 else (1 - cell.tau) / log(1 / cell.tau)
        held_out = VALIDATION if self.is_validated and cell.shots > 1 else 0.0
        return max(1, min(round(cell.shots * size.classes * share), size.train or 1) - self.held_out(cell, held_out))

    def held_out(self, cell: Cell, share: float = VALIDATION) -> int:
        """Validation images of a cell."""
        return round(share * cell.shots * self.validated_on.classes)

    def steps(self, cell: Cell) -> int:
        """Training steps of a cell."""
        return cell.tuned.epochs * cell.tuned.steps_in_epoch(self.few_shot(cell))

    def tests(self, cell: Cell) -> list[tuple[TaskSize, int]]:
        """Classes and images of every test set."""
        sizes = [size_of(self.plan, cell.data_set(test.task)).half(test.split) for test in cell.tests]
        return [(size, min(size.test, cell.judged_images or size.test)) for size in sizes]

    @property
    def work(self) -> Work:
        """Training and evaluating."""
        cell = self.cells[0]
        evaluated = sum((self._evaluated(size, images) for size, images in self.tests(cell)), NOTHING)
        evaluated += self._unprojected
        if cell.prompts_of:
            return evaluated + self._validated(self.held_out(cell))
        if cell.is_meta:
            return evaluated + sum(self.steps(run) for run in self.cells) * self.episodes.outer_step.work
        if cell.method.by_steps:
            return evaluated + self._training + self._watching(evaluated) + self._taught + self._referred
        if cell.method.trained == "at_once":
            fits = (fit(cell.learner, self.few_shot(run), self.learned.classes, self.joint) for run in self.cells)
            return sum(fits, evaluated)
        return evaluated

    @property
    def peak(self) -> float:
        """Bytes that its largest step takes: of training, or of evaluating."""
        cell = self.cells[0]
        peaks = [cost.peak for size, images in self.tests(cell) for cost in self.evaluation(size, images)]
        if cell.prompts_of or self.is_validated:
            peaks.append(self.validation.peak)
        if cell.is_meta:
            peaks.append(self.episodes.outer_step.peak)
        elif cell.method.by_steps and not cell.prompts_of:
            peaks.append(self.training.peak)
        return max(peaks)

    @property
    def training(self) -> Cost:
        """A step of all runs."""
        return self.among(self.learned).training(min(self.cells[0].tuned.batch, max(map(self.few_shot, self.cells))))

    @property
    def episodes(self) -> TracedFleet:
        """A run of meta-training, among the topics of all episodes of an outer step."""
        topics = self.cells[0].tuned.batch * Episodes.of(self.cells[0].resolved).ways
        return replace(self.among(TaskSize(topics, 0, 0, *NAMES_OF_TOPICS)), runs=1)

    @property
    def validation(self) -> Cost:
        """Evaluating as many held-out images as are evaluated at once, of every run its own."""
        return self.among(self.validated_on).validating(self._at_once(max(map(self.held_out, self.cells))))

    def evaluation(self, size: TaskSize, images: int) -> tuple[Cost, Cost]:
        """Building the learner among classes, and evaluating as many test images as are evaluated at once."""
        return self.among(size).evaluating(self._at_once(images))

    def _at_once(self, images: int) -> int:
        return max(1, min(images, self.cells[0].learner.images_at_once or images))

    @property
    def _training(self) -> Work:
        """Runs of different length are one fleet: those that have ended leave it."""
        work, done = NOTHING, 0
        lengths = sorted(map(self.steps, self.cells))
        for ended, length in enumerate(lengths):
            if length > done:
                work += (length - done) * self.training.shared(1 - ended / len(lengths)).work
                done = length
        return (2 if "angle" in self.cells[0].measures else 1) * work

    def _evaluated(self, size: TaskSize, images: int) -> Work:
        """A test set: the learner among its classes, and its images."""
        built, forward = self.evaluation(size, images)
        return built.work + _in_turn(forward, images, self._at_once(images))

    def _validated(self, images: int) -> Work:
        return _in_turn(self.validation, images, self._at_once(images))

    def _watching(self, evaluated: Work) -> Work:
        """Evaluating after every epoch, and validating the checkpoints, by the runs that are not done."""
        cell, work = self.cells[0], NOTHING
        epochs = [run.tuned.epochs for run in self.cells]
        running = sum(epochs) / max(epochs) / len(epochs)
        if "curve" in cell.measures:
            work += max(epochs) * shared(evaluated, running)
        if self.is_validated:
            work += max(epochs) / cell.tuned.validate_every * shared(self._validated(self.held_out(cell)), running)
        return work

    @property
    def is_validated(self) -> bool:
        """Whether images of its few-shot sets are held out to choose a checkpoint by."""
        cell = self.cells[0]
        return cell.method.by_steps and not cell.prompts_of and cell.tuned.checkpoint == "best"

    @property
    def unprojects(self) -> bool:
        """Whether it makes what the image tower has before its projection, of every image once."""
        learner = self.cells[0].learner
        return learner.reads_pixels and not learner.into_image_tower

    def views_seen(self, cell: Cell) -> int:
        """Views of a few-shot image that a cell sees, each counted once."""
        if not cell.is_augmented:
            return 1
        visits = ceil(self.steps(cell) * min(cell.tuned.batch, self.few_shot(cell)) / self.few_shot(cell))
        return min(visits, self.plan.parameters.views.count)

    @property
    def _unprojected(self) -> Work:
        """The image tower on every test image, and on every few-shot image in every view that is seen."""
        if not self.unprojects:
            return NOTHING
        tested = sum(images for _, images in self.tests(self.cells[0]))
        trained = () if self.cells[0].prompts_of else self.cells
        shown = sum(self.few_shot(cell) * self.views_seen(cell) for cell in trained)
        return self.backbone.encoding(tested + shown).work

    @property
    def _taught(self) -> Work:
        """The teacher of ProGrad and distillation: texts, or a prompt that is tuned on all training images."""
        cell = self.cells[0]
        if not cell.taught:
            return NOTHING
        if cell.taught.teacher != "oracle":
            return self.among(self.learned).teaching.work
        steps = cell.oracle.epochs * cell.oracle.steps_in_epoch(self.learned.train)
        coop = TracedFleet(replace(cell, recipe="coop"), self.backbone, self.learned, runs=1)
        return steps * coop.training(cell.tuned.batch).work

    @property
    def _referred(self) -> Work:
        """The class texts of the reference that an objective holds on to."""
        return self.among(self.learned).referring.work if self.cells[0].referenced else NOTHING

    @property
    def joint(self) -> int:
        """E, the width of features."""
        return self.backbone.architecture.joint


def fit(learner: LearnerSettings, images: int, classes: int, joint: int) -> Work:
    """The rounds of a solver on images among classes, which no trace sees: two products, and Python's own time."""
    rounds = learner.solver_rounds
    return Work(rounds * 4 * images * classes * joint, launches=LAUNCHES_OF_A_ROUND * rounds)


def _in_turn(at_once: Cost, images: float, together: int) -> Work:
    """So many images, some of them together, and the rest."""
    return replace(images / together * at_once.work, launches=ceil(images / together) * at_once.work.launches)


def fleets(plan: Plan, job: Job) -> list[FleetWork]:
    """The fleets of a job."""
    return [FleetWork(plan, cells) for cells in fleets_of(job.cells, plan.parameters.runs_per_fleet)]


def job_work(plan: Plan, job: Job) -> Work:
    """Everything that a job computes, and the views that it crops where it prompts the image tower."""
    _, views = images_read(plan, job)
    side = backbone_of(plan, job.backbone).architecture.side
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
        for cell in fleet.cells if uses_gradients(job) and fleet.cells[0].learner.reads_pixels else ():
            shown = fleet.steps(cell) * min(cell.tuned.batch, fleet.few_shot(cell))
            if fleet.unprojects:
                shown = fleet.few_shot(cell) * fleet.views_seen(cell)
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
