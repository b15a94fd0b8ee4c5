"""Git is asked without its optional locks, and says what a run has to know before it begins."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from imharmony.errors import InputError
from pipeline.steps.git import UNLOCKED, git, has_repository
from pipeline.steps.provenance import code_commit

IDENTITY = {f"GIT_{role}_{what}": "t@t" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def call(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, env=os.environ | IDENTITY, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path) -> Path:
    folder = tmp_path / "repository"
    (folder / "imharmony").mkdir(parents=True)
    call(folder, "init", "-q")
    for number in range(3):
        (folder / ("imharmony/a.py" if number < 2 else "README.md")).write_text(f"A = {number}\n")
        call(folder, "add", "-A")
        call(folder, "commit", "-q", "-m", str(number))
    return folder


def test_a_status_takes_no_lock_even_where_it_would_refresh_the_index(repository, monkeypatch):
    """A file whose time has changed makes ``git status`` write the index, unless it is told not to."""
    monkeypatch.chdir(repository)
    index = repository / ".git" / "index"
    for number in range(5):
        os.utime(repository / "README.md", (number + 1, number + 1))
        before = index.read_bytes()
        assert git("status", "--porcelain") == ""
        code_commit()
        assert index.read_bytes() == before


def test_what_adds_to_the_index_beside_it_never_finds_it_locked(repository):
    """As DVC does when a stage ends; without the variable some of so many fail."""
    stop = time.monotonic() + 3
    command = "while :; do touch README.md; git status --porcelain > /dev/null; done"
    with subprocess.Popen(["sh", "-c", command], cwd=repository, env=os.environ | UNLOCKED, start_new_session=True) as asking:
        try:
            while time.monotonic() < stop:
                call(repository, "update-index", "--force-remove", "README.md")
                call(repository, "add", "README.md")
        finally:
            os.killpg(asking.pid, 9)


def test_every_call_of_git_is_made_in_the_one_place(root):
    allowed = {"pipeline/steps/git.py"}
    folders = ("benchmarks", "imharmony", "opinion_study", "pipeline", "reporting", "smoke", "stages")
    found = {
        path.relative_to(root).as_posix() for folder in folders for path in (root / folder).rglob("*.py") if '["git"' in path.read_text()
    }
    assert found == allowed


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_a_repository_of_another_user_is_refused_with_what_trusts_it(repository, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SUDO_UID", raising=False)
    for path in (repository, *repository.rglob("*")):
        os.chown(path, 1234, 1234)
    with pytest.raises(InputError, match=f"git config --global --add safe.directory {repository}"):
        has_repository(repository)
    subprocess.run(["git", "config", "--global", "--add", "safe.directory", str(repository)], check=True)
    assert has_repository(repository)


def test_where_there_is_no_repository(tmp_path):
    assert not has_repository(tmp_path)
    (tmp_path / ".git").mkdir()
    assert not has_repository(tmp_path)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_shallow_clone_names_no_commit_that_the_whole_one_does_not(depth, repository, tmp_path, monkeypatch):
    monkeypatch.chdir(repository)
    whole = code_commit()
    call(tmp_path, "clone", "-q", "--depth", str(depth), repository.as_uri(), "shallow")
    monkeypatch.chdir(tmp_path / "shallow")
    assert code_commit() == (whole if depth == 3 else "unknown")


def test_where_git_cannot_say_what_has_changed_no_commit_is_named(repository, monkeypatch):
    monkeypatch.chdir(repository)
    (repository / ".git" / "index").write_bytes(b"broken")
    assert code_commit() == "unknown"
