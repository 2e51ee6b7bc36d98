"""From params.yaml to the report. `snakemake -n` shows what is missing; rules/ has one file per stage of the drawing.

snakemake --cores all                              everything that is missing, at the scale named in params.yaml
snakemake --cores all --profile slurm              the same on a cluster
snakemake --cores all --profile workstation        the same on a machine with GPUs
snakemake --cores all --config scale=smoke         another scale
"""

from snakemake.utils import min_version

min_version("9.27")


configfile: "params.yaml"


include: "rules/common.smk"


if PLAN.has_corpus:

    include: "rules/corpus.smk"


include: "rules/data.smk"
include: "rules/backbones.smk"
include: "rules/features.smk"
include: "rules/tune.smk"


if GRID:

    include: "rules/groups.smk"


include: "rules/tables.smk"
include: "rules/claims.smk"
include: "rules/report.smk"


for each in workflow.rules:  # here, not in each: dvc.yaml's stages depend on the text of their rules
    each.priority = priority_of(each.name)
    if SHARED_OUT and each.name in on_devices.RULES and "gpu_mb" not in each.resources:  # by --set-resources
        each.resources["gpu_mb"] = share_of_device(each.name)


rule all:
    """Every table, every figure and the report of the active scale, and all its records and backbones.

    Records are targets of their own: tables come with a clone, and without this line they alone would be enough.
    """
    default_target: True
    input:
        rules.stage_backbones.input,
        RECORDS,
        rules.stage_tables.input,
        rules.stage_claims.input,
        rules.stage_report.input,


onstart:
    note_missing()
    refill_cells()
    hand_out_devices(workflow.dag.needrun_jobs())


onsuccess:
    remember(workflow.dag.jobs)


onerror:
    remember(workflow.dag.jobs)  # a failed run too records what it finished
