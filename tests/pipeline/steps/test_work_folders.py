"""Partial results are found again if, and only if, everything that they depend on is the same."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from pipeline.params.file import load_params
from pipeline.run import work
from pipeline.steps import work_folders
from pipeline.steps.work_folders import work_folder
from tests.conftest import ROOT


@pytest.fixture(autouse=True)
def _workspace(tmp_path, monkeypatch):
    """What earlier tests used is forgotten, as by another process."""
    monkeypatch.chdir(tmp_path)
    forget(monkeypatch)


def test_equal_inputs_find_the_same_folder(tmp_path):
    file = tmp_path / "input"
    file.write_text("x")
    assert work_folder("train", {"lr": 1}, file) == work_folder("train", {"lr": 1}, file)


def test_another_parameter_file_content_or_stage_is_another_folder(tmp_path):
    file = tmp_path / "input"
    file.write_text("x")
    first = work_folder("train", {"lr": 1}, file)
    assert work_folder("train", {"lr": 2}, file) != first
    assert work_folder("score", {"lr": 1}, file) != first
    file.write_text("y")
    assert work_folder("train", {"lr": 1}, file) != first


def test_of_a_folder_the_names_and_contents_of_all_files_count(tmp_path):
    (tmp_path / "given").mkdir()
    first = work_folder("train", tmp_path / "given")
    (tmp_path / "given" / "a").write_text("x")
    second = work_folder("train", tmp_path / "given")
    (tmp_path / "given" / "a").rename(tmp_path / "given" / "b")
    assert len({first, second, work_folder("train", tmp_path / "given")}) == 3


def fingerprint(profile: str, stage: str, cell: str, **values) -> Path:
    path = Path("features", profile, "fingerprints", stage, cell)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"code": "c", "packages": {}, "values": values}))
    return path


def in_another_process(folder: Path, code: str) -> subprocess.Popen[str]:
    own = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-c", code], cwd=folder, env=own, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def forget(monkeypatch) -> None:
    for descriptor in work_folders._used.values():
        with suppress(OSError):
            os.close(descriptor)
    monkeypatch.setattr(work_folders, "_used", {})


def test_results_of_older_code_are_dropped_when_a_stage_ends(monkeypatch):
    code = fingerprint("sample", "train", "unet", rate=1, seeds=[0])
    older = work_folder("train", code)
    elsewhere = work_folder("pack", code)
    forget(monkeypatch)
    fingerprint("sample", "train", "unet", rate=2, seeds=[0])
    newer = work_folder("train", code)
    assert older != newer
    assert work_folders.drop_older() == [older]
    assert [path.exists() for path in (older, newer, elsewhere)] == [False, True, True]


def test_more_seeds_make_nothing_older(monkeypatch):
    code = fingerprint("sample", "train", "unet", rate=1, seeds=[0])
    first = work_folder("train", "without seeds", made_by=code)
    forget(monkeypatch)
    fingerprint("sample", "train", "unet", rate=1, seeds=[0, 1])
    work_folder("train", "another", made_by=code)
    assert work_folders.drop_older() == []
    assert first.exists()


def test_other_profiles_keep_theirs_whether_their_fingerprints_are_here_or_not(monkeypatch):
    kept = [work_folder("train", fingerprint(profile, "train", "unet", rate=1)) for profile in ("coco", "full")]
    forget(monkeypatch)
    shutil.rmtree("features/full")
    work_folder("train", fingerprint("sample", "train", "unet", rate=1))
    assert work_folders.drop_older() == []
    assert all(path.exists() for path in kept)


def test_what_is_shared_stays_while_one_of_its_users_would_take_it_up(monkeypatch):
    shared = fingerprint("sample", "shared", "pack")
    for cell in ("a", "b"):
        fingerprint("sample", "train", cell, size=64)
        monkeypatch.setenv("DVC_STAGE", f"train@{cell}")
        folder = work_folder("pack", shared, 64)
    forget(monkeypatch)
    for cell, is_kept in (("a", True), ("b", False)):
        fingerprint("sample", "train", cell, size=128)
        monkeypatch.setenv("DVC_STAGE", f"train@{cell}")
        work_folder("pack", shared, 128)
        assert (work_folders.drop_older() == []) == is_kept
        assert folder.exists() == is_kept


def test_what_another_process_uses_stays(tmp_path):
    code = fingerprint("sample", "train", "unet", rate=1)
    text = "from pathlib import Path; from pipeline.steps.work_folders import work_folder; "
    text += f"print(work_folder('train', Path({str(code)!r})), flush=True); input()"
    with in_another_process(tmp_path, text) as other:
        used = Path(other.stdout.readline().strip())
        fingerprint("sample", "train", "unet", rate=2)
        work_folder("train", code)
        assert work_folders.drop_older() == []
        assert used.exists()
        other.communicate("\n", timeout=30)
    assert work_folders.drop_older() == [used]


def test_what_knew_no_fingerprints_is_older_and_downloads_are_not():
    legacy = Path(".work/train") / ("0" * 24)
    legacy.mkdir(parents=True)
    fetched = work_folders.download_folder("coco", "mirror")
    work_folder("train", fingerprint("sample", "train", "unet", rate=1))
    assert work_folders.drop_older() == [legacy]
    assert fetched.exists()


def test_work_lists_and_prunes(tmp_path, monkeypatch):
    shutil.copy(ROOT / "params.yaml", tmp_path)
    params = load_params()
    code = fingerprint("sample", "train", "unet", rate=1)
    older, fetched = work_folder("train", code), work_folders.download_folder("coco", "mirror")
    forget(monkeypatch)
    monkeypatch.setattr(work, "fingerprints_of", lambda _params: iter(()))
    said: list[str] = []
    work.list_work(params, say=said.append)
    assert [line.rsplit("  ", 1)[1] for line in said[:-1]] == ["taken up", "of older code or parameters"]
    assert said[-1].endswith("1 of older code or parameters; python -m pipeline work --prune drops them")
    work.prune_work(params, everything=False, say=said.append)
    assert (older.exists(), fetched.exists()) == (False, True)
    work.prune_work(params, everything=True, say=said.append)
    assert not fetched.exists()
