"""Where a result came from: the commit of the code and the hash of the data."""

import subprocess
from pathlib import Path

from harmonization.errors import InputError
from harmonization.files import sha256_of

CODE_PATHS = ("harmonization", "stages", "pipeline", "requirements.lock")


def code_commit() -> str:
    """The newest commit that touched what a result depends on; ``+`` is appended when that has changed since.

    Commits of other files do not count, so that editing the README changes no result; parameters are told by dvc.lock.
    "unknown" outside git.
    """
    commit = _git("log", "-1", "--format=%H", "--", *CODE_PATHS)
    if not commit:
        return "unknown"
    return commit + ("+" if _git("status", "--porcelain", "--untracked-files=all", "--", *CODE_PATHS) else "")


def data_hash(manifest: Path) -> str:
    """The first 16 hexadecimal digits of the manifest's SHA-256; its columns hold the SHA-256 of every picture."""
    try:
        return sha256_of(manifest)[:16]
    except FileNotFoundError as error:
        raise InputError(f"{manifest}: no such table; run the stage that writes it (dvc repro)") from error


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
