"""What is sealed is believed only as it was left."""

from pathlib import Path

import pytest

from imharmony.storage.seals import is_sound, is_sound_folder, seal, seal_folder


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 16
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def garble(path: Path) -> None:
    path.write_bytes(b'{"a.bin": [')


@pytest.fixture
def folder(tmp_path) -> Path:
    own = tmp_path / "made"
    (own / "below").mkdir(parents=True)
    (own / "a.bin").write_bytes(bytes(range(256)) * 5000)
    (own / "below" / "b.bin").write_bytes(b"b")
    seal_folder(own)
    return own


def test_what_is_as_it_was_is_sound(folder):
    assert is_sound_folder(folder)
    assert is_sound_folder(folder)


@pytest.mark.parametrize("harm", [flip, cut, empty, lengthen, garble, Path.unlink])
@pytest.mark.parametrize("name", ["a.bin", "below/b.bin", ".seal"])
def test_what_is_not_is_removed_and_said(name, harm, folder, caplog):
    harm(folder / name)
    assert not is_sound_folder(folder)
    assert not folder.exists()
    assert len(caplog.records) == (0 if (name, harm) == (".seal", Path.unlink) else 1)


def test_a_folder_that_was_never_sealed_is_not_whole(tmp_path):
    (tmp_path / "made").mkdir()
    assert not is_sound_folder(tmp_path / "made")
    assert not (tmp_path / "made").exists()


def test_files_of_a_shard_are_sealed_together(tmp_path):
    files = [tmp_path / name for name in ("shard", "manifest")]
    for path in files:
        path.write_bytes(path.name.encode())
    own = tmp_path / "0.seal"
    assert not is_sound(own)
    seal(own, files)
    assert is_sound(own)
    flip(files[1])
    assert not is_sound(own)
    assert files[0].exists()
    assert not own.exists()
