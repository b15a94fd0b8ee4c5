"""Does a pipeline that is killed again and again end in the hashes of an undisturbed one?

Makes two clones of this repository, runs ``make repro`` in the first, kills it (SIGKILL to it and all that it started) at random
moments in the second, repeats it until it ends, and compares every output hash in dvc.lock:

    python -m benchmarks.kill_and_resume --kills 10 --folder /tmp/trial

With ``--variants`` only trainings are killed, each of them ``--kills`` times over ``--epochs`` epochs, and their files compared:

    python -m benchmarks.kill_and_resume --kills 10 --folder /tmp/trial --variants dovenet bargainnet idih
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
from ruamel.yaml import YAML

from imharmony.storage.files import sha256_of
from pipeline.run.lock_file import hashes
from pipeline.steps.git import change

ROOT = Path(__file__).resolve().parent.parent
REPRO = ["make", "repro"]
WARM_UP_S = 10.0  # until a training has its packages and its data; a kill before that interrupts nothing


def clone(target: Path) -> Path:
    """A clone of HEAD that shares this checkout's environment."""
    change("clone", "--quiet", str(ROOT), str(target))
    (target / ".venv").symlink_to(ROOT / ".venv")
    (target / ".venv" / ".ready").touch()  # newer than the clone's lock file, or make would install again
    (target / "dvc.lock").unlink(missing_ok=True)
    return target


def start(command: list[str], folder: Path) -> subprocess.Popen[bytes]:
    """The command in a clone; what it says goes into a log beside it."""
    with folder.with_suffix(".log").open("ab") as file:
        environment = os.environ | {"DVC_SITE_CACHE_DIR": str(folder.with_suffix(".site"))}
        return subprocess.Popen(command, cwd=folder, env=environment, stdout=file, stderr=file, start_new_session=True)


def finish(command: list[str], folder: Path) -> float:
    """Runs to the end; returns seconds."""
    begin = time.monotonic()
    if code := start(command, folder).wait():
        sys.exit(f"{' '.join(command)} in {folder} exited with {code}; see {folder.with_suffix('.log')}")
    return time.monotonic() - begin


def finish_after_kills(command: list[str], folder: Path, *, kills: int, moments: random.Random, earliest: float, latest: float) -> None:
    """Kills the command at random moments, between ``earliest`` and ``latest`` seconds after its start, and then lets it end."""
    for kill in range(kills):
        moment = moments.uniform(earliest, latest)
        process = start(command, folder)
        try:
            process.wait(timeout=moment)
            print(f"  kill {kill + 1}: it had ended before {moment:.1f} s", flush=True)
        except subprocess.TimeoutExpired:
            kill_all(process.pid)
            process.wait()
            print(f"  kill {kill + 1}: after {moment:.1f} s", flush=True)
    print(f"  last run: {finish(command, folder):.0f} s", flush=True)


def kill_all(pid: int) -> None:
    """SIGKILL to a process and all that it started, before any of them can start another."""
    first = psutil.Process(pid)
    for process in [first, *first.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def locked(folder: Path) -> dict[str, str]:
    """Path to hash of every output in dvc.lock."""
    return hashes(folder / "dvc.lock")


def files(folder: Path) -> dict[str, str]:
    """Path to hash of every file of every run."""
    runs = folder / "runs"
    return {path.relative_to(runs).as_posix(): sha256_of(path) for path in runs.rglob("*") if path.is_file()}


def compare(first: dict[str, str], second: dict[str, str], *, what: str) -> int:
    """Prints and counts what differs."""
    different = sorted(path for path in first.keys() | second.keys() if first.get(path) != second.get(path))
    print(f"{len(first)} {what}, {len(different)} differ" + "".join(f"\n  {path}" for path in different))
    return len(different)


def try_everything(undisturbed: Path, killed: Path, *, kills: int, moments: random.Random) -> int:
    """Kills the whole run."""
    seconds = finish(REPRO, undisturbed)
    print(f"undisturbed: {seconds:.0f} s", flush=True)
    finish_after_kills(REPRO, killed, kills=kills, moments=moments, earliest=2, latest=max(4, 1.8 * seconds / kills))
    return compare(locked(undisturbed), locked(killed), what="outputs")


def try_trainings(
    undisturbed: Path, killed: Path, *, variants: list[str], epochs: int, data: Path | None, kills: int, moments: random.Random
) -> int:
    """Kills trainings alone, over data that both clones have."""
    yaml = YAML()
    params = yaml.load(undisturbed / "params.yaml")
    params["profiles"][params["profile"]]["training"]["epochs"] = epochs
    for folder in (undisturbed, killed):
        yaml.dump(params, folder / "params.yaml")
    if data is None:
        finish([sys.executable, "-m", "pipeline", "run", "train_classifier", "preprocess_intrinsic"], undisturbed)
        data = undisturbed
    for folder in {undisturbed, killed} - {data}:
        for made in ("data", "features"):
            shutil.copytree(data / made, folder / made)
    for variant in variants:
        command = [sys.executable, "-m", "stages.train", variant]
        seconds = finish(command, undisturbed)
        print(f"{variant}, undisturbed: {seconds:.0f} s", flush=True)
        latest = WARM_UP_S + 1.5 * seconds / kills  # so that there is something left to interrupt for the last kill too
        finish_after_kills(command, killed, kills=kills, moments=moments, earliest=WARM_UP_S, latest=latest)
    return compare(files(undisturbed), files(killed), what="files of trainings")


def main() -> None:
    """Runs the trial and prints what differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--variants", nargs="+")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--data", type=Path, help="a clone that ran, whose data are taken instead of made anew")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True)
    both = clone(arguments.folder / "undisturbed"), clone(arguments.folder / "killed")
    trial = {"kills": arguments.kills, "moments": random.Random(arguments.seed)}
    if arguments.variants:
        sys.exit(bool(try_trainings(*both, variants=arguments.variants, epochs=arguments.epochs, data=arguments.data, **trial)))
    sys.exit(bool(try_everything(*both, **trial)))


if __name__ == "__main__":
    main()
