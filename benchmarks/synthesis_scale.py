"""Does the synthesis' memory grow with the number of composites, do two processes pay, and does a killed run end the same?

Repeats the photographs of a data set that the pipeline has made (as copies of other names; no file is copied) until there are
enough foregrounds, and runs the synthesis in a fresh process each time: 1,000, 10,000 and 100,000 composites by default, then
the middle size with one process, then the largest again, killed (SIGKILL to the process group) when half of its shards are made.

    python -m benchmarks.synthesis_scale --data data/coco --dataset people --folder /tmp/scale
"""

import argparse
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from imharmony.composing.composites import PHOTOGRAPHS_PER_SHARD
from imharmony.composing.synthesis import synthesize
from imharmony.running.processes import processes
from imharmony.storage.files import sha256_of
from imharmony.storage.tables import read_table, write_table

PER_FOREGROUND = 4
APART = 10**9  # between the ids of a photograph's copies


def write_world(data: Path, dataset: str, folder: Path, composites: int) -> Path:
    """Tables of as many foregrounds as that many composites need; returns the folder of photographs."""
    images = data / "images" / dataset
    instances = read_table(data / "selected" / dataset / "instances.parquet")
    instances = instances.filter(pc.equal(instances["split"], "train")).sort_by("image_id")
    photographs = read_table(images / "photographs.parquet")
    wanted = -(-composites // PER_FOREGROUND)
    copies = -(-wanted // len(instances))
    write_table(folder / "selected" / "instances.parquet", _repeated(instances, copies, ("image_id", "annotation_id")).slice(0, wanted))
    (folder / "images").mkdir(parents=True, exist_ok=True)
    write_table(folder / "images" / "photographs.parquet", _repeated(photographs, copies, ("image_id",)))
    for shard in images.glob("*.arrow"):
        link = folder / "images" / shard.name
        link.unlink(missing_ok=True)
        link.symlink_to(shard.resolve())
    return folder


def _repeated(table: pa.Table, copies: int, names: tuple[str, ...]) -> pa.Table:
    parts = []
    for copy in range(copies):
        part = table
        for name in names:
            column = part.schema.get_field_index(name)
            part = part.set_column(column, name, pc.add(part[name], copy * APART))
        parts.append(part)
    return pa.concat_tables(parts).combine_chunks()


def run_here(folder: Path, workers: int) -> None:
    """One synthesis in this process; prints its figures as json."""
    begin = time.perf_counter()
    synthesize(
        selected=folder / "selected",
        images=folder / "images",
        out=folder / "out",
        work=folder / "work",
        dataset="scale",
        transfers=["reinhard_lab"],
        composites_per_foreground={"train": PER_FOREGROUND},
        seed=0,
        workers=workers,
    )
    kinds = {"parent": resource.RUSAGE_SELF, "child": resource.RUSAGE_CHILDREN}
    memory = {name: resource.getrusage(kind).ru_maxrss / 1024 for name, kind in kinds.items()}
    print(json.dumps(memory | {"seconds": time.perf_counter() - begin}))


def start(folder: Path, workers: int) -> subprocess.Popen[str]:
    """``run_here`` as a process group of its own."""
    command = [sys.executable, "-m", "benchmarks.synthesis_scale", "--here", str(folder), "--workers", str(workers)]
    environment = os.environ | {"TQDM_DISABLE": "1"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True, env=environment)


def measure(folder: Path, composites: int, workers: int) -> float:
    """Prints a row; returns seconds."""
    shutil.rmtree(folder / "out", ignore_errors=True)
    output, _ = start(folder, workers).communicate()
    figures = json.loads(output.splitlines()[-1])
    rate = composites / figures["seconds"]
    memory = f"{figures['parent']:10.0f}{figures['child']:10.0f}"
    print(f"{composites:>10,}{workers:>10}{figures['seconds']:>10.1f}{rate:>10.0f}{memory}", flush=True)
    return figures["seconds"]


def digest(folder: Path) -> str:
    """The SHA-256 of all files' names and contents."""
    total = sha256()
    with processes(os.cpu_count() or 1) as run:
        for line in run(_digest_of, sorted(folder.iterdir())):
            total.update(line.encode())
    return total.hexdigest()


def _digest_of(path: Path) -> str:
    return f"{path.name} {sha256_of(path)}\n"


def kill_half_way(folder: Path, workers: int) -> None:
    """Runs until half of the shards are made and kills the group."""
    shutil.rmtree(folder / "out", ignore_errors=True)
    photographs = len(set(read_table(folder / "selected" / "instances.parquet")["image_id"].to_pylist()))
    half = photographs // PHOTOGRAPHS_PER_SHARD // 2
    running = start(folder, workers)
    while len(list((folder / "work").glob("manifest-*.parquet"))) < half:
        if running.poll() is not None:
            sys.exit("the run ended before it could be killed")
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    print(f"killed with {len(list((folder / 'work').glob('manifest-*.parquet')))} of {2 * half} shards made", flush=True)


def main() -> None:
    """Parses the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("data/sample"))
    parser.add_argument("--dataset", default="people")
    parser.add_argument("--folder", type=Path, help="where to work; the largest run needs about 80 KB for each composite")
    parser.add_argument("--composites", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--here", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        run_here(options.here, options.workers)
        return
    print(f"{'composites':>10}{'processes':>10}{'seconds':>10}{'per s':>10}{'parent MB':>10}{'child MB':>10}")
    seconds = {}
    for number in options.composites:
        folder = write_world(options.data, options.dataset, options.folder / str(number), number)
        seconds[number] = measure(folder, number, options.workers)
        if number != options.composites[-1]:
            shutil.rmtree(folder / "out")
    middle = options.composites[len(options.composites) // 2]
    alone = measure(options.folder / str(middle), middle, 1)
    print(f"{options.workers} processes are {alone / seconds[middle]:.2f}x as fast as one")
    largest = options.folder / str(options.composites[-1])
    before = digest(largest / "out")
    kill_half_way(largest, options.workers)
    measure(largest, options.composites[-1], options.workers)
    print("the same files" if digest(largest / "out") == before else "DIFFERENT FILES")


if __name__ == "__main__":
    main()
