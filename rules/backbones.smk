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
    conda:
        "../envs/reprompt.yaml"
    threads: 2
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        scale=SCALE,
        code=code.code_hash(*code.PRETRAINING),
        spec=pretraining_spec,
        text=text_tower_option,
    shell:
        "reprompt pretrain {wildcards.backbone} {params.text} --scale {params.scale} --out {output.weights}"
        " > {log} 2>&1"


rule stage_backbones:
    """`dvc repro backbones`."""
    input:
        expand(R / "backbones/{backbone}.safetensors", backbone=PLAN.backbones),
