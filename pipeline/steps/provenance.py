"""Where a run was made: the commit of the code, the machine, the versions. No result holds it, or no two machines had the same."""

from pathlib import Path

from pipeline.steps.git import git

CODE_PATHS = tuple(f":/{name}" for name in ("imharmony", "opinion_study", "pipeline", "reporting", "stages", "requirements.lock"))
UNKNOWN = "unknown"


def code_commit() -> str:
    """The newest commit that touched what a result depends on; ``+`` is appended when that has changed since.

    Commits of other files do not count, so that editing the README changes no result; parameters are told by dvc.lock. "unknown" outside
    git, where git refuses, and where a shallow clone ends at the commit that would be it: an older one may be meant.
    """
    commit = (git("log", "-1", "--format=%H", "--", *CODE_PATHS) or "").strip()
    if not commit or commit in _ends_of_a_shallow_clone():
        return UNKNOWN
    changes = git("status", "--porcelain", "--untracked-files=all", "--", *CODE_PATHS)
    if changes is None:
        return UNKNOWN
    return commit + ("+" if changes else "")


def _ends_of_a_shallow_clone() -> set[str]:
    found = git("rev-parse", "--git-path", "shallow")
    path = Path((found or "").rstrip("\n"))
    return set(path.read_text(encoding="utf-8").split()) if found and path.is_file() else set()
