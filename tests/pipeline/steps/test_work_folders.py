"""Partial results are found again if, and only if, everything that they depend on is the same."""

import pytest

from pipeline.steps.work_folders import work_folder


@pytest.fixture(autouse=True)
def _workspace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


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
