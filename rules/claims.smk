"""A verdict on every checkable claim of the papers, from all records, and how often the rule errs on them."""


rule claims:
    """results/<scale>/claims.csv."""
    input:
        records=RECORDS,
    output:
        csv=R / "claims.csv",
    log:
        LOGS / "claims.log",
    conda:
        "../envs/reprompt.yaml"
    resources:
        mem_mb=2000,
        runtime=15,
    params:
        scale=SCALE,
        code=code_of("claims"),
        spec=spec_of("claims"),
    shell:
        "reprompt claims --scale {params.scale} --out {output.csv} > {log} 2>&1"


rule null:
    """results/<scale>/null.csv: the same claims in worlds without effects."""
    input:
        records=RECORDS,
    output:
        csv=R / "null.csv",
    log:
        LOGS / "null.log",
    conda:
        "../envs/reprompt.yaml"
    resources:
        mem_mb=3000,
        runtime=30,
    params:
        scale=SCALE,
        worlds=PLAN.parameters.verdicts.worlds,
        code=code_of("null"),
        spec=spec_of("null"),
    shell:
        "reprompt claims --null {params.worlds} --scale {params.scale} --out {output.csv} > {log} 2>&1"


rule stage_claims:
    """`dvc repro claims`."""
    input:
        rules.claims.output,
        rules.null.output,
