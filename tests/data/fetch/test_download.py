"""A download is completed, or ends in a message that says why; what has its name is whole."""

import hashlib
import json
import shutil
import subprocess
import sys
import time

import pytest
import requests

from reprompt.data.fetch.checksum import Expected
from reprompt.data.fetch.download import CHUNK, DownloadError, Patience, download

CONTENT = bytes(range(256)) * 20_000  # 5 MB
RIGHT = Expected(len(CONTENT), md5=hashlib.md5(CONTENT).hexdigest())
UNKNOWN = Expected()


@pytest.fixture
def target(tmp_path):
    return tmp_path / "downloads" / "file.bin"


def test_a_file_is_downloaded_and_nothing_else_is_left(server, hasty, target):
    download([server.serve("file", CONTENT)], target, RIGHT, hasty)
    assert target.read_bytes() == CONTENT
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_both_checksums_are_known_and_sha256_decides(server, hasty, target):
    expected = Expected(sha256=hashlib.sha256(CONTENT).hexdigest(), md5="0" * 32)
    download([server.serve("file", CONTENT)], target, expected, hasty)
    assert target.exists()


def test_a_cut_connection_is_resumed_where_it_was_cut(server, hasty, target):
    url = server.serve("file", CONTENT, first=[-30 * CHUNK, -20 * CHUNK])
    download([url], target, RIGHT, hasty)
    assert target.read_bytes() == CONTENT
    assert server.requests["/file"] == [None, f"bytes={30 * CHUNK}-", f"bytes={50 * CHUNK}-"]


def test_a_cut_connection_is_noticed_though_the_server_tells_no_length(server, hasty, target):
    url = server.serve("file", CONTENT, first=[-30 * CHUNK], length=False)
    download([url], target, RIGHT, hasty)
    assert target.read_bytes() == CONTENT
    assert len(server.requests["/file"]) == 2


def test_a_cut_connection_to_a_server_without_ranges_starts_again(server, hasty, target):
    download([server.serve("file", CONTENT, first=[-30 * CHUNK], ranges=False)], target, RIGHT, hasty)
    assert target.read_bytes() == CONTENT


def test_a_server_that_always_cuts_at_the_same_place_is_given_up(server, hasty, target):
    url = server.serve("file", CONTENT, first=[-30 * CHUNK] * 50, ranges=False)
    with pytest.raises(DownloadError, match=r"cut after 1,966,080 .*3 times in a row; 1,966,080 bytes are kept"):
        download([url], target, RIGHT, hasty)
    assert not target.exists()


def test_a_long_file_may_be_cut_more_often_than_the_attempts(server, hasty, target):
    download([server.serve("file", CONTENT, first=[-5 * CHUNK] * 10)], target, RIGHT, hasty)
    assert target.read_bytes() == CONTENT


def test_a_later_run_goes_on_where_an_earlier_one_gave_up(server, hasty, target):
    url = server.serve("file", CONTENT, first=[-30 * CHUNK, 503, 503, 503])
    with pytest.raises(DownloadError, match="503"):
        download([url], target, RIGHT, hasty)
    download([url], target, RIGHT, hasty)
    assert target.read_bytes() == CONTENT
    assert server.requests["/file"][-1] == f"bytes={30 * CHUNK}-"


def test_a_killed_process_leaves_a_part_that_the_next_one_completes(server, hasty, target):
    url = server.serve("file", CONTENT, slow=60)
    code = """
import sys
from pathlib import Path
from reprompt.data.fetch.download import Expected, Patience, download
download([sys.argv[1]], Path(sys.argv[2]), Expected(), Patience())
"""
    part = target.with_name(target.name + ".part")
    process = subprocess.Popen([sys.executable, "-c", code, url, target])
    while process.poll() is None and (not part.exists() or part.stat().st_size < len(CONTENT) // 4):
        time.sleep(0.05)
    process.kill()
    assert process.wait() == -9
    assert not target.exists()
    server.files["/file"].slow = 0
    download([url], target, RIGHT, hasty)
    assert target.read_bytes() == CONTENT
    assert int(server.requests["/file"][-1].removeprefix("bytes=").removesuffix("-")) >= len(CONTENT) // 4


def test_a_part_of_another_version_is_not_joined(server, hasty, target):
    url = server.serve("file", b"old" * 1_000_000, first=[-30 * CHUNK, 503, 503, 503])
    with pytest.raises(DownloadError):
        download([url], target, UNKNOWN, hasty)
    server.serve("file", CONTENT)
    download([url], target, UNKNOWN, hasty)
    assert target.read_bytes() == CONTENT


def test_a_part_of_another_version_is_not_joined_though_the_server_ignores_if_range(server, hasty, target):
    url = server.serve("file", b"old" * 1_000_000, first=[-30 * CHUNK, 503, 503, 503], tag='"same"')
    with pytest.raises(DownloadError):
        download([url], target, UNKNOWN, hasty)
    server.serve("file", CONTENT, tag='"same"')
    download([url], target, UNKNOWN, hasty)
    assert target.read_bytes() == CONTENT


def test_a_joined_file_with_a_wrong_checksum_is_fetched_once_more_from_the_start(server, hasty, target):
    part = target.with_name(target.name + ".part")
    part.parent.mkdir()
    part.write_bytes(b"x" * 1000)
    url = server.serve("file", CONTENT, tag='"v"')
    part.with_name(part.name + ".json").write_text(json.dumps({"url": url, "validator": '"v"', "total": len(CONTENT)}))
    download([url], target, RIGHT, hasty)
    assert target.read_bytes() == CONTENT
    assert server.requests["/file"] == ["bytes=1000-", None]


def test_a_part_that_is_already_whole_is_taken(server, hasty, target):
    part = target.with_name(target.name + ".part")
    part.parent.mkdir()
    part.write_bytes(CONTENT)
    url = server.serve("file", CONTENT, tag='"v"')
    part.with_name(part.name + ".json").write_text(json.dumps({"url": url, "validator": '"v"', "total": len(CONTENT)}))
    download([url], target, RIGHT, hasty)
    assert server.requests["/file"] == [f"bytes={len(CONTENT)}-"]
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408])
def test_a_passing_answer_is_tried_again(server, hasty, target, status):
    download([server.serve("file", CONTENT, first=[status, status])], target, RIGHT, hasty)
    assert target.read_bytes() == CONTENT


