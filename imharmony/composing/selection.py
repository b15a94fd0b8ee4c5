"""Which instances become foregrounds, which split their photographs are in, and why the others were dropped.

The first test that an instance fails is its reason, in the order of ``REASONS``. Cheap tests on columns come first; only the
survivors' masks are drawn, and other objects' masks only for a limit of occlusion.
"""

import difflib
from collections.abc import Iterable, Sequence
from typing import TypeVar

import numpy as np
import pyarrow as pa

from imharmony.composing.instances import INSTANCES
from imharmony.composing.rules import Rules, SplitRule, parts_of
from imharmony.composing.splits import split_of
from imharmony.errors import InputError
from imharmony.pictures.masks import DegenerateSegmentationError, border_fraction, decode_segmentation, foreground_ratio, part_count
from imharmony.pictures.occlusion import occlusions
from imharmony.running.processes import Run, processes
from imharmony.running.progress import bar
from imharmony.running.seeds import unit_hash
from imharmony.storage.shards import Row

REASONS = (
    "category",
    "crowd",
    "licence",
    "min_side",
    "degenerate",
    "foreground_ratio",
    "border",
    "parts",
    "occlusion",
    "photograph_limit",
    "foreground_limit",
)
NO_DERIVATIVES = "NoDerivs"
CHUNK = 512
WORTH_PROCESSES = 8 * CHUNK  # masks; fewer are drawn sooner than processes start
T = TypeVar("T")

# What filter_masks adds to a kept instance; a dropped one has `reason` instead.
SELECTED = pa.schema([*INSTANCES, ("foreground_ratio", pa.float64()), ("split", pa.string())])
DROPPED = pa.schema([("annotation_id", pa.int64()), ("image_id", pa.int64()), ("category", pa.string()), ("reason", pa.string())])


def select(instances: pa.Table, photographs: pa.Table, *, rules: Rules, split: SplitRule, workers: int) -> tuple[pa.Table, pa.Table]:
    """Kept instances (``SELECTED``) and dropped ones with their reason (``DROPPED``), sorted by annotation."""
    _expect_known("category", "annotation", rules.categories, instances.column("category"))
    _expect_known("licence", "photograph", rules.licences, photographs.column("licence"))
    instances = instances.sort_by([("annotation_id", "ascending"), ("image_id", "ascending")])  # a published set repeats the first
    reasons = column_reasons(instances, photographs, rules=rules)
    ratios = np.full(len(instances), np.nan)
    candidates = np.flatnonzero(reasons == "")
    with processes(workers if len(candidates) > WORTH_PROCESSES else 1) as run:
        for position, measured in zip(candidates, _measured(run, instances.take(candidates), rules=rules), strict=True):
            reasons[position], ratios[position] = measured
        if rules.max_occlusion < 1:
            reasons[_occlusions(run, instances, reasons == "") > rules.max_occlusion] = "occlusion"
    image_ids = instances.column("image_id").to_numpy()
    allowed = chosen_photographs(np.unique(image_ids[reasons == ""]), limit=rules.photographs)
    reasons[(reasons == "") & ~np.isin(image_ids, allowed)] = "photograph_limit"
    splits = _splits(instances, photographs, reasons, split=split)
    for name, limit in rules.foregrounds.items():
        of_split = np.flatnonzero((reasons == "") & (splits == name))
        names = instances.select(["image_id", "annotation_id"]).take(of_split).to_pylist()
        draws = np.array([unit_hash("select", each["image_id"], each["annotation_id"]) for each in names])
        reasons[of_split[np.argsort(draws, kind="stable")[limit:]]] = "foreground_limit"
    return _divided(instances, reasons, ratios, splits)


def column_reasons(instances: pa.Table, photographs: pa.Table, *, rules: Rules) -> np.ndarray:
    """Why the columns alone rule an instance out, "" where they do not; no mask is drawn."""
    sides = np.minimum(instances.column("bbox_width").to_numpy(), instances.column("bbox_height").to_numpy())
    wanted = np.ones(len(instances), bool) if rules.categories is None else _is_in(instances, "category", rules.categories)
    tests = {
        "category": wanted,
        "crowd": ~instances.column("iscrowd").to_numpy(),
        "licence": np.isin(instances.column("image_id").to_numpy(), _licensed(photographs, rules.licences)),
        "min_side": sides >= rules.min_side_px,
    }
    reasons = np.full(len(instances), "", dtype=object)
    for name, passes in tests.items():
        reasons[(reasons == "") & ~passes] = name
    return reasons


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


def _measured(run: Run, candidates: pa.Table, *, rules: Rules) -> list[tuple[str, float]]:
    table = candidates.select(["segmentation", "width", "height"])
    jobs = ((table.slice(start, CHUNK).to_pylist(), rules) for start in range(0, len(table), CHUNK))
    return _results(run(_measure_chunk, jobs), total=len(table), what="masks")


