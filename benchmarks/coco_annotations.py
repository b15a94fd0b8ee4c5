"""Loading and filtering COCO's train annotations: pycocotools and a Python loop against ours.

Writes a synthetic instances json with the number of annotations of train2017 (860,001; about 530 MB), then runs each way in a
fresh process and prints seconds, peak memory and the ratios: pycocotools; ours from the json to the filtered columns; ours
as the pipeline does it, which also writes the whole json as Parquet on the way; and what every later run does, from Parquet.
All keep people that are no crowd and cover 1 % to 80 % of their photograph by the json's own area, and must agree on how many.
A second table compares the drawing of masks.

    python benchmarks/coco_annotations.py [--annotations 860001] [--rounds 2]
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

WIDTH, HEIGHT = 640, 480
PER_PHOTOGRAPH = 7.3
SHAPES = 20_000


def write_json(path: Path, annotations: int) -> None:
    """Star-shaped polygons of the sizes that COCO's have, written piece by piece."""
    rng = np.random.default_rng(0)
    photographs = int(annotations / PER_PHOTOGRAPH)
    with path.open("w") as file:
        licences = [{"id": 4, "name": "Attribution License", "url": ""}]
        categories = [{"id": number, "name": "person" if number == 1 else f"thing {number}"} for number in range(1, 81)]
        file.write(f'{{"info": {{}}, "licenses": {json.dumps(licences)}, "categories": {json.dumps(categories)}, "images": [')
        for number in range(photographs):
            image = {"id": number, "file_name": f"{number:012d}.jpg", "width": WIDTH, "height": HEIGHT, "license": 4, "coco_url": ""}
            file.write((", " if number else "") + json.dumps(image))
        file.write('], "annotations": [')
        shapes = [json.dumps(annotation(number, rng))[1:-1] for number in range(SHAPES)]
        for number in range(annotations):
            own = f'"id": {number + 1}, "image_id": {number % photographs}'
            file.write(f"{', ' if number else ''}{{{shapes[number % SHAPES]}, {own}}}")
        file.write("]}")


def annotation(number: int, rng: np.random.Generator) -> dict[str, object]:
    """One instance, a third of them people."""
    points = int(rng.integers(8, 50))
    radius = np.exp(rng.normal(3.5, 1)) * rng.uniform(0.7, 1.3, points)
    angle = np.sort(rng.uniform(0, 2 * np.pi, points))
    x = np.clip(rng.uniform(0, WIDTH) + radius * np.cos(angle), 0, WIDTH)
    y = np.clip(rng.uniform(0, HEIGHT) + radius * np.sin(angle), 0, HEIGHT)
    area = 0.5 * abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))
    box = [x.min(), y.min(), np.ptp(x), np.ptp(y)]
    row = {"segmentation": [np.round(np.stack([x, y], 1).ravel(), 2).tolist()], "area": round(area, 4), "iscrowd": int(number % 80 == 0)}
    category = 1 if rng.random() < 0.31 else int(rng.integers(2, 81))
    return row | {"bbox": np.round(box, 2).tolist(), "category_id": category}


def with_pycocotools(path: Path) -> int:
    """COCO() and a loop."""
    from pycocotools.coco import COCO

    coco = COCO(str(path))
    people = coco.loadAnns(coco.getAnnIds(catIds=coco.getCatIds(catNms=["person"]), iscrowd=False))
    images = coco.imgs
    return sum(0.01 <= row["area"] / (images[row["image_id"]]["width"] * images[row["image_id"]]["height"]) <= 0.8 for row in people)


def in_memory(path: Path) -> int:
    """The source's reader and the filter's tests on columns; what passes stays in memory with its polygons."""
    from imharmony.sources.annotations import instance_batches, parsed, photograph_table

    content, _ = parsed(path.read_bytes(), name=str(path))
    photographs = photograph_table(content, name=str(path), split="train2017")
    batches = (pa.Table.from_batches([batch]) for batch in instance_batches(content))
    return len(pa.concat_tables([table.filter(passes(table, photographs)) for table in batches]))


def through_parquet(path: Path) -> int:
    """The same with the json written as Parquet and read from there."""
    from imharmony.sources.annotations import write_instances

    write_instances([(path.read_bytes, str(path), "train2017")], out=path.parent / "out")
    return from_parquet(path)


