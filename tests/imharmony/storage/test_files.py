"""Files appear whole or not at all."""

import fcntl
import os
import resource
import signal

import pytest

from imharmony.errors import InputError
from imharmony.storage.files import atomic_folder, atomic_path, sha256_of, write_bytes


def test_an_error_leaves_the_old_file_and_no_rest(tmp_path):
    path = tmp_path / "x.bin"
    write_bytes(path, b"old")
    with pytest.raises(ZeroDivisionError), atomic_path(path) as temporary:
        temporary.write_bytes(b"half" * (1 // 0))
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["x.bin"]


def test_a_hard_link_into_a_cache_is_replaced_not_written_through(tmp_path):
    cached = tmp_path / "cache"
    cached.write_bytes(b"cached")
    os.link(cached, tmp_path / "x")
    write_bytes(tmp_path / "x", b"new")
    assert cached.read_bytes() == b"cached"


def test_an_error_leaves_the_old_folder(tmp_path):
    folder = tmp_path / "data"
    with atomic_folder(folder) as temporary:
        (temporary / "a").write_text("1")
    with pytest.raises(IsADirectoryError), atomic_folder(folder) as temporary:
        temporary.write_text("2")
    assert [file.name for file in folder.iterdir()] == ["a"]
    assert [file.name for file in tmp_path.iterdir()] == ["data"]


def test_sha256_of_a_known_file(tmp_path):
    (tmp_path / "x").write_bytes(b"abc")
    assert sha256_of(tmp_path / "x") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_what_a_killed_process_left_is_removed_and_what_another_writes_is_not(tmp_path):
    old, held, alien = (tmp_path / name for name in (f".x.{'0' * 16}.part", f".y.{'1' * 16}.part", ".z.part"))
    for path in (old, held, alien):
        path.write_text("half")
        os.utime(path, (1, 1))
    with held.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        write_bytes(tmp_path / "x", b"new")
    assert {path.name for path in tmp_path.iterdir()} == {"x", held.name, alien.name}


def test_leftover_folders_go_too(tmp_path):
    old = tmp_path / f".data.{'a' * 16}.part"
    (old / "below").mkdir(parents=True)
    os.utime(old, (1, 1))
    with atomic_folder(tmp_path / "data") as temporary:
        (temporary / "a").touch()
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_a_temporary_name_is_another_each_time_and_made_exclusively(tmp_path):
    names = set()
    for _ in range(3):
        with atomic_path(tmp_path / "x") as temporary:
            names.add(temporary.name)
            with pytest.raises(FileExistsError):
                os.open(temporary, os.O_CREAT | os.O_EXCL)
            temporary.write_bytes(b"x")
    assert len(names) == 3


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_permissions_are_those_that_the_user_gives_new_files(mask, tmp_path):
    before = os.umask(mask)
    try:
        write_bytes(tmp_path / "x", b"")
        with atomic_folder(tmp_path / "folder"):
            pass
    finally:
        os.umask(before)
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o666 & ~mask
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o777 & ~mask


def test_the_longest_name_that_a_disk_takes_can_be_written(tmp_path):
    write_bytes(tmp_path / ("x" * 255), b"x")
    assert (tmp_path / ("x" * 255)).read_bytes() == b"x"


@pytest.mark.parametrize("kind", ["folder", "pipe", "link to a pipe", "device"])
def test_what_is_no_file_is_not_replaced(kind, tmp_path):
    path = tmp_path / "x"
    if kind == "folder":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/null")
    else:
        os.mkfifo(tmp_path / "pipe" if "link" in kind else path)
        if "link" in kind:
            path.symlink_to(tmp_path / "pipe")
    before = sorted(file.name for file in tmp_path.iterdir())
    with pytest.raises(InputError, match="expected the name of a file to write"):
        write_bytes(path, b"x")
    assert sorted(file.name for file in tmp_path.iterdir()) == before
    assert path.is_symlink() == (kind in ("device", "link to a pipe"))


def test_what_the_system_refuses_is_said_of_the_name_that_the_user_gave(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        write_bytes(tmp_path / "file" / "x", b"x")
    with pytest.raises(OSError, match=r"xxx'") as caught:
        write_bytes(tmp_path / ("x" * 256), b"x")
    assert caught.value.filename == str(tmp_path / ("x" * 256))


def test_a_full_disk_is_said_of_the_file_that_has_no_place(tmp_path):
    path = tmp_path / "scores.bin"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
        with pytest.raises(OSError, match="too large") as raised:
            write_bytes(path, b"x" * 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert raised.value.filename == str(path)
    assert list(tmp_path.iterdir()) == []
