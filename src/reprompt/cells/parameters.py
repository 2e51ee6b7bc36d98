"""The parameters as frozen typed objects, block by block, and what makes sense together."""

import itertools
import typing
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    create_model,
    model_validator,
)

from reprompt.cells.clustering import Clustering
from reprompt.cells.recipes import DRAWN_BY_CLASS, RECIPES, TAUGHT, Recipe
from reprompt.foundation.block import Block, NonNegative, Probability
from reprompt.foundation.nearest import nearest
from reprompt.tasks.card import Card, card_of, cards
from reprompt.tasks.groups import expanded, groups, members

Measure = Literal["curve", "angle", "collapse", "features", "grad_cam", "similarity"]  # files of evaluation/measures/
Group = Literal["best_2", "best_3", "worst_2", "worst_3"]  # a target task with one or two partners
Tasks = Annotated[tuple[str, ...], BeforeValidator(expanded)]  # tasks, and groups of the cards by their names


class ParameterError(ValueError):
    """A mistake in the parameter file, in words for its author."""


class RenderedData(Block):
    """The miniature's tasks: how many pictures, rendered from which seed."""

    source: Literal["rendered"]
    render_seed: int
    train_per_class: PositiveInt
    test_per_class: PositiveInt
    least_test: PositiveInt
    most_test: PositiveInt
    habit_probability: Probability = 0.7
    habit_strength: NonNegative = 0.3


class FileData(Block):
    """The real data sets below one folder, each in the folder that its card names.

    Pictures are `size` pixels wide and high; of a class at most `pool` are training images, from which every seed draws
    its own; those of the tasks in `squashed` lose their aspect. `workers` threads decode them.
    """

    source: Literal["files"]
    root: str
    size: PositiveInt
    pool: PositiveInt
    squashed: Tasks
    workers: PositiveInt
    cards: str | None = None


class Corpus(Block):
    """The rendered image-text pairs that stand for CC3M."""

    pairs: PositiveInt
    seed: int
    mismatched_share: Probability


class Web(Block):
    """The labelled web pictures that stand for WebVision; a share of their labels is wrong."""

    images: PositiveInt
    seed: int
    wrong_share: Probability


class FileImages(Block):
    """Pictures of the web on disk: CC3M's pairs, or WebVision."""

    root: str


class Gram(Block):
    """What GRAM meta-trains on: the task `corpus`, whose classes are topics of image-text pairs, and `webvision`.

    `backbone` is the one whose similarities filter the pairs and whose features make domains.
    """

    backbone: str
    pairs: Corpus | FileImages
    web: Web | FileImages
    clustering: Clustering


class Views(Block):
    """Augmented views per training image: random resized crop of at least `smallest_crop` of the area, and a flip."""

    count: PositiveInt
    smallest_crop: Annotated[float, Field(gt=0, le=1)]
    flip: Probability


class RenderedBackbone(Block):
    """A miniature CLIP: open_clip's tower settings and the length of its pre-training."""

    source: Literal["rendered"]
    vision: dict[str, int | list[int]]
    text: dict[str, int]
    joint_width: PositiveInt
    steps: PositiveInt
    batch: PositiveInt = 256
    rate: PositiveFloat = 2e-3
    warmup: PositiveInt = 100
    seed: int = 0
    text_from: str | None = None

    @property
    def image_tower(self) -> Literal["vit", "resnet"]:
        """Tokens or feature maps: open_clip makes a ResNet of a list of layers."""
        return "resnet" if isinstance(self.vision["layers"], list) else "vit"


class OpenClipBackbone(Block):
    """A CLIP that open_clip knows by name, with the tag of its weights; `file` is where they lie, if not downloaded."""

    source: Literal["open_clip"]
    model: str
    pretrained: str
    file: str | None = None

    @property
    def image_tower(self) -> Literal["vit", "resnet"]:
        """OpenAI's ResNets are called RN."""
        return "resnet" if self.model.startswith("RN") else "vit"


