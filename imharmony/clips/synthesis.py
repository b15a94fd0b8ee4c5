"""Clips with a motion that is known exactly: a folder with ``manifest.parquet``, ``dropped.parquet`` and shards (``CLIPS``).

Stills become clips as in Huang et al. 2020 (doi:10.1109/TIP.2019.2925550): the foreground is moved, turned and scaled over what is made
up behind it, by an affine map. Deviations: the motion is smooth, a camera pans over the photograph, the colour change may come and go, and
some clips are scenes of the studio whose light moves. A shard holds ``CLIPS_PER_SHARD`` clips; its bytes do not depend on the processes.
"""

import logging
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from imharmony.clips.drawn import Dropped, lit, moved
from imharmony.clips.rules import ClipRules
from imharmony.composing.composites import pixels_sha256
from imharmony.composing.manifest import read_manifest
from imharmony.composing.packed_clips import CLIP_SHARD, CLIPS
from imharmony.composing.splits import SPLITS
from imharmony.errors import InputError
from imharmony.motion.frames import Clip
from imharmony.pictures.images import encode_patch
from imharmony.running.engine import engine
from imharmony.running.progress import bar
from imharmony.running.seeds import unit_hash
from imharmony.storage.files import atomic_folder, link_or_copy
from imharmony.storage.seals import is_sound, seal
from imharmony.storage.shards import shard_path, write_shard
from imharmony.storage.tables import read_parts, write_rows, write_table

CLIPS_PER_SHARD = 16
DROPPED = pa.schema([("sample_id", pa.string()), ("split", pa.string()), ("reason", pa.string())])

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Order:
    """What all shards have in common."""

    composites: Path
    work: Path
    dataset: str
    rules: ClipRules
    size_px: int


@dataclass(frozen=True)
class Wanted:
    """One clip: of a composite's row of the manifest or, without one, of the studio's scene of this number."""

    split: str
    composite: dict[str, Any] | None
    scene: int = 0

    def name(self, dataset: str) -> str:
        """What it is called."""
        return f"{dataset}_lit_{self.split}_{self.scene}" if self.composite is None else f"{self.composite['sample_id']}_moved"


def synthesize_clips(
    *,
    composites: Path,
    out: Path,
    work: Path,
    dataset: str,
    rules: ClipRules,
    size_px: int,
    workers: int,
    cluster_address: str | None = None,
) -> None:
    """Writes the folder ``out`` of clips of ``size_px`` squared from a folder of composites; ``work`` is emptied at the end.

    The shards are made by ``workers`` processes, or by the Dask cluster at an address (``cluster.cluster``), to the same bytes.
    """
    order = Order(composites.resolve(), work.resolve(), dataset, rules, size_px)
    shards = list(enumerate(_parts(wanted(read_manifest(composites), rules, dataset=dataset))))
    todo = [(shard, clips) for shard, clips in shards if not is_sound(_done(work, shard))]
    at_once, made = min(workers, max(len(todo), 1)), len(shards) - len(todo)
    progress = bar(total=len(shards), initial=made, what=f"{dataset}: clips", unit="shards")
    with progress, engine(cluster_address, workers=at_once) as run:
        for _ in run(partial(_make_shard, order), todo):
            progress.update()
    dropped = read_parts(_part(work, "dropped", shard) for shard, _ in shards)
    if dropped.num_rows:
        reasons = ", ".join(f"{count} {reason}" for reason, count in Counter(dropped["reason"].to_pylist()).most_common())
        log.warning("%s: %d clips dropped (%s), see %s", dataset, dropped.num_rows, reasons, out / "dropped.parquet")
    with atomic_folder(out) as temporary:
        for shard, _ in shards:
            link_or_copy(shard_path(work, shard), shard_path(temporary, shard))
        write_table(temporary / "dropped.parquet", dropped)
        write_table(temporary / "manifest.parquet", read_parts(_part(work, "manifest", shard) for shard, _ in shards))
    shutil.rmtree(work)


def wanted(manifest: pa.Table, rules: ClipRules, *, dataset: str) -> list[Wanted]:
    """The clips in their order: by split, moved ones first; foregrounds are chosen by hash, each once before any comes twice."""
    rows = manifest.to_pylist()
    chosen: list[Wanted] = []
    for split in SPLITS:
        own = sorted((row for row in rows if row["split"] == split), key=lambda row: unit_hash(rules.seed, "clip", row["sample_id"]))
        seen: Counter[tuple[int, int]] = Counter()
        turns = []
        for row in own:
            foreground = row["image_id"], row["annotation_id"]
            turns.append(seen[foreground])
            seen[foreground] += 1
        order = sorted(range(len(own)), key=lambda place: turns[place])  # stable: by hash within a turn
        count = rules.moved.get(split, 0)
        if count > len(own):
            came = f"{count} moved clips of data set {dataset}, whose split {split} has {len(own)} composites"
            raise InputError(f"{came}; expected {len(own)} or fewer; lower `clips.moved.{split}` in params.yaml, or make more composites")
        chosen += [Wanted(split, own[place]) for place in order[:count]]
        chosen += [Wanted(split, None, SPLITS.index(split) + len(SPLITS) * number) for number in range(rules.lit.get(split, 0))]
    return chosen


def _parts(clips: list[Wanted]) -> list[list[Wanted]]:
    return [clips[start : start + CLIPS_PER_SHARD] for start in range(0, len(clips), CLIPS_PER_SHARD)]


def _make_shard(order: Order, job: tuple[int, Sequence[Wanted]]) -> None:
    shard, clips = job
    rows, cells, dropped = [], [], []
    for each in clips:
        name = each.name(order.dataset)
        made = (
            moved(order.composites, each.composite, order.rules, name=name, size_px=order.size_px)
            if each.composite
            else lit(each.scene, order.rules, name=name, size_px=order.size_px)
        )
        if isinstance(made, Dropped):
            dropped.append({"sample_id": name, "split": each.split, "reason": made.reason})
            continue
        clip, facts = made
        cells.append({"sample_id": name} | _strips(clip))
        hashes = {f"sha256_{part}": pixels_sha256(getattr(clip, part)) for part in ("composite", "real", "mask")}
        named = {"sample_id": name, "dataset": order.dataset, "split": each.split, "frames": order.rules.frames, "size_px": order.size_px}
        rows.append(
            named
            | facts
            | hashes
            | {"seed": order.rules.seed, "backward": clip.backward.ravel().tolist(), "shard": shard, "row": len(rows)}
        )
    files = [write_shard(order.work, shard, cells, CLIP_SHARD)]
    for part, own, schema in (("manifest", rows, CLIPS), ("dropped", dropped, DROPPED)):
        files.append(_part(order.work, part, shard))
        write_rows(files[-1], own, schema)
    seal(_done(order.work, shard), files)


def _strips(clip: Clip) -> dict[str, bytes]:
    parts = {"composite": clip.composite, "real": clip.real, "mask": clip.mask}
    return {name: encode_patch(frames.reshape(-1, *frames.shape[2:])) for name, frames in parts.items()}


def _part(work: Path, name: str, shard: int) -> Path:
    return work / f"{name}-{shard:05d}.parquet"


def _done(work: Path, shard: int) -> Path:
    return work / f"{shard:05d}.seal"
