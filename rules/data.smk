"""Classes, splits and few-shot draws of every task: small text files with hashes."""


rule split:
    """A data set's class names, labels and few-shot draws. One that is missing stops only what needs it."""
    output:
        split=R / "data/{task}.json",
    log:
        LOGS / "split/{task}.log",
    wildcard_constraints:
        task=one_of(PLAN.labelled_tasks),
    conda:
        "../envs/reprompt.yaml"
    resources:
        mem_mb=1500,
        runtime=30,
    params:
        scale=SCALE,
        code=code_of("split"),
        spec=spec_of("split"),
    shell:
        "reprompt split {wildcards.task} --scale {params.scale} --out {output.split} > {log} 2>&1"


rule stage_data:
    """`dvc repro data`."""
    input:
        expand(rules.split.output, task=PLAN.labelled_tasks),
        rules.corpus.output if PLAN.has_corpus else [],
        expand(R / "data/corpus.{source}.json", source=PLAN.source_seeds[1:]),