def _measure_chunk(job: tuple[list[Row], Rules]) -> list[tuple[str, float]]:
    rows, rules = job
    return [_measure_one(row["segmentation"], row["width"], row["height"], rules) for row in rows]


def _measure_one(segmentation: bytes, width: int, height: int, rules: Rules) -> tuple[str, float]:
    try:
        mask = decode_segmentation(segmentation, width=width, height=height)
    except DegenerateSegmentationError:
        return "degenerate", float("nan")
    return mask_reason(mask, rules=rules), foreground_ratio(mask)


def _occlusions(run: Run, instances: pa.Table, foregrounds: np.ndarray) -> np.ndarray:
    """The occlusion of the instances that ``foregrounds`` marks; 0 for the others, which only hide."""
    image_ids = instances.column("image_id").to_numpy()
    by_photograph = np.argsort(image_ids, kind="stable")
    by_photograph = by_photograph[np.isin(image_ids[by_photograph], image_ids[foregrounds])]
    photographs = np.split(by_photograph, np.flatnonzero(np.diff(image_ids[by_photograph])) + 1)
    table = instances.select(["segmentation", "width", "height"])
    jobs = ((table.take(each).to_pylist(), np.flatnonzero(foregrounds[each])) for each in photographs if len(each))
    shares = np.zeros(len(instances))
    shares[by_photograph[foregrounds[by_photograph]]] = _results(
        run(_occlude_photograph, jobs), total=int(foregrounds.sum()), what="occlusion"
    )
    return shares


def _occlude_photograph(job: tuple[list[Row], Sequence[int]]) -> list[float]:
    rows, foregrounds = job
    return occlusions([row["segmentation"] for row in rows], foregrounds, width=rows[0]["width"], height=rows[0]["height"])


def _results(parts: Iterable[list[T]], *, total: int, what: str) -> list[T]:
    with bar(total=total, what=what, unit="masks") as progress:
        results: list[T] = []
        for part in parts:
            results += part
            progress.update(len(part))
    return results


def _splits(instances: pa.Table, photographs: pa.Table, reasons: np.ndarray, *, split: SplitRule) -> np.ndarray:
    """The split of every instance's photograph; "" for those that were dropped."""
    official = dict(zip(photographs.column("image_id").to_pylist(), photographs.column("official_split").to_pylist(), strict=True))
    splits = np.full(len(instances), "", dtype=object)
    kept = np.flatnonzero(reasons == "")
    for position, image_id in zip(kept, instances.column("image_id").take(kept).to_pylist(), strict=True):
        splits[position] = split_of(image_id, official=official[image_id], rule=split)
    _check_splits(splits[kept].tolist(), reasons, expected=parts_of(split))
    return splits


def _divided(instances: pa.Table, reasons: np.ndarray, ratios: np.ndarray, splits: np.ndarray) -> tuple[pa.Table, pa.Table]:
    keep = reasons == ""
    kept = instances.filter(pa.array(keep))
    kept = kept.append_column("foreground_ratio", pa.array(ratios[keep])).append_column("split", pa.array(splits[keep], pa.string()))
    dropped = instances.filter(pa.array(~keep)).select(["annotation_id", "image_id", "category"])
    return kept.cast(SELECTED), dropped.append_column("reason", pa.array(reasons[~keep], pa.string())).cast(DROPPED)


def reason_counts(reasons: Sequence[str]) -> str:
    """How many instances each reason dropped, in the order of the tests: "crowd 4, border 2"."""
    counts = {reason: list(reasons).count(reason) for reason in REASONS}
    return ", ".join(f"{reason} {count}" for reason, count in counts.items() if count) or "none"


def _expect_known(what: str, bearer: str, wanted: Sequence[str] | None, column: pa.ChunkedArray) -> None:
    known = sorted(set(column.to_pylist()))
    for name in wanted or ():
        if name not in known:
            close = difflib.get_close_matches(name, known, n=3) or known[:10]
            raise InputError(f"{what} {name!r}: no {bearer} has it; expected one that the source has, such as {', '.join(close)}")


def _check_splits(splits: list[str], reasons: np.ndarray, *, expected: Sequence[str]) -> None:
    missing = [name for name in expected if name not in splits]
    if missing:
        came = f"{len(splits)} of {len(reasons)} instances were kept (dropped: {reason_counts(reasons.tolist())})"
        raise InputError(
            f"{came} and none is in {', '.join(missing)}; expected some in each of its splits; widen the selection or the split"
        )


def _licensed(photographs: pa.Table, licences: Sequence[str] | None) -> np.ndarray:
    names = np.array(photographs.column("licence").to_pylist(), dtype=object)
    fine = np.array([NO_DERIVATIVES not in name if licences is None else name in licences for name in names], dtype=bool)
    return photographs.column("image_id").to_numpy()[fine]


def _is_in(table: pa.Table, column: str, values: Sequence[str]) -> np.ndarray:
    wanted = set(values)
    return np.array([value in wanted for value in table.column(column).to_pylist()], dtype=bool)
