"""Prompts tuned and judged. One job is one recipe of one experiment on one part of the tasks: all its shots and seeds."""


rule tune:
    """The records of one job. Finished cells are kept in .cells, so that a killed job goes on where it was."""
    input:
        weights=R / "backbones/{backbone}.safetensors",
        features=features_of_job,
        splits=splits_of_job,
        prompts=prompts_of_job,
        groups=groups_of_job,
    output:
        records=R / "records/{experiment}/{recipe}/{backbone}/{part}.npz",
        costs=R / "records/{experiment}/{recipe}/{backbone}/{part}.json",
    log:
        LOGS / "tune/{experiment}/{recipe}/{backbone}/{part}.log",
    benchmark:
        LOGS / "tune/{experiment}/{recipe}/{backbone}/{part}.tsv"
    wildcard_constraints:
        experiment="|".join(DROPPING),
    conda:
        "../envs/reprompt.yaml"
    resources:
        mem_mb=3000,
        runtime=120,
    params:
        scale=SCALE,
        code=code_of_job,
        job="{experiment}/{recipe}/{backbone}/{part}",
        spec=job_spec,
        splits=R / "data",
        features=str(R / "features/{backbone}"),
    shell:
        "reprompt tune {params.job} --scale {params.scale}"
        " --weights {input.weights} --features {params.features} --splits {params.splits}"
        " --out {output.records} --costs {output.costs} > {log} 2>&1"


use rule tune as tune_and_pass_on with:
    output:
        records=R / "records/{experiment}/{recipe}/{backbone}/{part}.npz",
        costs=R / "records/{experiment}/{recipe}/{backbone}/{part}.json",
        prompts=temp(R / "records/{experiment}/{recipe}/{backbone}/{part}.safetensors"),
    wildcard_constraints:
        experiment="|".join(PASSING_ON),


use rule tune as tune_and_keep with:
    output:
        records=R / "records/{experiment}/{recipe}/{backbone}/{part}.npz",
        costs=R / "records/{experiment}/{recipe}/{backbone}/{part}.json",
        prompts=R / "records/{experiment}/{recipe}/{backbone}/{part}.safetensors",
    wildcard_constraints:
        experiment="|".join(KEEPING),


for experiment in PLAN.parameters.experiments:

    rule:
        name:
            f"stage_{experiment}"
        input:
            records_of(experiment),
