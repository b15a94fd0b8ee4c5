"""What is asked of git, always without its optional locks.

``git status`` refreshes the index on the way, for which it takes ``.git/index.lock``. DVC, which adds ``dvc.lock`` to the index when a
stage ends, then fails a healthy run.
"""

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from imharmony.errors import InputError

UNLOCKED = {"GIT_OPTIONAL_LOCKS": "0"}
PLAIN = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}  # its messages as they are looked for here; nobody is asked for a password
OF_ANOTHER = ("dubious ownership", "is owned by someone else", "unsafe repository")  # newer and older ones


def git(*arguments: str, folder: Path = Path(), environment: Mapping[str, str] = MappingProxyType({})) -> str | None:
    """What git answers; None where it refuses, there is no repository, or no git."""
    done = _run(*arguments, folder=folder, environment=environment)
    return done.stdout if done is not None and done.returncode == 0 else None


def change(*arguments: str, folder: Path = Path()) -> None:
    """Lets git change something; what it refuses is an ``InputError``."""
    done = _run(*arguments, folder=folder)
    if done is None:
        raise InputError("git: no such program; expected it to be installed; install it and run again")
    if done.returncode:
        raise InputError(f"git {arguments[0]}: {' '.join(done.stderr.split())}; expected it to succeed; mend it and run again")


def has_repository(folder: Path = Path()) -> bool:
    """Whether the folder is in a git repository that can be read. One of another user is an ``InputError``: git and DVC refuse it."""
    done = _run("rev-parse", "--git-dir", folder=folder)
    if done is None:  # no git here, but DVC reads a repository without it
        return any((above / ".git").exists() for above in (folder.resolve(), *folder.resolve().parents))
    if done.returncode and any(words in done.stderr for words in OF_ANOTHER):
        top = next((above for above in (folder.resolve(), *folder.resolve().parents) if (above / ".git").exists()), folder.resolve())
        remedy = f"git config --global --add safe.directory {shlex.quote(str(top))}"
        raise InputError(
            f"{top}: belongs to another user, so git and DVC refuse it; trust it with `{remedy}`, or work in a clone of your own"
        )
    return done.returncode == 0


def _run(*arguments: str, folder: Path, environment: Mapping[str, str] = MappingProxyType({})) -> subprocess.CompletedProcess[str] | None:
    try:
        return subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env={**os.environ, **PLAIN, **UNLOCKED, **environment},
            capture_output=True,
            text=True,
            errors="surrogateescape",
        )
    except FileNotFoundError:
        return None
