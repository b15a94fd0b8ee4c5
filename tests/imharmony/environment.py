"""The environment of a process that a user starts: without what stages set in this one, of which OpenCV complains on some processors."""

import os
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

from pipeline.steps.kernels import KERNELS
from tests.conftest import ROOT


def users_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in KERNELS}


def loaded_by(code: str, path: Path, *, among: Collection[str]) -> tuple[str, str]:
    """Which of some modules a program of its own has loaded after the code, which is given a path, and what it said of it."""
    told = f"{code}\nprint(sorted(sys.modules.keys() & set({tuple(among)})))"
    asked = [sys.executable, "-c", told, str(path)]
    done = subprocess.run(asked, cwd=ROOT, env=users_environment(), capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip(), done.stderr
