"""Classes, splits and few-shot draws of every task: small text files with hashes."""


rule split:
    """All tasks' class names, base and new classes, and few-shot draws."""
    output:
        splits=expand(R / "data/{task}.json", task=PLAN.labelled_tasks),
    log:
        LOGS / "split.log",
    conda:
        "../envs/reprompt.yaml"
    resources:
        mem_mb=1500,
        runtime=30,
    params:
        scale=SCALE,
        code=code_of("split"),
        spec=spec_of("split"),
        folder=R / "data",
    shell:
        "reprompt split --scale {params.scale} --out {params.folder} > {log} 2>&1"


rule stage_data:
    """`dvc repro data`."""
    input:
        rules.split.output,
        rules.corpus.output if PLAN.has_corpus else [],
        expand(R / "data/corpus.{source}.json", source=PLAN.source_seeds[1:]),
