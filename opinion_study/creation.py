"""A study made from a folder of composites and each method's pictures of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow.compute as pc

from imharmony.composing.manifest import read_manifest
from imharmony.composing.packed_split import expect_composites
from imharmony.errors import InputError
from imharmony.pictures.images import encode_png
from imharmony.running.progress import track
from imharmony.running.seeds import numpy_rng, rendezvous_order, stable_hash, unit_hash
from imharmony.storage.files import atomic_folder, sha256_of, write_bytes
from imharmony.storage.shards import Row
from opinion_study.definition import (
    CHOICES,
    COMPOSITE,
    FORMAT,
    REAL,
    VERSION,
    Picture,
    ShownImage,
    Study,
    Trial,
    picture_path,
    write_study,
)
from opinion_study.design import Check, pair_orders, rating_orders, rounds_within, with_checks
from opinion_study.versions import Versions, method_at, read_versions


@dataclass(frozen=True)
class Plan:
    """How raters are asked."""

    mode: Literal["rating", "pairs"]
    raters: int
    trials: int  # mode pairs: at most so many pairs for a rater
    checks: int
    seed: int


def create_study(composites: Path, out: Path, *, methods: Mapping[str, Path], images: int, size_px: int, split: str, plan: Plan) -> Study:
    """Makes the folder of a study; ``methods`` are folders of pictures, or models, by name."""
    rows = chosen_rows(composites, count=images, split=split, seed=plan.seed)
    names = [COMPOSITE, REAL, *methods]
    harmonizers = {method: method_at(path, rows, size_px=size_px) for method, path in methods.items()}
    orders = _orders(plan, images=len(rows), methods=len(names))
    with atomic_folder(out) as folder:
        pictures = _write_pictures(folder, rows, read_versions(composites, rows, harmonizers, size_px=size_px), seed=plan.seed)
        study = Study(
            format=FORMAT,
            version=VERSION,
            name=out.resolve().name,
            mode=plan.mode,
            seed=plan.seed,
            dataset=rows[0]["dataset"],
            split=split,
            size_px=size_px,
            manifest_sha256=sha256_of(composites / "manifest.parquet"),
            methods=names,
            images=[ShownImage(row["sample_id"], row["image_id"], row["width"], row["height"]) for row in rows],
            pictures=pictures,
            orders=_trials(orders, pictures, names, plan),
        )
        write_study(folder, study)
    return study


def chosen_rows(composites: Path, *, count: int, split: str, seed: int) -> list[Row]:
    """Rows of the manifest: one composite of each of ``count`` photographs of a split, both chosen by a hash and not by any score.

    One for each photograph, because the composites of one photograph are judged alike and would make intervals too narrow.
    """
    expect_composites(composites)
    manifest = read_manifest(composites)
    rows = manifest.filter(pc.field("split") == split).to_pylist()
    if not rows:
        found = sorted(set(manifest["split"].to_pylist()))
        raise InputError(f"{composites}: no composites in split {split!r}; expected one of {found}")
    photographs = np.unique([row["image_id"] for row in rows])
    if count > len(photographs):
        raise InputError(f"--images {count}: split {split!r} has {len(photographs)} photographs; expected at most as many, one image each")
    candidates: dict[int, list[Row]] = {}
    for row in rows:
        candidates.setdefault(row["image_id"], []).append(row)
    first = photographs[rendezvous_order(photographs, seed, "study", "photographs")][:count]
    return [min(candidates[image_id], key=lambda row: unit_hash(seed, "study", row["sample_id"])) for image_id in first.tolist()]


def _orders(plan: Plan, *, images: int, methods: int) -> list[list[tuple[int, tuple[int, ...]]]]:
    """Each rater's images and the methods shown of them, the left one first."""
    sizes = {"raters": plan.raters, "images": images, "methods": methods, "seed": plan.seed}
    if plan.mode == "rating":
        orders = [[(image, (method,)) for image, method in order] for order in rating_orders(**sizes)]
    else:
        orders = [[*order] for order in pair_orders(**sizes, rounds=rounds_within(plan.trials, images=images, methods=methods))]
    if plan.checks > len(orders[0]):
        raise InputError(f"--attention {plan.checks}: a rater has {len(orders[0])} trials; expected at most as many checks")
    return orders


def _write_pictures(folder: Path, rows: list[Row], versions: Iterator[Versions], *, seed: int) -> dict[str, Picture]:
    """Writes every version of every image; what the files are, by name."""
    pictures = {}
    for image, (row, shown) in enumerate(zip(rows, track(versions, total=len(rows), what="pictures", unit="images"), strict=True)):
        for method, pixels in shown.items():
            data = encode_png(np.ascontiguousarray(pixels), level=9)
            name = f"{stable_hash(seed, 'study', row['sample_id'], method):016x}.png"
            write_bytes(picture_path(folder, name), data)
            pictures[name] = Picture(image, method, sha256(data).hexdigest())
    return dict(sorted(pictures.items()))


def _trials(orders: list, pictures: Mapping[str, Picture], names: list[str], plan: Plan) -> list[list[Trial]]:
    addresses = {(picture.image, picture.method): name for name, picture in pictures.items()}
    trials = []
    for rater, order in enumerate(orders):
        rng = numpy_rng(plan.seed, "study", "checks", rater)
        mixed = with_checks(order, checks=plan.checks, choices=CHOICES[plan.mode], rng=rng)
        trials.append(
            [
                Trial(asked=step.asked)
                if isinstance(step, Check)
                else Trial(tuple(addresses[step[0], names[method]] for method in step[1]))
                for step in mixed
            ]
        )
    return trials
