"""CLIPs: miniature ones pre-trained on the rendered corpus, or OpenAI's weights through open_clip."""


rule pretrain:
    """The weights of one backbone."""
    input:
        text=text_tower,
    output:
        weights=R / "backbones/{backbone}.safetensors",
    log:
        LOGS / "pretrain/{backbone}.log",
    benchmark:
        LOGS / "pretrain/{backbone}.tsv"
    wildcard_constraints:
        backbone=one_of(PRETRAINED),
    conda:
        "../envs/reprompt.yaml"
    threads: 2
    resources:
        mem_mb=resource("pretrain", "mem_mb", 4000),
        runtime=resource("pretrain", "runtime", 240),
    params:
        scale=SCALE,
        code=code_of("pretrain"),
        spec=spec_of("pretrain"),
        text=text_tower_option,
    shell:
        "reprompt pretrain {wildcards.backbone} {params.text} --scale {params.scale} --out {output.weights}"
        " > {log} 2>&1"


rule weights:
    """The weights of one backbone that open_clip knows, converted from its `file` or from a download."""
    input:
        file=weight_file,
    output:
        weights=R / "backbones/{backbone}.safetensors",
    log:
        LOGS / "weights/{backbone}.log",
    wildcard_constraints:
        backbone=one_of(CONVERTED),
    conda:
        "../envs/reprompt.yaml"
    resources:
        mem_mb=resource("weights", "mem_mb", 6000),
        runtime=resource("weights", "runtime", 60),
    params:
        scale=SCALE,
        code=code_of("weights"),
        spec=spec_of("weights"),
    shell:
        "reprompt weights {wildcards.backbone} --scale {params.scale} --out {output.weights} > {log} 2>&1"


rule stage_backbones:
    """`dvc repro backbones`."""
    input:
        expand(R / "backbones/{backbone}.safetensors", backbone=PLAN.backbones),
