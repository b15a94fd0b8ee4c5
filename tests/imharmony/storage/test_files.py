"""Files appear whole or not at all."""

import os

import pytest

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
