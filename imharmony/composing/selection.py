"""Which instances become foregrounds, which split their photographs are in, and why the others were dropped.

The first test that an instance fails is its reason, in the order of ``candidates.REASONS``. Cheap tests on columns come first; only the
survivors' masks are drawn, and other objects' masks only for a limit of occlusion. The tables are read and written some rows at a time:
memory grows by the columns of ``candidates``, not by the masks.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
import pyarrow as pa

from imharmony.composing.candidates import CODES, KEPT, Candidates, Photographs, is_among, reason_counts
from imharmony.composing.rules import Rules, SplitRule, parts_of
from imharmony.composing.selected import Kept, write_dropped, write_kept
from imharmony.composing.splits import SPLITS, split_of
from imharmony.errors import InputError
from imharmony.pictures.masks import DegenerateSegmentationError, border_fraction, decode_segmentation, foreground_ratio, part_count
from imharmony.pictures.occlusion import occlusions
from imharmony.running.engine import engine
from imharmony.running.processes import Run
from imharmony.running.progress import bar
from imharmony.running.seeds import unit_hash
from imharmony.storage.shards import Row
from imharmony.storage.streams import Buckets, buckets_in, read_rows, rows_within

CHUNK = 512
WORTH_PROCESSES = 8 * CHUNK  # masks; fewer are drawn sooner than processes start
BUCKET_BYTES = 32 << 20
BUCKET_ROWS = 20_000
MASKS = ["segmentation", "width", "height"]
T = TypeVar("T")


class Selection(NamedTuple):
    """What came of a source's instances."""

    kept: int
    photographs: int  # of the kept ones
    dropped: int
    reasons: str  # "crowd 4, border 2"


def select(
    instances: Path, photographs: Path, *, out: Path, rules: Rules, split: SplitRule, workers: int, cluster_address: str | None = None
) -> Selection:
    """Writes ``instances.parquet`` of the kept (``SELECTED``) and ``dropped.parquet`` with reasons (``DROPPED``), sorted by annotation.

    Masks are drawn by ``workers`` processes or by the cluster at an address (``engine.engine``), to the same bytes.
    """
    size = rows_within(instances, BUCKET_BYTES, most_rows=BUCKET_ROWS)
    listed = Photographs.read(photographs)
    candidates = Candidates.read(instances, listed, rules=rules)
    count = int(np.count_nonzero(candidates.reasons == KEPT))
    with engine(cluster_address, workers=workers if count > WORTH_PROCESSES else 1) as run:
        _draw(run, instances, candidates, rules=rules)
        if rules.max_occlusion < 1:
            with buckets_in(out) as buckets:
                _hide(run, instances, candidates, buckets, size=size, most=rules.max_occlusion)
    _limit_photographs(candidates, limit=rules.photographs)
    kept, splits = _split(candidates, listed, rules=rules, split=split)
    write_kept(Kept(kept, candidates.ratios[kept], splits), instances=instances, out=out, size=size)
    write_dropped(candidates, out=out)
    photographs_kept = len(np.unique(candidates.image_ids[kept]))
    return Selection(len(kept), photographs_kept, len(candidates.reasons) - len(kept), reason_counts(candidates.reasons))


def mask_reason(mask: np.ndarray, *, rules: Rules) -> str:
    """Why a mask rules an instance out, or ""."""
    low, high = rules.foreground_ratio
    if not mask.any():
        return "degenerate"
    if not low <= foreground_ratio(mask) <= high:
        return "foreground_ratio"
    if border_fraction(mask) > rules.max_border_fraction:
        return "border"
    return "parts" if part_count(mask) > rules.max_parts else ""


def chosen_photographs(image_ids: np.ndarray, *, limit: int | None) -> np.ndarray:
    """The ``limit`` photographs with the smallest hash, so that a larger limit keeps the earlier ones; None takes all."""
    if limit is None or limit >= len(image_ids):
        return image_ids
    order = np.argsort([unit_hash("select", image_id) for image_id in image_ids.tolist()], kind="stable")
    return image_ids[order[:limit]]


def _draw(run: Run, instances: Path, candidates: Candidates, *, rules: Rules) -> None:
    """Measures the masks of what is left; what its mask rules out gets its reason."""
    drawn = candidates.left()
    batches = (batch for _, batch in read_rows(instances, drawn, MASKS))
    jobs = ((batch.slice(start, CHUNK).to_pylist(), rules) for batch in batches for start in range(0, len(batch), CHUNK))
    for number, (reason, ratio) in enumerate(_results(run(_measure_chunk, jobs), total=len(drawn), what="masks")):
        candidates.reasons[drawn[number]], candidates.ratios[drawn[number]] = CODES[reason], ratio


def _measure_chunk(job: tuple[list[Row], Rules]) -> list[tuple[str, float]]:
    rows, rules = job
    return [_measure_one(row["segmentation"], row["width"], row["height"], rules) for row in rows]


def _measure_one(segmentation: bytes, width: int, height: int, rules: Rules) -> tuple[str, float]:
    try:
        mask = decode_segmentation(segmentation, width=width, height=height)
    except DegenerateSegmentationError:
        return "degenerate", float("nan")
    return mask_reason(mask, rules=rules), foreground_ratio(mask)


