"""A copy of the project in which something is tried: its files as git knows them, as a repository of its own."""

import os
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path

from imharmony.errors import InputError
from pipeline.steps.git import change, git, has_repository

NAMED = ("-c", "user.name=copy", "-c", "user.email=copy@localhost")


def copy_project(root: Path, target: Path, *, leave_out: Collection[str] = ()) -> Path:
    """Copies what git tracks and what it does not ignore; without a repository, all that ``.gitignore`` does not name. Returns ``target``.

    Nothing is committed: ``commit_copy`` does.
    """
    target.mkdir(parents=True, exist_ok=True)
    change("init", "-q", folder=target)
    for name in _names(root, target):
        source = root / name
        if name not in leave_out and source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name, follow_symlinks=False)
    return target


def commit_copy(target: Path) -> None:
    """Makes the copy's first commit, whoever the user is."""
    change("add", "-A", folder=target)
    change(*NAMED, "commit", "-q", "-m", "copy", folder=target)


def _names(root: Path, target: Path) -> list[str]:
    asked = ("ls-files", "-z", "-co", "--exclude-standard")
    # The copy's own repository can look at another folder: all there is untracked.
    where: Mapping[str, str] = (
        {} if has_repository(root) else {"GIT_DIR": str(target.resolve() / ".git"), "GIT_WORK_TREE": str(root.resolve())}
    )
    listed = git(*asked, folder=root, environment=where)
    if listed is None:
        raise InputError(f"{root}: git does not list its files; expected a clone or an archive of the project, and git; install it")
    return [os.fspath(name) for name in listed.split("\0") if name]
