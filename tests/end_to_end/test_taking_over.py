"""What is trained is trained once: whatever seeds, tasks, shots and scales are asked for later."""

import json
import re
from pathlib import Path

import yaml
from copies import call, edit

JOB = "few_shot/coop/ViT-B-16/part1"


def trained(folder: Path, scale: str = "smoke") -> tuple[int, int]:
    """Run the job, at another scale too: how many of its cells were trained, and how many there are."""
    target = f"results/{scale}/records/{JOB}.npz"
    call(folder, *f"snakemake --cores 2 --config scale={scale} -- {target}".split(), seconds=900)
    costs = json.loads((folder / target).with_suffix(".json").read_text())
    return costs["trained"], costs["cells"]


def test_one_more_seed_task_and_shot_train_nothing_that_stands(clone: Path) -> None:
    """A clone has no finished cells but those in its records."""
    tasks, shots, seeds = 3, 2, 2
    assert not (clone / ".cells").exists()
    edit(clone / "params.yaml", r"^    seeds: \[1, 2\]", "    seeds: [1, 2, 3]")
    edit(clone / "params.yaml", r"^(    tasks: \[imagenet, dtd, eurosat)\]", r"\g<1>, ucf101]")
    edit(clone / "params.yaml", r"^    tasks_per_job: 3", "    tasks_per_job: 4")
    edit(clone / "params.yaml", r"(few_shot: \{.*shots: )\[1, 2\]", r"\g<1>[1, 2, 4]")
    every = (tasks + 1) * (shots + 1) * (seeds + 1)
    assert trained(clone) == (every - tasks * shots * seeds, every)


def test_a_scale_with_more_draws_trains_only_these(clone: Path) -> None:
    """Its backbone is the other scale's, its features are made anew, its cells are taken over."""
    text = (clone / "params.yaml").read_text()
    smoke = re.search(r"^  smoke:\n((?:    .*\n|\n)+)", text, re.MULTILINE)[1]
    more = re.sub(r"&\w+ ", "", smoke.replace("seeds: [1, 2]", "seeds: [1, 2, 3, 4]", 1))
    (clone / "params.yaml").write_text(f"{text}\n  more:\n{more}")
    assert yaml.safe_load((clone / "params.yaml").read_text())["scales"]["more"]["seeds"] == [1, 2, 3, 4]
    before = trained(clone)[1]
    new, every = trained(clone, "more")
    assert (new, every) == (before, 2 * before)
    weights = [(clone / f"results/{scale}/backbones/ViT-B-16.safetensors").read_bytes() for scale in ("smoke", "more")]
    assert weights[0] == weights[1]
    assert "pretrain" not in {path.parent.name for path in (clone / "logs/more").rglob("*.log")}
