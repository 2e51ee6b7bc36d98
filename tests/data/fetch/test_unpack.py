"""An archive is unpacked whole, below its folder, or not at all."""

import gzip
import io
import tarfile
import zipfile

import pytest

from reprompt.data.fetch.unpack import ArchiveError, merge, unpack
from reprompt.tasks.downloads import Inner

MEMBERS = {"data/images/a.jpg": b"a", "data/images/b/c.jpg": b"c", "readme.txt": b"r"}


@pytest.fixture
def archive(tmp_path, zipped, tarred):
    def make(kind, members, **how):
        path = tmp_path / f"archive.{kind}"
        path.write_bytes(zipped(members) if kind == "zip" else tarred(members, **how))
        return path

    return make


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_all_members_are_written(kind, archive, tmp_path, files_in):
    unpack(archive(kind, MEMBERS), kind, tmp_path / "out")
    assert files_in(tmp_path / "out") == set(MEMBERS)
    assert (tmp_path / "out/data/images/b/c.jpg").read_bytes() == b"c"


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_what_lies_below_a_folder_of_the_archive_is_taken_without_its_name(kind, archive, tmp_path, files_in):
    unpack(archive(kind, MEMBERS), kind, tmp_path / "out", below="data")
    assert files_in(tmp_path / "out") == {"images/a.jpg", "images/b/c.jpg"}


def test_a_folder_that_the_archive_lacks_is_an_error(archive, tmp_path):
    with pytest.raises(ArchiveError, match="holds nothing below elsewhere/"):
        unpack(archive("zip", MEMBERS), "zip", tmp_path / "out", below="elsewhere")


@pytest.mark.parametrize("kind", ["zip", "tar"])
@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "/tmp/evil", "..\\evil", "C:\\evil", "a/.."])
def test_a_member_that_leads_out_is_an_error(kind, name, archive, tmp_path, files_in):
    path = archive(kind, {"good": b"good", name: b"evil"})
    with pytest.raises(ArchiveError, match=r"archive.* (leads out of the data folder|an absolute path)"):
        unpack(path, kind, tmp_path / "deep/er/out")
    assert files_in(tmp_path) <= {path.name, "deep/er/out/good"}


@pytest.mark.parametrize("hard", [True, False], ids=["hard", "symbolic"])
@pytest.mark.parametrize("target", ["/etc/passwd", "../../etc/passwd", "../secret"])
def test_a_link_out_of_the_archive_is_an_error(hard, target, archive, tmp_path):
    (tmp_path / "secret").write_text("secret")
    with pytest.raises(ArchiveError, match="a link out of the archive"):
        unpack(archive("tar", {"a": b"a"}, links={"link": target}, hard=hard), "tar", tmp_path / "out")
    assert not (tmp_path / "out/link").exists()


def test_a_member_behind_a_link_is_never_written_through_it(archive, tmp_path, files_in):
    path = tmp_path / "archive.tar"
    with tarfile.open(path, "w") as made:
        link = tarfile.TarInfo("folder")
        link.type, link.linkname = tarfile.SYMTYPE, "."
        made.addfile(link)
        entry = tarfile.TarInfo("folder/evil")
        entry.size = 4
        made.addfile(entry, io.BytesIO(b"evil"))
    with pytest.raises(ArchiveError):
        unpack(path, "tar", tmp_path / "out")
    assert files_in(tmp_path) == {"archive.tar"}


@pytest.mark.parametrize("hard", [True, False], ids=["hard", "symbolic"])
def test_a_link_to_another_member_becomes_a_copy(hard, archive, tmp_path):
    target = "folder/a" if hard else "a"
    path = archive("tar", {"folder/a": b"content"}, links={"folder/link": target}, hard=hard)
    unpack(path, "tar", tmp_path / "out")
    link = tmp_path / "out/folder/link"
    assert not link.is_symlink()
    assert link.read_bytes() == b"content"


def test_a_link_to_nothing_is_an_error(archive, tmp_path):
    with pytest.raises(ArchiveError, match="links to b, which is not in it"):
        unpack(archive("tar", {"a": b"a"}, links={"link": "b"}), "tar", tmp_path / "out")


def test_a_device_is_an_error(tmp_path):
    path = tmp_path / "archive.tar"
    with tarfile.open(path, "w") as made:
        device = tarfile.TarInfo("null")
        device.type = tarfile.CHRTYPE
        made.addfile(device)
    with pytest.raises(ArchiveError, match="special file"):
        unpack(path, "tar", tmp_path / "out")


