"""What Snakemake would make again when something of the data changes: that data set's, and nothing else.

On small data sets in the makers' layouts. Nothing is trained: what Snakemake asks for is there, and it is told so.
"""

import json
import shutil
from pathlib import Path

import layouts
import pytest
import yaml
from copies import call, copy_project, edit, wanted

import files_at_hand

TOWER = "ViT-B-16"
OF_TASKS = {"dtd": "part2", "eurosat": "part3", "hateful_memes": "targets1"}
JOBS = {
    "dtd": f"few_shot/zero_shot/{TOWER}/part2",
    "eurosat": f"few_shot/zero_shot/{TOWER}/part3",
    "hateful_memes": f"elevater_few/coop_middle/{TOWER}/targets1",
}
TARGETS = [f"results/smoke/records/{job}.npz" for job in JOBS.values()]


def renewed(task: str) -> set[str]:
    """The steps that a change in the files of a data set makes necessary."""
    return {f"split/{task}", f"features/{TOWER}/{OF_TASKS[task]}", JOBS[task]}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project on three small data sets without split files, where Snakemake has nothing to do."""
    folder = tmp_path_factory.mktemp("listings") / "finished"
    folder.mkdir()
    copy_project(folder)
    (folder / "params.yaml").write_text(yaml.safe_dump(files_at_hand.parameters()))
    files_at_hand.write_data(folder, "dtd", "eurosat", split_file=False)
    files_at_hand.write_data(folder, "hateful_memes", official=True)
    splits = [f"results/smoke/data/{task}.json" for task in JOBS]
    call(folder, "snakemake", "--cores", "1", *splits)
    files = [f"features/{TOWER}/{part}.json" for part in OF_TASKS.values()] + [f"backbones/{TOWER}.safetensors"]
    files += [f"records/{job}.{end}" for job in JOBS.values() for end in ("npz", "json")]
    for name in files:
        path = folder / "results/smoke" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    call(folder, "snakemake", "--touch", "--cores", "1", *TARGETS)
    assert wanted(folder, *TARGETS) == set()
    return folder


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    """A copy of it that a test can change."""
    return Path(shutil.copytree(finished, tmp_path / "copy", symlinks=True))


def test_a_split_file_beside_eurosat_renews_eurosat_alone(folder: Path, tmp_path: Path) -> None:
    """F1: `data status` advises it; labels and features would be of two orders."""
    file = "split_zhou_EuroSAT.json"
    shutil.copy(layouts.make("eurosat", tmp_path / "authors", 10) / file, folder / "data/eurosat")
    assert wanted(folder, *TARGETS) == renewed("eurosat")


def test_a_deleted_picture_renews_its_data_set_alone_and_the_split_says_what_is_missing(folder: Path) -> None:
    """F2, F6: what message there was advised it; labels would be one more than pictures."""
    next((folder / "data/dtd/images/banded").iterdir()).unlink()
    assert wanted(folder, *TARGETS) == renewed("dtd")
    said = call(folder, "reprompt", "split", "dtd", "--out", "dtd.json", succeeds=False)
    assert "all splits together" in said and "reprompt data status dtd" in said and "Traceback" not in said


def test_a_corrected_template_renews_split_and_cells_of_its_task_alone(folder: Path) -> None:
    """F3. Features are of pictures: they stay."""
    card = yaml.safe_load((folder / "cards/dtd.yaml").read_text())
    (folder / "cards/dtd.yaml").write_text(yaml.safe_dump(card | {"template": "a close-up of {}."}))
    assert wanted(folder, *TARGETS) == {"split/dtd", JOBS["dtd"]}


def test_a_corrected_class_name_renews_split_and_cells_of_its_task_alone(folder: Path) -> None:
    """F3: ELEVATER's names, of which the package has one file for all tasks."""
    edit(folder / "src/reprompt/data/files/elevater_names.json", r'"meme"', '"harmless meme"')
    assert wanted(folder, *TARGETS) == {"split/hateful_memes", JOBS["hateful_memes"]}


def test_touched_files_renew_nothing(folder: Path) -> None:
    for path in (folder / "data").rglob("*"):
        path.touch()
    assert wanted(folder, *TARGETS) == set()


def test_results_stay_where_the_data_are_not(folder: Path) -> None:
    """A clone with results and without data sets, read-only ones among these, has nothing to do."""
    shutil.rmtree(folder / "data")
    assert wanted(folder, *TARGETS) == set()


def test_a_data_set_that_is_missing_or_partial_stops_only_what_needs_it(folder: Path) -> None:
    """F11, F15: ImageNet is not there, EuroSAT is half unpacked."""
    (folder / "data/eurosat/.unpacking-EuroSAT.zip").mkdir()
    (folder / "results/smoke/data/dtd.json").unlink()
    assert "imagenet: data/imagenet is missing" in call(folder, "snakemake", "-n", "--", *TARGETS)
    shutil.rmtree(folder / "results/smoke/records")  # which no training made: the cell store is filled from them
    splits = [f"results/smoke/data/{task}.json" for task in ("dtd", "eurosat")]
    call(folder, "snakemake", "--cores", "1", *splits, succeeds=False)
    assert json.loads((folder / splits[0]).read_text())["task"] == "dtd"
    assert "`reprompt data fetch eurosat` does the rest" in (folder / "logs/smoke/split/eurosat.log").read_text()
    (folder / splits[1]).unlink(missing_ok=True)
    assert "eurosat: data/eurosat: EuroSAT.zip is half unpacked" in call(folder, "snakemake", "-n", "--", splits[0])
