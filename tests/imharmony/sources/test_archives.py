"""A zip and a folder list and give the same files; links, bombs, secrets and paths that lead out are listed, never read."""

import os
import stat
import zipfile

import pytest

from imharmony.errors import InputError
from imharmony.sources import archives
from imharmony.sources.archives import DamagedError, open_archive

FILES = {"b/two.txt": b"two", "a/one.txt": b"one", "top.txt": b""}


@pytest.fixture
def folder(tmp_path):
    for name, data in FILES.items():
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / name).write_bytes(data)
    return tmp_path / "folder"


@pytest.fixture
def zipped(tmp_path):
    path = tmp_path / "archive.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/", b"")
        for name, data in FILES.items():
            archive.writestr(name, data)
    return path


def added(path, name, data=b"x", **attributes):
    """The zip with one more member."""
    info = zipfile.ZipInfo(name)
    for key, value in attributes.items():
        setattr(info, key, value)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(info, data)
    return path


def problems(path):
    archive = open_archive(path)
    found = {member.name: member.problem for member in archive.members() if member.problem}
    archive.close()
    return found


@pytest.mark.parametrize("kind", ["folder", "zipped"])
def test_files_are_listed_by_name_with_their_size_and_read_back(kind, request):
    archive = open_archive(request.getfixturevalue(kind))
    members = archive.members()
    assert [(member.name, member.size_bytes, member.problem) for member in members] == [
        ("a/one.txt", 3, None),
        ("b/two.txt", 3, None),
        ("top.txt", 0, None),
    ]
    assert {member.name: archive.read(member.name) for member in members} == FILES
    archive.close()


def test_a_stamp_changes_with_the_content(folder, zipped, tmp_path):
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("a/one.txt", b"eno")
    stamps = [open_archive(path).members()[0].stamp for path in (zipped, tmp_path / "other.zip")]
    assert stamps[0] != stamps[1]
    before = open_archive(folder).members()[0].stamp
    os.utime(folder / "a/one.txt", ns=(0, 1))
    assert open_archive(folder).members()[0].stamp != before


@pytest.mark.parametrize("name", ["/etc/passwd", "../up.jpg", "a/../../up.jpg", "..\\up.jpg", "C:/up.jpg", "\\share\\up.jpg"])
def test_a_member_that_leads_out_is_named(zipped, name):
    assert problems(added(zipped, name)) == {name.replace("\\", "/"): "outside"}


def test_links_in_a_zip_are_named(zipped):
    link = (stat.S_IFLNK | 0o777) << 16
    assert problems(added(zipped, "a/link", b"/etc/passwd", create_system=3, external_attr=link)) == {"a/link": "symbolic_link"}


def test_links_in_a_folder_are_named_and_not_followed(folder, tmp_path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "file").write_bytes(b"secret")
    (folder / "file").symlink_to(tmp_path / "secret" / "file")
    (folder / "dir").symlink_to(tmp_path / "secret")
    (folder / "round").symlink_to(folder)
    assert problems(folder) == {"file": "symbolic_link", "dir": "symbolic_link", "round": "symbolic_link"}


def test_what_is_no_file_is_named(folder):
    os.mkfifo(folder / "pipe")
    assert problems(folder) == {"pipe": "not_a_file"}


def test_a_name_that_is_not_utf8_is_named_in_printable_letters(folder):
    (folder / os.fsdecode(b"caf\xe9.txt")).write_bytes(b"x")
    assert problems(folder) == {"caf\\udce9.txt": "bad_name"}


def test_encrypted_members_are_named(zipped):
    added(zipped, "secret", b"x")
    data = zipped.read_bytes()
    at = data.rindex(b"PK\x01\x02")
    zipped.write_bytes(data[: at + 8] + b"\x01" + data[at + 9 :])  # the flags in the directory
    assert problems(zipped) == {"secret": "encrypted"}


def test_of_two_members_with_one_name_the_first_is_read(zipped):
    with pytest.warns(UserWarning, match="Duplicate name"):
        added(zipped, "top.txt", b"second")
    archive = open_archive(zipped)
    assert [member.problem for member in archive.members() if member.name == "top.txt"] == [None, "repeated_name"]
    assert archive.read("top.txt") == b""
    archive.close()


def test_a_bomb_is_named_by_the_size_it_would_unpack_to(zipped, folder, monkeypatch):
    monkeypatch.setattr(archives, "MOST_BYTES", 1000)
    with zipfile.ZipFile(zipped, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(1001))
    (folder / "bomb").write_bytes(bytes(1001))
    assert problems(zipped) == problems(folder) == {"bomb": "too_large"}


def test_a_damaged_member_is_named_with_its_reason(zipped):
    data = zipped.read_bytes()
    at = data.index(b"b/two.txt") + len(b"b/two.txt")
    zipped.write_bytes(data[:at] + b"\xff" + data[at + 1 :])
    archive = open_archive(zipped)
    with pytest.raises(DamagedError, match=r"archive\.zip, b/two\.txt: damaged"):
        archive.read("b/two.txt")
    archive.close()


def test_a_cut_zip_is_one_line(zipped):
    zipped.write_bytes(zipped.read_bytes()[:-30])
    with pytest.raises(InputError, match=r"archive\.zip: not a whole zip archive .*; download it again"):
        open_archive(zipped)


def test_a_vanished_file_is_named(folder):
    archive = open_archive(folder)
    (folder / "top.txt").unlink()
    with pytest.raises(DamagedError, match=r"top\.txt: No such file"):
        archive.read("top.txt")


def test_an_absent_archive_is_named(tmp_path):
    with pytest.raises(InputError, match="none: no such file or folder"):
        open_archive(tmp_path / "none")
