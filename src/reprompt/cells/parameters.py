"""The parameters as frozen typed objects, block by block, and what makes sense together."""

import itertools
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    TypeAdapter,
    ValidationError,
    create_model,
    model_validator,
)

from reprompt.cells.architectures import architecture, image_tower_is_resnet, refusal
from reprompt.cells.axes import ALL_LAYERS, DepthOf, Settings
from reprompt.cells.clustering import Clustering
from reprompt.cells.members import AXES, members
from reprompt.cells.recipes import DRAWN_BY_CLASS, Recipe, member_of, names_of, recipe_of
from reprompt.cells.tuning import ALIGNED, TEMPLATE, Episodes, Tuning
from reprompt.foundation.block import Block, NonNegative, Probability
from reprompt.foundation.nearest import nearest
from reprompt.tasks.card import Card, card_of, data_set_of, known_tasks, own_cards
from reprompt.tasks.groups import derived, expanded, groups
from reprompt.tasks.groups import members as tasks_in

Measure = Literal["curve", "angle", "collapse", "features", "grad_cam", "similarity"]  # files of evaluation/measures/
Group = Literal["best_2", "best_3", "worst_2", "worst_3"]  # a target task with one or two partners
PartnersBy = Literal["validation", "grid"]  # what decides which tasks these are: training/groups.py
Protocol = Literal["few_shot", "base_to_new", "transfer", "elevater", "multitask", "transfer_grid", "meta"]
BLOCKS = {"learner": "learners", "objective": "objectives", "gradient": "gradients", "start": "starts"}  # of the file
# Settings of `tuning` that a cell names only where they are not the default, so that older cells stay what they are.
SAID_WHERE_OTHER = ("last_batch",)
CLASSES_OF_HALVES = 4  # the fewest of which both halves have a choice
REGULATOR = ("regulator_rate", "regulator_start")  # how one is learned
LARGEST_IMAGE = 178  # megapixels: above that Pillow takes a picture for an attack
Tasks = Annotated[tuple[str, ...], BeforeValidator(expanded)]  # tasks, and groups of the cards by their names


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

    Of a class at most `pool` pictures are training images, from which every seed draws its own. `workers` threads
    decode them; one of more than `largest_image` megapixels is refused before. How large they are is the backbone's.
    """

    source: Literal["files"]
    root: str
    pool: PositiveInt
    workers: PositiveInt
    largest_image: PositiveInt = LARGEST_IMAGE
    cards: str | None = None


# How pictures of the user's own are read where the data of the scale are rendered.
OWN_DATA = FileData(source="files", root=".", pool=128, workers=2)


class CorpusSettings(Block):
    """The rendered image-text pairs that stand for CC3M."""

    pairs: PositiveInt
    seed: int
    mismatched_share: Probability


class WebSettings(Block):
    """The labelled web pictures that stand for WebVision; a share of their labels is wrong."""

    images: PositiveInt
    seed: int
    wrong_share: Probability


class FileImages(Block):
    """Pictures of the web on disk: CC3M's pairs, or WebVision."""

    root: str


class DerivedTasks(Block):
    """Tasks that are derived from the corpus: so many topics each, drawn by `seed` among those with pictures enough."""

    classes: PositiveInt
    least_train: PositiveInt
    least_test: PositiveInt
    seed: int


class Gram(Block):
    """What GRAM meta-trains on: the task `corpus`, whose classes are topics of image-text pairs, and `webvision`.

    `backbone` is the one whose similarities filter the pairs and whose features make domains. On tasks `derived` from
    the corpus settings can be chosen, by meta-training on `corpus_rest`, which lacks their topics.
    """

    backbone: str
    pairs: CorpusSettings | FileImages
    web: WebSettings | FileImages
    clustering: Clustering
    derived: DerivedTasks


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

    @property
    def layers(self) -> dict[str, int]:
        """Transformer layers of the towers, `image` and `text`; a ResNet has no image layers to prompt."""
        return _layers(self.vision, self.text)


