"""Prompts tuned and evaluated. One job is one recipe of one experiment on one part of the tasks: all its shots and seeds."""


rule tune:
    """The records of one job. Finished cells are kept in .cells, so that a killed job goes on where it was."""
    input:
        weights=R / "backbones/{backbone}.safetensors",
        features=features_of_job,
        splits=splits_of_job,
        prompts=prompts_of_job,
        groups=groups_of_job,
    output:
        records=R / f"records/{JOB}.npz",
        costs=R / f"records/{JOB}.json",
    log:
        LOGS / f"tune/{JOB}.log",
    benchmark:
        LOGS / f"tune/{JOB}.tsv"
    wildcard_constraints:
        experiment=one_of(DROPPING),
    conda:
        "../envs/reprompt.yaml"
    resources:
        mem_mb=resource("tune", "mem_mb", 3000),
        runtime=resource("tune", "runtime", 120),
        gpu=resource("tune", "gpu", 0),
    params:
        scale=SCALE,
        code=code_of("tune"),
        job=JOB,
        spec=spec_of("tune"),
        splits=R / "data",
        features=str(R / "features/{backbone}"),
    shell:
        "reprompt tune {params.job} --scale {params.scale}"
        " --weights {input.weights} --features {params.features} --splits {params.splits}"
        " --out {output.records} --costs {output.costs} > {log} 2>&1"


use rule tune as tune_and_pass_on with:
    output:
        records=R / f"records/{JOB}.npz",
        costs=R / f"records/{JOB}.json",
        prompts=temp(R / f"records/{JOB}.safetensors"),
    wildcard_constraints:
        experiment=one_of(PASSING_ON),


use rule tune as tune_and_keep with:
    output:
        records=R / f"records/{JOB}.npz",
        costs=R / f"records/{JOB}.json",
        prompts=R / f"records/{JOB}.safetensors",
    wildcard_constraints:
        experiment=one_of(KEEPING),


rule stage_records:
    """`dvc repro records`."""
    input:
        [file for experiment in dict.fromkeys(job.experiment for job in PLAN.jobs) for file in records_of(experiment)],


for experiment in EXPERIMENTS:

    rule:
        name:
            f"stage_{experiment}"
        input:
            records_of(experiment),
