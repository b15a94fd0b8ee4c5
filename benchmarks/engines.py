"""What does each sharded stage take on each engine, and are its bytes the same?

Copies a finished workspace (its parameters, data, runs and fingerprints) into a scratch folder and runs there each stage in one process, in
two, and on a Dask cluster of two workers on this machine. Work in progress is dropped before each run, so nothing is taken up: scores come
with their packing. Where there is little work a stage stays in one process by itself: the table says how many there were at most.

    python -m benchmarks.engines --workspace . --folder /tmp/engines
    python -m benchmarks.engines --workspace . --folder /tmp/engines --cells evaluate@unet packing@people

CPU seconds are of the stage and all that it started; other work on the machine stretches the seconds, not them. Memory is the sum of the
processes' proportional sets, the largest of samples.
"""

import argparse
import os
import shutil
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
from ruamel.yaml import YAML

from benchmarks.processes import ROOT, watched
from imharmony.storage.files import sha256_of
from imharmony.storage.tables import write_csv
from pipeline.params.file import Params, load_params
from pipeline.steps.packing import packed
from pipeline.steps.paths import Places

RESULTS = ROOT / "benchmarks/results/scale_engines.csv"
COPIED = ("params.yaml", "data", "runs", "features", "own")
ENGINES = {
    "1 process": {"workers": 1, "cluster": None},
    "2 processes": {"workers": 2, "cluster": None},
    "Dask, 2 workers": {"workers": 2, "cluster": "local"},
}
PACKING = "packing"


def cells_of(params: Params) -> Iterator[str]:
    """One cell of each sharded stage."""
    yield from (f"download_annotations@{name}" for name in params.sources[:1])
    dataset = params.datasets[0]
    yield from (f"{stage}@{dataset}" for stage in ("download_images", "synthesize_composites"))
    yield from (f"preprocess_intrinsic@{name}" for name in params.preprocessed[:1])
    yield from (f"synthesize_clips@{name}" for name in params.clips[:1])
    yield f"{PACKING}@{dataset}"
    yield from (f"evaluate_baselines@{name}" for name in params.baselines[:1])
    yield from (f"evaluate@{name}" for name in params.variants[:1])
    yield from (f"evaluate_clips@{name}" for name in params.clips[:1])
    yield from (f"{stage}@{name}" for name in params.trimaps[:1] for stage in ("make_trimaps", "evaluate_matting", "compose_portraits"))


def outputs_of(places: Places, cell: str) -> list[Path]:
    """The files that a cell has written."""
    stage, name = cell.split("@")
    if stage == PACKING:
        return sorted(Path(".work/pack").glob("*/*/*.npy"))
    folders = {
        "download_annotations": places.source,
        "download_images": places.images,
        "synthesize_composites": places.composites,
        "preprocess_intrinsic": places.intrinsic,
        "synthesize_clips": places.clips,
        "evaluate_clips": places.judged_clips,
        "make_trimaps": places.trimaps,
        "evaluate_matting": lambda dataset: places.mattes(dataset, "judged"),
        "compose_portraits": lambda dataset: places.mattes(dataset, "composed"),
    }
    folder = folders[stage](name) if stage in folders else places.scores(name, 0).parent
    return sorted(path for path in folder.rglob("*") if path.is_file())


def digest_of(files: list[Path]) -> str:
    """A hash of names and contents; of what lies under .work/ without its key."""
    total = sha256()
    for path in files:
        total.update(f"{path.name if path.parts[0] == '.work' else path} {sha256_of(path)}\n".encode())
    return total.hexdigest()


def set_engine(machine: dict[str, object]) -> None:
    """Writes it into the scratch folder's params.yaml."""
    yaml = YAML()
    tree = yaml.load(Path("params.yaml"))
    tree["machine"] |= machine
    yaml.dump(tree, Path("params.yaml"))


def measured(cell: str, places: Places) -> Iterator[dict[str, str]]:
    """A row for each engine."""
    stage, name = cell.split("@")
    command = ["-m", "benchmarks.engines", "--pack", name] if stage == PACKING else ["-m", f"stages.{stage}", name]
    first = None
    for engine, machine in ENGINES.items():
        set_engine(machine)
        shutil.rmtree(".work", ignore_errors=True)
        if stage != PACKING:
            for path in outputs_of(places, cell):
                path.unlink()
        found = watched([sys.executable, *command], is_quiet=True)
        digest = digest_of(outputs_of(places, cell))
        first = first or digest
        row = {"stage": f"`{cell}`", "engine": engine, "seconds": f"{found.seconds:.1f}", "CPU seconds": f"{found.cpu_seconds:.1f}"}
        row |= {"peak memory, MiB": f"{found.peak_bytes / 2**20:.0f}", "processes": str(found.processes)}
        row |= {"load": f"{os.getloadavg()[0]:.0f} on {os.cpu_count()} cores", "same bytes": "yes" if digest == first else "**no**"}
        print(*row.values(), sep=" | ", flush=True)
        yield row


def pack(dataset: str) -> None:
    """Packs all splits of a data set at the size that is scored."""
    params = load_params()
    for split in ("train", "val", "test"):
        packed(params, Places(params.profile), dataset, split, params.active.evaluation.size_px)


def main() -> None:
    """Parses the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workspace", type=Path, default=Path())
    parser.add_argument("--folder", type=Path, help="a scratch folder, which must not be there yet")
    parser.add_argument("--cells", nargs="+", metavar="STAGE@NAME", help="what is run; packing@DATASET packs its splits")
    parser.add_argument("--pack", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.pack:
        pack(options.pack)
        return
    options.folder.mkdir(parents=True)
    for name in COPIED:
        source, target = options.workspace / name, options.folder / name
        if source.is_dir():
            shutil.copytree(source, target)
        elif source.is_file():
            shutil.copy(source, target)
    os.chdir(options.folder)
    params = load_params()
    watched([sys.executable, "-m", "stages.fingerprint"], is_quiet=True)
    rows = [row for cell in options.cells or cells_of(params) for row in measured(cell, Places(params.profile))]
    write_csv(RESULTS, pa.Table.from_pylist(rows))


if __name__ == "__main__":
    main()
