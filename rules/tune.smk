"""Prompts tuned and judged. One job is one recipe under one protocol on one part of the tasks: all its shots and seeds."""


rule tune:
    """The records of one job. Finished cells are kept in .cells, so that a killed job goes on where it was."""
    input:
        weights=R / "backbones/{backbone}.safetensors",
        features=R / "features/{backbone}/{part}.json",
        splits=splits_of_part,
    output:
        records=R / "records/{protocol}/{recipe}/{backbone}/{part}.npz",
        costs=R / "records/{protocol}/{recipe}/{backbone}/{part}.json",
    log:
        LOGS / "tune/{protocol}/{recipe}/{backbone}/{part}.log",
    benchmark:
        LOGS / "tune/{protocol}/{recipe}/{backbone}/{part}.tsv"
    conda:
        "../envs/reprompt.yaml"
    resources:
        mem_mb=3000,
        runtime=120,
    params:
        scale=SCALE,
        code=code_of_job,
        job="{protocol}/{recipe}/{backbone}/{part}",
        spec=job_spec,
        splits=R / "data",
        features=str(R / "features/{backbone}/{part}.safetensors"),
    shell:
        "reprompt tune {params.job} --scale {params.scale}"
        " --weights {input.weights} --features {params.features} --splits {params.splits}"
        " --out {output.records} --costs {output.costs} > {log} 2>&1"


for protocol, recipe in sorted({(job.protocol, job.recipe) for job in PLAN.jobs}):

    rule:
        name:
            f"stage_{protocol}_{recipe}"
        input:
            records_of(protocol, recipe),