def _hide(run: Run, instances: Path, candidates: Candidates, buckets: Buckets, *, size: int, most: float) -> None:
    """Gives their reason to those of which other instances hide more than ``most``; what was dropped before only hides.

    A bucket has all instances of each of its photographs, about ``size`` in all.
    """
    is_foreground = candidates.reasons == KEPT
    photographs, counts = np.unique(candidates.image_ids[is_among(candidates.image_ids, _owners(candidates))], return_counts=True)
    bucket_of = np.cumsum(counts) // size
    seen = np.flatnonzero(is_among(candidates.image_ids, photographs))
    for part, batch in read_rows(instances, seen, MASKS):
        owners = np.searchsorted(photographs, candidates.image_ids[seen[part]])
        buckets.add(batch.append_column("position", pa.array(seen[part])), bucket_of[owners])
    del seen
    with bar(total=int(is_foreground.sum()), what="occlusion", unit="masks") as progress:
        for table in buckets:
            table = table.take(pa.array(np.argsort(candidates.image_ids[table["position"].to_numpy()], kind="stable")))
            positions = table["position"].to_numpy()
            owned = candidates.image_ids[positions], is_foreground[positions]
            judged, done = positions[owned[1]], 0
            for shares in run(_occlude_photographs, _crowds(table.select(MASKS), *owned)):
                candidates.reasons[judged[done : done + len(shares)][np.array(shares) > most]] = CODES["occlusion"]
                done += len(shares)
                progress.update(len(shares))


def _owners(candidates: Candidates) -> np.ndarray:
    """The photographs of what is left, ascending."""
    return np.unique(candidates.image_ids[candidates.reasons == KEPT])


def _crowds(table: pa.Table, image_ids: np.ndarray, is_foreground: np.ndarray) -> Iterator[tuple[list[Row], np.ndarray, np.ndarray]]:
    """Whole photographs of a table that is in their order, some at a time: together ``CHUNK`` rows or a few more."""
    start = 0
    for end in _ends(image_ids):
        if end - start >= CHUNK or end == len(image_ids):
            yield table.slice(start, end - start).to_pylist(), image_ids[start:end], is_foreground[start:end]
            start = end


def _ends(image_ids: np.ndarray) -> list[int]:
    """Where the rows of each photograph end."""
    return [*(np.flatnonzero(np.diff(image_ids)) + 1).tolist(), len(image_ids)]


def _occlude_photographs(job: tuple[list[Row], np.ndarray, np.ndarray]) -> list[float]:
    rows, image_ids, is_foreground = job
    shares: list[float] = []
    for start, end in pairwise([0, *_ends(image_ids)]):
        segmentations = [row["segmentation"] for row in rows[start:end]]
        size = {"width": rows[start]["width"], "height": rows[start]["height"]}
        shares += occlusions(segmentations, np.flatnonzero(is_foreground[start:end]).tolist(), **size)
    return shares


def _results(parts: Iterable[list[T]], *, total: int, what: str) -> Iterator[T]:
    with bar(total=total, what=what, unit="masks") as progress:
        for part in parts:
            yield from part
            progress.update(len(part))


def _limit_photographs(candidates: Candidates, *, limit: int | None) -> None:
    left = candidates.left()
    allowed = np.sort(chosen_photographs(np.unique(candidates.image_ids[left]), limit=limit))
    candidates.reasons[left[~is_among(candidates.image_ids[left], allowed)]] = CODES["photograph_limit"]


def _split(candidates: Candidates, listed: Photographs, *, rules: Rules, split: SplitRule) -> tuple[np.ndarray, np.ndarray]:
    """The positions of the kept ones, in the order of their annotations, and the split of each in ``SPLITS``, after its limit."""
    kept = candidates.sorted(candidates.left())
    splits = _splits(candidates.image_ids[kept], listed, split=split)
    _check_splits(splits, candidates.reasons, expected=parts_of(split))
    for name, limit in rules.foregrounds.items():
        of_split = kept[splits == SPLITS.index(name)]
        ids = zip(candidates.image_ids[of_split].tolist(), candidates.annotation_ids[of_split].tolist(), strict=True)
        draws = np.fromiter((unit_hash("select", *each) for each in ids), np.float64, len(of_split))
        candidates.reasons[of_split[np.argsort(draws, kind="stable")[limit:]]] = CODES["foreground_limit"]
    is_left = is_among(kept, candidates.left())
    return kept[is_left], splits[is_left]


def _splits(image_ids: np.ndarray, listed: Photographs, *, split: SplitRule) -> np.ndarray:
    """Positions in ``SPLITS``, uint8."""
    owners, inverse = np.unique(image_ids, return_inverse=True)
    parts = listed.parts[np.searchsorted(listed.ids, owners)]
    names = (split_of(owner, official=listed.part_names[part], rule=split) for owner, part in zip(owners.tolist(), parts, strict=True))
    return np.fromiter((SPLITS.index(name) for name in names), np.uint8, len(owners))[inverse]


def _check_splits(splits: np.ndarray, reasons: np.ndarray, *, expected: Sequence[str]) -> None:
    missing = [name for name in expected if SPLITS.index(name) not in splits]
    if missing:
        came = f"{len(splits)} of {len(reasons)} instances were kept (dropped: {reason_counts(reasons)})"
        raise InputError(
            f"{came} and none is in {', '.join(missing)}; expected some in each of its splits; widen the selection or the split"
        )