class Tuning(Block):
    """How a prompt is tuned. The schedule is CoOp's: one epoch at `warmup_rate`, then one cosine over the epochs.

    `checkpoint` is the prompt after the last epoch, or the best one on a validation fifth that is taken out of the
    few-shot set (MVLPT), looked at after every `validate_every` epochs and after the last. `optimiser`: all released
    code has SGD; MVLPT's paper says Adam.
    """

    context_length: PositiveInt
    initialisation: str
    rate: PositiveFloat
    warmup_rate: PositiveFloat = 1e-5
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    weight_decay: NonNegative = 5e-4
    batch: PositiveInt = 32
    epochs: PositiveInt | dict[PositiveInt, PositiveInt]
    epochs_of_task: dict[str, PositiveInt] = Field(default={})
    steps_per_epoch: PositiveInt | None = None
    augmentation: Literal["views", "none"] = "views"
    optimiser: Literal["sgd", "adam"] = "sgd"
    checkpoint: Literal["last", "best"] = "last"
    validate_every: PositiveInt = 1

    def epochs_for(self, task: str, shots: int) -> int:
        """Epochs of a run: a task's own number first, then the number for its shots."""
        by_shots = self.epochs if isinstance(self.epochs, int) else self.epochs.get(shots)
        epochs = self.epochs_of_task.get(task, by_shots)
        if epochs is None:
            raise ParameterError(f"tuning.epochs has no entry for {shots} shots: add one or give a single number")
        return epochs


Number = int | float
Value = Number | str
Tau = Annotated[float, Field(gt=0, le=1)]


class Grid(BaseModel):
    """Settings to be swept, every combination of their values; `of` names the methods, all of them by default."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, tuple[Value, ...]]
    of: tuple[str, ...] = ()

    @property
    def values(self) -> dict[str, tuple[Value, ...]]:
        """The values of every swept setting."""
        return self.__pydantic_extra__


class Experiment(Block):
    """Methods under one protocol: what they are tuned on, how often and how, and what is measured beside accuracy.

    Left out, `tasks` are all of CoOp's, `backbones` the standard one and `seeds` those of the file. `judged_on` belongs
    to the protocols that judge prompts on other tasks. Each entry of `sweep` is a grid of settings over which every
    tuned method is run. `starts` are experiments (`multitask` or `meta`) whose prompts are the start; `groups` says
    with which partners a task is trained; `prompts_of` is the experiment whose prompts are judged elsewhere.

    So that jobs last minutes to hours, `tasks_per_job` puts parts of the tasks together up to so many, and
    `runs_per_job` cuts what has more runs. What a run gives, and whether it is finished, does not depend on either.
    """

    protocol: Literal["few_shot", "base_to_new", "transfer", "elevater", "multitask", "transfer_grid", "meta"]
    tuning: str
    methods: tuple[str, ...]
    shots: tuple[PositiveInt, ...]
    tau: tuple[Tau, ...] = (1.0,)
    tasks: Tasks = ()
    judged_on: Tasks = ()
    backbones: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    sweep: tuple[Grid, ...] = ()
    measures: tuple[Measure, ...] = ()
    starts: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    prompts_of: str = ""
    keeps_prompts: bool = False
    tasks_per_job: PositiveInt | None = None
    runs_per_job: PositiveInt | None = None

    @model_validator(mode="after")
    def _fits_its_protocol(self) -> "Experiment":
        if (self.protocol in ("transfer", "transfer_grid")) != bool(self.judged_on):
            raise ValueError("judged_on belongs to protocols transfer and transfer_grid, which need it")
        if (self.protocol == "transfer_grid") != bool(self.prompts_of):
            raise ValueError("prompts_of belongs to protocol transfer_grid, which needs it")
        if self.groups and self.protocol != "elevater":
            raise ValueError("groups belong to protocol elevater")
        return self

    def grids(self, method: str) -> list[dict[str, Value]]:
        """Every combination of swept settings of a method once; one of nothing where nothing is swept."""
        meant = [grid.values for grid in self.sweep if method in (grid.of or (method,))]
        grids = [dict(zip(grid, values, strict=True)) for grid in meant for values in itertools.product(*grid.values())]
        return [grid for place, grid in enumerate(grids) if grid not in grids[:place]] or [{}]


class Where(Block):
    """An exception: the settings beside these hold in a block of `tuning`, at a number of shots, on a task."""

    tuning: str | None = None
    shots: PositiveInt | None = None
    task: str | None = None

    def holds(self, tuning: str, task: str, shots: int) -> bool:
        """Whether a cell is meant."""
        here = {"tuning": tuning, "task": task, "shots": shots}
        return all(getattr(self, name) in (None, value) for name, value in here.items())


class Method(Block):
    """A recipe's block."""

    where: tuple[Where, ...] = ()

    def settings_for(self, tuning: str, task: str, shots: int) -> dict[str, Any]:
        """What it sets for a cell, later exceptions over earlier ones."""
        settings = _given(self, exclude={"where"})
        for exception in self.where:
            if exception.holds(tuning, task, shots):
                settings |= _given(exception, exclude=set(Where.model_fields))
        return settings


