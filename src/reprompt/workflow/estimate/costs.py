"""What every job of every rule costs: seconds, memory, disk, and whether it wants the GPU."""

from collections.abc import Iterator
from dataclasses import dataclass

from reprompt.cells.job import CORPUS, Job, corpus_of
from reprompt.cells.parameters import RenderedBackbone
from reprompt.planning.plan import Plan
from reprompt.workflow.estimate.bar import with_bar
from reprompt.workflow.estimate.disk import features_disk, images_disk, job_disk, weights_disk
from reprompt.workflow.estimate.memory import (
    FEATURES_AT_ONCE,
    PROCESS,
    READING,
    SINGLE,
    Memory,
    features_memory,
    in_process,
    job_memory,
)
from reprompt.workflow.estimate.rates import Rates
from reprompt.workflow.estimate.seconds import STARTING, job_seconds
from reprompt.workflow.estimate.sizes import size_of
from reprompt.workflow.estimate.traced import TracedBackbone, backbone_of
from reprompt.workflow.estimate.work import NOTHING, Work

SECONDS_OF_A_SMALL_RULE = 20.0
CONVERTING = 60.0  # seconds: to download and convert weights
RENDERING = 0.002  # seconds per rendered picture
CLUSTERING = 5e-3  # seconds per pair: embedding its sentence and finding its topic, as the miniature's corpus took
CLUSTERING_PROCESS = 2e9  # bytes: sentence encoder, UMAP and what they compile, beside what every process has
CAPTIONS_AT_A_TIME = 256  # corpus.filter's
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
        _small("split", len(plan.labelled_tasks), images_disk(plan)),
        *(_corpus(plan, rates) if plan.has_corpus else ()),
        *(_features(plan, rates, device, *read) for read in _features_read(plan)),
        *(_tuning(plan, job, rates, device, plan.studies[job.name]) for job in with_bar(plan.jobs)),
        _small("groups", 1, 1e5),
        _small("table", len(plan.outputs) + len(plan.corpus_figures) + 3, 5e7),
    ]


def _tuning(plan: Plan, job: Job, rates: Rates, device: str, study: str) -> Cost:
    seconds = STARTING + job_seconds(plan, job, rates)
    memory, disk = job_memory(plan, job, device), job_disk(plan, job)
    return Cost("tune", job.name, study, seconds, memory, disk, device == "cuda")


def _backbones(plan: Plan, rates: Rates) -> Iterator[Cost]:
    for name, settings in plan.parameters.backbones.items():
        backbone, seconds, rule = backbone_of(plan, name), STARTING + CONVERTING, "weights"
        parameters = backbone.architecture.parameters
        memory = Memory(PROCESS + READING * parameters, 0.0)
        if isinstance(settings, RenderedBackbone):
            rule, pairs, step = "pretrain", plan.parameters.corpus.pairs, backbone.pretraining
            work = settings.steps * step.work + (_captions(backbone, pairs) if settings.text_from else NOTHING)
            seconds = STARTING + rates.seconds(work) / THREADS["pretrain"] + RENDERING * pairs
            pictures = 2 * pairs * 3 * backbone.architecture.side**2  # rendered in parts, then together
            memory = Memory(PROCESS + SINGLE * parameters + pictures + in_process(step.peak), 0.0)
        yield Cost(rule, name, "all", seconds, memory, weights_disk(plan, name))


def _features_read(plan: Plan) -> list[tuple[str, str]]:
    read = {(job.backbone, part) for job in plan.jobs for part, _ in job.features}
    for_corpus = {(plan.parameters.gram.backbone, plan.part_of(CORPUS))} if plan.has_corpus else set()
    return sorted(read | for_corpus)


def _features(plan: Plan, rates: Rates, device: str, backbone: str, part: str) -> Cost:
    encoder, views = backbone_of(plan, backbone), plan.views_of(part)
    count = views.count if views else 0
    sizes = [size_of(plan, task) for task in plan.parts[part]]
    plain = sum(size.train + size.test for size in sizes)
    of_views = sum(size.train * count for size in sizes)
    work = (plain + of_views) / FEATURES_AT_ONCE * encoder.encoding(FEATURES_AT_ONCE).work
    seconds = STARTING + rates.seconds(work)
    if plan.parameters.is_of_files(plan.parts[part][0]):
        seconds += rates.decoding * (plain + of_views)
    else:
        seconds += RENDERING * plain + rates.pictures * of_views * encoder.architecture.side**2
    disk, memory = features_disk(plan, backbone, part), features_memory(plan, backbone, part, device)
    return Cost("features", f"{backbone}/{part}", "all", seconds, memory, disk, device == "cuda")


def _corpus(plan: Plan, rates: Rates) -> Iterator[Cost]:
    """Filter, topics and domains of the pairs, whose image features are there: captions, clustering, pictures."""
    backbone, size = backbone_of(plan, plan.parameters.gram.backbone), size_of(plan, "corpus")
    pairs, towers = size.train + size.test, backbone.architecture
    seconds = STARTING + rates.seconds(_captions(backbone, pairs)) + CLUSTERING * pairs
    features = SINGLE * pairs * towers.joint
    of_a_pair = 2000.0  # bytes: its caption, embedding and place
    host = PROCESS + CLUSTERING_PROCESS + SINGLE * towers.parameters + in_process(backbone.captions.peak)
    for source in plan.source_seeds:
        yield Cost("corpus", corpus_of(source), "gram", seconds, Memory(host + pairs * of_a_pair, 0.0), features)


def _captions(backbone: TracedBackbone, captions: float) -> Work:
    return captions / CAPTIONS_AT_A_TIME * backbone.captions.work


def _small(rule: str, jobs: int, disk: float) -> Cost:
    return Cost(rule, rule, "all", jobs * SECONDS_OF_A_SMALL_RULE, Memory(1e9, 0.0), disk)
