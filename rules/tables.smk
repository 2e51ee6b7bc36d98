"""Tables and figures: published and regenerated side by side, from the records. And what the rendered world looks like."""


rule table:
    """One table of a paper."""
    input:
        records=records_of_output,
    output:
        csv=R / "tables/{table}.csv",
        html=report(R / "tables/{table}.html", category=study_of_output, labels={"table": "{table}"}),
    log:
        LOGS / "tables/{table}.log",
    conda:
        "../envs/reprompt.yaml"
    resources:
        mem_mb=1000,
        runtime=15,
    params:
        code=code_of("table"),
        spec=spec_of("table"),
        records=records_options,
        stem=str(R / "tables/{table}"),
    shell:
        "reprompt table {wildcards.table} {params.records} --out {params.stem} > {log} 2>&1"


rule figure:
    """One figure of a paper, and the numbers in it."""
    input:
        records=records_of_output,
    output:
        png=report(R / "figures/{figure}.png", category=study_of_output, labels={"figure": "{figure}"}),
        csv=R / "figures/{figure}.csv",
    log:
        LOGS / "figures/{figure}.log",
    conda:
        "../envs/reprompt.yaml"
    resources:
        mem_mb=1000,
        runtime=15,
    params:
        code=code_of("figure"),
        spec=spec_of("figure"),
        records=records_options,
        stem=str(R / "figures/{figure}"),
    shell:
        "reprompt figure {wildcards.figure} {params.records} --out {params.stem} > {log} 2>&1"


rule contact_sheet:
    """What the rendered world looks like."""
    output:
        png=report(R / "world/{sheet}.png", category="world", labels={"sheet": "{sheet}"}),
    log:
        LOGS / "world/{sheet}.log",
    conda:
        "../envs/reprompt.yaml"
    resources:
        mem_mb=1500,
        runtime=15,
    params:
        scale=SCALE,
        code=code_of("contact_sheet"),
        spec=spec_of("contact_sheet"),
    shell:
        "reprompt contact-sheet {wildcards.sheet} --scale {params.scale} --out {output.png} > {log} 2>&1"


rule stage_tables:
    """`dvc repro tables`."""
    input:
        expand(R / "tables/{table}.{end}", table=TABLES, end=["csv", "html"]),
        expand(R / "figures/{figure}.{end}", figure=FIGURES + CORPUS_FIGURES, end=["png", "csv"]),


rule stage_world:
    """`dvc repro world`."""
    input:
        expand(R / "world/{sheet}.png", sheet=WORLD),
