"""How much memory and time the filter of masks takes for all of COCO, and for ten times as much.

Writes tables of as many instances as COCO's train2017 has (860,001 of 117,808 photographs), and of ten times as many: 20,000 outlines
as long as COCO's, again and again, in no order. Each size is filtered in a fresh process, with a limit of occlusion; the memory is that
of all its processes together (resident; pages that they share are counted for each), looked at twenty times a second. What masks
say is made up of the length of their texts unless they are to be ``--drawn``: that takes minutes of each million.

    python -m benchmarks.instances [--times 1 10] [--processes 2] [--drawn] [--out benchmarks/results/instances.csv]
"""

import argparse
import importlib
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.coco_annotations import HEIGHT, PER_PHOTOGRAPH, SHAPES, WIDTH, annotation
from benchmarks.processes import watched
from benchmarks.tables import write_csv
from imharmony.composing import selection
from imharmony.composing.instances import INSTANCES
from imharmony.composing.rules import Rules, SplitRule
from imharmony.sources.tables import PHOTOGRAPHS
from imharmony.storage.shards import Row
from imharmony.storage.streams import count_rows, write_groups

COCO = 860_001
ROWS = 50_000  # of a row group, as download_annotations writes them
RULES = Rules(foreground_ratio=(0.01, 0.8), min_side_px=16, max_border_fraction=0.5, max_parts=3, max_occlusion=0.3)
SPLIT = SplitRule(by="hash", val=0.05, test=0.1)


def write_tables(folder: Path, count: int) -> None:
    """The two tables of a source."""
    photographs = int(count / PER_PHOTOGRAPH)
    write_groups(folder / "instances.parquet", INSTANCES, instances(count, photographs))
    ids = np.arange(photographs)
    columns = {
        "image_id": ids,
        "file_name": [f"{number:012d}.jpg" for number in ids],
        "url": [f"http://images.cocodataset.org/train2017/{number:012d}.jpg" for number in ids],
        "flickr_url": [f"http://farm4.staticflickr.com/3153/{number:010d}_cbb4fd5c33_z.jpg" for number in ids],
        "official_split": pa.repeat("train2017", photographs),
        "licence": pa.repeat("Attribution License", photographs),
    }
    empty = {name: pa.nulls(photographs) for name in PHOTOGRAPHS.names if name not in columns}
    write_groups(folder / "photographs.parquet", PHOTOGRAPHS, [pa.table(columns | empty).select(PHOTOGRAPHS.names).cast(PHOTOGRAPHS)])


def instances(count: int, photographs: int) -> Iterator[pa.Table]:
    """Tables of ``ROWS`` instances; a photograph's lie far apart, and no id follows the one before."""
    rng = np.random.default_rng(0)
    shapes = [annotation(number, rng) for number in range(SHAPES)]
    texts = [json.dumps(each["segmentation"]).encode() for each in shapes]
    boxes = np.array([each["bbox"] for each in shapes])
    categories = np.array([each["category_id"] for each in shapes])
    ids = rng.permutation(count) + 1
    for start in range(0, count, ROWS):
        number = np.arange(start, min(start + ROWS, count))
        shape = number % SHAPES
        columns = {
            "annotation_id": ids[number],
            "image_id": number % photographs,
            "category_id": categories[shape],
            "category": [f"thing {category}" for category in categories[shape]],
            "iscrowd": shape % 80 == 0,
            "area_px": np.zeros(len(number)),
            **{f"bbox_{side}": boxes[shape, axis] for axis, side in enumerate(("x", "y", "width", "height"))},
            "width": np.full(len(number), WIDTH),
            "height": np.full(len(number), HEIGHT),
            "segmentation": [texts[each] for each in shape],
        }
        yield pa.table(columns).cast(INSTANCES)


def filter_here(folder: Path, workers: int, *, drawn: bool) -> None:
    """The filter, in this process; prints how many were kept."""
    if not drawn:
        selection._measure_chunk, selection._occlude_photographs = verdicts, shares
    tables = folder / "instances.parquet", folder / "photographs.parquet"
    print(selection.select(*tables, out=folder / "selected", rules=RULES, split=SPLIT, workers=workers).kept)


def verdicts(job: tuple[list[Row], Rules]) -> list[tuple[str, float]]:
    """In place of drawing: three of four masks are small or large enough."""
    return [("foreground_ratio" if len(row["segmentation"]) % 4 == 0 else "", 0.1) for row in job[0]]


def shares(job: tuple[list[Row], np.ndarray, np.ndarray]) -> list[float]:
    """In place of drawing: every other one is hidden."""
    rows, _, is_foreground = job
    return [len(rows[position]["segmentation"]) % 2 for position in np.flatnonzero(is_foreground)]


def main() -> None:
    """Parses the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, nargs="+", default=[1, 10])
    parser.add_argument("--annotations", type=int, default=COCO)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--drawn", action="store_true", help="draw the masks")
    parser.add_argument("--folder", type=Path, help="where the tables are written; by default the system's folder for such things")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/instances.csv"))
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        importlib.import_module("benchmarks.instances").filter_here(arguments.one, arguments.processes, drawn=arguments.drawn)
        return
    rows = []
    for times in arguments.times:
        with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
            folder = Path(name)
            write_tables(folder, times * arguments.annotations)
            command = [sys.executable, "-m", "benchmarks.instances", "--one", name, "--processes", str(arguments.processes)]
            command += ["--drawn"] if arguments.drawn else []
            found = watched(command)
            row = {
                "instances": f"{count_rows(folder / 'instances.parquet'):,}",
                "photographs": f"{count_rows(folder / 'photographs.parquet'):,}",
                "their table, MB": f"{(folder / 'instances.parquet').stat().st_size / 1e6:.0f}",
                "kept": f"{int(found.printed.split()[-1]):,}",
                "masks": "drawn" if arguments.drawn else "not drawn",
                "processes": f"{arguments.processes}",
                "memory of all processes, MB": f"{found.peak_bytes / 1e6:.0f}",
            }
            print(row)
            rows.append(row)
    write_csv(arguments.out, rows)


if __name__ == "__main__":
    main()
