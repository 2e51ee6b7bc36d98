"""What the rules share: the plan, and functions from a rule's wildcards to what it needs."""

import re
import sys

from snakemake.exceptions import WorkflowError

sys.path.insert(0, str(Path(workflow.basedir) / "src"))

from reprompt.planning import entry_points

from reprompt.foundation import devices, locks
from reprompt.foundation.digests import digest_of_text

from reprompt.workflow import order, provenance, there
from reprompt.workflow import devices as on_devices
from reprompt.workflow.estimate import resources as estimated
from reprompt.workflow.listings import Listings, with_listings
from reprompt.planning.parameters import load_parameters
from reprompt.cells.recipes import in_path
from reprompt.cells.tuning import ParameterError
from reprompt.planning.plan import make_plan
from reprompt.workflow.snakemake import step_name
from reprompt.workflow.summary import waiting_in_words
from reprompt.workflow.taking_over import take_over_backbones

try:
    PARAMETERS = load_parameters("params.yaml", scale=config["scale"])
    PLAN = make_plan(PARAMETERS, there.missing(PARAMETERS) if workflow.is_main_process else there.noted(PARAMETERS))
    JOBS = {job.name: job for job in PLAN.every_job}
except ParameterError as mistake:
    sys.exit(f"reprompt: {mistake}")
if PLAN.missing and not JOBS:
    sys.exit("\n".join(["reprompt: nothing can be run yet", *waiting_in_words(PLAN)]))

SCALE = PLAN.scale
LISTINGS = Listings(PLAN)  # of the data sets on disk
R = PLAN.root
LOGS = Path("logs") / SCALE
JOB = "{experiment}/{recipe}/{backbone}/{part}"  # the name of a job
EXPERIMENTS = PLAN.parameters.experiments
RECORDS = [PLAN.records(job.name) for job in PLAN.jobs]
ENDS_OF_RECORDS = (".npz", ".json", ".safetensors")  # records, what they cost, prompts
EVALUATED = {experiment.prompts_of for experiment in EXPERIMENTS.values()}  # whose prompts the grid alone reads
LEAVING = [name for name, experiment in EXPERIMENTS.items() if experiment.keeps_prompts]
KEEPING = [name for name in LEAVING if name not in EVALUATED]
PASSING_ON = [name for name in LEAVING if name in EVALUATED]
DROPPING = [name for name in EXPERIMENTS if name not in LEAVING]
GRID = [name for name, experiment in EXPERIMENTS.items() if experiment.protocol == "transfer_grid"]
TABLES = [output.name for output in PLAN.outputs.values() if output.kind == "table"]
FIGURES = [output.name for output in PLAN.outputs.values() if output.kind == "figure"]
CORPUS_FIGURES = [figure.name for figure in PLAN.corpus_figures]
PRETRAINED = [name for name, backbone in PLAN.parameters.backbones.items() if backbone.source == "rendered"]
CONVERTED = [name for name, backbone in PLAN.parameters.backbones.items() if backbone.source == "open_clip"]
RESOURCES = estimated.Resources.read(
    Path("slurm") / f"{SCALE}.json"
)  # what `reprompt estimate --write` left, if anything
PRIORITIES = order.read()  # what `reprompt reproduce` left: which jobs the next table or figure needs
WORLD = ["corpus", "tasks"] if PLAN.parameters.data.source == "rendered" else []  # what contact sheets show


def one_of(names):
    """A constraint that one of these names fulfils; none does where there are none."""
    return "|".join(names) or "(?!)"


# Every wildcard is constrained: an unconstrained one also matches "/", and an empty constraint matches anything.
wildcard_constraints:
    task=one_of(PLAN.all_tasks),
    backbone=one_of(PLAN.backbones),
    part=one_of(re.escape(part) for part in dict.fromkeys([*PLAN.parts, *(job.part for job in PLAN.every_job)])),
    experiment=one_of(EXPERIMENTS),
    recipe=one_of({in_path(job.recipe) for job in PLAN.every_job}),
    table=one_of(TABLES),
    figure=one_of(FIGURES),
    corpus_figure=one_of(CORPUS_FIGURES),
    sheet="corpus|tasks",
    source=one_of(map(str, PLAN.source_seeds[1:])),


