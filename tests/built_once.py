"""What several test files need alike is made by the first process of a session that asks for it."""

import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock


def built_once(folder: Path, build: Callable[[Path], object]) -> Path:
    """The folder, filled by ``build`` unless a process of the session has done so; others wait meanwhile. Whoever changes it takes a copy.

    A build that fails leaves nothing to the next one.
    """
    done = folder.with_suffix(".done")
    with FileLock(folder.with_suffix(".lock")):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            build(folder)
            done.touch()
    return folder
