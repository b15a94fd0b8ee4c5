"""What cannot be written is known before the work."""

import os
from pathlib import Path

import pytest

from imharmony.errors import InputError
from imharmony.storage.places import expect_place


@pytest.mark.parametrize("name", ["new.png", "old.png", "no/such/folder/new.png", "dangling.png"])
def test_a_file_may_be_written_anew_or_over(tmp_path, name):
    (tmp_path / "old.png").write_bytes(b"old")
    (tmp_path / "dangling.png").symlink_to(tmp_path / "none")
    expect_place(tmp_path / name, inputs=[tmp_path / "photo.png"])
    assert (tmp_path / "old.png").read_bytes() == b"old"
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("folder", "a folder; expected the name of a file"),
        ("pipe", "a pipe, socket or device"),
        ("file/new.png", "file is no folder"),
        ("file/deeper/new.png", "file is no folder"),
        ("dangling/new.png", "dangling is no folder"),
        ("file", "is also what is read"),
        ("folder/../file", "is also what is read"),
        ("link", "is also what is read"),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path, name, message):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "dangling").symlink_to("none")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match=message):
        expect_place(tmp_path / name, inputs=[tmp_path / "file"])


def test_a_folder_that_may_not_be_changed_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("imharmony.storage.places.os.access", lambda *_: False)
    with pytest.raises(InputError, match="nothing can be written into"):
        expect_place(tmp_path / "new.png", inputs=[])


def test_a_name_that_is_too_long_is_an_error_of_the_system(tmp_path):
    with pytest.raises(OSError, match="too long"):
        expect_place(tmp_path / f"{'a' * 300}.png", inputs=[Path("none")])
