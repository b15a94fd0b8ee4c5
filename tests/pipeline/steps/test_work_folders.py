"""Partial results are found again if, and only if, everything that they depend on is the same."""

import pytest

from pipeline.steps.work_folders import code_digest, work_folder


@pytest.fixture(autouse=True)
def _workspace(tmp_path, monkeypatch):
    (tmp_path / "harmonization").mkdir()
    (tmp_path / "harmonization" / "a.py").write_text("A = 1\n")
    monkeypatch.chdir(tmp_path)


def test_equal_inputs_find_the_same_folder(tmp_path):
    file = tmp_path / "input"
    file.write_text("x")
    assert work_folder("train", {"lr": 1}, file) == work_folder("train", {"lr": 1}, file)


def test_another_parameter_file_content_stage_or_code_is_another_folder(tmp_path):
    file = tmp_path / "input"
    file.write_text("x")
    first = work_folder("train", {"lr": 1}, file)
    assert work_folder("train", {"lr": 2}, file) != first
    assert work_folder("score", {"lr": 1}, file) != first
    file.write_text("y")
    assert work_folder("train", {"lr": 1}, file) != first
    file.write_text("x")
    (tmp_path / "harmonization" / "a.py").write_text("A = 2\n")
    assert work_folder("train", {"lr": 1}, file) != first


def test_caches_of_the_interpreter_do_not_count(tmp_path):
    before = code_digest()
    (tmp_path / "harmonization" / "__pycache__").mkdir()
    (tmp_path / "harmonization" / "__pycache__" / "a.cpython-311.pyc").write_bytes(b"x")
    assert code_digest() == before
