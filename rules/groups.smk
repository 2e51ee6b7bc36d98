"""Which tasks MVLPT trains together, from the transferability grid."""


rule groups:
    """results/<scale>/groups.json."""
    input:
        records=[PLAN.records(job) for job in PLAN.jobs_of(*GRID)],
    output:
        groups=PLAN.groups,
    log:
        LOGS / "groups.log",
    conda:
        "../envs/reprompt.yaml"
    resources:
        mem_mb=1000,
        runtime=15,
    params:
        code=code_of("groups"),
        spec=spec_of("groups"),
        partners_by=" ".join([PLAN.parameters.partners_by, *(f"--draw {seed}" for seed in PLAN.parameters.partners_on)]),
        records=records_options,
    shell:
        "reprompt groups {params.records} --partners-by {params.partners_by} --out {output.groups} > {log} 2>&1"


rule stage_groups:
    """`dvc repro groups`."""
    input:
        rules.groups.output,
