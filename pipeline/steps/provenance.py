"""Where a run was made: the commit of the code, the machine, the versions. No result holds it, or no two machines had the same."""

import subprocess

CODE_PATHS = tuple(f":/{name}" for name in ("imharmony", "opinion_study", "pipeline", "reporting", "stages", "requirements.lock"))


def code_commit() -> str:
    """The newest commit that touched what a result depends on; ``+`` is appended when that has changed since.

    Commits of other files do not count, so that editing the README changes no result; parameters are told by dvc.lock.
    "unknown" outside git.
    """
    commit = _git("log", "-1", "--format=%H", "--", *CODE_PATHS)
    if not commit:
        return "unknown"
    return commit + ("+" if _git("status", "--porcelain", "--untracked-files=all", "--", *CODE_PATHS) else "")


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
