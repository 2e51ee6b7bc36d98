"""The plan: the pure function from parameters, and from which data sets are there, to jobs, cells, tables and figures.

Snakemake, DVC, the tables, the claims and the cost estimates read the plan; nothing else enumerates.

A cell whose data set is not there waits, and so does what starts from its prompt; prompts that leave their task are
evaluated on what is there. All is cut into parts and jobs as if every data set were there, so that one which arrives
gives no job another name, and draws go as deep as all experiments ask, so that it moves no draw.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from reprompt.cells.cell import TOGETHER, Cell, cells_of
from reprompt.cells.job import CORPUS, Job, corpus_of, job_name
from reprompt.cells.parameters import Experiment, Parameters, RenderedBackbone, Views
from reprompt.cells.recipes import from_path, in_path, recipe_of
from reprompt.cells.tuning import ParameterError
from reprompt.foundation.digests import canonical
from reprompt.planning.outputs import CORPUS_FIGURES, OUTPUTS, PaperOutput
from reprompt.planning.splitting import merged, piece_names, pieces
from reprompt.planning.waiting import Waiting
from reprompt.tasks.card import card_of
from reprompt.tasks.groups import pictures_of

ALL = "all"  # the part of a job that is about all tasks of its experiment
NO_STUDY = "none"


@dataclass(frozen=True)
class Output:
    """A table or figure of a paper, and the jobs whose records it reads."""

    name: str
    kind: Literal["table", "figure"]
    study: str
    title: str
    jobs: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """Everything that the active scale comes to on the data sets that are there; `missing` says why others are not."""

    parameters: Parameters
    missing: Mapping[str, str] = field(default_factory=dict)

    @property
    def whole(self) -> "Plan":
        """The plan as it is once every data set is there."""
        return Plan(self.parameters) if self.missing else self

    @property
    def scale(self) -> str:
        return self.parameters.scale

    @property
    def root(self) -> Path:
        """The folder of this scale's results."""
        return Path("results") / self.scale

    @property
    def tasks(self) -> tuple[str, ...]:
        return self.parameters.tasks

    @property
    def backbones(self) -> tuple[str, ...]:
        """All backbones of this scale, the standard one first."""
        standard = self.parameters.standard_backbone
        return (standard, *(name for name in self.parameters.backbones if name != standard))

    @property
    def all_tasks(self) -> tuple[str, ...]:
        """All data sets that are there and whose pictures are read, part by part.

        Where ELEVATER has another version of a task of CoOp's, that is a data set of its own. Tasks that are derived
        from the corpus show its pictures.
        """
        return tuple(task for tasks in self.parts.values() for task in tasks)

    @property
    def labelled_tasks(self) -> tuple[str, ...]:
        """The tasks that come with labels; those of the corpus are topics, which have to be found."""
        return tuple(task for task in self.all_tasks if task != CORPUS)

    @cached_property
    def source_seeds(self) -> tuple[int, ...]:
        """The source seeds, with each of which the corpus is clustered; the first makes figures and derived tasks."""
        return tuple(dict.fromkeys((1, *(job.source_seed for job in self.every_job))))

    @cached_property
    def parts(self) -> dict[str, tuple[str, ...]]:
        """CoOp's tasks cut into parts of `tasks_per_job`, ImageNet's shifts, MVLPT's targets, versions, GRAM's tasks.

        Only data sets that an experiment reads and that are there. Each task of the user's own is a part. Of files
        shifts, targets and versions are cut too: what is missing of them stops, and what changes in them renews, no
        features but its part's.
        """
        there = {
            part: tuple(task for task in tasks if task not in self.missing) for part, tasks in self._all_parts.items()
        }
        return {part: tasks for part, tasks in there.items() if tasks}

    @cached_property
    def _all_parts(self) -> dict[str, tuple[str, ...]]:
        """The same with the data sets that are not there."""
        parameters, size = self.parameters, self.parameters.tasks_per_job
        read = set(map(pictures_of, parameters.read))
        own = parameters.own_tasks
        parts = _numbered("part", tuple(task for task in self.tasks if task not in own), size)
        for name in ("shifts", "targets", "versions"):
            tasks = tuple(task for task in getattr(parameters, name) if task not in own)
            parts |= _numbered(name, tasks, size) if parameters.data.source == "files" else {name: tasks}
        parts |= {task: (task,) for task in (*parameters.web_tasks, *own)}
        parts = {part: tuple(task for task in tasks if task in read) for part, tasks in parts.items()}
        return {part: tasks for part, tasks in parts.items() if tasks}

    def views_of(self, part: str) -> Views | None:
        """How training images of a part are augmented; pictures from the web are not."""
        return None if part in self.parameters.web_tasks else self.parameters.views

    def part_of(self, task: str) -> str:
        """The part that a task's pictures belong to."""
        return next(part for part, tasks in self._all_parts.items() if pictures_of(task) in tasks)

    @property
    def has_corpus(self) -> bool:
        """Whether GRAM's corpus is there and something reads it, or a task that is derived from it."""
        return CORPUS in self.parts

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        """All jobs but those that are run on request, experiment by experiment."""
        experiments = self.parameters.experiments
        return tuple(job for job in self.every_job if not experiments[job.experiment].on_request)

    @cached_property
    def every_job(self) -> tuple[Job, ...]:
        """All jobs, also those that are run on request."""
        there = ((*names, part, cells) for names, cut in self._there.items() for part, cells in cut.items())
        return tuple(self._job(*job) for job in there)

    @cached_property
    def waiting(self) -> dict[str, list[tuple[Cell, tuple[str, ...]]]]:
        """The cells that wait, by the jobs that they would be in, each with the data sets that it waits for."""
        waiting: dict[str, list[tuple[Cell, tuple[str, ...]]]] = {}
        for names, cut in self._cut.items() if self.missing else ():
            for part, cells in cut.items():
                if waits := [(cell, missing) for cell in cells if (missing := self._waiting.of(cell))]:
                    waiting[job_name(*names, part)] = waits
        return waiting

    @property
    def cells_waiting(self) -> list[tuple[Cell, tuple[str, ...]]]:
        """The same as one list, but for cells that are run on request."""
        experiments = self.parameters.experiments
        every = (waiting for of_job in self.waiting.values() for waiting in of_job)
        return [(cell, missing) for cell, missing in every if not experiments[cell.experiment].on_request]

    @cached_property
    def _there(self) -> dict[tuple[str, str, str], dict[str, tuple[Cell, ...]]]:
        """The cells of every job that do not wait, evaluated on what is there; of other jobs nothing."""
        if not self.missing:
            return self._cut
        return {
            names: {part: there for part, cells in cut.items() if (there := self._waiting.there(cells))}
            for names, cut in self._cut.items()
        }

    @cached_property
    def _waiting(self) -> Waiting:
        return Waiting(self.parameters, self.missing)

    @cached_property
    def _cut(self) -> dict[tuple[str, str, str], dict[str, tuple[Cell, ...]]]:
        """The cells of every job by its part, of every experiment, recipe and backbone."""
        return {
            (experiment, recipe, backbone): self._cells_by_part(experiment, recipe, backbone)
            for experiment, settings in self.parameters.experiments.items()
            for backbone in settings.backbones or (self.parameters.standard_backbone,)
            for recipe in self._recipes_of[experiment]
        }

    @cached_property
    def _recipes_of(self) -> dict[str, tuple[str, ...]]:
        """The recipes of every experiment: its own, and those that make the starts of others' recipes."""
        brought: dict[str, dict[str, None]] = {}
        for experiment in self.parameters.experiments.values():
            makers = [maker for recipe in experiment.methods if (maker := recipe_of(recipe).starts_from)]
            for start in experiment.starts:
                brought.setdefault(start, {}).update(dict.fromkeys(maker.expression for maker in makers))
        return {
            name: tuple(dict.fromkeys((*experiment.methods, *brought.get(name, ()))))
            for name, experiment in self.parameters.experiments.items()
        }

    def _cells_by_part(self, experiment: str, recipe: str, backbone: str) -> dict[str, tuple[Cell, ...]]:
        at_once, most = self.parameters.runs_per_fleet, self.parameters.experiments[experiment].runs_per_job
        cells_by_part = {}
        for part, tasks in self._trained_on(experiment):
            cells = [cell for task in tasks for cell in cells_of(self.parameters, experiment, recipe, backbone, task)]
            cut = [piece for of_source in _by_source(cells) for piece in pieces(of_source, at_once, most)]
            cells_by_part |= zip(piece_names(part, len(cut)), cut, strict=True)
        return cells_by_part

    def _trained_on(self, experiment: str) -> list[tuple[str, list[str]]]:
        """What an experiment trains on, part by part; one part where tasks are trained or evaluated all together.

        Raises ParameterError for meta-training on another number of tasks than one.
        """
        settings = self.parameters.experiments[experiment]
        if settings.protocol == "meta" and len(settings.tasks) != 1:
            tasks = ", ".join(settings.tasks) or "none"
            raise ParameterError(f"experiments.{experiment}.tasks: protocol meta trains on one task, found {tasks}")
        if settings.protocol in TOGETHER:
            return [(ALL, [experiment])]
        chosen = settings.tasks or self.tasks
        if settings.protocol == "transfer_grid":
            return [(ALL, list(chosen))]
        in_order = [task for tasks in self._all_parts.values() for task in (*tasks, *self._derived_from(tasks))]
        by_part: dict[str, list[str]] = {}
        for task in (task for task in in_order if task in chosen):
            by_part.setdefault(self.part_of(task), []).append(task)
        parts = [*by_part.items()]
        return merged(parts, settings.tasks_per_job) if settings.tasks_per_job else parts

    def _derived_from(self, tasks: tuple[str, ...]) -> list[str]:
        """The tasks that show the pictures of some others."""
        return [task for task in self.parameters.derived_tasks if pictures_of(task) in tasks]

    def _job(self, experiment: str, recipe: str, backbone: str, part: str, cells: tuple[Cell, ...]) -> Job:
        makers = dict.fromkeys((cell.start or cell.prompts_of) for cell in cells)
        prompts = [name for maker in makers for name in self._makers_of_prompts(maker, cells[0])]
        for cell in cells:
            self._check_start(cell)
        partners = self.grid.tasks if any(cell.group for cell in cells) else ()
        job = Job(experiment, recipe, backbone, part, cells, (), tuple(prompts), partners)
        read = {self.part_of(data_set) for data_set in job.data_sets.values()}
        parts = [name for name in self.parts if name in read]
        return replace(job, features=tuple((name, self.features_spec(backbone, name)) for name in parts))

    def _makers_of_prompts(self, experiment: str, cell: Cell) -> list[str]:
        """The jobs of an experiment whose prompts a cell starts from or evaluates.

        Raises ParameterError where the experiment has none for the cell's recipe and backbone.
        """
        if not experiment:
            return []
        recipe = cell.recipe if cell.prompts_of else cell.method.starts_from.expression
        made = self._there.get((experiment, recipe, cell.backbone))
        if made is None:
            raise ParameterError(
                f"experiments.{experiment}: {cell.experiment} needs prompts of {recipe} with {cell.backbone}"
            )
        return [job_name(experiment, recipe, cell.backbone, part) for part in made]

    def _check_start(self, cell: Cell) -> None:
        """Raise ParameterError where no prompts are made for a cell to start from, or prompts of another shape."""
        if not cell.start:
            return
        made = self._cut[cell.start, cell.method.starts_from.expression, cell.backbone]
        at, swept = f"experiments.{cell.experiment}.starts: {cell.recipe}", cell.swept_of_start
        theirs = next((maker.learner for cells in made.values() for maker in cells if maker.swept == swept), None)
        if theirs is None:
            raise ParameterError(f"{at}: experiments.{cell.start} makes no prompts with {swept or 'nothing swept'}")
        for name, value in cell.learner:
            if value != getattr(theirs, name):
                why = f"{name} is {value}, and the prompts of {cell.start} have {getattr(theirs, name)}"
                raise ParameterError(f"{at}: {why}")

    @property
    def grid(self) -> Experiment:
        """The experiment that says which tasks are trained together. Raises ParameterError if there is none."""
        for experiment in self._run:
            if experiment.protocol == "transfer_grid":
                return experiment
        raise ParameterError("experiments: groups of tasks need an experiment of protocol transfer_grid to find them")

    def job(self, name: str) -> Job:
        """The job of that name, in which the recipe may also stand as an expression or an alias."""
        experiment, *rest = name.split("/")
        with suppress(ValueError):
            rest[:1] = [in_path(recipe_of(from_path(recipe)).expression) for recipe in rest[:1]]
        canonical_name = "/".join((experiment, *rest))
        for job in self.every_job:
            if job.name == canonical_name:
                return job
        if canonical_name in self.waiting:
            data_sets = dict.fromkeys(name for _, missing in self.waiting[canonical_name] for name in missing)
            raise KeyError(f"{name} waits for {', '.join(data_sets)}; `reprompt plan` says where these go")
        raise KeyError(f"no job {name!r} at scale {self.scale}; `reprompt plan` lists them")

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        return tuple(cell for job in self.jobs for cell in job.cells)

    @cached_property
    def outputs(self) -> dict[str, Output]:
        """The tables and figures of the papers for which there are jobs, or that need none, by name."""
        return {
            paper.name: Output(paper.name, paper.kind, paper.study, paper.title, jobs)
            for paper in OUTPUTS
            if (jobs := self.jobs_of(*paper.experiments)) or not paper.experiments
        }

    @cached_property
    def studies(self) -> dict[str, str]:
        """The study of every job: the first that reads its records, or else that of a job that reads its prompts."""
        studies: dict[str, str] = {}
        for output in self.outputs.values():
            for name in output.jobs:
                studies.setdefault(name, output.study)
        for job in reversed(self.every_job):  # prompts come from jobs above
            for name in job.prompts:
                studies.setdefault(name, studies.get(job.name, NO_STUDY))
        return {job.name: studies.get(job.name, NO_STUDY) for job in self.every_job}

    @property
    def corpus_figures(self) -> tuple[PaperOutput, ...]:
        """The figures of GRAM's corpus, where there is one."""
        return CORPUS_FIGURES if self.has_corpus else ()

    def jobs_of(self, *experiments: str) -> tuple[str, ...]:
        """The names of the jobs of some experiments; a scale may leave experiments out."""
        return tuple(job.name for job in self.every_job if job.experiment in experiments)

    def most_shots(self, tasks: Iterable[str]) -> int:
        """The largest number of shots of any experiment on some tasks; validation images come after them."""
        wanted = set(tasks)
        cells = (cell for cut in self._cut.values() for cells in cut.values() for cell in cells)
        return max((cell.shots for cell in cells if wanted.intersection(cell.trained_on)), default=0)

    @cached_property
    def most_shots_of_labelled(self) -> int:
        """The largest number of shots on tasks that come with labels, be they there or not."""
        data_sets = (name for part in self._all_parts.values() for name in part if name != CORPUS)
        return self.most_shots(card_of(name).task for name in data_sets)

    @property
    def most_shots_of_corpus(self) -> int:
        """The largest number of shots on the corpus and the tasks that are derived from it."""
        return self.most_shots((CORPUS, *self.parameters.derived_tasks))

    @property
    def _of_derived(self) -> dict[str, Any]:
        """What the tasks that are derived from the corpus depend on beside it."""
        cards = {task: self.parameters.card(task).template for task in self.parameters.derived_tasks}
        return {"settings": self.parameters.gram.derived.model_dump(), "templates": cards}

    @property
    def all_seeds(self) -> tuple[int, ...]:
        """The seeds of all experiments."""
        return tuple(sorted({seed for experiment in self._run for seed in experiment.seeds or self.parameters.seeds}))

    @property
    def _run(self) -> list[Experiment]:
        return [experiment for experiment in self.parameters.experiments.values() if experiment.methods]

    def split_spec(self, task: str) -> str:
        """What the split and the draws of a task depend on. What else its card says, sizes for example, has no part."""
        card = self.parameters.card(task)
        spec = {
            "data": self.parameters.images_of(task),
            "task": task,
            "template": card.template,
            "multi_label": card.is_multi_label,
            "ensemble": card.templates,
            "seeds": self.all_seeds,
            "most_shots": self.most_shots_of_labelled,
        }
        if self.parameters.is_of_files(task):
            spec["classes"] = card.classes  # as many as the reader has to find
        return canonical(spec)

    def corpus_spec(self, source_seed: int = 1) -> str:
        """What the topics and domains of the corpus and the tasks made of them depend on."""
        gram = self.parameters.gram
        return canonical(
            {
                "clustering": gram.clustering.of_source(source_seed).model_dump(),
                "features": self.features_spec(gram.backbone, "corpus"),
                "template": self.parameters.card("corpus").template,
                "seeds": self.all_seeds,
                "most_shots": self.most_shots_of_corpus,
                **({"derived": self._of_derived} if source_seed == 1 else {}),
            }
        )

    def pretraining_spec(self, backbone: str) -> str:
        """What the weights of a miniature backbone depend on."""
        corpus = self.parameters.corpus
        return canonical(
            {
                # not the file: what is in it counts, and its hash is in every manifest and record
                "backbone": self.parameters.backbones[backbone].model_dump(exclude={"file"}),
                "corpus": corpus.model_dump() if corpus else None,
            }
        )

    def features_spec(self, backbone: str, part: str) -> str:
        """What the features of a part's images depend on."""
        spec = {
            "data": self.parameters.images_of(self.parts[part][0]),
            "views": views.model_dump() if (views := self.views_of(part)) else None,
            "tasks": self.parts[part],
            "backbone": self.pretraining_spec(backbone),
        }
        if self.parameters.is_of_files(self.parts[part][0]):  # of pictures of several classes the pool is all
            spec["multi_label"] = [task for task in self.parts[part] if card_of(task).is_multi_label]
            spec["resize"] = [self.parameters.card(task).resize for task in self.parts[part]]
            upright = [task for task in self.parts[part] if self.parameters.card(task).is_upright]
            spec |= {"upright": upright} if upright else {}
        return canonical(spec)

    def text_source(self, backbone: str) -> str | None:
        """The backbone whose frozen text tower a miniature backbone is trained against, if any."""
        settings = self.parameters.backbones[backbone]
        return settings.text_from if isinstance(settings, RenderedBackbone) else None

    def records(self, job: str) -> Path:
        """Where a job's records go."""
        return self.root / "records" / f"{job}.npz"

    def prompts(self, job: str) -> Path:
        """Where the prompts of a job that keeps them go."""
        return self.records(job).with_suffix(".safetensors")

    @property
    def images(self) -> Path:
        """Where images go once they are rendered or decoded."""
        return self.root / "images"

    @property
    def groups(self) -> Path:
        """Where the groups of tasks go that the transferability grid gives."""
        return self.root / "groups.json"


def _numbered(name: str, tasks: tuple[str, ...], size: int) -> dict[str, tuple[str, ...]]:
    """Tasks cut into parts of so many: `name`1, `name`2, ..."""
    return {f"{name}{n}": tasks[start : start + size] for n, start in enumerate(range(0, len(tasks), size), 1)}


def _by_source(cells: list[Cell]) -> list[list[Cell]]:
    """Cells by the source seed whose clustering of the corpus they are trained on; one list where they are not."""
    by_source: dict[str, list[Cell]] = {}
    for cell in cells:
        by_source.setdefault(corpus_of(cell.seed) if CORPUS in cell.together else "", []).append(cell)
    return list(by_source.values())


def make_plan(parameters: Parameters, missing: Mapping[str, str] | None = None) -> Plan:
    """The plan of these parameters without the data sets that are missing, each with the reason; none by default."""
    return Plan(parameters, missing or {})
