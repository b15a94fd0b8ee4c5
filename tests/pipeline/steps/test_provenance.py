"""The commit that runs on the dashboard and published numbers name."""

import os
import subprocess

import pytest

from pipeline.steps.provenance import code_commit


def git(*arguments: str) -> str:
    identity = {f"GIT_{role}_{what}": "t@t" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    done = subprocess.run(["git", *arguments], env=os.environ | identity, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    git("init", "-q")
    (tmp_path / "imharmony").mkdir()
    (tmp_path / "imharmony" / "a.py").write_text("A = 1\n")
    (tmp_path / "params.yaml").write_text("profile: sample\n")
    git("add", "-A")
    git("commit", "-q", "-m", "code")
    return tmp_path


def test_the_commit_is_the_newest_one_of_the_code(repository):
    first = git("rev-parse", "HEAD")
    assert code_commit() == first
    (repository / "README.md").write_text("words\n")
    git("add", "-A")
    git("commit", "-q", "-m", "words")
    assert code_commit() == first
    (repository / "imharmony" / "a.py").write_text("A = 2\n")
    git("commit", "-q", "-a", "-m", "code again")
    assert code_commit() == git("rev-parse", "HEAD") != first


@pytest.mark.parametrize("name", ["imharmony/a.py", "imharmony/new.py", "requirements.lock"])
def test_a_change_that_is_not_committed_shows(repository, name):
    clean = code_commit()
    (repository / name).write_text("B = 2\n")
    assert code_commit() == f"{clean}+"


@pytest.mark.parametrize("name", ["dvc.lock", "params.yaml", "README.md"])
def test_other_changes_do_not_show(repository, name):
    clean = code_commit()
    (repository / name).write_text("changed: true\n")
    assert code_commit() == clean


def test_outside_git_the_commit_is_unknown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert code_commit() == "unknown"
