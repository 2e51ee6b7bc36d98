"""Data as people have them, through the command line: what is stale, half there or not to be written to."""

import errno
import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path

import layouts
import pytest
import yaml
from click.testing import Result
from typer.testing import CliRunner

import files_at_hand
from reprompt import cli
from reprompt.clip import openai
from reprompt.clip.backbones import Backbone

JOB = "few_shot/zero_shot/ViT-B-16/part3"
SPLIT_FILE = "split_zhou_EuroSAT.json"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with parameters."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cards").mkdir()
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(files_at_hand.parameters()))
    return tmp_path


@pytest.fixture
def run(folder: Path, tiny: Backbone, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """A command of the package there, on the tiny backbone."""
    monkeypatch.setattr(openai, "load", lambda file, name: tiny)
    return lambda *words: CliRunner().invoke(cli.app, [str(word) for word in words])


def split(run: Callable[..., Result], task: str) -> Result:
    return run("split", task, "--out", f"splits/{task}.json")


def encode(run: Callable[..., Result]) -> Result:
    return run("features", "ViT-B-16", "part3", "--weights", "w", "--out", "features/part3.safetensors")


def tune(run: Callable[..., Result]) -> Result:
    files = ("--weights", "w", "--features", "features", "--splits", "splits", "--out", "r.npz", "--costs", "r.json")
    return run("tune", JOB, *files)


def test_labels_of_one_listing_and_features_of_another_are_refused(folder: Path, run: Callable[..., Result]) -> None:
    """F1: EuroSAT is split and encoded, then the split file of CoOp's authors is put there, and it is split again."""
    files_at_hand.write_data(folder, "eurosat", split_file=False)
    assert [split(run, "eurosat").exit_code, encode(run).exit_code, tune(run).exit_code] == [0, 0, 0]
    shutil.copy(layouts.make("eurosat", folder / "authors", 10) / SPLIT_FILE, folder / "data/eurosat")
    assert split(run, "eurosat").exit_code == 0
    refused = str(tune(run).exception)
    assert "splits/eurosat.json and features/part3.json are of other files of eurosat" in refused
    assert "snakemake --cores all --forcerun splits/eurosat.json features/part3.json" in refused
    assert [encode(run).exit_code, tune(run).exit_code] == [0, 0]


def test_features_are_not_made_of_other_pictures_than_the_split_is_of(folder: Path, run: Callable[..., Result]) -> None:
    """F2: a picture is replaced after the features were made, and these are made again where they are missing."""
    files_at_hand.write_data(folder, "eurosat")
    assert [split(run, "eurosat").exit_code, encode(run).exit_code] == [0, 0]
    (folder / "features/part3.safetensors").unlink()
    replaced = folder / "data/eurosat/2750/Forest/forest_0001.jpg"
    replaced.write_bytes(layouts.encoded("another.jpg", (90, 70)))
    refused = str(tune(run).exception)
    assert "eurosat: the pictures on disk are not those that its split is of" in refused


def test_half_of_caltech101_without_a_split_file_is_partial_and_not_split(
    folder: Path, run: Callable[..., Result]
) -> None:
    """F6."""
    files_at_hand.write_data(folder, "caltech101", split_file=False)
    status = ("data", "status", "caltech101", "--root", "data", "--cards", "cards")
    assert run(*status).exit_code == 0
    for name in ("accordion", "Faces"):
        for picture in sorted((folder / "data/caltech-101/101_ObjectCategories" / name).iterdir())[10:]:
            picture.unlink()
    half = run(*status)
    assert half.exit_code == 1
    assert "partial" in half.output and "all splits together: 60 images, expected 80" in half.output


def test_a_data_set_that_is_not_whole_is_not_split(folder: Path, run: Callable[..., Result]) -> None:
    files_at_hand.write_data(folder, "eurosat", split_file=False)
    next((folder / "data/eurosat/2750/Forest").iterdir()).unlink()
    refused = str(split(run, "eurosat").exception)
    assert "data/eurosat: eurosat is not whole: all splits together: 199 images, expected 200" in refused
    assert "`reprompt data status eurosat`" in refused and "data.cards" in refused
    assert not Path("splits").exists()


def test_cc3m_without_downloads_is_missing_where_its_folder_is(folder: Path, run: Callable[..., Result]) -> None:
    """F7: the card's own advice for shards that img2dataset made."""
    (folder / "cards/corpus.yaml").write_text("downloads: []\n")
    missing = run("data", "status", "corpus", "--cards", "cards")
    assert missing.exit_code == 1 and missing.output.startswith("missing")
    layouts.make("corpus", folder / "data/cc3m")
    assert run("data", "status", "corpus", "--cards", "cards").exit_code == 0


def test_nothing_is_written_into_the_data(folder: Path, run: Callable[..., Result]) -> None:
    """F13: WebVision's pool, which is found by decoding, is kept in the working folder."""
    layouts.make("webvision", folder / "data/webvision")
    before = sorted((folder / "data").rglob("*"))
    assert split(run, "webvision").exit_code == 0
    assert sorted((folder / "data").rglob("*")) == before
    assert [path.name for path in Path(".reprompt/index").glob("webvision-*/*.json")] == ["pool8.json"]


def test_a_file_system_without_locks_is_one_line_with_the_remedy(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """F14."""

    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    files_at_hand.write_data(folder, "eurosat")
    monkeypatch.setattr(fcntl, "flock", no_locks)
    monkeypatch.setattr("sys.argv", ["reprompt", "split", "eurosat", "--out", "eurosat.json"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("reprompt: .reprompt/jobs.lock: this file system has no locks (No locks available); work in")


def test_a_task_of_no_data_set_of_the_scale_is_named_with_the_nearest(run: Callable[..., Result]) -> None:
    assert "did you mean 'eurosat'" in str(split(run, "eurosatt").exception)
