"""``harmonize dataset``: exit code 0 for a sound set, 1 for leaks and broken files, 2 for wrong input."""

from pathlib import Path

import pytest

from imharmony.pictures.images import read_rgb
from imharmony.storage.tables import read_table
from tests.datasets import called, made, scene, write_subset


@pytest.fixture(scope="module")
def composites(tmp_path_factory) -> Path:
    return made(tmp_path_factory.mktemp("world"))


def test_an_export_checks_as_sound(monkeypatch, composites, tmp_path, capsys):
    assert called(monkeypatch, "export", "--layout", "iharmony4", composites, tmp_path / "layout", "--subset", "HPeople") == 0
    assert capsys.readouterr().out == f"{tmp_path / 'layout' / 'HPeople'}\n"
    assert called(monkeypatch, "check", tmp_path / "layout", "--workers", 1) == 0
    assert capsys.readouterr().out == "Sound: nothing was found.\n"


def test_a_lossless_export_has_png_composites(monkeypatch, composites, tmp_path):
    assert called(monkeypatch, "export", "--layout", "iharmony4", "--lossless", composites, tmp_path) == 0
    assert {path.suffix for path in (tmp_path / "people" / "composite_images").iterdir()} == {".png"}


def test_what_was_exported_without_loss_is_imported_as_the_same_samples(monkeypatch, composites, tmp_path):
    called(monkeypatch, "export", "--layout", "iharmony4", "--lossless", composites, tmp_path)
    assert called(monkeypatch, "import", "--layout", "iharmony4", tmp_path, tmp_path / "back", "--subset", "people", "--workers", 1) == 0
    one, other = (
        read_table(folder / "manifest.parquet").drop(["shard", "row"]).sort_by("sample_id") for folder in (composites, tmp_path / "back")
    )
    assert one.equals(other)


def test_an_import_never_replaces_a_folder(monkeypatch, tmp_path, capsys):
    write_subset(tmp_path, "HCOCO", {"train": {"c1": scene(1)}, "test": {"c2": scene(2)}})
    options = ("--layout", "iharmony4", tmp_path, tmp_path / "HCOCO", "--subset", "HCOCO")
    assert called(monkeypatch, "import", *options) == 2
    assert "exists already" in capsys.readouterr().err
    assert called(monkeypatch, "import", *options[:3], tmp_path / "new", *options[4:], "--val", 1) == 2


def test_a_leak_is_printed_and_written(monkeypatch, tmp_path, capsys):
    write_subset(tmp_path, "HCOCO", {"train": {"c1": scene(1)}, "test": {"c1": scene(1), "c2": scene(2)}})
    assert called(monkeypatch, "check", tmp_path / "HCOCO", "--workers", 1, "--out", tmp_path / "check") == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Not sound: 1 leak, 1 twice."
    assert lines[1].startswith("leak: HCOCO/c1.jpg: a photograph in two splits")
    assert read_table(tmp_path / "check" / "findings.parquet").num_rows == 2


def test_a_broken_file_is_exit_code_1(monkeypatch, tmp_path):
    root = write_subset(tmp_path, "HCOCO", {"train": {"c1": scene(1)}, "test": {"c2": scene(2)}})
    path = root / "real_images" / "c1.jpg"
    path.write_bytes(path.read_bytes()[:700])
    assert called(monkeypatch, "check", root, "--workers", 1) == 1


def test_a_long_list_is_cut(monkeypatch, tmp_path, capsys):
    root = write_subset(tmp_path, "HCOCO", {"train": {"c1": scene(1)}, "test": {"c2": scene(2)}})
    for number in range(30):
        (root / "masks" / f"c1_{number + 5}.png").write_bytes(b"")
    assert called(monkeypatch, "check", root, "--workers", 1) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 22
    assert lines[-1] == "and 10 more; --out keeps them all"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "nowhere"], "nowhere: no data set; expected"),
        (["check", "nowhere", "--workers", 0], "--workers 0: expected at least one process"),
        (["export", "--layout", "iharmony4", "nowhere", "out"], "manifest.parquet: no such table"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(monkeypatch, tmp_path, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert called(monkeypatch, *arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["export", "a", "b"], ["export", "--layout", "coco", "a", "b"], ["check"]])
def test_a_wrong_command_line_is_exit_code_2(monkeypatch, capsys, arguments):
    assert called(monkeypatch, *arguments) == 2
    assert "usage: harmonize dataset" in capsys.readouterr().err


def test_a_sheet_shows_a_transfers_composites(monkeypatch, composites, tmp_path, capsys):
    out = tmp_path / "sheet.png"
    assert called(monkeypatch, "sheet", composites, out, "--transfer", "luminance", "--rows", 2) == 0
    assert read_rgb(out).shape == (2 * 240, 2 * 3 * 240, 3)
    assert called(monkeypatch, "sheet", composites, out, "--transfer", "sepia") == 2
    assert "no composite of transfer 'sepia'; expected one of ['luminance', 'reinhard_lab']" in capsys.readouterr().err
    assert called(monkeypatch, "sheet", composites, tmp_path / "sheet.gif") == 2
    assert called(monkeypatch, "sheet", composites, out, "--rows", 0) == 2