class OpenClipBackbone(Block):
    """A CLIP that open_clip knows by name, with the tag of its weights; `file` is where they lie, if not downloaded."""

    source: Literal["open_clip"]
    model: str
    pretrained: str
    file: str | None = None

    @property
    def image_tower(self) -> Literal["vit", "resnet"]:
        """As of a miniature CLIP. Raises ParameterError where open_clip has no such model."""
        return "resnet" if image_tower_is_resnet(architecture(self.model)) else "vit"

    @property
    def layers(self) -> dict[str, int]:
        """As of a miniature CLIP, by open_clip's description of the model. Raises ParameterError if there is none."""
        described = architecture(self.model)
        return _layers(described["vision_cfg"], described["text_cfg"])


def _layers(vision: Mapping[str, Any], text: Mapping[str, Any]) -> dict[str, int]:
    image = {} if isinstance(vision["layers"], list) else {"image": vision["layers"]}
    return image | {"text": text["layers"]}


Number = int | float
Value = Number | str
Tau = Annotated[float, Field(gt=0, le=1)]


def _canonical(expressions: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(recipe_of(expression).expression for expression in expressions)


Expressions = Annotated[tuple[str, ...], AfterValidator(_canonical)]  # of recipes, in their canonical form


class Grid(BaseModel):
    """Settings to be swept, every combination of their values; `of` names the methods, all of them by default."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, tuple[Value, ...]]
    of: Expressions = ()

    @property
    def values(self) -> dict[str, tuple[Value, ...]]:
        """The values of every swept setting."""
        return self.__pydantic_extra__


class Experiment(Block):
    """Methods under one protocol: what they are tuned on, how often and how, and what is measured beside accuracy.

    Left out, `tasks` are all of CoOp's, `backbones` the standard one and `seeds` those of the file. `judged_on` belongs
    to the protocols that evaluate prompts on other tasks. Each entry of `sweep` is a grid of settings over which
    every tuned method is run. `starts` are experiments (`multitask` or `meta`) whose prompts are the start; `groups`
    says with which partners a task is trained; `prompts_of` is the experiment whose prompts are evaluated elsewhere.
    `version` says whose data sets the tasks are where two benchmarks have one of a name; ELEVATER has 20 tasks.

    So that jobs last minutes to hours, `tasks_per_job` puts parts of the tasks together up to so many, and
    `runs_per_job` cuts what has more runs. What a run gives, and whether it is finished, does not depend on either.

    An experiment `on_request` is in no table, claim or report: it is run by `snakemake stage_<experiment>` alone.
    """

    protocol: Protocol
    tuning: str
    version: Literal["coop", "elevater"] = "coop"
    methods: Expressions
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
    on_request: bool = False

    @model_validator(mode="after")
    def _fits_its_protocol(self) -> "Experiment":
        if (self.protocol in ("transfer", "transfer_grid")) != bool(self.judged_on):
            raise ValueError("judged_on belongs to protocols transfer and transfer_grid, which need it")
        if (self.protocol == "transfer_grid") != bool(self.prompts_of):
            raise ValueError("prompts_of belongs to protocol transfer_grid, which needs it")
        if self.groups and self.protocol != "elevater":
            raise ValueError("groups belong to protocol elevater")
        if self.version == "elevater":
            for task in (*self.tasks, *self.judged_on):
                if task in known_tasks() and task not in tasks_in("elevater20"):
                    raise ValueError(f"version elevater: {task} is none of ELEVATER's tasks")
        return self

    def grids(self, method: str) -> list[dict[str, Value]]:
        """Every combination of swept settings of a method once; one of nothing where nothing is swept."""
        meant = [grid.values for grid in self.sweep if method in (grid.of or (method,))]
        grids = [dict(zip(grid, values, strict=True)) for grid in meant for values in itertools.product(*grid.values())]
        return [grid for place, grid in enumerate(grids) if grid not in grids[:place]] or [{}]


class Where(Block):
    """An exception: the settings beside these hold under a protocol, in a block of `tuning`, at some shots, on a task.

    Or beside a member or variant of another axis: CoOp's lambda at 16 shots is not the cosine classifier's.
    """

    protocol: Protocol | None = None
    tuning: str | None = None
    shots: PositiveInt | None = None
    task: str | None = None
    learner: str | None = None
    objective: str | None = None
    gradient: str | None = None
    start: str | None = None

    def holds(self, here: Mapping[str, str | int]) -> bool:
        """Whether a cell is meant, given its protocol, tuning, shots, task and its names on the axes."""
        return all(getattr(self, name) in (None, here.get(name)) for name in Where.model_fields)


class Layer(Block):
    """The block of a member or of a variant, laid over a block of `tuning`."""

    where: tuple[Where, ...] = ()

    def settings_for(self, here: Mapping[str, str | int]) -> dict[str, Any]:
        """What it sets for a cell, later exceptions over earlier ones."""
        settings = _set_in(self)
        for exception in self.where:
            if exception.holds(here):
                settings |= _given(exception, exclude=set(Where.model_fields))
        return settings


def _set_in(layer: Layer) -> dict[str, Any]:
    """What a member's block sets, but for its exceptions."""
    return _given(layer, exclude={"where"})


def _given(block: Block, exclude: set[str]) -> dict[str, Any]:
    return {key: value for key, value in block.model_dump(exclude=exclude).items() if value is not None}


def _kinds(block: type[Block]) -> dict[str, Any]:
    """The types of a block's keys, with their limits; a depth may also be `all`."""
    kinds = {}
    for name, field in block.model_fields.items():
        kind = Annotated[(field.annotation, *field.metadata, None)]
        is_depth = any(isinstance(mark, DepthOf) for mark in field.metadata)
        kinds[field.alias or name] = kind | Literal[ALL_LAYERS] if is_depth else kind
    return kinds


def _optional(kinds: Mapping[str, Any]) -> dict[str, tuple[Any, None]]:
    return {key: (kind | None, None) for key, kind in kinds.items()}


def _layer(name: str, declared: type[Settings]) -> type[Layer]:
    """What a member's block may hold: its settings, any key of `tuning` if it is tuned, and exceptions to both."""
    tuning = _kinds(Tuning) if getattr(declared, "trained", "by_steps") == "by_steps" else {}
    kinds = _kinds(declared)
    where = create_model(f"{name}_where", __base__=Where, **_optional({**kinds, **tuning}))
    needed = {key: (kinds[key], ...) for key in _needed(declared)}
    over = {**_optional({**kinds, **tuning}), **needed}
    return create_model(name, __base__=Layer, **over, where=(tuple[where, ...], ()))


def _needed(declared: type[Settings]) -> list[str]:
    """The settings that a member's block has to have: those with no default that `tuning` does not give."""
    given = {*Tuning.model_fields}
    fields = declared.model_fields.items()
    return [key for name, field in fields if field.is_required() and (key := field.alias or name) not in given]


def _axis_block(axis: str) -> type[Block]:
    """The blocks of an axis: one for each member and variant, which those that need no setting can do without."""
    layers = {name: _layer(name, members(axis)[member_of(axis, name)]) for name in names_of(axis)}
    return create_model(AXES[axis], __base__=Block, **{name: (layer | None, None) for name, layer in layers.items()})


def _of_members() -> dict[str, Any]:
    """The settings of all members by name; members of one setting share its values."""
    kinds: dict[str, Any] = {}
    for axis in AXES:
        for declared in members(axis).values():
            for key, kind in _kinds(declared).items():
                kinds[key] = kinds[key] | kind if key in kinds else kind
    return {key: kind for key, kind in kinds.items() if key not in Tuning.model_fields}


# A block of `tuning` may also say what its recipes' members are set to under it; episodes are for protocol meta.
TuningBlock = create_model("TuningBlock", __base__=Tuning, **_optional({**_of_members(), **_kinds(Episodes)}))


class Parameters(Block):
    """All parameters at the active scale.

    `partners_by` says what MVLPT's groups of tasks are chosen by: scores on the target's validation images, or the
    printed transferability map, which is of test images (training/groups.py says which of the paper's tables did what).
    """

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
    partners_by: PartnersBy = "validation"
    data: Annotated[RenderedData | FileData, Field(discriminator="source")]
    corpus: CorpusSettings | None = None
    gram: Gram | None = None
    views: Views
    backbones: dict[str, Annotated[RenderedBackbone | OpenClipBackbone, Field(discriminator="source")]]
    learners: _axis_block("learner") = Field(default={}, validate_default=True)
    objectives: _axis_block("objective") = Field(default={}, validate_default=True)
    gradients: _axis_block("gradient") = Field(default={}, validate_default=True)
    starts: _axis_block("start") = Field(default={}, validate_default=True)
    tuning: dict[str, TuningBlock]
    experiments: dict[str, Experiment]

    @property
    def web_tasks(self) -> tuple[str, ...]:
        """The tasks made of pictures from the web, where there is a block that says how."""
        return tasks_in("web") if self.gram else ()

    @property
    def derived_tasks(self) -> tuple[str, ...]:
        """The tasks that are derived from the corpus and show its pictures."""
        return derived() if self.gram else ()

    @property
    def own_tasks(self) -> tuple[str, ...]:
        """The tasks of the user's own that experiments read."""
        return tuple(filter(self.read.__contains__, own)) if (own := own_cards()) else ()

    def is_of_files(self, data_set: str) -> bool:
        """Whether a data set lies on disk: at scales that are rendered those of the user's own do."""
        return isinstance(self.data, FileData) or data_set in own_cards()

    @property
    def reads_files(self) -> bool:
        """Whether any data set lies on disk."""
        return isinstance(self.data, FileData) or bool(self.own_tasks)

    @property
    def file_data(self) -> FileData:
        """How pictures on disk are read; at scales that are rendered those of the user's own."""
        return self.data if isinstance(self.data, FileData) else OWN_DATA

    def seeds_of(self, experiment: str) -> tuple[int, ...]:
        """The seeds that an experiment is run with."""
        return self.experiments[experiment].seeds or self.seeds

    def card(self, data_set: str) -> Card:
        """The card of a data set, the user's own laid over it."""
        own = self.data.cards if isinstance(self.data, FileData) else None
        return card_of(data_set, Path(own) if own else None)

    def version_of(self, experiment: Experiment) -> str:
        """Which version of its tasks an experiment is about, if not CoOp's; rendered tasks have one version alone."""
        return "" if isinstance(self.data, RenderedData) or experiment.version == "coop" else experiment.version

    @property
    def read(self) -> set[str]:
        """The data sets that experiments read: those that have methods, and those whose prompts these start from."""
        makers = {
            start for experiment in self.experiments.values() if experiment.methods for start in experiment.starts
        }
        return {
            data_set_of(task, self.version_of(experiment))
            for name, experiment in self.experiments.items()
            if experiment.methods or name in makers
            for task in (*(experiment.tasks or self.tasks), *experiment.judged_on)
        }

    @property
    def versions(self) -> tuple[str, ...]:
        """Those of them that are not called as their tasks are: ELEVATER's of CoOp's tasks."""
        return tuple(sorted(self.read - {*known_tasks()}))

    def layers_of(self, recipe: Recipe) -> dict[str, Layer]:
        """The blocks of a recipe's members and variants, by axis, in the order in which they are laid."""
        return {axis: getattr(getattr(self, BLOCKS[axis]), name) or Layer() for axis, name in recipe.names.items()}

    def resolved(self, experiment: Experiment, recipe: Recipe, task: str, shots: int) -> dict[str, Any]:
        """Every setting of a recipe's cell: of its tuning block and, over that, of its members' blocks."""
        tuning = experiment.tuning
        here = {"protocol": experiment.protocol, "tuning": tuning, "task": task, "shots": shots, **recipe.names}
        own: dict[str, Any] = {}
        for layer in self.layers_of(recipe).values():
            own |= layer.settings_for(here)
        if not recipe.by_steps:
            return own
        block = self.tuning[tuning]
        given = {key: own.pop(key) for key in Tuning.model_fields if key in own}
        if "epochs" in given:  # a member's own epochs, so the block's exceptions by task are not meant for it
            given.setdefault("epochs_of_task", {})
        tuned = Tuning.model_validate(block.model_dump(include=set(Tuning.model_fields)) | given)
        usual = {name for name in SAID_WHERE_OTHER if getattr(tuned, name) == Tuning.model_fields[name].default}
        settings = tuned.model_dump(exclude={"epochs", "epochs_of_task", *usual})
        settings |= {"epochs": tuned.epochs_for(task, shots)}
        taken = {*Episodes.model_fields, *recipe.keys}
        settings |= {key: value for key, value in _given(block, set(Tuning.model_fields)).items() if key in taken}
        return settings | own | ({} if self.precision == "float32" else {"precision": self.precision})

    def spelt_out(self, settings: dict[str, Any], task: str, version: str) -> dict[str, Any]:
        """A cell's settings with the task's own texts where a word stands for them, so that they say all it depends on.

        Raises ValueError where they ask for the texts of one task, and several are trained together.
        """
        own: dict[str, str] = {}
        asked = settings.get("templates") == "prograd" or settings.get("initialisation") == TEMPLATE
        if asked and task not in known_tasks():
            raise ValueError(f"experiments.{task} asks for the template of one task, and several are trained together")
        if settings.get("templates") == "prograd":
            own["template"] = self.card(data_set_of(task, version)).ends_with_name
        if settings.get("initialisation") == TEMPLATE:
            own["initialisation"] = f"{ALIGNED}{self.card(data_set_of(task, version)).before_name}"
        return settings | own

    def with_depths(self, settings: dict[str, Any], recipe: Recipe, backbone: str) -> dict[str, Any]:
        """Settings of a recipe with the backbone's number of layers where they say `all`.

        A ResNet has no layers of its own: its recipes are refused (Recipe.refusal), whatever the depth.
        """
        layers = self.backbones[backbone].layers
        towers = {"image": ("image",), "text": ("text",), "both": ("image", "text")}
        depths = {
            name: min(layers.get(tower, 1) for tower in towers[mark.tower])
            for name, field in recipe.declared["learner"].model_fields.items()
            for mark in field.metadata
            if isinstance(mark, DepthOf) and settings.get(name) == ALL_LAYERS
        }
        return settings | depths

    def images_of(self, task: str) -> dict[str, Any]:
        """What the images of a task's data set depend on."""
        block: Block = self.file_data if task in own_cards() else self.data
        if task in self.web_tasks:
            block = {"corpus": self.gram.pairs, "webvision": self.gram.web}[task]
        if isinstance(block, FileImages):
            block = self.data
        of_card: dict[str, Any] = {}
        if isinstance(block, FileData):
            card = self.card(task)
            of_card = {"resize": card.resize, **({"orientation": card.orientation} if card.is_upright else {})}
        # where they lie says nothing about them, and what is too large is refused
        return block.model_dump(exclude={"root", "workers", "largest_image", "cards"}) | of_card

    @model_validator(mode="after")
    def _backbones_are_clips(self) -> "Parameters":
        for name, backbone in self.backbones.items():
            if isinstance(backbone, OpenClipBackbone) and (why := refusal(architecture(backbone.model))):
                raise ValueError(f"backbones.{name}: {backbone.model}, {backbone.pretrained}: {why}")
        return self

    @model_validator(mode="after")
    def _names_exist(self) -> "Parameters":
        backbones_at = {
            "standard_backbone": (self.standard_backbone,),
            "gram.backbone": (self.gram.backbone,) if self.gram else (),
        }
        for key in ("tasks", "shifts", "targets"):
            _check_names(key, getattr(self, key), {**known_tasks(), **groups()}, "task")
        for name, backbone in self.backbones.items():
            if isinstance(backbone, RenderedBackbone) and backbone.text_from:
                backbones_at[f"backbones.{name}.text_from"] = (backbone.text_from,)
        for key, experiment in self.experiments.items():
            backbones_at[f"experiments.{key}.backbones"] = experiment.backbones
            _check_names(f"experiments.{key}.tuning", (experiment.tuning,), self.tuning, "block")
            trained = (*self.tasks, *self.targets, *self.web_tasks, *self.derived_tasks, *own_cards())
            _check_names(f"experiments.{key}.tasks", experiment.tasks, trained, "task")
            _check_names(f"experiments.{key}.judged_on", experiment.judged_on, (*trained, *self.shifts), "task")
            _check_names(f"experiments.{key}.starts", experiment.starts, self.experiments, "experiment")
            if experiment.prompts_of:
                _check_names(f"experiments.{key}.prompts_of", (experiment.prompts_of,), self.experiments, "experiment")
        for key, names in backbones_at.items():
            _check_names(key, names, self.backbones, "backbone")
        for axis, folder in BLOCKS.items():
            for name in names_of(axis):
                block = getattr(getattr(self, folder), name)
                for place, exception in enumerate(block.where if block else ()):
                    where = f"{folder}.{name}.where.{place}"
                    if exception.tuning:
                        _check_names(f"{where}.tuning", (exception.tuning,), self.tuning, "block")
                    for other in AXES:
                        if beside := getattr(exception, other):
                            _check_names(f"{where}.{other}", (beside,), names_of(other), other)
        return self

    @model_validator(mode="after")
    def _experiments_make_sense(self) -> "Parameters":
        for key, experiment in self.experiments.items():
            for task in experiment.tasks or self.tasks:
                if card_of(task).is_multi_label and experiment.protocol in DRAWN_BY_CLASS:
                    why = f"its images have several classes; {experiment.protocol} draws images of one"
                    raise ValueError(f"experiments.{key}.tasks: {task}: {why}")
                if experiment.protocol == "base_to_new" and (classes := self._classes_of(task)) < CLASSES_OF_HALVES:
                    why = f"{classes} classes; in a half of one class every prompt is right, so base_to_new takes"
                    raise ValueError(f"experiments.{key}.tasks: {task}: {why} {CLASSES_OF_HALVES} or more")
            _check_sweep(f"experiments.{key}.sweep", experiment)
            for method in experiment.methods:
                self._check_recipe(key, experiment, recipe_of(method))
        for name, block in self.tuning.items():
            self._check_taken(name, block)
        if self.data.source == "rendered" and self.corpus is None:
            raise ValueError("corpus: rendered data needs the block of the corpus that its backbones are trained on")
        return self

    def _classes_of(self, task: str) -> int:
        """How many classes a task has; of those that are derived from the corpus the parameters say it."""
        classes = self.card(task).classes
        return self.gram.derived.classes if classes is None else classes

    def _check_taken(self, name: str, block: TuningBlock) -> None:
        """Refuse what changes nothing under `tuning`: a member's own block goes before it, or no episodes are drawn.

        What only absent methods would take may stay: a file may run some of a block's experiments.
        Raises ValueError with the block to write it in.
        """
        runs = [experiment for experiment in self.experiments.values() if experiment.tuning == name]
        recipes = dict.fromkeys(recipe_of(method) for experiment in runs for method in experiment.methods)
        tuned, own = [recipe for recipe in recipes if recipe.by_steps], {}
        taken = set(Episodes.model_fields) if any(experiment.protocol == "meta" for experiment in runs) else set()
        for recipe in tuned:
            layers = self.layers_of(recipe).items()
            set_there = {
                key: f"{BLOCKS[axis]}.{recipe.names[axis]}" for axis, layer in layers for key in _set_in(layer)
            }
            own = set_there | own
            taken |= recipe.keys - set_there.keys()
        for key in _given(block, set(Tuning.model_fields)) if tuned else ():
            if key not in taken and (key in own or key in Episodes.model_fields):
                instead = f"; {own[key]} has its own" if key in own else ""
                raise ValueError(f"tuning.{name}.{key}: no method that is tuned by it takes it from there{instead}")

    def _check_recipe(self, key: str, experiment: Experiment, recipe: Recipe) -> None:
        """Refuse a recipe that makes no sense in an experiment. Raises ValueError with the key and the reason."""
        method, at = recipe.expression, f"experiments.{key}"
        for axis, name in recipe.names.items():
            if missing := self._missing(axis, name):
                raise ValueError(f"{BLOCKS[axis]}.{name}: {missing}; {at} runs it")
        for backbone in experiment.backbones or (self.standard_backbone,):
            for shots in experiment.shots:
                task = next(iter(experiment.tasks or self.tasks))
                resolved = self.resolved(experiment, recipe, task, shots)
                learner = recipe.settings("learner", self.with_depths(resolved, recipe, backbone))
                if resolved.get("teacher") == "oracle" and resolved.get("oracle_epochs") is None:
                    axis = recipe.taught
                    raise ValueError(f"{BLOCKS[axis]}.{recipe.names[axis]}.oracle_epochs: missing; {at} runs it")
                if refusal := recipe.refusal(experiment.protocol, self.backbones[backbone].image_tower, learner):
                    raise ValueError(f"{at}.methods: {method}: {refusal}")
        if "angle" in experiment.measures and not recipe.general_gradient:
            raise ValueError(f"{at}.measures: angle: {method} has no general gradient")
        if experiment.keeps_prompts and not recipe.by_steps:
            raise ValueError(f"{at}.keeps_prompts: {method} has no prompt to keep")
        if not recipe.learned:
            return
        if recipe.by_steps and recipe.declared["objective"].of_one_class:
            for task in experiment.tasks or self.tasks:
                if card_of(task).is_multi_label:
                    raise ValueError(f"{at}.methods: {method}: {recipe.objective} is for images of one class: {task}")
        self._check_start(key, experiment, recipe)
        if experiment.groups and not recipe.several_tasks:
            raise ValueError(f"{at}.groups: {method} is trained on one task")
        if experiment.groups and recipe.taught:
            raise ValueError(f"{at}.groups: {method} has a teacher of one task's classes")
        if experiment.protocol == "meta":
            block = self.tuning[experiment.tuning]
            for name in (*Episodes.model_fields, *(REGULATOR if recipe.declared["gradient"].regulated else ())):
                if getattr(block, name) is None:
                    raise ValueError(f"tuning.{experiment.tuning}.{name}: missing; {at} meta-trains by it")
        for name, value in ((name, value) for grid in experiment.grids(method) for name, value in grid.items()):
            tuned = (Tuning, Episodes) if experiment.protocol == "meta" else (Tuning,) if recipe.by_steps else ()
            if name not in recipe.keys.union(*(kind.model_fields for kind in tuned)) - {"epochs_of_task"}:
                raise ValueError(f"{at}.sweep: {method} has no setting {name!r}")
            try:
                for kind in (*recipe.declared.values(), *tuned):
                    if name in _kinds(kind):
                        TypeAdapter(_kinds(kind)[name]).validate_python(value)
            except ValidationError as error:
                why = error.errors()[0]["msg"]
                raise ValueError(f"{at}.sweep: {method}: {name}: {why}, found {value}") from None

    def _missing(self, axis: str, name: str) -> str | None:
        """What is missing of the block of a member or variant."""
        needed = _needed(members(axis)[member_of(axis, name)])
        return "missing" if needed and getattr(getattr(self, BLOCKS[axis]), name) is None else None

    def _check_start(self, key: str, experiment: Experiment, recipe: Recipe) -> None:
        """Refuse a start that is not there, or whose prompts are made otherwise."""
        at, stored = f"experiments.{key}.starts", recipe.stored if experiment.protocol != "transfer_grid" else None
        if bool(stored) != bool(experiment.starts):
            raise ValueError(f"{at}: {recipe.expression} {'needs' if stored else 'has no use for'} it")
        for start in experiment.starts:
            source = self.experiments[start]
            if source.protocol != stored.made_under or not source.keeps_prompts:
                why = f"@{recipe.start} needs an experiment of protocol {stored.made_under} that keeps its prompts"
                raise ValueError(f"{at}: {start}: {why}")


def _check_sweep(at: str, experiment: Experiment) -> None:
    """Refuse a sweep over nothing, or of methods that are not there: both would be left out in silence."""
    for place, grid in enumerate(experiment.sweep):
        if not grid.values or not all(grid.values.values()):
            raise ValueError(f"{at}.{place}: sweeps nothing: it needs a setting with its values")
        for method in grid.of:
            if method not in experiment.methods:
                known = ", ".join(experiment.methods)
                raise ValueError(f"{at}.{place}.of: {method} is not among the methods, which are {known}")


def _check_names(key: str, names: typing.Iterable[str], known: typing.Container[str], what: str) -> None:
    for name in names:
        if name not in known:
            raise ValueError(f"{key}: no {what} {name!r}{nearest(name, known)}")
