"""The folder in which DVC and git work: what is wrong with it is said before anything is computed, and without git DVC is told so."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, cast

from dvc.config import Config, ConfigError

from imharmony.errors import InputError
from imharmony.storage.files import write_text
from pipeline.run.conflicts import expect_no_conflicts
from pipeline.run.lock_file import LOCK_FILE
from pipeline.steps.git import git, has_repository

DVC = Path(".dvc")
GRAPH = Path("dvc.yaml")
WITHOUT_GIT = DVC / "tmp" / "without_git"  # there while we, and not the user, have told DVC to work without


def expect_workspace(*, say: Callable[[str], None]) -> None:
    """An ``InputError`` where stages would run to their end and then count as failed, or nothing would be found to run.

    In a folder that no git repository has (one from a zip archive), DVC's ``core.no_scm`` is set for this clone alone, and taken back once
    there is one.
    """
    if not DVC.is_dir():
        raise InputError(f"{Path.cwd()}: no {DVC} here; expected the project's own folder; run it there")
    if not GRAPH.is_file():
        raise InputError(f"{Path.cwd() / GRAPH}: no such file; expected the graph of stages; take the last commit's (git checkout {GRAPH})")
    expect_no_conflicts()
    _expect_writable()
    is_told = WITHOUT_GIT.exists()
    if has_repository() == is_told:
        try:
            _use_git(is_told)
        except ConfigError as error:
            raise InputError(f"{DVC / 'config'}: {' '.join(str(error).split())}; expected what `dvc config` writes; mend it") from error
        if not is_told and WITHOUT_GIT.exists():
            said = f"no git here: DVC works without it (core.no_scm in {DVC / 'config.local'})"
            say(f"{said}; experiments need git init and a commit")


def _expect_writable() -> None:
    """An ``InputError`` where DVC could not write down that a stage has ended, which is found out after the stage."""
    for place in (LOCK_FILE, DVC):
        try:
            if place.is_dir():
                with TemporaryFile(dir=place):
                    pass
            elif place.is_file():
                with place.open("ab"):
                    pass
        except OSError as error:
            raise InputError(
                f"{place.absolute()}: {error.strerror}; expected to write there; change the permission or the owner"
            ) from error
    if git("rev-parse", "--is-inside-work-tree") is not None and git("ls-files", "--", str(GRAPH)) is None:
        raise InputError("git: its index is damaged; expected one that `git status` reads; rm .git/index, then git reset")


def _use_git(is_used: bool) -> None:
    config = Config(str(DVC.resolve()))
    if not is_used and config.get("core", {}).get("no_scm"):
        return  # the user's own choice
    with config.edit("local") as edited:
        core: dict[str, Any] = cast("dict[str, dict[str, Any]]", edited).setdefault("core", {})
        if is_used:
            core.pop("no_scm", None)
        else:
            core["no_scm"] = True
    if is_used:
        WITHOUT_GIT.unlink(missing_ok=True)
    else:
        write_text(WITHOUT_GIT, "")