# What a rule reads


def weight_file(wildcards):
    """The file that a backbone's weights are converted from, if the parameters name one."""
    file = PLAN.parameters.backbones[wildcards.backbone].file
    return [file] if file else []


def text_tower(wildcards):
    """The backbone whose frozen text tower an image tower is trained against, if any."""
    source = PLAN.text_source(wildcards.backbone)
    return [R / f"backbones/{source}.safetensors"] if source else []


def features_of_job(wildcards):
    """The manifests of the features that a job reads."""
    parts = JOBS["/".join(wildcards)].features
    return [R / f"features/{wildcards.backbone}/{part}.json" for part, _ in parts]


def splits_of_job(wildcards):
    """The splits and draws of the tasks that a job reads."""
    job = JOBS["/".join(wildcards)]
    return [R / f"data/{job.split_of(task)}.json" for task in job.tasks_read]


def prompts_of_job(wildcards):
    """The prompts that a job starts from or evaluates."""
    return [PLAN.prompts(job) for job in JOBS["/".join(wildcards)].prompts]


def groups_of_job(wildcards):
    """Which tasks are trained together, for a job that does so."""
    return [PLAN.groups] if JOBS["/".join(wildcards)].partners else []


def records_of(experiment):
    """All records of an experiment, what they cost, and the prompts where they are kept for good."""
    ends = ENDS_OF_RECORDS if experiment in KEEPING else ENDS_OF_RECORDS[:2]
    return [PLAN.records(job).with_suffix(end) for job in PLAN.jobs_of(experiment) for end in ends]


def records_of_output(wildcards):
    """The records that a table or figure reads."""
    return [PLAN.records(job) for job in PLAN.outputs[wildcards[0]].jobs]


# What a rule's results depend on besides files of the workflow: code, and parameters with the files of data sets, each
# as one short hash


def code_of(rule):
    """A function to what the code comes to that a job of `rule` runs. Comments do not count."""

    def of_job(wildcards):
        return entry_points.code_of(PLAN, rule, dict(wildcards.items()))

    return of_job


def spec_of(rule):
    """A function to what the parameters, and the files of data sets, come to that a job of `rule` depends on."""

    def of_job(wildcards):
        spec = entry_points.spec_of(PLAN, rule, dict(wildcards.items()))
        return digest_of_text(with_listings(spec, LISTINGS.of_job(rule, wildcards)))

    return of_job


# How a rule is shown, and options of its command


def study_of_output(wildcards):
    """The study that a table or figure belongs to: its heading in Snakemake's own report."""
    return PLAN.outputs[wildcards[0]].study


def records_options(wildcards, input):
    """`--records FILE` for each."""
    return [f"--records {file}" for file in input.records]


def text_tower_option(wildcards, input):
    """`--text-from FILE` where there is one."""
    return f"--text-from {input.text}" if input.text else ""


# What a rule asks of a cluster


def resource(rule, name, default):
    """A function to what a job of `rule` asks for: as estimated, or `default`; more at every further attempt."""

    def of_job(wildcards, attempt):
        return RESOURCES.of(rule, "/".join(wildcards) or rule, name, default, attempt)

    return of_job


# On one machine with GPUs, which --profile workstation shares out: what of a device's memory a job takes
SHARED_OUT = devices.found() if workflow.is_main_process and "gpu_mb" in workflow.global_resources else []


def share_of_device(rule):
    """A function to the MB that a job of `rule` takes of a device; nothing where a scheduler hands these out."""

    def of_job(wildcards):
        if not workflow.local_exec:
            return None
        return on_devices.wanted_memory(PLAN, rule, dict(wildcards.items()), SHARED_OUT)

    return of_job


def hand_out_devices(jobs):
    """Have the jobs of this run compute on the devices, each on one."""
    if SHARED_OUT and workflow.local_exec:
        of_jobs = [job for job in jobs if job.rule.name in on_devices.RULES]
        steps = {step_name(job.rule.name, dict(job.wildcards.items())): job.resources.gpu_mb for job in of_jobs}
        on_devices.hand_out(SHARED_OUT, steps)


