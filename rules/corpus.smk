"""GRAM's corpus: image-text pairs without mismatched ones, in topics and domains, as the task `corpus`."""


rule corpus:
    """What is known of every pair, the tasks that meta-training reads, and what the report shows of them.

    The pairs' topics are not made anew where they are of the same pairs, weights and settings (`update`): on another
    processor they would be others.
    """
    input:
        weights=R / f"backbones/{PLAN.parameters.gram.backbone}.safetensors",
        features=R / f"features/{PLAN.parameters.gram.backbone}/corpus.json",
    output:
        pairs=update(R / "corpus/pairs.npz"),
        quality=R / "corpus/quality.json",
        pictures=R / "corpus/pictures.npz",
        costs=R / "corpus/costs.json",
        split=R / "data/corpus.json",
        derived=expand(R / "data/{task}.json", task=PLAN.parameters.derived_tasks),
    log:
        LOGS / "corpus.log",
    benchmark:
        LOGS / "corpus.tsv"
    conda:
        "../envs/reprompt.yaml"
    threads: 2
    resources:
        mem_mb=resource("corpus", "mem_mb", 4000),
        runtime=resource("corpus", "runtime", 60),
    params:
        scale=SCALE,
        code=code_of("corpus"),
        spec=spec_of("corpus"),
        folder=subpath(output.pairs, parent=True),
        features=subpath(input.features, strip_suffix=".json"),
        source=1,
    shell:
        "reprompt corpus --scale {params.scale} --weights {input.weights} --features {params.features}.safetensors"
        " --out {params.folder} --split {output.split} --source-seed {params.source} --threads {threads} > {log} 2>&1"


use rule corpus as corpus_of_source with:
    output:
        pairs=update(R / "corpus/{source}/pairs.npz"),
        quality=R / "corpus/{source}/quality.json",
        pictures=R / "corpus/{source}/pictures.npz",
        costs=R / "corpus/{source}/costs.json",
        split=R / "data/corpus.{source}.json",
    log:
        LOGS / "corpus.{source}.log",
    benchmark:
        LOGS / "corpus.{source}.tsv"
    params:
        scale=SCALE,
        code=code_of("corpus_of_source"),
        spec=spec_of("corpus_of_source"),
        folder=subpath(output.pairs, parent=True),
        features=subpath(input.features, strip_suffix=".json"),
        source="{source}",


rule corpus_figure:
    """The filter's curve, or a picture of topics and domains, and the numbers in it."""
    input:
        quality=rules.corpus.output.quality,
        pictures=rules.corpus.output.pictures,
    output:
        png=report(R / "figures/{corpus_figure}.png", category="gram", labels={"figure": "{corpus_figure}"}),
        csv=R / "figures/{corpus_figure}.csv",
    log:
        LOGS / "figures/{corpus_figure}.log",
    conda:
        "../envs/reprompt.yaml"
    resources:
        mem_mb=1000,
        runtime=15,
    params:
        code=code_of("corpus_figure"),
        folder=subpath(input.quality, parent=True),
        stem=subpath(output.png, strip_suffix=".png"),
    shell:
        "reprompt corpus-figure {wildcards.corpus_figure} --corpus {params.folder} --out {params.stem} > {log} 2>&1"
