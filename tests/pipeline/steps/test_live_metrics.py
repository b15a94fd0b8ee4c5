"""DVCLive's files depend on the rows alone."""

import json
import subprocess

import pytest

from imharmony.errors import InputError
from pipeline.steps.live_metrics import live_metrics

ROWS = [{"epoch": 1, "g_loss": 0.5, "d_loss": None}, {"epoch": 2, "g_loss": 0.25, "d_loss": None}]


@pytest.fixture(autouse=True)
def _workspace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def files(folder) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def logged(folder, rows) -> dict[str, bytes]:
    with live_metrics(folder) as log:
        for row in rows:
            log(row)
    return files(folder)


def test_each_epoch_is_a_step_and_a_missing_loss_is_left_out(tmp_path):
    written = logged(tmp_path / "live", ROWS)
    assert json.loads(written["metrics.json"]) == {"g_loss": 0.25, "step": 2}
    assert written["plots/metrics/g_loss.tsv"].split() == [b"step", b"g_loss", b"1", b"0.5", b"2", b"0.25"]
    assert written.keys() == {"metrics.json", "plots/metrics/g_loss.tsv"}


def test_a_resumed_log_has_the_bytes_of_an_uninterrupted_one(tmp_path):
    expected = logged(tmp_path / "straight", ROWS)
    logged(tmp_path / "killed", ROWS[:1])
    assert logged(tmp_path / "killed", ROWS) == expected


def test_nothing_is_written_elsewhere(tmp_path):
    logged(tmp_path / "live", ROWS)
    assert [path.name for path in tmp_path.iterdir()] == ["live"]


def test_a_repository_without_a_commit_is_refused_in_one_line(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / ".dvc").mkdir()
    with pytest.raises(InputError, match="make a first commit"), live_metrics(tmp_path / "live"):
        pass
