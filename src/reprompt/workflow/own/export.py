"""`reprompt export`: the prompt of one cell as a folder that opens elsewhere. What is not tuned yet is tuned first."""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from torch import Tensor

from reprompt.cells.cell import Cell
from reprompt.cells.job import Job
from reprompt.cells.parameters import OpenClipBackbone
from reprompt.clip.backbones import Backbone
from reprompt.clip.openai import load
from reprompt.data.splits import Split
from reprompt.exported.card import FORMAT, Card, OfAccuracy, OfBackbone, OfPictures
from reprompt.exported.exportable import exportable
from reprompt.exported.fingerprint import fingerprint
from reprompt.exported.licences import OF_MINIATURE, licence_of
from reprompt.exported.lines import lines_of
from reprompt.exported.prompt import Prompt
from reprompt.planning.plan import Plan
from reprompt.records.prompts import opened_prompts
from reprompt.training.axes import member
from reprompt.workflow.own.outcome import outcomes, wilson
from reprompt.workflow.own.study import Done, Place, Study, plan_of, run, weights_of

VERSIONED = ("reprompt", "torch", "open_clip_torch", "safetensors")


@dataclass(frozen=True)
class Chosen:
    """Which prompt of a study: the draw by its seed, and of a task that is cross-validated the fold."""

    seed: int | None = None
    fold: int = 1


def exported(study: Study, place: Place, chosen: Chosen) -> Prompt:
    """The prompt of one method at one number of shots. Raises ValueError for what cannot be exported, with the reason.

    The seed is the first, if none is said: to choose the best one by test pictures would flatter it.
    """
    plan = plan_of(study, place)
    for job in plan.jobs:
        if why := exportable(job.cells[0].method, job.cells[0].learner).refused:
            raise ValueError(why)
    job, number, cell = _found(plan, study, chosen)
    done = run(study, plan, place)
    backbone = load(weights_of(plan, job.backbone), job.backbone)
    split = Split.read(done.splits / f"{cell.task}.json")
    card = _card(done, cell, backbone, split)
    learned = _learned(done, job, number) if cell.keeps_prompt else {}
    prompt = Prompt(card, learned, None, backbone.model.logit_scale.detach().clone())
    features = prompt.classifier(backbone.model) if exportable(cell.method, cell.learner).classes else None
    return Prompt(card, learned, features, prompt.logit_scale)


def _found(plan: Plan, study: Study, chosen: Chosen) -> tuple[Job, int, Cell]:
    """The job of the cell that is to be exported, its place there and itself. Raises ValueError where there is none."""
    for job in plan.jobs:
        for number, cell in enumerate(job.cells):
            if _is(cell, study, chosen):
                return job, number, cell
    draws = sorted({cell.seed for cell in plan.cells})
    raise ValueError(f"no prompt of seed {chosen.seed} and fold {chosen.fold}: there are draws of seeds {draws}")


def _is(cell: Cell, study: Study, chosen: Chosen) -> bool:
    """Whether a cell is the one that is to be exported."""
    tasks = (study.task, f"{study.task}_fold{chosen.fold}")
    if not cell.method.by_steps:
        return cell.task in tasks
    return cell.task in tasks and cell.shots == study.shots[0] and cell.seed == (chosen.seed or cell.seed)


def _learned(done: Done, job: Job, number: int) -> dict[str, Tensor]:
    """The learned tensors of a job's cell, as they were evaluated, in single precision."""
    file = opened_prompts(done.records(job).with_suffix(".safetensors"))
    names = (key.partition("/") for key in file.names)
    return {name: file[f"{number}/{name}"].float() for of, _, name in names if of == str(number)}


def _card(done: Done, cell: Cell, backbone: Backbone, split: Split) -> Card:
    parameters, can = done.plan.parameters, exportable(cell.method, cell.learner)
    settings, weights = parameters.backbones[cell.backbone], weights_of(done.plan, cell.backbone)
    is_open_clip = isinstance(settings, OpenClipBackbone)
    model, tag = (settings.model, settings.pretrained) if is_open_clip else (cell.backbone, done.plan.scale)
    preparation = backbone.preparation.of(parameters.card(cell.task))
    pictures = OfPictures(
        side=preparation.side,
        resize=preparation.resize,
        interpolation=preparation.interpolation,
        mean=backbone.mean,
        std=backbone.std,
        upright=parameters.card(cell.task).is_upright,
    )
    of_backbone = OfBackbone(
        name=cell.backbone,
        source=settings.source,
        model=model,
        pretrained=tag,
        weights=str(weights.resolve()),
        weights_sha256=backbone.weights_sha256,
        fingerprint=fingerprint(backbone.model),
        licence=licence_of(model, tag) if is_open_clip else OF_MINIATURE,
    )
    templates = () if cell.method.by_steps else member("learner", cell.method).templates(cell.learner, split)
    return Card(
        format=FORMAT,
        task=cell.task,
        recipe=cell.recipe,
        settings=cell.resolved,
        shots=cell.shots,
        seed=cell.seed,
        template=split.template,
        templates=templates,
        classes=tuple(split.class_names),
        backbone=of_backbone,
        pictures=pictures,
        opens_in=can.opens_in,
        new_classes=can.new_classes,
        accuracy=_accuracy(done, cell),
        versions={name: version(name) for name in VERSIONED},
        lines=lines_of(of_backbone, pictures, can.opens_in, settings.file if is_open_clip else None),
    )


def _accuracy(done: Done, cell: Cell) -> OfAccuracy:
    """The accuracy of a cell's own prompt, and the mean over all draws (and folds) at its shots."""
    records = done.frame
    (own,) = records[
        (records["metric"] == "accuracy")
        & (records["task"] == cell.task)
        & (records["shots"] == cell.shots)
        & (records["seed"] == cell.seed)
    ].itertuples()
    (of_all,) = [outcome for outcome in outcomes(records, {}) if outcome.shots == cell.shots]
    low, high = wilson(own.value, own.images)
    return OfAccuracy(
        percent=own.value,
        images=int(own.images),
        low=low,
        high=high,
        mean_over_draws=of_all.accuracy,
        draws=of_all.draws,
        half_width=of_all.half_width,
    )


def in_words(prompt: Prompt, folder: Path) -> list[str]:
    """What was exported, and how well it does."""
    card, accuracy = prompt.card, prompt.card.accuracy
    half = "" if accuracy.half_width is None else f" ± {accuracy.half_width:.1f}"
    return [
        f"{card.method.label}, {card.shots} shots, {len(card.classes)} classes of {card.task}, on {card.backbone.model}"
        f" ({card.backbone.licence})",
        f"accuracy {accuracy.percent:.1f} % of {accuracy.images} test pictures (95 %: {accuracy.low:.1f} to"
        f" {accuracy.high:.1f}); {accuracy.draws} draws: {accuracy.mean_over_draws:.1f}{half}",
        f"written: {folder}",
    ]
