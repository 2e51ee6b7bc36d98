"""What every job of every rule costs: seconds, memory, disk, and whether it wants the GPU."""

from collections.abc import Iterator
from dataclasses import dataclass

from reprompt.cells.job import Job
from reprompt.cells.parameters import FileData, RenderedBackbone
from reprompt.planning.plan import Plan
from reprompt.workflow.estimate.disk import features_disk, images_disk, job_disk, weights_disk
from reprompt.workflow.estimate.memory import PROCESS, READING, Memory, encoding, features_memory, job_memory
from reprompt.workflow.estimate.rates import Rates
from reprompt.workflow.estimate.seconds import STARTING, job_seconds
from reprompt.workflow.estimate.sizes import size_of
from reprompt.workflow.estimate.towers import Towers, towers_of
from reprompt.workflow.estimate.work import Work

SECONDS_OF_A_SMALL_RULE = 20.0
CONVERTING = 60.0  # seconds: to download and convert weights
RENDERING = 0.002  # seconds per rendered picture
CLUSTERING = 5e-3  # seconds per pair: embedding its sentence and finding its topic, as the miniature's corpus took
CLUSTERING_PROCESS = 2e9  # bytes: sentence encoder, UMAP and what they compile, beside what every process has
CAPTION = 14  # tokens
TRAINING = 16  # bytes per weight: it, its gradient and AdamW's two moments
PRETRAINING = 1e9  # bytes that a batch keeps for the backward pass of both towers, at most
THREADS = {"pretrain": 2, "corpus": 2}


@dataclass(frozen=True)
class Cost:
    """One job of a rule. `name` tells it from the rule's others; `study` is where its output is first read."""

    rule: str
    name: str
    study: str
    seconds: float
    memory: Memory
    disk: float
    gpu: bool = False

    @property
    def threads(self) -> int:
        """CPU threads that the rule takes."""
        return THREADS.get(self.rule, 1)


def costs_of(plan: Plan, rates: Rates, device: str) -> list[Cost]:
    """Every job of every rule of the plan, the small rules together."""
    return [
        *_backbones(plan, rates),
        _small("split", 1, images_disk(plan)),
        *(_corpus(plan, rates, device) if plan.parameters.gram else ()),
        *(_features(plan, rates, device, *read) for read in _features_read(plan)),
        *(_tuning(plan, job, rates, device, plan.studies[job.name]) for job in plan.jobs),
        _small("groups", 1, 1e5),
        _small("table", len(plan.outputs) + len(plan.corpus_figures) + 3, 5e7),
    ]


def _tuning(plan: Plan, job: Job, rates: Rates, device: str, study: str) -> Cost:
    seconds = STARTING + job_seconds(plan, job, rates)
    memory, disk = job_memory(plan, job, device), job_disk(plan, job)
    return Cost("tune", job.name, study, seconds, memory, disk, device == "cuda")


def _backbones(plan: Plan, rates: Rates) -> Iterator[Cost]:
    for name, settings in plan.parameters.backbones.items():
        towers, seconds, rule = towers_of(settings), STARTING + CONVERTING, "weights"
        memory = Memory(PROCESS + READING * towers.parameters, 0.0)
        if isinstance(settings, RenderedBackbone):
            rule = "pretrain"
            passes = towers.image.features(settings.batch) + towers.text.texts(settings.batch, CAPTION)
            seconds = STARTING + rates.seconds(settings.steps * 3 * passes) / THREADS["pretrain"]
            seconds += RENDERING * plan.parameters.corpus.pairs
            pictures = 2 * plan.parameters.corpus.pairs * 3 * towers.image.size**2  # rendered in parts, then together
            memory = Memory(PROCESS + TRAINING * towers.parameters + pictures + PRETRAINING, 0.0)
        yield Cost(rule, name, "all", seconds, memory, weights_disk(plan, name))


def _features_read(plan: Plan) -> list[tuple[str, str]]:
    return sorted({(job.backbone, part) for job in plan.jobs for part, _ in job.features})


def _features(plan: Plan, rates: Rates, device: str, backbone: str, part: str) -> Cost:
    towers, views = towers_of(plan.parameters.backbones[backbone]), plan.views_of(part)
    count = views.count if views else 0
    sizes = [size_of(plan, task) for task in plan.parts[part]]
    plain = sum(size.train + size.test for size in sizes)
    of_views = sum(size.train * count for size in sizes)
    seconds = STARTING + rates.seconds(_encoding(towers, plain + of_views))
    if isinstance(plan.parameters.data, FileData):
        seconds += rates.decoding * (plain + of_views)
    else:
        seconds += RENDERING * plain + rates.pictures * of_views * towers.image.size**2
    disk, memory = features_disk(plan, backbone, part), features_memory(plan, backbone, part, device)
    return Cost("features", f"{backbone}/{part}", "all", seconds, memory, disk, device == "cuda")


def _encoding(towers: Towers, images: float) -> Work:
    batch = 256
    return (images / batch) * towers.image.features(batch)


def _corpus(plan: Plan, rates: Rates, device: str) -> Iterator[Cost]:
    """Filter, topics and domains of the pairs: both towers once, a sentence encoder on the CPU, clustering."""
    name = plan.parameters.standard_backbone
    towers, size = towers_of(plan.parameters.backbones[name]), size_of(plan, "corpus")
    pairs = size.train + size.test
    read = rates.decoding if isinstance(plan.parameters.data, FileData) else RENDERING
    seconds = (
        STARTING + rates.seconds(_encoding(towers, pairs) + _captions(towers, pairs)) + (read + CLUSTERING) * pairs
    )
    features = 4.0 * pairs * towers.text.joint
    at_once = 3.0 * towers.image.size**2 * plan.parameters.gram.clustering.chunk
    host = PROCESS + CLUSTERING_PROCESS + 4 * towers.parameters + at_once + encoding(towers, pairs) + pairs * 2000.0
    yield Cost("corpus", "corpus", "gram", seconds, Memory(host, 0.0), features, device == "cuda")


def _captions(towers: Towers, pairs: float) -> Work:
    return (pairs / 1024) * towers.text.texts(1024, CAPTION)


def _small(rule: str, jobs: int, disk: float) -> Cost:
    return Cost(rule, rule, "all", jobs * SECONDS_OF_A_SMALL_RULE, Memory(1e9, 0.0), disk)