def _given(block: Block, exclude: set[str]) -> dict[str, Any]:
    return {key: value for key, value in block.model_dump(exclude=exclude).items() if value is not None}


def _method_block(name: str, recipe: Recipe) -> type[Block]:
    """The block of a recipe: its own settings, all of them; any key of `tuning`; and exceptions under `where`."""
    fields = Tuning.model_fields.items() if recipe.gradient else ()
    tuning = {key: Annotated[(field.annotation, *field.metadata, None)] for key, field in fields}  # with its limits
    optional = {key: (kind | None, None) for key, kind in {**tuning, **recipe.settings}.items()}
    where = create_model(f"{name}_where", __base__=Where, **optional)
    own = {key: (kind, ...) for key, kind in recipe.settings.items()}
    over = {key: optional[key] for key in tuning}
    return create_model(name, __base__=Method, **over, **own, where=(tuple[where, ...], ()))


# One block per recipe that an experiment runs; a recipe that none runs needs no block.
Methods = create_model(
    "Methods", __base__=Block, **{name: (_method_block(name, recipe) | None, None) for name, recipe in RECIPES.items()}
)


class Parameters(Block):
    """All parameters at the active scale."""

    schema_number: int = Field(alias="schema")
    scale: str
    seeds: tuple[int, ...]
    standard_backbone: str
    tasks: Tasks
    shifts: Tasks = ()
    targets: Tasks = ()
    judged_images: dict[str, PositiveInt] = Field(default={})
    tasks_per_job: PositiveInt
    runs_per_fleet: PositiveInt
    precision: Literal["float32", "bfloat16"] = "float32"
    data: Annotated[RenderedData | FileData, Field(discriminator="source")]
    corpus: Corpus | None = None
    gram: Gram | None = None
    views: Views
    backbones: dict[str, Annotated[RenderedBackbone | OpenClipBackbone, Field(discriminator="source")]]
    methods: Methods
    tuning: dict[str, Tuning]
    experiments: dict[str, Experiment]

    @property
    def web_tasks(self) -> tuple[str, ...]:
        """The tasks made of pictures from the web, where there is a block that says how."""
        return members("web") if self.gram else ()

    def card(self, task: str) -> Card:
        """The card of a task, the user's own laid over it."""
        own = self.data.cards if isinstance(self.data, FileData) else None
        return card_of(task, Path(own) if own else None)

    def images_of(self, task: str) -> dict[str, Any]:
        """What the images of a task depend on."""
        of: Block = self.data
        if task in self.web_tasks:
            of = {"corpus": self.gram.pairs, "webvision": self.gram.web}[task]
        if isinstance(of, FileImages):
            of = self.data
        return of.model_dump(exclude={"root", "workers", "cards"})  # where pictures lie says nothing about them

    @model_validator(mode="after")
    def _names_exist(self) -> "Parameters":
        named = {
            "standard_backbone": (self.standard_backbone,),
            "gram.backbone": (self.gram.backbone,) if self.gram else (),
        }
        for key in ("tasks", "shifts", "targets"):
            _check_names(key, getattr(self, key), {**cards(), **groups()}, "task")
        for name, backbone in self.backbones.items():
            if isinstance(backbone, RenderedBackbone) and backbone.text_from:
                named[f"backbones.{name}.text_from"] = (backbone.text_from,)
        for key, experiment in self.experiments.items():
            named[f"experiments.{key}.backbones"] = experiment.backbones
            _check_names(f"experiments.{key}.tuning", (experiment.tuning,), self.tuning, "block")
            _check_names(f"experiments.{key}.methods", experiment.methods, RECIPES, "method")
            trained = (*self.tasks, *self.targets, *self.web_tasks)
            _check_names(f"experiments.{key}.tasks", experiment.tasks, trained, "task")
            _check_names(f"experiments.{key}.judged_on", experiment.judged_on, (*trained, *self.shifts), "task")
            _check_names(f"experiments.{key}.starts", experiment.starts, self.experiments, "experiment")
            if experiment.prompts_of:
                _check_names(f"experiments.{key}.prompts_of", (experiment.prompts_of,), self.experiments, "experiment")
            for grid in experiment.sweep:
                _check_names(f"experiments.{key}.sweep.of", grid.of, RECIPES, "method")
        for key, names in named.items():
            _check_names(key, names, self.backbones, "backbone")
        for name in RECIPES:
            block = getattr(self.methods, name)
            for place, exception in enumerate(block.where if block else ()):
                if exception.tuning:
                    _check_names(f"methods.{name}.where.{place}.tuning", (exception.tuning,), self.tuning, "block")
        return self

    @model_validator(mode="after")
    def _experiments_make_sense(self) -> "Parameters":
        for key, experiment in self.experiments.items():
            for task in experiment.tasks or self.tasks:
                if card_of(task).is_multi_label and experiment.protocol in DRAWN_BY_CLASS:
                    why = f"its images have several classes; {experiment.protocol} draws images of one"
                    raise ValueError(f"experiments.{key}.tasks: {task}: {why}")
            for method in experiment.methods:
                if getattr(self.methods, method) is None:
                    raise ValueError(f"methods.{method}: missing; experiments.{key} runs it")
                for backbone in experiment.backbones or (self.standard_backbone,):
                    refusal = RECIPES[method].refusal(experiment.protocol, self.backbones[backbone].image_tower)
                    if refusal:
                        raise ValueError(f"experiments.{key}.methods: {method}: {refusal}")
                if "angle" in experiment.measures and RECIPES[method].gradient not in TAUGHT:
                    raise ValueError(f"experiments.{key}.measures: angle: {method} has no general gradient")
                if experiment.keeps_prompts and not RECIPES[method].gradient:
                    raise ValueError(f"experiments.{key}.keeps_prompts: {method} has no prompt to keep")
                if not RECIPES[method].learned:
                    continue
                stored = RECIPES[method].starts_from is not None and experiment.protocol != "transfer_grid"
                if stored != bool(experiment.starts):
                    raise ValueError(f"experiments.{key}.starts: {method} {'needs' if stored else 'has no use for'} it")
                if experiment.groups and RECIPES[method].objective != "multitask":
                    raise ValueError(f"experiments.{key}.groups: {method} is trained on one task")
                unknown = {name for grid in experiment.grids(method) for name in grid} - _settings_of(method)
                if unknown:
                    raise ValueError(f"experiments.{key}.sweep: {method} has no setting {sorted(unknown)[0]!r}")
                for name, value in _swept_values(experiment, method):
                    try:
                        _with_setting(getattr(self.methods, method), name, value)
                    except ValidationError as error:
                        why = error.errors()[0]["msg"]
                        raise ValueError(f"experiments.{key}.sweep: {method}: {name}: {why}, found {value}") from None
        if self.data.source == "rendered" and self.corpus is None:
            raise ValueError("corpus: rendered data needs the block of the corpus that its backbones are trained on")
        return self


def _check_names(key: str, names: typing.Iterable[str], known: typing.Container[str], what: str) -> None:
    for name in names:
        if name not in known:
            raise ValueError(f"{key}: no {what} {name!r}{nearest(name, known)}")


def _swept_values(experiment: Experiment, method: str) -> list[tuple[str, Value]]:
    return [swept for grid in experiment.grids(method) for swept in grid.items()]


def _with_setting(block: Block, name: str, value: Value) -> Block:
    """A method's block with another value of one setting, checked as the file's own."""
    return type(block).model_validate(block.model_dump(exclude_unset=True) | {name: value})


def _settings_of(method: str) -> set[str]:
    return {*RECIPES[method].settings, *(Tuning.model_fields if RECIPES[method].gradient else ())}
