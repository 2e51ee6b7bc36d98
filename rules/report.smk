"""A page that says what was run, where the numbers come from and what it cost, one of claims, and headline numbers."""


rule report:
    """results/<scale>/report/index.html."""
    input:
        rules.stage_tables.input,
        rules.stage_world.input,
        claims=R / "claims.csv",
        null=R / "null.csv",
        records=RECORDS,
        costs=[records.with_suffix(".json") for records in RECORDS],
    output:
        page=report(R / "report/index.html", category="report"),
        claims=report(R / "report/claims.html", category="report"),
        headline=R / "headline.json",
    log:
        LOGS / "report.log",
    conda:
        "../envs/reprompt.yaml"
    resources:
        mem_mb=1000,
        runtime=15,
    params:
        scale=SCALE,
        code=code_of("report"),
        spec=spec_of("report"),
    shell:
        "reprompt report --scale {params.scale} --out {output.page} > {log} 2>&1"


rule stage_report:
    """`dvc repro report`."""
    input:
        rules.report.output,
