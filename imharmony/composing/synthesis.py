"""A data set of composites from selected instances and their photographs: ``manifest.parquet``, ``dropped.parquet``, shards.

Two passes over the photographs, each in processes side by side: the first measures every instance's colours, the second makes
the composites; so a photograph is decoded twice, however many composites have it as background or reference. What a pass has
finished lies in the work folder and is not made again. A shard holds the composites of ``PHOTOGRAPHS_PER_SHARD`` photographs,
consecutive by id; its bytes depend neither on the processes nor on the order of the rows that came in.
"""

import logging
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from imharmony.composing.composites import PHOTOGRAPHS_PER_SHARD
from imharmony.composing.regions import TRANSFERS_OF, RegionRules
from imharmony.composing.rules import Limits, ReferenceRules
from imharmony.composing.shard_jobs import MEASURED_FILE, Order, ShardJob, compose_shard, measure_shard
from imharmony.errors import InputError
from imharmony.running.engine import engine
from imharmony.running.progress import bar
from imharmony.storage.files import atomic_folder, link_or_copy
from imharmony.storage.seals import is_sound
from imharmony.storage.shards import shard_path
from imharmony.storage.tables import read_parts, read_table, write_table

NO_LIMITS = Limits()
FOREGROUNDS = RegionRules()
PLAUSIBLE = ReferenceRules()

log = logging.getLogger(__name__)


def synthesize(
    *,
    selected: Path,
    images: Path,
    out: Path,
    work: Path,
    dataset: str,
    transfers: Sequence[str],
    composites_per_foreground: dict[str, int],
    regions: RegionRules = FOREGROUNDS,
    limits: Limits = NO_LIMITS,
    references: ReferenceRules = PLAUSIBLE,
    seed: int,
    workers: int,
    cluster_address: str | None = None,
) -> None:
    """Writes the folder ``out`` from the folders of the selected instances and of their photographs.

    The shards are made by ``workers`` processes, or by the Dask cluster at an address (``cluster.cluster``), to the same bytes.
    """
    offered = TRANSFERS_OF[regions.direction]
    unknown = sorted(set(transfers) - set(offered))
    if unknown:
        raise InputError(
            f"transfers {unknown} of a {regions.direction}; expected some of {sorted(offered)}; correct `transfers` in params.yaml"
        )
    instances = read_table(selected / "instances.parquet").sort_by([("image_id", "ascending"), ("annotation_id", "ascending")])
    photographs = read_table(images / "photographs.parquet").sort_by("image_id")
    _check(instances, photographs, dataset=dataset, splits=sorted(composites_per_foreground), images=images)

    order = Order(images.resolve(), work.resolve(), dataset, tuple(transfers), composites_per_foreground, regions, limits, references, seed)
    starts = _starts(instances)
    shards = range(len(starts) - 1)
    each = np.array([composites_per_foreground[split] for split in instances["split"].to_pylist()])
    sizes = {"measured": np.diff(starts), "manifest": np.add.reduceat(each, starts[:-1])}
    with engine(cluster_address, workers=min(workers, len(shards))) as run:
        todo = _todo(order, "measured", shards)
        counts = run(measure_shard, _jobs(order, todo, instances, photographs))
        _track(order, counts, todo, sizes["measured"], what="colours", unit="foregrounds")
        write_table(work / MEASURED_FILE, _joined(order, "measured", shards))
        todo = _todo(order, "manifest", shards)
        counts = run(compose_shard, _jobs(order, todo, instances, photographs))
        _track(order, counts, todo, sizes["manifest"], what="composites", unit="composites")
    _publish(order, shards, out)
    shutil.rmtree(work)


def _check(instances: pa.Table, photographs: pa.Table, *, dataset: str, splits: list[str], images: Path) -> None:
    """Every split can have a composite, and every instance has its photograph."""
    photographs_of: dict[str, dict[str, set[int]]] = {split: {} for split in splits}
    for row in instances.select(["split", "category", "image_id"]).to_pylist():
        if row["split"] not in photographs_of:
            came = f"instance of photograph {row['image_id']} in split {row['split']!r}"
            raise InputError(f"data set {dataset}: {came}; expected one of {splits}; run the stage that filters the masks again")
        photographs_of[row["split"]].setdefault(row["category"], set()).add(row["image_id"])
    for split, categories in photographs_of.items():
        if max(map(len, categories.values()), default=0) < 2:
            expected = "expected two photographs with one category, for a composite and its reference"
            raise InputError(
                f"data set {dataset}, split {split}: {len(categories)} categories; {expected}; widen the selection or the split"
            )
    missing = sorted(set(instances["image_id"].to_pylist()) - set(photographs["image_id"].to_pylist()))
    if missing:
        came = f"photograph {missing[0]} and {len(missing) - 1} more are missing"
        raise InputError(f"{images}: {came}; expected every selected one; run the stage that downloads them again")


def _starts(instances: pa.Table) -> np.ndarray:
    """Where each shard's instances start in the sorted table, and its length."""
    _, first = np.unique(instances["image_id"].to_numpy(), return_index=True)
    return np.append(first[::PHOTOGRAPHS_PER_SHARD], instances.num_rows)


def _todo(order: Order, part: str, shards: range) -> list[int]:
    return [shard for shard in shards if not is_sound(order.done(part, shard))]


def _track(order: Order, counts: Iterator[int], todo: list[int], sizes: np.ndarray, *, what: str, unit: str) -> None:
    """Waits for the counts of all shards, behind a bar that begins with what was finished before."""
    done = int(sizes.sum() - sizes[todo].sum())
    if done:
        log.info("%s: %d of %d %s were finished before", order.dataset, done, sizes.sum(), unit)
    with bar(total=int(sizes.sum()), initial=done, what=f"{order.dataset}: {what}", unit=unit) as progress:
        for count in counts:
            progress.update(count)


def _jobs(order: Order, shards: list[int], instances: pa.Table, photographs: pa.Table) -> Iterator[ShardJob]:
    spans = list(pairwise(_starts(instances).tolist()))
    ids = photographs["image_id"].to_numpy()
    for shard in shards:
        start, stop = spans[shard]
        groups: dict[int, list[dict[str, object]]] = {}
        for row in instances.slice(start, stop - start).to_pylist():
            groups.setdefault(row["image_id"], []).append(row)
        rows = photographs.take(np.searchsorted(ids, list(groups))).to_pylist()
        yield ShardJob(order, shard, list(zip(rows, groups.values(), strict=True)))


def _joined(order: Order, part: str, shards: range) -> pa.Table:
    return read_parts(order.part(part, shard) for shard in shards)


def _publish(order: Order, shards: range, out: Path) -> None:
    """Puts the finished shards into ``out`` under the same names, with the joined tables."""
    dropped = _joined(order, "dropped", shards)
    if dropped.num_rows:
        reasons = Counter(dropped["reason"].to_pylist()).most_common()
        counts = ", ".join(f"{count} {reason}" for reason, count in reasons)
        log.warning("%s: %d composites dropped (%s), see %s", order.dataset, dropped.num_rows, counts, out / "dropped.parquet")
    with atomic_folder(out) as temporary:
        for shard in shards:
            link_or_copy(shard_path(order.work, shard), shard_path(temporary, shard))
        write_table(temporary / "dropped.parquet", dropped)
        write_table(temporary / "manifest.parquet", _joined(order, "manifest", shards))