def test_a_server_says_how_long_to_wait(server, target):
    patience = Patience(attempts=2, first_pause=1000, longest_pause=1000, silence=5)
    download([server.serve("file", CONTENT, first=[503], retry_after="0")], target, RIGHT, patience)
    assert target.exists()


def test_pauses_grow_up_to_a_limit():
    patience = Patience(first_pause=1, longest_pause=10)
    assert [patience.pause(n, None) for n in (1, 2, 3, 4, 5)] == [1, 2, 4, 8, 10]
    assert patience.pause(1, 3600) == 10


@pytest.mark.parametrize("status", [403, 404, 409, 410])
def test_a_final_answer_is_an_error_at_once(server, hasty, target, status):
    url = server.serve("file", CONTENT, first=[status])
    with pytest.raises(DownloadError, match=f"{url}: the server answers {status}"):
        download([url], target, RIGHT, hasty)
    assert len(server.requests["/file"]) == 1
    assert not any(target.parent.iterdir())


def test_the_next_address_is_asked_when_one_refuses(server, hasty, target):
    download([f"{server.url}/gone", server.serve("file", CONTENT)], target, RIGHT, hasty)
    assert target.read_bytes() == CONTENT


def test_all_refusals_are_told(server, hasty, target):
    with pytest.raises(DownloadError, match=r"/one: .* 404 .*/two: .* 404"):
        download([f"{server.url}/one", f"{server.url}/two"], target, RIGHT, hasty)


def test_a_wrong_checksum_leaves_nothing(server, hasty, target):
    wrong = Expected(md5="0" * 32)
    with pytest.raises(DownloadError, match=f"md5 is {RIGHT.md5}, expected 0000.*--cards"):
        download([server.serve("file", CONTENT)], target, wrong, hasty)
    assert not any(target.parent.iterdir())


def test_a_wrong_length_is_told_before_anything_is_downloaded(server, hasty, target):
    with pytest.raises(DownloadError, match=r"has 5,120,000 bytes, where the card says 7"):
        download([server.serve("file", CONTENT)], target, Expected(bytes=7), hasty)
    assert not any(target.parent.iterdir())


def test_a_wrong_length_that_the_server_does_not_tell_leaves_nothing(server, hasty, target):
    with pytest.raises(DownloadError, match=r"has 5,120,000 bytes, expected 7"):
        download([server.serve("file", CONTENT, length=False)], target, Expected(bytes=7), hasty)
    assert not any(target.parent.iterdir())


def test_a_web_page_in_place_of_the_file_is_an_error(server, hasty, target):
    url = server.serve("file", b"<html>Sign in</html>", kind="text/html; charset=utf-8")
    with pytest.raises(DownloadError, match=r"a web page in place of file\.bin"):
        download([url], target, UNKNOWN, hasty)
    assert not any(target.parent.iterdir())


def test_nobody_listens_and_that_is_told(server, hasty, target):
    with pytest.raises(DownloadError, match=r"127.0.0.1:9/file: no connection \(.*\), 3 times in a row$"):
        download(["http://127.0.0.1:9/file"], target, UNKNOWN, hasty)


def test_a_silent_server_is_given_up(server, target, monkeypatch):
    def silent(*args, **how):
        raise requests.exceptions.ReadTimeout

    monkeypatch.setattr(requests, "get", silent)
    with pytest.raises(DownloadError, match="no answer within 7 s, 2 times in a row"):
        download([f"{server.url}/file"], target, UNKNOWN, Patience(attempts=2, first_pause=0, silence=7))


def test_too_little_room_stops_before_anything_is_written(server, hasty, target, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 1000))
    with pytest.raises(DownloadError, match=r"GB are to come, .* GB are free on this disk.*--root"):
        download([server.serve("file", CONTENT)], target, RIGHT, hasty)
    assert not any(target.parent.iterdir())


def test_progress_is_reported_up_to_the_end(server, hasty, target):
    seen = []
    url = server.serve("file", CONTENT, first=[-30 * CHUNK])
    download([url], target, RIGHT, hasty, lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1] == (len(CONTENT), len(CONTENT))
