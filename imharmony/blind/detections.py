"""How well a detector finds what people see: by pixel, by the size of the shift, and against what it finds where nothing is wrong."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import torch

from imharmony.blind.detector import Detector
from imharmony.blind.labels import CLASSES, labels_of
from imharmony.blind.observer import Thresholds, thresholds_of
from imharmony.blind.shifts import Shift, looks_of, moved, share_of
from imharmony.colour.ranges import network_from_uint8
from imharmony.composing.packed_split import PackedSplit, first_of_each_foreground
from imharmony.evaluation.methods import stacked
from imharmony.evaluation.scoring import pictures_of
from imharmony.metrics.detection import average_precision_binned, calibration, expected_calibration_error, intersection_over_union
from imharmony.running.progress import track
from imharmony.storage.shards import Row

OFFSETS = tuple(np.linspace(-1, 1, 21).round(2).tolist())  # stops
INSIDE = 0.5
BINS = 10
ANY, CONTROL = "any", "control"  # beside CLASSES: the largest of them; the same on photographs as they are, against their foregrounds

# One row for each data set and class.
DETECTED = pa.schema(
    [
        ("dataset", pa.string()),
        ("kind", pa.string()),  # one of CLASSES, any, control
        ("average_precision", pa.float64()),  # of all pixels of all pictures; null without positive ones
        ("chance", pa.float64()),  # what a constant has: the share of positive pixels
        ("iou", pa.float64()),  # of the pictures' intersections over unions at 0.5, those with positive pixels
        ("calibration_error", pa.float64()),
        ("found", pa.float64()),  # share of pictures with positive pixels in which a pixel in ten of the foreground is marked
        ("false_alarms", pa.float64()),  # share of those without, in which a hundredth of all pixels is marked
        ("n_pictures", pa.int64()),
        ("n_positive", pa.int64()),
        ("bins_mean", pa.list_(pa.float64())),  # calibration: the mean probability and the share of positive pixels of each bin
        ("bins_share", pa.list_(pa.float64())),
        ("bins_count", pa.list_(pa.int64())),
    ]
)
# One row for each foreground and offset.
PSYCHOMETRIC = pa.schema(
    [
        ("dataset", pa.string()),
        ("sample_id", pa.string()),
        ("image_id", pa.int64()),
        ("lightness", pa.float64()),  # of the foreground, 0 to 1
        ("stops", pa.float64()),
        ("negative", pa.float64()),  # mean probability over the foreground
        ("positive", pa.float64()),
    ]
)


def detect(detector: Detector, pictures: np.ndarray, chosen: Sequence[int], *, device: torch.device) -> Iterator[np.ndarray]:
    """Probabilities float32 (3, H, W) of each chosen one of pictures uint8 (N, H, W, 3), a few of which are looked at at once."""
    for places, (given,) in stacked(chosen, pictures):
        with torch.inference_mode():
            logits = detector(network_from_uint8(torch.from_numpy(given).to(device)))
            found = detector.probabilities(logits).cpu().numpy()
        yield from found[: len(places)]


def detected_split(
    split: PackedSplit, detector: Detector, *, dataset: str, device: torch.device, known: Mapping[str, Thresholds] | None = None
) -> list[Row]:
    """The rows of ``DETECTED`` of a split: composites whose labels the manifest tells, and photographs as they are."""
    labels = labels_of(split.rows, known)
    told = [(index, label.classes) for index, label in enumerate(labels) if label is not None]
    first = [index for index, _ in first_of_each_foreground(split)]
    found: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {kind: [] for kind in (*CLASSES, ANY, CONTROL)}
    looked = detect(detector, split.composite, [index for index, _ in told], device=device)
    for (index, flags), chances in track(zip(told, looked, strict=True), total=len(told), what=f"detect: {dataset}", unit="pictures"):
        inside = _inside(split, index)
        for place, kind in enumerate(CLASSES):
            found[kind].append((chances[place], inside & flags[place]))
        found[ANY].append((chances.max(0), inside & any(flags)))
    for index, chances in zip(first, detect(detector, split.real, first, device=device), strict=True):
        found[CONTROL].append((chances.max(0), _inside(split, index)))
    return [{"dataset": dataset, "kind": kind, **_row(pairs)} for kind, pairs in found.items() if pairs]


def _inside(split: PackedSplit, index: int) -> np.ndarray:
    return np.asarray(split.mask[index]) >= 255 * INSIDE


def psychometric_split(split: PackedSplit, detector: Detector, *, dataset: str, most: int, device: torch.device) -> list[Row]:
    """The rows of ``PSYCHOMETRIC`` of a split: at most so many photographs' foregrounds, moved by each of ``OFFSETS``."""
    rows: list[Row] = []
    chosen = first_of_each_foreground(split)[:most]
    for index, row in track(chosen, total=len(chosen), what=f"offsets: {dataset}", unit="foregrounds"):
        _, real, mask = pictures_of(split, index)
        picture = torch.from_numpy(real.copy()).permute(2, 0, 1)[None].float() / 255
        look = looks_of(picture, mask)
        inside = _inside(split, index)
        if not inside.any():
            continue
        count = len(OFFSETS)
        made = moved(picture.repeat(count, 1, 1, 1), mask.repeat(count, 1, 1, 1), [Shift(stops) for stops in OFFSETS], look * count)
        rounded = made.mul(255).round().div(255).to(device)
        with torch.inference_mode():
            chances = detector.probabilities(detector(rounded * 2 - 1)).cpu().numpy()[:, :, inside].mean(2, dtype=np.float64)
        named: Row = {"dataset": dataset, "sample_id": row["sample_id"], "image_id": row["image_id"]}
        named["lightness"] = share_of(look[0].lightness)
        rows += [
            named | {"stops": stops, "negative": dark, "positive": bright}
            for stops, (dark, bright, _) in zip(OFFSETS, chances, strict=True)
        ]
    return rows