# What a rule comes before


def priority_of(rule):
    """A function to a job's priority: the cheap outputs of every study first, where the driver has ordered them."""

    def of_job(wildcards):
        return PRIORITIES.get(step_name(rule, dict(wildcards.items())), 0)

    return of_job


# Before and after a run


def jobs_by_study():
    """Lines on how many jobs and cells of the plan belong to each study, finished ones among them."""
    studies = {}
    for job in PLAN.jobs:
        studies.setdefault(PLAN.studies[job.name], []).append(len(job.cells))
    return [f"{study}: {len(cells)} jobs, {sum(cells)} cells" for study, cells in studies.items()]


def made_now(rule, wildcards):
    """With which code and parameters an output of `rule` would be made today, as provenance has it."""
    spec = digest_of_text(entry_points.spec_of(PLAN, rule, wildcards))
    return {"code": entry_points.code_of(PLAN, rule, wildcards), "spec": spec}


def refill_cells():
    """Before anything is made again: put what the folder's records hold into the cell store."""
    from reprompt.records.files import CELL_STORE
    from reprompt.workflow.refill import refill

    filled = refill(PLAN.root.parent, CELL_STORE)
    if filled:
        print(f"{filled} finished cells are taken over from records", file=sys.stderr)


def note_missing():
    """What this run does without: its jobs have the same plan, whatever arrives meanwhile."""
    there.note(PARAMETERS, dict(PLAN.missing))


def outputs_of_plan():
    """Every file that the active scale's plan makes."""
    stages = [rule for rule in workflow.rules if rule.name.startswith("stage_")]
    return {str(file) for stage in stages for file in stage.input}


def remember(jobs):
    """Remove what no longer belongs to the plan, then record where every output of these jobs came from."""
    planned = outputs_of_plan()
    passed_on = {str(PLAN.prompts(job.name)) for job in PLAN.every_job if job.experiment in PASSING_ON}
    planned |= {str(PLAN.records(name).with_suffix(end)) for name in PLAN.waiting for end in ENDS_OF_RECORDS}
    provenance.prune(R / "records", keep=planned)
    provenance.export(R, {str(output): how_made(job) for job in jobs for output in job.output}, planned, passed_on)


def how_made(job):
    """What provenance says of a job's outputs: its wildcards, and hashes of the code and parameters they depend on."""
    made = {name: job.params[name] for name in ("code", "spec") if name in job.params.keys()}
    listings = LISTINGS.of_job(job.rule.name, job.wildcards)
    if listings:
        spec = digest_of_text(entry_points.spec_of(PLAN, job.rule.name, dict(job.wildcards.items())))
        made |= {"spec": spec, "listings": listings}
    if "recipe" in job.wildcards.keys():
        made["cells"] = entry_points.code_of_cells(PLAN, job.wildcards.experiment, job.wildcards.recipe)
    return {"wildcards": dict(job.wildcards.items()), "made": made}


if workflow.is_main_process:  # not in the Snakemake of a cluster job
    try:
        if "--unlock" not in sys.argv:
            held = locks.hold_job_lock()  # until this process ends
        taken_over = take_over_backbones(R, PLAN.backbones, made_now)
        adopted = provenance.adopt(R)
    except (provenance.TamperedError, OSError) as mistake:  # a file system without locks, say
        raise WorkflowError(str(mistake))
    if {"-n", "--dry-run", "--dryrun"} & set(sys.argv):
        print(f"The plan at scale {SCALE}:", *jobs_by_study(), sep="\n  ", file=sys.stderr)
    if PLAN.missing:
        print(*waiting_in_words(PLAN), sep="\n  ", file=sys.stderr)
    if taken_over:
        print(f"taken over from another scale: {', '.join(taken_over)}", file=sys.stderr)
    if adopted:
        print(f"{adopted} restored files are as {provenance.list_path(R)} says", file=sys.stderr)
