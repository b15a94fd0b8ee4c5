"""Does a pipeline that is killed again and again end in the hashes of an undisturbed one?

Makes two clones of this repository, runs `make repro` in the first, kills it (SIGKILL to the process group) at random
moments in the second, repeats it until it ends, and compares every output hash in dvc.lock.

    python benchmarks/kill_and_resume.py --kills 10 --folder /tmp/trial
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parent.parent


def clone(target: Path) -> Path:
    """A clone of HEAD that shares this checkout's environment."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(target)], check=True)
    (target / ".venv").symlink_to(ROOT / ".venv")
    (target / ".venv" / ".ready").touch()  # newer than the clone's lock file, or make would install again
    (target / "dvc.lock").unlink(missing_ok=True)
    return target


def start(folder: Path, log: Path) -> subprocess.Popen[bytes]:
    """`make repro` as a process group of its own."""
    with log.open("ab") as file:
        environment = os.environ | {"DVC_SITE_CACHE_DIR": str(folder.parent / f"{folder.name}-site")}
        return subprocess.Popen(["make", "repro"], cwd=folder, env=environment, stdout=file, stderr=file, start_new_session=True)


def finish(folder: Path, log: Path) -> float:
    """Runs to the end; returns seconds."""
    begin = time.monotonic()
    if code := start(folder, log).wait():
        sys.exit(f"make repro in {folder} exited with {code}; see {log}")
    return time.monotonic() - begin


def hashes(folder: Path) -> dict[str, str]:
    """Path to hash of every output."""
    stages = YAML(typ="safe").load(folder / "dvc.lock")["stages"]
    return {out["path"]: out["md5"] for stage in stages.values() for out in stage.get("outs", [])}


def main() -> None:
    """Runs the trial and prints what differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True)
    undisturbed = clone(arguments.folder / "undisturbed")
    seconds = finish(undisturbed, arguments.folder / "undisturbed.log")
    print(f"undisturbed: {seconds:.0f} s", flush=True)
    killed = clone(arguments.folder / "killed")
    moments = random.Random(arguments.seed)
    for kill in range(arguments.kills):
        moment = moments.uniform(2, 1.8 * seconds / arguments.kills)
        process = start(killed, arguments.folder / "killed.log")
        try:
            process.wait(timeout=moment)
            print(f"kill {kill + 1}: the run had ended before {moment:.1f} s", flush=True)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            print(f"kill {kill + 1}: after {moment:.1f} s", flush=True)
    print(f"last run: {finish(killed, arguments.folder / 'killed.log'):.0f} s")
    first, second = hashes(undisturbed), hashes(killed)
    different = sorted(path for path in first.keys() | second.keys() if first.get(path) != second.get(path))
    print(f"{len(first)} outputs, {len(different)} differ" + "".join(f"\n  {path}" for path in different))
    sys.exit(bool(different))


if __name__ == "__main__":
    main()