def test_a_link_in_a_zip_is_an_error(tmp_path):
    path = tmp_path / "archive.zip"
    with zipfile.ZipFile(path, "w") as made:
        entry = zipfile.ZipInfo("link")
        entry.external_attr = 0o120777 << 16
        made.writestr(entry, "/etc/passwd")
    with pytest.raises(ArchiveError, match="link: a link"):
        unpack(path, "zip", tmp_path / "out")


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_cut_archive_is_an_error(kind, archive, tmp_path):
    path = archive(kind, {f"{n}.bin": bytes(range(256)) * 200 for n in range(20)})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ArchiveError, match=f"damaged or not a {kind} archive"):
        unpack(path, kind, tmp_path / "out")


@pytest.mark.parametrize("kind", ["zip", "tar", "gzip"])
def test_something_that_is_no_archive_is_an_error(kind, tmp_path):
    path = tmp_path / "page"
    path.write_text("<html>")
    with pytest.raises(ArchiveError, match=f"page: damaged or not a {kind} archive"):
        unpack(path, kind, tmp_path / "out")


def test_a_flipped_bit_in_a_zip_is_noticed(archive, tmp_path):
    path = archive("zip", {"a.bin": b"x" * 1000})
    content = bytearray(path.read_bytes())
    content[500] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match=r"Bad CRC-32"):
        unpack(path, "zip", tmp_path / "out")


def test_one_name_for_a_file_and_a_folder_is_an_error(archive, tmp_path):
    with pytest.raises(ArchiveError, match="one name for a file and a folder"):
        unpack(archive("tar", {"a": b"file", "a/b": b"inside"}), "tar", tmp_path / "out")


def test_what_macos_adds_is_left_out(archive, tmp_path, files_in):
    members = {"a.jpg": b"a", "._a.jpg": b"x", "__MACOSX/a.jpg": b"x", "folder/.DS_Store": b"x"}
    unpack(archive("zip", members), "zip", tmp_path / "out")
    assert files_in(tmp_path / "out") == {"a.jpg"}


def test_a_single_packed_file_is_unpacked_under_its_name(tmp_path):
    path = tmp_path / "labels.h5.gz"
    path.write_bytes(gzip.compress(b"labels"))
    unpack(path, "gzip", tmp_path / "out")
    assert (tmp_path / "out/labels.h5").read_bytes() == b"labels"


def test_archives_inside_get_folders_of_their_own(archive, tmp_path, tarred, files_in):
    inner = {f"n{k}.tar": tarred({f"n{k}_1.JPEG": b"x"}) for k in (1, 2)}
    unpack(archive("tar", inner), "tar", tmp_path / "out", inner=Inner(match="n*.tar", own_folder=True))
    assert files_in(tmp_path / "out") == {"n1/n1_1.JPEG", "n2/n2_1.JPEG"}


def test_archives_inside_are_unpacked_where_they_lie(archive, tmp_path, tarred, files_in):
    inner = {"caltech/pictures.tar.gz": tarred({"pictures/cat/1.jpg": b"x"}), "caltech/other.tar": tarred({"o": b"o"})}
    unpack(archive("zip", inner), "zip", tmp_path / "out", below="caltech", inner=Inner(match="pictures.tar.gz"))
    assert files_in(tmp_path / "out") == {"pictures/cat/1.jpg", "other.tar"}


def test_an_archive_inside_that_leads_out_is_an_error(archive, tmp_path, tarred, files_in):
    path = archive("tar", {"n1.tar": tarred({"../../evil": b"x"})})
    with pytest.raises(ArchiveError, match="leads out"):
        unpack(path, "tar", tmp_path / "out", inner=Inner(match="n*.tar"))
    assert not any("evil" in name for name in files_in(tmp_path))


def test_merging_keeps_what_is_there_and_replaces_files_of_the_same_name(tmp_path, files_in):
    for name, content in {"made/a/1": "new", "made/b/2": "new", "into/a/1": "old", "into/a/3": "old"}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    merge(tmp_path / "made", tmp_path / "into")
    assert files_in(tmp_path) == {"into/a/1", "into/a/3", "into/b/2"}
    assert (tmp_path / "into/a/1").read_text() == "new"


@pytest.mark.parametrize(("new", "old"), [("b/c", "b"), ("b", "b/c")], ids=["of a folder", "of a file"])
def test_what_is_in_the_way_is_named_and_nothing_is_moved(tmp_path, files_in, new, old):
    for name in ("made/a", f"made/{new}", f"into/{old}"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    with pytest.raises(ArchiveError, match=r"into/b: is in the way"):
        merge(tmp_path / "made", tmp_path / "into")
    assert files_in(tmp_path) == {"made/a", f"made/{new}", f"into/{old}"}
