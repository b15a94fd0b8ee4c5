"""A folder of composites -> another one in the same layout that holds the semi-harmonized pictures, and ``lights.parquet``.

Whatever reads composites reads these too: photographs, masks, names and splits are the same. A composite that is stored as a patch of
its photograph stays one, for outside its mask nothing changes; one that is a file of its own becomes a PNG. Splits that nobody asks
for are left out.

Shard by shard in processes side by side; what is finished lies in the work folder and is not made again. Bytes do not depend on the
processes.
"""

import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow as pa

from imharmony.composing.composites import Box, pixels_sha256, purest, read_change, read_real, to_harmonize
from imharmony.composing.limits import quality
from imharmony.composing.manifest import COMPOSITE_SHARD, MANIFEST, OWN_FILE_SHARD
from imharmony.composing.splits import SPLITS
from imharmony.errors import InputError
from imharmony.intrinsic.compositing import SemiHarmonized
from imharmony.intrinsic.light import Light
from imharmony.intrinsic.normals import EDGE
from imharmony.intrinsic.recipe import Preprocess, Recipe, preprocessor
from imharmony.pictures.gathering import gathered
from imharmony.pictures.images import encode_patch, encode_png
from imharmony.running.engine import engine
from imharmony.running.progress import bar
from imharmony.running.randomness import torch_threads
from imharmony.storage.files import atomic_folder, link_or_copy
from imharmony.storage.seals import is_sound, seal
from imharmony.storage.shards import Row, ShardReader, shard_path, write_shard
from imharmony.storage.tables import read_parts, read_table, write_rows, write_table

LEAST_EACH = 200  # composites that are worth a process of their own: to start one takes as long as a hundred
LIT_SPLIT = "test"  # where lights are fitted: they are reported, and the picture does not depend on them

# One row per composite that was semi-harmonized: the lights that were fitted to its object (foreground) and around it (background).
# Vectors point towards the light (x right, y up, z towards the camera) and are as long as it is strong; 0 where no fit is trusted. Null
# where none was fitted: outside the test split nobody looks, unless the back end relights.
LIGHTS = pa.schema(
    [
        ("sample_id", pa.string()),
        ("split", pa.string()),
        *(
            (f"{region}_{column}", kind)
            for region in ("foreground", "background")
            for column, kind in (
                ("light", pa.list_(pa.float64())),
                ("ambient", pa.float64()),
                ("r2", pa.float64()),
                ("is_trusted", pa.bool_()),
            )
        ),
        ("is_relit", pa.bool_()),  # both lights were trusted, and the foreground's was exchanged
        ("unchanged", pa.string()),  # why the composite stayed as it is; null: it was semi-harmonized
    ]
)


@dataclass(frozen=True)
class Order:
    """What all shards of a folder have in common."""

    composites: Path
    work: Path
    recipe: Recipe

    def part(self, name: str, shard: int) -> Path:
        """The file of a shard's part of a table in the work folder."""
        return self.work / f"{name}-{shard:05d}.parquet"

    def done(self, shard: int) -> Path:
        """The seal with which a shard and its parts of the tables are done."""
        return self.work / f"{shard:05d}.seal"


@dataclass(frozen=True)
class ShardJob:
    """The rows of the manifest that lie in one shard, in their order."""

    order: Order
    shard: int
    rows: list[Row]


