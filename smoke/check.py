"""Runs the workspace ``smoke`` twice, in copies with caches of their own, and compares: ``python -m smoke.check``.

Both runs must give the same hashes, and their data those that are committed in ``smoke/dvc.lock``. Where trained networks or scores differ
from the committed ones, it says so: another processor may round otherwise. Exit code 1: something that must be equal is not.
"""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from imharmony.errors import exit_code_of
from pipeline.run.copies import commit_copy, copy_project
from pipeline.run.lock_file import hashes
from pipeline.steps.git import UNLOCKED

ROOT = Path(__file__).resolve().parent.parent
DATA = ("data/",)


def copied(target: Path) -> Path:
    """The workspace ``smoke`` in a copy of the project."""
    commit_copy(copy_project(ROOT, target))
    return target / "smoke"


def run(workspace: Path) -> dict[str, str]:
    """The hashes after ``dvc repro`` from nothing."""
    (workspace / "dvc.lock").unlink(missing_ok=True)
    done = subprocess.run([sys.executable, "-m", "dvc", "repro"], cwd=workspace, env=os.environ | UNLOCKED, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{workspace}: dvc repro exited with {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return hashes(workspace / "dvc.lock")


def main() -> int:
    """Prints what differs; 1 if something must not."""
    start = time.monotonic()
    committed = hashes(ROOT / "smoke" / "dvc.lock")
    with TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        first, second = pool.map(run, [copied(Path(folder, name)) for name in ("first", "second")])
    unlike = sorted(path for path in first if first[path] != second.get(path))
    elsewhere = sorted(path for path in first if first[path] != committed.get(path))
    data = [path for path in elsewhere if path.startswith(DATA)]
    print(f"smoke: {len(first)} outputs, twice in {time.monotonic() - start:.0f} s: {len(unlike)} differ between the runs {unlike}")
    print(f"smoke: {len(elsewhere)} differ from smoke/dvc.lock, {len(data)} of them data {elsewhere}")
    return int(bool(unlike or data))


if __name__ == "__main__":
    sys.exit(exit_code_of(main))
