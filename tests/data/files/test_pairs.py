"""CC3M's shards: an index for each, made once, and pairs that are left out."""

import io
import json
import tarfile

import numpy as np
import odd
import pytest
from PIL import Image

from reprompt.data.files import pairs as pairs_module
from reprompt.data.files.kept import place_for
from reprompt.data.files.pairs import Pairs, Skipped
from reprompt.data.files.rgb import Reading
from reprompt.data.files.transforms import centred
from reprompt.data.preparation import Preparation
from reprompt.data.web import web_indices


@pytest.fixture
def root(made):
    return made("corpus")


def test_captions_and_pictures_belong_together_in_the_order_of_shards(root, layouts):
    pairs = Pairs(root, Preparation(16), workers=2)
    assert pairs.captions == [f"caption {shard}.{n}" for shard in range(2) for n in range(5)]
    with Image.open(io.BytesIO(layouts.encoded("000010003.jpg"))) as picture:
        expected = centred(picture.convert("RGB"), 16)
    assert np.array_equal(pairs.pictures([8, 0])[0], expected)


def test_the_task_has_no_topics_yet_and_holds_out_a_fifth(root):
    pairs = Pairs(root, Preparation(16), workers=1)
    assert pairs.labels("corpus", "train").tolist() == [-1] * 8
    assert pairs.labels("corpus", "test").tolist() == [-1] * 2
    assert np.array_equal(pairs.images("corpus", "test", [1]), pairs.pictures(web_indices(10, "test")[[1]]))


def test_unreadable_pictures_and_empty_captions_are_counted_and_left_out(tmp_path, layouts):
    keys = [(f"{n:09d}", "" if n == 3 else f"caption {n}") for n in range(6)]
    whole = layouts.encoded("a.jpg", (200, 200))
    layouts.write_shard(tmp_path / "00000.tar", keys, {"000000001": whole[:400], "000000004": b"<html>"})
    pairs = Pairs(tmp_path, Preparation(16), workers=2)
    assert pairs.captions == ["caption 0", "caption 2", "caption 5"]
    assert pairs.skipped == Skipped(unreadable=2, without_caption=1, used=3)
    assert str(pairs.skipped) == ("3 pairs; left out 2 with an unreadable picture and 1 without a caption (50.00 %)")


def test_a_picture_above_the_limit_is_left_out_and_a_higher_limit_reads_the_shard_again(tmp_path, layouts):
    large = {"000000001": odd.refused()["too large"].content}
    keys = [(f"{n:09d}", f"caption {n}") for n in range(3)]
    layouts.write_shard(tmp_path / "00000.tar", keys, large)
    small, higher = (Pairs(tmp_path, Preparation(16), workers=1, reading=Reading(largest)) for largest in (1, 2))
    assert small.captions == ["caption 0", "caption 2"]
    assert higher.captions == ["caption 0", "caption 1", "caption 2"]
    assert higher.pictures([1]).shape == (1, 16, 16, 3)


def test_a_second_start_reads_no_shard_again(root, monkeypatch):
    first = Pairs(root, Preparation(16), workers=1)
    captions, sha256 = first.captions, first.sha256
    monkeypatch.setattr(pairs_module, "read_shard", lambda *_: pytest.fail("the shard was read again"))
    again = Pairs(root, Preparation(16), workers=1)
    assert (again.captions, again.sha256) == (captions, sha256)


def test_a_killed_start_goes_on_with_the_next_shard(root, monkeypatch):
    read, read_shard = [], pairs_module.read_shard

    def dies_at_the_second(shard, workers, reading):
        read.append(shard.name)
        if len(read) == 2:
            raise KeyboardInterrupt
        return read_shard(shard, workers, reading)

    monkeypatch.setattr(pairs_module, "read_shard", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        _ = Pairs(root, Preparation(16), workers=1).captions
    assert [path.name for path in place_for(root).glob("*.json*")] == ["00000.json"]
    assert len(Pairs(root, Preparation(16), workers=1).captions) == 10
    assert read == ["00000.tar", "00001.tar", "00001.tar"]


def test_a_shard_of_another_size_is_read_again(root, layouts):
    assert len(Pairs(root, Preparation(16), workers=1).captions) == 10
    layouts.write_shard(root / "00001.tar", [(f"x{n}", f"new {n}") for n in range(40)])
    assert len(Pairs(root, Preparation(16), workers=1).captions) == 45


def test_other_pairs_have_another_hash(root, layouts):
    first = Pairs(root, Preparation(16), workers=1).sha256
    layouts.write_shard(root / "00002.tar", [("x", "one more")])
    assert Pairs(root, Preparation(16), workers=1).sha256 != first


def test_the_number_of_threads_changes_nothing(root, tmp_path):
    one, many = (Pairs(root, Preparation(16), workers=n, index=tmp_path / str(n)) for n in (1, 4))
    assert one.captions == many.captions
    assert one.sha256 == many.sha256


def test_a_caption_may_be_in_the_facts_alone(tmp_path, layouts):
    layouts.write_shard(tmp_path / "a.tar", [("k1", "said in both"), ("k2", "also")])
    with tarfile.open(tmp_path / "b.tar", "w") as archive:
        for name, content in (
            ("k.jpg", layouts.encoded("k.jpg")),
            ("k.json", json.dumps({"caption": "a fact"}).encode()),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    assert Pairs(tmp_path, Preparation(16), workers=1).captions == ["said in both", "also", "a fact"]


def test_progress_is_told_of_every_shard(root):
    shards = []
    _ = Pairs(root, Preparation(16), workers=1, advance=shards.append).captions
    assert shards == [1, 1]


@pytest.mark.parametrize("cut", [100, 700, 1024])
def test_a_shard_that_is_cut_off_is_an_error_that_names_it(root, cut):
    path = root / "00001.tar"
    path.write_bytes(path.read_bytes()[: -cut - 8192])
    with pytest.raises(ValueError, match=r"00001.tar: the archive is cut off .* remove it and get it again"):
        _ = Pairs(root, Preparation(16), workers=1).captions


def test_a_shard_with_a_damaged_header_is_an_error_and_not_the_end_of_the_shard(root):
    path = root / "00001.tar"
    with tarfile.open(path) as archive:
        header = archive.getmembers()[7].offset
    content = bytearray(path.read_bytes())
    content[header : header + 4] = b"oops"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"00001.tar: the archive is damaged at byte {header:,}; remove it"):
        _ = Pairs(root, Preparation(16), workers=1).captions


def test_a_folder_without_shards_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="has no tar shards"):
        _ = Pairs(tmp_path, Preparation(16), workers=1).captions
    with pytest.raises(FileNotFoundError, match="no such folder"):
        _ = Pairs(tmp_path / "none", Preparation(16), workers=1).captions


def test_a_broken_index_is_an_error_that_says_to_remove_it(root, layouts):
    _ = Pairs(root, Preparation(16), workers=1).captions
    layouts.truncate(place_for(root) / "00000.json")
    with pytest.raises(ValueError, match=r"00000.json: not valid JSON; remove it"):
        _ = Pairs(root, Preparation(16), workers=1).captions


def test_shards_with_no_usable_pair_are_an_error(tmp_path, layouts):
    layouts.write_shard(tmp_path / "a.tar", [("k1", "")])
    with pytest.raises(ValueError, match="none of 1 pairs can be used"):
        _ = Pairs(tmp_path, Preparation(16), workers=1).captions
