"""A picture of any kind means the same to `reprompt data status --all-images`, `reprompt features` and `reprompt tune`.

By the commands that a user types, on a small DTD that has such pictures in place of its own, and a tiny CLIP.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import layouts
import numpy as np
import odd
import pytest
import torch
import yaml
from PIL import Image
from test_first_step import BACKBONE, parameters
from typer.testing import CliRunner

from reprompt.cli import app
from reprompt.clip.weights import save
from reprompt.planning.parameters import parse_parameters
from reprompt.planning.plan import make_plan

READABLE, REFUSED = odd.readable(), odd.refused()
TEXTURES = ("banded", "blotchy", "polka-dotted", "zigzagged")
SIZES = {"classes": 4, "train": 12, "validation": 4, "test": 8}
PICTURES = [f"images/{texture}/{texture}_{n:04d}.jpg" for texture in TEXTURES for n in range(1, 7)]
TRAINED_ON = PICTURES[:3]  # all of one class


@dataclass(frozen=True)
class Project:
    """A folder with parameters, splits, weights and the data set; `job` is VPT's, which reads pictures itself."""

    folder: Path
    part: str
    job: str

    def put(self, name: str, content: bytes) -> None:
        """Put a file in the place of a picture of the data set."""
        (self.folder / "data" / "dtd" / name).write_bytes(content)

    def write(self, largest_image: int, **of_card: object) -> None:
        """Write the parameters, and the card of the data set at hand."""
        raw = parameters(Path("data"), Path("cards"), "dtd")
        raw["experiments"]["one"]["methods"] = ["vpt"]
        raw["scales"]["fixture"]["data"]["largest_image"] = largest_image
        Path("params.yaml").write_text(yaml.safe_dump(raw))
        Path("cards/dtd.yaml").write_text(yaml.safe_dump(SIZES | of_card))

    def split(self) -> None:
        """The split of the pictures that lie there now."""
        assert failure("split", "dtd", "--out", "splits/dtd.json") == ""

    def status(self, *words: object) -> tuple[int, str]:
        """Exit status and output of `data status`."""
        folders = ("--root", "data", "--cards", "cards")
        words = ("data", "status", "dtd", "--all-images", *folders, *map(str, words))
        done = CliRunner().invoke(app, words)
        return done.exit_code, done.output

    def features(self, out: str) -> str:
        """What `features` fails with, of pictures that were never read before; empty if it does not fail."""
        shutil.rmtree(self.folder / "results", ignore_errors=True)
        return failure("features", BACKBONE, self.part, "--weights", "tiny.safetensors", "--out", out)

    def tune(self) -> str:
        """What `tune` fails with; empty if it does not."""
        folders = ("--weights", "tiny.safetensors", "--features", "features", "--splits", "splits")
        return failure("tune", self.job, *folders, "--out", "records.npz", "--costs", "costs.json")

    def pixels(self, out: str) -> dict[str, str]:
        """Digests of all pixels that the tower saw, plain and in views."""
        assert self.features(f"{out}/{self.part}.safetensors") == ""
        return json.loads((self.folder / out / f"{self.part}.json").read_text())["pictures"]["dtd"]


def failure(*words: str) -> str:
    error = CliRunner().invoke(app, words).exception
    return "" if error is None else str(error)


@pytest.fixture
def project(tiny, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cards").mkdir()
    layouts.make("dtd", tmp_path / "data" / "dtd", 3)
    vision = {"image_size": 40, "patch_size": 8, "width": 32, "layers": 2, "head_width": 16}
    about = {"vision": vision, "text": {"width": 32, "heads": 2, "layers": 2}, "joint_width": 24}
    about |= {"mean": list(tiny.mean), "std": list(tiny.std)}
    save(tmp_path / "tiny.safetensors", tiny.model, torch.arange(49408), about, {})
    Project(tmp_path, "", "").write(largest_image=1)
    plan = make_plan(parse_parameters(yaml.safe_load(Path("params.yaml").read_text()), "fixture"))
    (part,), (job,) = plan.parts, plan.jobs
    made = Project(tmp_path, part, job.name)
    made.split()
    return made


def test_every_readable_kind_is_present_and_shown_to_the_tower_as_its_pixels(project):
    files = [file for file in READABLE.values() if not file.within]
    for name, file in zip(PICTURES, files, strict=False):
        project.put(name, file.content)
    assert project.status()[0] == 0, project.status()[1]
    of_kinds = project.pixels("odd")
    for name, file in zip(PICTURES, files, strict=False):
        project.put(name, odd.written(Image.fromarray(file.pixels.astype(np.uint8)), "BMP"))
    assert project.pixels("ordinary") == of_kinds


@pytest.mark.parametrize("kind", ["half a JPEG", "empty", "a web page", "a float TIFF", "too large"])
def test_a_refused_picture_is_refused_in_the_same_words_everywhere(project, kind):
    project.pixels("features")
    for name in TRAINED_ON:
        project.put(name, REFUSED[kind].content)
    code, said = project.status("--largest-image", 1)
    assert code == 1
    for words in (project.features("again.safetensors"), project.tune()):
        assert any(f"data/dtd/{name}: " in words for name in TRAINED_ON)
        assert f"- {words}\n" in said
    assert ("reprompt data fetch dtd" in said) == REFUSED[kind].again


def test_a_limit_set_higher_lets_a_large_picture_through_everywhere(project):
    for name in TRAINED_ON:
        project.put(name, REFUSED["too large"].content)
    project.write(largest_image=2)
    assert project.status("--largest-image", 2)[0] == 0
    project.split()  # other pictures lie there
    assert project.pixels("features") and project.tune() == ""


def test_a_broken_validation_picture_is_no_secret_of_the_status(project):
    project.put("images/banded/banded_0004.jpg", b"")
    code, said = project.status()
    assert code == 1 and "banded_0004.jpg: not a readable picture (it is empty)" in said


def test_own_pictures_are_turned_upright_where_the_card_says_so_and_are_other_features(project):
    turned = np.rot90(odd.colours(), -1)
    rotated = READABLE["rotated by EXIF"].content
    for name in PICTURES[:6]:  # training, validation and test
        project.put(name, rotated)
    as_stored = project.pixels("stored")
    project.write(largest_image=1, orientation="upright")
    assert project.status()[0] == 0
    upright = project.pixels("upright")
    for name in PICTURES[:6]:
        project.put(name, odd.written(Image.fromarray(turned), "PNG"))
    assert upright == project.pixels("turned")
    assert all(as_stored[kind] != upright[kind] for kind in ("train", "views", "validation", "test"))


def test_names_with_blanks_and_other_letters_and_links_are_read(project):
    split = project.folder / "data" / "dtd" / "split_zhou_DescribableTextures.json"
    content = json.loads(split.read_text())
    before = project.pixels("before")
    for entry, name in zip(content["test"], ["banded/zwei Wörter.jpg", "banded/縞模様.jpg"], strict=False):
        old = project.folder / "data" / "dtd" / "images" / entry[0]
        old.rename(old.parent.parent / name)
        entry[0] = name
    linked = project.folder / "data" / "dtd" / "images" / content["test"][2][0]
    linked.rename(project.folder / "elsewhere.jpg")
    linked.symlink_to(project.folder / "elsewhere.jpg")
    split.write_text(json.dumps(content))
    assert project.status()[0] == 0, project.status()[1]
    assert project.pixels("after") == before
