"""Runs the workspace ``smoke`` twice, in copies with caches of their own, and compares: ``python smoke/check.py``.

Both runs must give the same hashes, and their data those that are committed in ``smoke/dvc.lock``. Where trained networks or scores differ
from the committed ones, it says so: another processor may round otherwise. Exit code 1: something that must be equal is not.
"""

import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parent.parent
DATA = ("data/",)


def copied(target: Path) -> Path:
    """The project's files as git knows them, untracked ones included, as a repository of its own; its workspace ``smoke``."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listed.stdout.splitlines():
        source = ROOT / name
        if source.exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name, follow_symlinks=False)
    named = ["-c", "user.name=smoke", "-c", "user.email=smoke@localhost"]
    for command in (["init", "-q"], ["add", "-A"], [*named, "commit", "-q", "-m", "smoke"]):
        subprocess.run(["git", *command], cwd=target, check=True)
    return target / "smoke"


def hashes(lock: Path) -> dict[str, str]:
    """The hash of every output that a lock names."""
    stages = (YAML(typ="safe").load(lock) or {}).get("stages", {}) if lock.is_file() else {}
    return {out["path"]: out["md5"] for stage in stages.values() for out in stage.get("outs", [])}


def run(workspace: Path) -> dict[str, str]:
    """The hashes after ``dvc repro`` from nothing."""
    (workspace / "dvc.lock").unlink(missing_ok=True)
    done = subprocess.run([sys.executable, "-m", "dvc", "repro"], cwd=workspace, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{workspace}: dvc repro exited with {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return hashes(workspace / "dvc.lock")


def main() -> None:
    """Prints what differs."""
    start = time.monotonic()
    with TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        first, second = pool.map(run, [copied(Path(folder, name)) for name in ("first", "second")])
    committed = hashes(ROOT / "smoke" / "dvc.lock")
    unlike = sorted(path for path in first if first[path] != second.get(path))
    elsewhere = sorted(path for path in first if first[path] != committed.get(path))
    data = [path for path in elsewhere if path.startswith(DATA)]
    print(f"smoke: {len(first)} outputs, twice in {time.monotonic() - start:.0f} s: {len(unlike)} differ between the runs {unlike}")
    print(f"smoke: {len(elsewhere)} differ from smoke/dvc.lock, {len(data)} of them data {elsewhere}")
    sys.exit(bool(unlike or data))


if __name__ == "__main__":
    main()