def preprocess(
    *,
    composites: Path,
    out: Path,
    work: Path,
    recipe: Recipe,
    workers: int,
    cluster_address: str | None = None,
    splits: Collection[str] = SPLITS,
) -> None:
    """Writes the folder ``out`` from these splits of a folder of composites; ``work`` is emptied at the end.

    The shards are made by ``workers`` processes, or by the Dask cluster at an address (``cluster.cluster``), to the same bytes.
    """
    preprocessor(recipe)  # what is missing is said before anything is begun
    if recipe.model is not None:
        recipe = replace(recipe, model=recipe.model.resolve())
    order = Order(composites.resolve(), work.resolve(), recipe)
    jobs = _jobs(order, splits)
    todo = [job for job in jobs if not is_sound(order.done(job.shard))]
    total, left = (sum(len(job.rows) for job in some) for some in (jobs, todo))
    progress = bar(total=total, initial=total - left, what="preprocessing", unit="composites")
    at_once = min(workers, max(len(todo), 1))
    with progress, engine(cluster_address, workers=at_once, worth=left // LEAST_EACH) as run:
        # Here every composite is counted as it is made; elsewhere when its shard is.
        for count in run(partial(preprocess_shard, done=progress.update) if run.is_here else preprocess_shard, todo):
            progress.update(0 if run.is_here else count)
    with atomic_folder(out) as temporary:
        for job in jobs:
            link_or_copy(shard_path(order.work, job.shard), shard_path(temporary, job.shard))
        for name in ("lights", "manifest"):
            write_table(temporary / f"{name}.parquet", read_parts(order.part(name, job.shard) for job in jobs))
    shutil.rmtree(work)


def preprocess_shard(job: ShardJob, done: Callable[[int], object] = int) -> int:
    """Writes the shard and its parts of ``lights`` and ``manifest``; returns how many composites it has. ``done`` is told of each."""
    rows, lights, samples = [], [], []
    reader, way = ShardReader(job.order.composites), _loaded(job.order.recipe)
    real, owner = np.empty(0), None
    first: dict[int, int] = {}  # by the row that has a photograph in the composites' shard: the row that has it in this one
    with torch_threads(1):
        for sample in job.rows:
            stored = reader.row(job.shard, sample["row"])
            if owner != stored["real_row"]:  # the composites of a photograph follow each other
                owner, real = stored["real_row"], read_real(reader, job.shard, sample["row"])
            composite, matte = read_change(reader, job.shard, sample["row"], real=real)
            made, reason = _semi_harmonized(way, composite, matte, sample)
            image = composite if made is None else made.image
            row = len(rows)
            holder = first.setdefault(stored["real_row"], row)
            file = reader.value(job.shard, stored["real_row"], "real") if holder == row else None
            rows.append(stored | _picture(stored, image, matte) | {"real": file, "real_row": holder})
            lights.append({name: sample[name] for name in ("sample_id", "split")} | _lights(made, sample["direction"], reason))
            samples.append(sample | {"row": row} | _measures(real, image, matte, sample["direction"]))
            done(1)
    schema = OWN_FILE_SHARD if "composite" in rows[0] else COMPOSITE_SHARD
    shard = write_shard(job.order.work, job.shard, rows, schema)
    tables = [job.order.part(name, job.shard) for name in ("lights", "manifest")]
    write_rows(tables[0], lights, LIGHTS)
    write_rows(tables[1], samples, MANIFEST)
    seal(job.order.done(job.shard), [shard, *tables])
    return len(samples)


def _jobs(order: Order, splits: Collection[str]) -> list[ShardJob]:
    path = order.composites / "manifest.parquet"
    manifest = read_table(path, MANIFEST.names).sort_by([("shard", "ascending"), ("row", "ascending")]).to_pylist()
    if not manifest:
        raise InputError(f"{path}: no composites; expected some; make the data set again")
    jobs = [ShardJob(order, shard, list(rows)) for shard, rows in groupby(manifest, key=lambda row: row["shard"])]
    for job in jobs:
        if [row["row"] for row in job.rows] != list(range(len(job.rows))):  # a row may need the photograph of one that is left out
            raise InputError(f"{path}: rows of shard {job.shard} are missing or twice; expected each once; make the data set again")
    kept = [replace(job, rows=[row for row in job.rows if row["split"] in splits]) for job in jobs]
    if not any(job.rows for job in kept):
        raise InputError(f"{path}: no composites in {', '.join(splits)}; expected some; widen the selection or the split")
    return [job for job in kept if job.rows]


def _semi_harmonized(way: Preprocess, composite: np.ndarray, matte: np.ndarray, sample: Row) -> tuple[SemiHarmonized | None, str | None]:
    """What became of a composite; without a background, or with nothing to change, None and why it stays as it is."""
    region = to_harmonize(matte, sample["direction"])
    inside = region > EDGE * region.max()
    if inside.all() or not inside.any():
        return None, "no background" if inside.all() else "nothing to harmonize"
    try:
        return way(composite, matte, sample["direction"], with_lights=sample["split"] == LIT_SPLIT), None
    except InputError as error:
        raise InputError(f"composite {sample['sample_id']}: {error}") from error


def _picture(stored: Row, image: np.ndarray, matte: np.ndarray) -> Row:
    """The columns of a shard that hold the picture, in the way that the composite was held."""
    if stored["patch"] is None:
        return {"composite": encode_png(image)}
    box = Box(*(stored[f"box_{side}"] for side in Box._fields))
    return {"patch": encode_patch(np.where(box.of(matte)[..., None] > 0, box.of(image), np.uint8(0)))}


def _measures(real: np.ndarray, image: np.ndarray, matte: np.ndarray, direction: str) -> Row:
    """The columns of the manifest that describe the picture; those of its transfer still say how its composite was made."""
    region = to_harmonize(matte, direction)
    own = purest(region).astype(np.uint8)
    seen = quality(gathered(real, own), gathered(image, own))
    return {"delta_e": seen.delta_e, "clipped_fraction": seen.clipped_fraction, "sha256_composite": pixels_sha256(image)}


def _lights(made: SemiHarmonized | None, direction: str, reason: str | None) -> Row:
    if made is None:
        return {"is_relit": False, "unchanged": reason}
    fitted = {"foreground": made.light, "background": made.background_light}
    if direction == "background":  # what is changed is around the object, whose light is the foreground's
        fitted = {"foreground": made.background_light, "background": made.light}
    columns = {f"{name}_{key}": value for name, light in fitted.items() if light for key, value in _columns(light).items()}
    return {**columns, "is_relit": made.is_relit, "unchanged": None}


def _columns(light: Light) -> Row:
    return {"light": light.vector.tolist(), "ambient": light.ambient, "r2": light.r2, "is_trusted": light.is_trusted}


@lru_cache(maxsize=1)
def _loaded(recipe: Recipe) -> Preprocess:
    return preprocessor(recipe)  # once for each process
