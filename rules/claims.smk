"""A verdict on every checkable claim of the papers, from all records."""


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


rule stage_claims:
    """`dvc repro claims`."""
    input:
        rules.claims.output,
