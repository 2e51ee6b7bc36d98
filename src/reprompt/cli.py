"""The command line: parameters are read once here, results are written here, everything else takes plain arguments.

Heavy libraries are imported by the commands that need them, so that planning and tables start at once.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reprompt.cells.parameters import FileImages
from reprompt.cells.tuning import ParameterError
from reprompt.data.commands import app as data_app
from reprompt.foundation.nearest import nearest
from reprompt.planning.parameters import load_parameters
from reprompt.planning.plan import Plan, make_plan
from reprompt.workflow.own.commands import app as task_app
from reprompt.workflow.there import missing, noted

if TYPE_CHECKING:
    import pandas as pd

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(data_app, name="data")
bench_app = typer.Typer(no_args_is_help=True, help="What things cost: measurements on the machine at hand.")
app.add_typer(bench_app, name="bench")
app.add_typer(task_app, name="task")

Params = Annotated[Path, typer.Option(help="The parameter file.")]
Scale = Annotated[str | None, typer.Option(help="smoke, miniature or paper; the parameter file's own by default.")]
Out = Annotated[Path, typer.Option(help="Where the result goes.")]
Device = Annotated[str, typer.Option(help="cpu or cuda.", envvar="REPROMPT_DEVICE")]
FullSize = Annotated[str, typer.Option(help="The architecture, at its full size with random weights.")]
BenchDevice = Annotated[str, typer.Option(help="cpu or cuda.")]
Precision = Annotated[str, typer.Option(help="float32 or bfloat16.")]
Json = Annotated[Path | None, typer.Option(help="Also write the measurements here, as JSON.")]


def main() -> None:
    """Run a command; a mistake of the user's ends in one line and a non-zero exit, not in a traceback."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # idle threads that spin slow the neighbours 3- to 7-fold
    try:
        app()
    except (ParameterError, FileNotFoundError, NotImplementedError, FloatingPointError, KeyError, ValueError) as error:
        if os.environ.get("REPROMPT_TRACEBACK"):
            raise
        print(f"reprompt: {error.args[0] if error.args else error}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        print(f"reprompt: {error.filename or ''}: {error.strerror}", file=sys.stderr)
        sys.exit(1)


def _plan(params: Path, scale: str | None) -> Plan:
    """The plan on the data sets that are there now."""
    parameters = load_parameters(params, scale)
    return make_plan(parameters, missing(parameters))


def _plan_of_run(params: Path, scale: str | None) -> Plan:
    """The plan of the run that a job belongs to: on the data sets that were there when it started."""
    parameters = load_parameters(params, scale)
    return make_plan(parameters, noted(parameters))


@contextmanager
def _as_job(threads: int) -> Iterator[None]:
    """What every command of the workflow does: hold the folder's job lock, and use a fixed number of threads."""
    import torch

    from reprompt.foundation.locks import job_lock

    torch.set_num_threads(threads)  # results differ in the last bit between thread counts: fixed, not the machine's
    with job_lock():
        yield


@app.command()
def plan(
    study: Annotated[str | None, typer.Option(help="Only this study's outputs.")] = None,
    cells: Annotated[str | None, typer.Option(metavar="EXPERIMENT", help="Its cells, with all settings.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The cells as JSON.")] = False,
    params: Params = Path("params.yaml"),
    scale: Scale = None,
) -> None:
    """List jobs, fleets, cells, tables and the estimated time; of one experiment every cell with all its settings."""
    from reprompt.workflow.summary import print_cells, print_plan

    if cells is None:
        print_plan(_plan(params, scale), study)
    else:
        print_cells(_plan(params, scale), cells, as_json)


@app.command()
def split(task: str, out: Out, params: Params = Path("params.yaml"), scale: Scale = None) -> None:
    """Write the split file of a data set: labels, class names, few-shot draws."""
    from reprompt.foundation.locks import job_lock
    from reprompt.workflow.making import make_split

    the_plan = _plan_of_run(params, scale)
    if why := the_plan.missing.get(task):
        raise ValueError(f"{task} is not there: {why}")
    if task not in (known := the_plan.whole.labelled_tasks):
        raise ValueError(f"{task}: not a task of scale {the_plan.scale}{nearest(task, known)}")
    with job_lock():
        make_split(the_plan, task, out)


@app.command()
def pretrain(
    backbone: str,
    out: Out,
    text_from: Annotated[Path | None, typer.Option(help="Weights whose text tower is kept, frozen.")] = None,
    threads: Annotated[int, typer.Option(help="CPU threads.")] = 2,
    params: Params = Path("params.yaml"),
    scale: Scale = None,
) -> None:
    """Pre-train a miniature CLIP on the rendered corpus."""
    from reprompt.training.pretrain import Pretraining, pretrain_backbone
    from reprompt.workflow.progress import Progress

    parameters = load_parameters(params, scale)
    settings = parameters.backbones[backbone]
    if settings.source != "rendered":
        raise ValueError(
            f"backbones.{backbone}: {settings.model} is not pre-trained here; `reprompt weights {backbone}` gets it"
        )
    with _as_job(threads), Progress(f"pretrain/{backbone}", total=settings.steps, unit="steps") as progress:
        pretraining = Pretraining(backbone, settings, parameters.corpus, text_from)
        pretrain_backbone(pretraining, out, threads, progress.advance)


@app.command()
def weights(
    backbone: str,
    out: Out,
    source: Annotated[
        Path | None,
        typer.Option("--from", help="OpenAI's .pt or open_clip's file; by default the backbone's, or a download."),
    ] = None,
    params: Params = Path("params.yaml"),
    scale: Scale = None,
) -> None:
    """Convert the weights of an open_clip backbone, from a file or downloaded, into a weight file of this package."""
    from reprompt.workflow.making import make_weights

    settings = load_parameters(params, scale).backbones[backbone]
    if settings.source != "open_clip":
        raise ValueError(f"backbones.{backbone} has no weights elsewhere: `reprompt pretrain {backbone}` makes them")
    with _as_job(threads=1):
        make_weights(backbone, settings, source, out)


@app.command("try")
def try_methods(
    task: Annotated[str, typer.Argument(help="A task of your own (`reprompt task add`), or any other.")],
    methods: Annotated[str, typer.Option(help="Recipes, separated by commas.")] = "zero_shot,coop,prograd",
    shots: Annotated[str, typer.Option(help="Training pictures of each class, separated by commas.")] = "1,4,16",
    seeds: Annotated[str, typer.Option(help="Draws of these pictures; those of the parameter file by default.")] = "",
    backbone: Annotated[str, typer.Option(help="A backbone of the scale; the standard one by default.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="The table as JSON.")] = False,
    device: Device = "cpu",
    params: Params = Path("params.yaml"),
    scale: Scale = None,
) -> None:
    """Try methods on a task: accuracies with intervals, curves, confusions, costs. Needs no Snakemake."""
    from reprompt.workflow.own.study import Place, Study
    from reprompt.workflow.own.trying import print_outcomes
    from reprompt.workflow.own.trying import try_methods as run

    study = Study(task, _words(methods), _numbers("--shots", shots), _numbers("--seeds", seeds), backbone)
    found, page = run(study, Place(params, scale, device))
    if as_json:
        print(json.dumps([outcome.as_json for outcome in found], indent=1))
    else:
        print_outcomes(found, page)


@app.command()
def export(
    task: str,
    out: Out,
    method: Annotated[str, typer.Option(help="A recipe.")] = "prograd",
    shots: Annotated[int, typer.Option(min=1, help="Training pictures of each class.")] = 16,
    seed: Annotated[int | None, typer.Option(help="Which draw's prompt; the first by default.")] = None,
    fold: Annotated[int, typer.Option(min=1, help="Of a task that is cross-validated, which fold's prompt.")] = 1,
    backbone: Annotated[str, typer.Option(help="A backbone of the scale; the standard one by default.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the card as JSON.")] = False,
    device: Device = "cpu",
    params: Params = Path("params.yaml"),
    scale: Scale = None,
) -> None:
    """Write a tuned prompt as a folder that opens elsewhere; what `try` has not tuned yet is tuned first."""
    from reprompt.workflow.own.export import Chosen, exported, in_words
    from reprompt.workflow.own.study import Place, Study

    study = Study(task, (method,), (shots,), (), backbone)
    prompt = exported(study, Place(params, scale, device), Chosen(seed, fold))
    prompt.save(out)
    print(prompt.card.model_dump_json(indent=1) if as_json else "\n".join(in_words(prompt, out)))


@app.command()
def predict(
    prompt: Annotated[Path, typer.Argument(help="The folder that `reprompt export` wrote.")],
    pictures: Annotated[list[Path], typer.Argument(help="Pictures, or folders of pictures.")],
    weights: Annotated[Path | None, typer.Option(help="The CLIP's weights, if they lie elsewhere now.")] = None,
    classes: Annotated[str, typer.Option(help="Other class names, separated by commas.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="With the probability of every class.")] = False,
) -> None:
    """Say what pictures show, and how probable that is, picture by picture."""
    from dataclasses import asdict

    from reprompt.exported.prompt import load
    from reprompt.workflow.own.predict import model_for, pictures_at

    opened = load(prompt)
    predictions = opened.predict(model_for(opened, weights), pictures_at(pictures), _words(classes) or None)
    if as_json:
        print(json.dumps([asdict(prediction) for prediction in predictions], indent=1, ensure_ascii=False))
        return
    for prediction in predictions:
        print(f"{prediction.picture}\t{prediction.label}\t{prediction.probability:.3f}")


@app.command("exportable")
def show_exportable(
    out: Annotated[Path | None, typer.Option(help="Write it here; printed by default.")] = None,
    params: Params = Path("params.yaml"),
) -> None:
    """What can be exported of every learner, and how it is opened."""
    from reprompt.exported.exportable import page
    from reprompt.foundation.atomic import write_text

    text = page(load_parameters(params, "paper"))
    if out is None:
        print(text, end="")
    else:
        write_text(out, text)


@app.command()
def backbones(out: Annotated[Path | None, typer.Option(help="Write it here; printed by default.")] = None) -> None:
    """Every model and tag that open_clip lists: whether it can be tuned here, or why not, and how it wants pictures."""
    from reprompt.clip.listed import page
    from reprompt.foundation.atomic import write_text

    if out is None:
        print(page(), end="")
    else:
        write_text(out, page())


@app.command()
def features(
    backbone: str,
    part: str,
    weights: Annotated[Path, typer.Option(help="The backbone's weights.")],
    out: Out,
    device: Device = "cpu",
    params: Params = Path("params.yaml"),
    scale: Scale = None,
) -> None:
    """Encode the images of a part's tasks, every augmented view once, and write beside them what they are made from."""
    from reprompt.workflow.making import make_features
    from reprompt.workflow.progress import Progress

    the_plan = _plan_of_run(params, scale)
    tasks = the_plan.parts[part]
    with _as_job(threads=1), Progress(f"features/{backbone}/{part}", total=len(tasks), unit="tasks") as progress:
        make_features(the_plan, backbone, part, (weights, out), device, progress.advance)


@app.command()
def corpus(
    weights: Annotated[Path, typer.Option(help="The weights of the backbone whose similarities filter the pairs.")],
    features: Annotated[Path, typer.Option(help="Its features of the pairs' images; made where they are missing.")],
    out: Out,
    split: Annotated[Path, typer.Option(help="Where the task goes that is made of topics and domains.")],
    source_seed: Annotated[int, typer.Option(help="The source seed; the first also makes the derived tasks.")] = 1,
    threads: Annotated[int, typer.Option(help="CPU threads.")] = 2,
    params: Params = Path("params.yaml"),
    scale: Scale = None,
) -> None:
    """Filter GRAM's image-text pairs and find their topics and domains.

    What --out has already of the same pairs, weights and settings is used; remove pairs.npz there to have it made anew.
    """
    from reprompt.clip.features import PartImages, ensure_features
    from reprompt.clip.openai import load
    from reprompt.corpus.derived import derived_splits
    from reprompt.corpus.from_files import make_file_corpus
    from reprompt.corpus.rendered import make_rendered_corpus
    from reprompt.corpus.run import STAGES
    from reprompt.corpus.task import corpus_split, in_pair_order
    from reprompt.data.sources import stored_source_of
    from reprompt.miniature.corpus import render_corpus
    from reprompt.planning.entry_points import code_of_pictures, features_made_from
    from reprompt.workflow.progress import Progress

    the_plan = _plan_of_run(params, scale)
    gram = the_plan.parameters.gram
    clustering = gram.clustering.of_source(source_seed)
    with _as_job(threads), Progress("corpus", total=STAGES, unit="stages") as progress:
        frozen = load(weights, gram.backbone)
        code = code_of_pictures(the_plan)
        source = stored_source_of(the_plan.parameters, the_plan.images, code, frozen.preparation)
        images = PartImages.as_listed(source, ("corpus",), views=None)
        made_from = features_made_from(the_plan, the_plan.features_spec(gram.backbone, "corpus"), images.listings)
        of_images = ensure_features(features, made_from, frozen, images).of_tasks["corpus"]
        rows = in_pair_order(of_images.plain.numpy(), of_images.test.numpy())
        if isinstance(gram.pairs, FileImages):
            pairs = source.source.of("corpus")  # the same, with what it has read
            made = make_file_corpus(out, pairs, rows, frozen, clustering, progress.advance)
        else:
            pairs = render_corpus(**gram.pairs.model_dump(), workers=threads)
            made = make_rendered_corpus(out, pairs, rows, frozen, clustering, progress.advance)
        template = the_plan.parameters.card("corpus").template
        of_corpus = corpus_split(made, template, the_plan.all_seeds, the_plan.most_shots_of_corpus)
        of_corpus = replace(of_corpus, listing=source.digests("corpus"))
        of_corpus.write(split)
        if source_seed == 1:
            templates = {task: the_plan.parameters.card(task).template for task in the_plan.parameters.derived_tasks}
            for derived in derived_splits(of_corpus, templates, gram.derived):
                derived.write(split.with_name(f"{derived.task}.json"))


@app.command()
def tune(
    job: str,
    weights: Annotated[Path, typer.Option(help="The backbone's weights.")],
    features: Annotated[Path, typer.Option(help="The folder of the backbone's features; made where they are missing.")],
    splits: Annotated[Path, typer.Option(help="The folder of split files.")],
    out: Out,
    costs: Annotated[Path, typer.Option(help="Where time, machine and versions go.")],
    device: Device = "cpu",
    params: Params = Path("params.yaml"),
    scale: Scale = None,
) -> None:
    """Train and evaluate the cells of a job; finished cells are never trained again."""
    from reprompt.clip.openai import load
    from reprompt.records.files import CELL_STORE
    from reprompt.training.tune import Workplace, tune_job
    from reprompt.workflow.progress import Progress

    the_plan = _plan_of_run(params, scale)
    the_job = the_plan.job(job)
    with _as_job(threads=1), Progress(job, total=len(the_job.cells), unit="cells") as progress:
        workplace = Workplace(features, splits, CELL_STORE, out, costs, device)
        tune_job(the_job, the_plan, load(weights, the_job.backbone), workplace, progress.advance)


@app.command(hidden=True)
def sample(
    requests: Annotated[Path, typer.Argument(help="A file of requests, one JSON object per line.")],
    out: Out,
    params: Params = Path("params.yaml"),
    scale: Scale = None,
) -> None:
    """Do a sample of the workflow's training anew, for `reprompt attest`; prints what is done, line by line."""

    from reprompt.workflow.sample import sample as run

    lines = [json.loads(line) for line in requests.read_text().splitlines()]
    run(lines, _plan(params, scale), out, lambda name: print(name, flush=True))


@app.command()
def groups(
    out: Out,
    records: Annotated[list[Path], typer.Option(help="Record files of the grid; give the option once per file.")],
    partners_by: Annotated[str, typer.Option(help="validation images, or grid: the map's own score.")] = "validation",
) -> None:
    """Write with which partners MVLPT trains each task, from the transferability grid."""
    from reprompt.training.groups import groups_of, write_groups

    write_groups(out, groups_of(_records(records), partners_by))


@app.command()
def table(
    name: str,
    out: Out,
    records: Annotated[list[Path], typer.Option(help="Record files; give the option once per file.")],
) -> None:
    """Write a table of a paper: published beside regenerated, as CSV and HTML."""
    from reprompt.tables import TABLES
    from reprompt.tables.write import write_table

    write_table(TABLES[name](_records(records)), out)


@app.command()
def figure(
    name: str,
    out: Out,
    records: Annotated[list[Path] | None, typer.Option(help="Record files; give the option once per file.")] = None,
) -> None:
    """Write a figure of a paper, as an image and the numbers behind it."""
    from reprompt.figures import FIGURES
    from reprompt.figures.write import write_figure

    write_figure(FIGURES[name](_records(records or [])), out)


@app.command("corpus-figure")
def corpus_figure(
    name: str, out: Out, corpus: Annotated[Path, typer.Option(help="The folder that `reprompt corpus` wrote.")]
) -> None:
    """Write a figure of GRAM's corpus: how well it is filtered, or its topics and domains."""
    from reprompt.figures.gram.corpus import corpus_figure as figure_of
    from reprompt.figures.write import write_figure

    write_figure(figure_of(name, corpus), out)


@app.command("contact-sheet")
def contact_sheet(which: str, out: Out, params: Params = Path("params.yaml"), scale: Scale = None) -> None:
    """Draw the rendered corpus or the rendered tasks on one sheet."""
    from reprompt.miniature.contact_sheets import SHEETS

    SHEETS[which](load_parameters(params, scale).data, out)


@app.command()
def report(out: Out, params: Params = Path("params.yaml"), scale: Scale = None) -> None:
    """Write the report page and the headline numbers of this scale's results."""
    from reprompt.report.assemble import assemble_report

    assemble_report(_plan_of_run(params, scale), out)


@app.command()
def claims(
    out: Annotated[Path | None, typer.Option(help="Write them here as CSV instead of printing them.")] = None,
    paper: Annotated[str | None, typer.Option(help="Only this paper's claims.")] = None,
    verdict: Annotated[str | None, typer.Option(help="Only claims with this verdict.")] = None,
    params: Params = Path("params.yaml"),
    scale: Scale = None,
) -> None:
    """Judge every claim of the papers on the records: holds, contradicted, inconclusive or not run."""
    from reprompt.claims import claims_frame, to_csv
    from reprompt.claims.printing import print_claims
    from reprompt.foundation.atomic import write_text

    the_plan = _plan_of_run(params, scale)
    paths = [the_plan.records(job.name) for job in the_plan.jobs]
    frame = claims_frame(_records([path for path in paths if path.exists()]), the_plan.missing)
    if out:
        return write_text(out, to_csv(frame))
    print_claims(frame, paper, verdict)


@app.command()
def parity(
    folder: Path,
    naive: Annotated[bool, typer.Option("--naive", help="With every saving of the fast path off.")] = False,
) -> None:
    """Compare with the golden cases in a folder: a row per case, non-zero exit if one is over its tolerance."""
    from reprompt.clip.savings import ALL_SAVINGS, NO_SAVINGS
    from reprompt.parity.run import print_parity

    if not print_parity(folder, NO_SAVINGS if naive else ALL_SAVINGS):
        sys.exit(1)


@app.command()
def verify(params: Params = Path("params.yaml"), scale: Scale = None) -> None:
    """Recompute every printed number from the stored predictions, and check every file: no training, no images."""
    from reprompt.workflow.verify import verify as verify_all

    if not verify_all(_plan(params, scale)):
        sys.exit(1)


@bench_app.command("steps")
def bench_steps(
    backbone: FullSize = "ViT-B-16", device: BenchDevice = "cpu", precision: Precision = "float32", out: Json = None
) -> None:
    """Time a training step of every learner, as the papers' released code takes it and with the exact savings."""
    from reprompt.benchmarks.steps import bench_steps as run

    run(backbone, device, precision, json_out=out)


@bench_app.command("fleets")
def bench_fleets(params: Params = Path("params.yaml"), scale: Scale = None) -> None:
    """Time the few-shot study cell by cell and in fleets, and list what every rule cost."""
    from reprompt.benchmarks.fleets import bench as run

    run(_plan(params, scale))


@bench_app.command("meta")
def bench_meta(
    backbone: FullSize = "ViT-B-16", device: BenchDevice = "cpu", precision: Precision = "float32", out: Json = None
) -> None:
    """Time GRAM's outer step, second order against first."""
    from reprompt.benchmarks.meta import Size
    from reprompt.benchmarks.meta import bench_meta as run

    run(backbone, device, precision, Size(), out)


@bench_app.command("topics")
def bench_topics(out: Json = None, params: Params = Path("params.yaml"), scale: Scale = None) -> None:
    """Time the clustering of captions at several sizes of the corpus, and project it to the paper's."""
    from reprompt.benchmarks.topics import bench_topics as run

    clustering = load_parameters(params, scale).gram.clustering
    run(clustering.topics, clustering.chunk, json_out=out)


@bench_app.command("views")
def bench_views(out: Json = None, params: Params = Path("params.yaml"), scale: Scale = None) -> None:
    """Measure what tuning on fixed augmented views costs, against a fresh crop at each visit of an image."""
    from reprompt.benchmarks.views import bench_views as run

    with _as_job(threads=1):
        run(_plan(params, scale), json_out=out)


@bench_app.command("input")
def bench_input(
    device: BenchDevice = "cpu", out: Json = None, params: Params = Path("params.yaml"), scale: Scale = "paper"
) -> None:
    """Time how fast pictures are read, and set it beside what a step of every learner needs on a device."""
    from reprompt.workflow.estimate.feeding import bench_input as run
    from reprompt.workflow.estimate.rates import reference

    run(_plan(params, scale), reference(device), out)


@bench_app.command("conditioning")
def bench_conditioning(out: Json = None, params: Params = Path("params.yaml"), scale: Scale = None) -> None:
    """Train a fleet of every recipe twice, the second time with all that is frozen changed in its last bits."""
    from reprompt.benchmarks.conditioning import bench_conditioning as run

    run(_plan(params, scale), json_out=out)


@app.command()
def estimate(
    device: Device = "cpu",
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="Measure the device at hand, for some seconds; by default known rates.")
    ] = False,
    threads: Annotated[int, typer.Option(help="CPU threads of the measurement; jobs have one.")] = 1,
    write: Annotated[
        Path | None, typer.Option(help="Write what SLURM is to be asked for; the rules read slurm/<scale>.json.")
    ] = None,
    records: Annotated[
        Path | None, typer.Option(help="A folder of results: print how far off the estimate is from what these cost.")
    ] = None,
    params: Params = Path("params.yaml"),
    scale: Scale = None,
) -> None:
    """Estimate hours, memory and disk per rule and study, from operation counts; no image or weight is read."""
    from reprompt.workflow.estimate.run import estimate as run

    if calibrate:
        import torch

        torch.set_num_threads(threads)
    run(_plan(params, scale), device, calibrate, write, records)


@app.command("code-hashes")
def code_hashes(out: Out) -> None:
    """Write a hash of the code of every stage of dvc.yaml; comments do not change it, nor does another scale."""
    from reprompt.planning.entry_points import write_stage_hashes

    write_stage_hashes(out)


@app.command()
def reproduce(
    pretrain: Annotated[bool, typer.Option("--pretrain", help="Pre-train the miniature backbones anew.")] = False,
    cores: Annotated[int | None, typer.Option(help="CPU cores; all by default.")] = None,
    params: Params = Path("params.yaml"),
    scale: Scale = None,
) -> None:
    """Run everything at the active scale and show where the report is."""
    from reprompt.workflow.reproduce import reproduce as run

    sys.exit(run(_plan(params, scale), pretrain=pretrain, cores=cores))


@app.command()
def why(
    job: Annotated[str, typer.Argument(help="few_shot/coop/ViT-B-16/part1, table/prograd_table3, or a result's path.")],
    params: Params = Path("params.yaml"),
    scale: Scale = None,
) -> None:
    """Say why a result is stale: which parameter, which input, or which function of which module changed."""
    from reprompt.workflow.why import why as reasons

    lines = reasons(_plan(params, scale), job)
    print("\n".join(lines) if lines else f"{job}: nothing that it depends on has changed")


@app.command()
def attest(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Only these jobs or rules, as patterns: 'few_shot/*', table; all by default."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be compared and what not.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Compare every cell, and whole trainings, not a sample.")
    ] = False,
    read: Annotated[
        str | None,
        typer.Option(help="Why the changes that no sample executes change no number, once you have read them."),
    ] = None,
    cores: Annotated[int | None, typer.Option(help="CPU cores; all by default.")] = None,
    params: Params = Path("params.yaml"),
    scale: Scale = None,
) -> None:
    """Compare what a changed code gives with what the old one gave, and keep the results that it made stale.

    Both run here side by side: every table, figure and claim whole, of training a sample that has every learner on
    every task (--all compares all of it). What depends on changes that no sample executes stays stale, but for those
    that you have read (--read): they and your reason are written into attested.jsonl. The change has to be committed.
    What agrees bit by bit is registered in provenance.jsonl, code.json and dvc.lock; the exit code is 1 where something
    stays stale.
    """
    from reprompt.workflow.attest.run import Extent
    from reprompt.workflow.attest.run import attest as run

    sys.exit(run(_plan(params, scale), names or (), dry_run, Extent(everything, read), cores))


def _words(text: str) -> tuple[str, ...]:
    """Words that commas separate."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _numbers(option: str, text: str) -> tuple[int, ...]:
    """Whole numbers that commas separate."""
    try:
        return tuple(int(word) for word in _words(text))
    except ValueError:
        raise ValueError(f"{option} {text!r}: whole numbers, separated by commas") from None


def _records(paths: list[Path]) -> "pd.DataFrame":
    from reprompt.records.files import read_records

    return read_records(paths)


if __name__ == "__main__":
    main()
