"""Image features: each image, and each augmented view of a training image, through a frozen image tower once."""


rule features:
    """The features of one part's images.

    The declared output is a manifest: the hashes of what the features were made from. The features themselves lie
    beside it, in neither git nor DVC; a job that misses them makes them again. Were they the output, then to restore
    them for one job Snakemake would also run every other job that reads them.
    """
    input:
        weights=R / "backbones/{backbone}.safetensors",
    output:
        manifest=R / "features/{backbone}/{part}.json",
    log:
        LOGS / "features/{backbone}/{part}.log",
    benchmark:
        LOGS / "features/{backbone}/{part}.tsv"
    conda:
        "../envs/reprompt.yaml"
    resources:
        mem_mb=resource("features", "mem_mb", 3000),
        runtime=resource("features", "runtime", 120),
        gpu=resource("features", "gpu", 0),
    params:
        scale=SCALE,
        code=code_of("features"),
        spec=spec_of("features"),
        features=str(R / "features/{backbone}/{part}.safetensors"),
    shell:
        "reprompt features {wildcards.backbone} {wildcards.part} --scale {params.scale}"
        " --weights {input.weights} --out {params.features} > {log} 2>&1"


rule stage_features:
    """`dvc repro features`."""
    input:
        sorted({R / f"features/{job.backbone}/{part}.json" for job in PLAN.jobs for part, _ in job.features}),