def from_parquet(path: Path) -> int:
    """The columns of the Parquet files that an earlier way wrote."""
    from imharmony.storage.tables import read_table

    columns = ["annotation_id", "image_id", "category", "iscrowd", "area_px", "bbox_width", "bbox_height", "width", "height"]
    instances = read_table(path.parent / "out" / "instances.parquet", columns)
    return int(passes(instances, read_table(path.parent / "out" / "photographs.parquet")).sum())


def passes(instances: pa.Table, photographs: pa.Table) -> np.ndarray:
    """Which instances pass the filter's tests on columns and have the right area."""
    from imharmony.composing.candidates import KEPT, column_reasons
    from imharmony.composing.rules import Rules

    rules = Rules((0.01, 0.8), min_side_px=0, max_border_fraction=1.0, max_parts=100, max_occlusion=1.0, categories=["person"])
    ratio = instances["area_px"].to_numpy() / (instances["width"].to_numpy() * instances["height"].to_numpy())
    licensed = np.sort(photographs["image_id"].to_numpy())  # those of the synthetic json all permit derivatives
    columns = instances.select(["image_id", "category", "iscrowd", "bbox_width", "bbox_height"]).combine_chunks().to_batches()[0]
    return (column_reasons(columns, licensed, rules=rules) == KEPT) & (ratio >= 0.01) & (ratio <= 0.8)


WAYS = {
    "pycocotools": with_pycocotools,
    "ours": in_memory,
    "ours, Parquet written": through_parquet,
    "ours, from Parquet": from_parquet,
}


def run_one(way: str, path: Path) -> None:
    """One way in this process; prints its figures as json."""
    begin = time.perf_counter()
    count = WAYS[way](path)
    seconds = time.perf_counter() - begin
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"kept": count, "seconds": seconds, "peak_mb": peak_mb}))


def compare_ways(path: Path, rounds: int) -> None:
    """Each way in turn, in processes of their own."""
    figures: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way in WAYS:
            done = subprocess.run([sys.executable, __file__, "--one", way, str(path)], capture_output=True, text=True, check=True)
            figures[way].append(json.loads(done.stdout.splitlines()[-1]))
    best = {way: {key: float(np.median([run[key] for run in runs])) for key in runs[0]} for way, runs in figures.items()}
    print(f"{'way':24}{'seconds':>10}{'peak MB':>10}{'kept':>10}{'faster':>10}{'memory':>10}")
    base = best["pycocotools"]
    for way, figure in best.items():
        ratios = f"{base['seconds'] / figure['seconds']:9.1f}x{figure['peak_mb'] / base['peak_mb']:9.2f}x"
        print(f"{way:24}{figure['seconds']:10.2f}{figure['peak_mb']:10.0f}{figure['kept']:10.0f}{ratios}")
    if len({figure["kept"] for figure in best.values()}) > 1:
        sys.exit("the ways keep different instances")


def compare_masks(count: int = 4000) -> None:
    """Drawing masks, ours and annToMask, in turn."""
    from pycocotools.coco import COCO

    from imharmony.pictures.masks import decode_segmentation

    rng = np.random.default_rng(1)
    rows = [annotation(number, rng) | {"image_id": 0} for number in range(count)]
    texts = [json.dumps(row["segmentation"]).encode() for row in rows]
    coco = COCO()
    coco.imgs = {0: {"width": WIDTH, "height": HEIGHT}}
    seconds = np.zeros(2)
    for row, text in zip(rows, texts, strict=True):
        begin = time.perf_counter()
        theirs = coco.annToMask(row)
        middle = time.perf_counter()
        mask = decode_segmentation(text, width=WIDTH, height=HEIGHT)
        seconds += (middle - begin, time.perf_counter() - middle)
        if not np.array_equal(theirs, mask):
            sys.exit("masks differ")
    print(f"masks: annToMask {count / seconds[0]:.0f}/s, ours from json text {count / seconds[1]:.0f}/s, all {count} bit-identical")


def main() -> None:
    """Parses the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--annotations", type=int, default=860_001)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--one", nargs=2, metavar=("WAY", "JSON"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        run_one(arguments.one[0], Path(arguments.one[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "instances_train2017.json"
        write_json(path, arguments.annotations)
        print(f"{arguments.annotations:,} annotations, {path.stat().st_size / 2**20:.0f} MiB")
        compare_ways(path, arguments.rounds)
    compare_masks()


if __name__ == "__main__":
    main()