def thresholds_in(rows: Sequence[Row]) -> list[tuple[Thresholds, Thresholds]]:
    """Of each foreground of ``PSYCHOMETRIC`` the offsets at which it is as likely as not to be detected, beside the observer's law.

    Linear between offsets; NaN where the detector never is that sure.
    """
    by_sample: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        by_sample.setdefault((row["dataset"], row["sample_id"]), []).append(row)
    return [(Thresholds(0.0 - _crossing(each, -1), _crossing(each, 1)), thresholds_of(each[0]["lightness"])) for each in by_sample.values()]


def _crossing(rows: Sequence[Row], side: int) -> float:
    along = sorted((row for row in rows if side * row["stops"] >= 0), key=lambda row: side * row["stops"])
    chances = [row["positive" if side > 0 else "negative"] for row in along]
    if chances and chances[0] >= INSIDE:  # where nothing was done
        return 0.0
    for before, after, low, high in zip(along, along[1:], chances, chances[1:], strict=False):
        if low < INSIDE <= high:
            start, end = side * before["stops"], side * after["stops"]
            return float(start + (end - start) * (INSIDE - low) / (high - low))
    return float("nan")


def _row(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> Row:
    scores, truth = (np.concatenate([np.ravel(pair[place]) for pair in pairs]) for place in (0, 1))
    positive = [pair for pair in pairs if pair[1].any()]
    others = [pair for pair in pairs if not pair[1].any()]
    bins = calibration(scores, truth, bins=BINS)
    values = {
        "average_precision": average_precision_binned(scores, truth),
        "chance": truth.mean(),
        "iou": np.mean([intersection_over_union(*pair) for pair in positive]) if positive else np.nan,
        "calibration_error": expected_calibration_error(bins),
        "found": np.mean([(chance[region] >= INSIDE).mean() >= 0.1 for chance, region in positive]) if positive else np.nan,
        "false_alarms": np.mean([(chance >= INSIDE).mean() >= 0.01 for chance, _ in others]) if others else np.nan,
    }
    row: Row = {name: None if np.isnan(value) else float(value) for name, value in values.items()}
    row |= {"n_pictures": len(pairs), "n_positive": len(positive)}
    lists = {"bins_mean": bins.score, "bins_share": bins.positive, "bins_count": bins.pixels}
    return row | {name: [None if np.isnan(each) else each for each in values.tolist()] for name, values in lists.items()}
