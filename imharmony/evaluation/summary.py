"""Per-image scores to one row per method, data set, protocol, foreground-ratio bucket and metric."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from imharmony.errors import InputError
from imharmony.evaluation.blocks import REFERENCE, Block, blocks_of, by_photograph, interval, ratio_of, signed_rank, sums_of
from imharmony.evaluation.conventions import HEADLINE
from imharmony.evaluation.measures import MEASURES
from imharmony.storage.shards import Row

SUMMARY = pa.schema(
    [
        ("method", pa.string()),
        ("dataset", pa.string()),
        ("background", pa.string()),
        ("quantisation", pa.string()),
        ("bucket", pa.string()),
        ("metric", pa.string()),
        ("mean", pa.float64()),  # over finite values, like every column up to difference_high
        ("median", pa.float64()),
        ("low", pa.float64()),  # 95 % interval of the mean; null with fewer than two photographs
        ("high", pa.float64()),
        ("difference", pa.float64()),  # mean of method minus identity, image by image
        ("difference_low", pa.float64()),
        ("difference_high", pa.float64()),
        ("p_value", pa.float64()),  # Wilcoxon's signed-rank test of the photographs' mean differences; headline protocol only
        ("harm_rate", pa.float64()),  # share of images strictly worse than the composite
        ("n_images", pa.int64()),
        ("n_photographs", pa.int64()),
        ("n_seeds", pa.int64()),
        ("seed_low", pa.float64()),  # the smallest and the largest mean among the seeds; equal to the mean for one seed
        ("seed_high", pa.float64()),
        ("n_infinite", pa.int64()),  # values counted here and left out of the averages
    ]
)


def summarise(scores: pa.Table, *, bootstrap: int, seed: int = 0) -> pa.Table:
    """The summary of rows of ``measures.SCORES``. The seeds of a method are pooled; every method needs the images of ``identity``."""
    keys = ["method", "seed", "background", "quantisation"]
    frame = scores.select([*keys, "dataset", "sample_id", "image_id", "foreground_ratio", *MEASURES]).to_pandas()
    rows = []
    for dataset, block in blocks_of(frame, keys=keys, metrics=list(MEASURES), bootstrap=bootstrap, seed=seed):
        rows += [{"dataset": dataset, **row} for row in _rows(block)]
    return pa.Table.from_pylist(rows, schema=SUMMARY)


def _rows(block: Block) -> Iterator[Row]:
    positions: dict[tuple[str, str, str], list[int]] = {}
    for index, (method, _, background, quantisation) in enumerate(block.cells):
        positions.setdefault((method, background, quantisation), []).append(index)
    for (method, background, quantisation), members in positions.items():
        reference = positions.get((REFERENCE, background, quantisation))
        if reference is None:
            raise InputError(f"{method!r} is scored under {background}/{quantisation}, {REFERENCE!r} is not; evaluate both again")
        names = {"method": method, "background": background, "quantisation": quantisation}
        is_tested = method != REFERENCE and (background, quantisation) == (HEADLINE.background, HEADLINE.quantisation)
        for row in _statistics(block, block.values[members], block.values[reference[0]], is_tested=is_tested):
            yield {**names, **row, "n_seeds": len(members)}


def _statistics(block: Block, values: np.ndarray, reference: np.ndarray, *, is_tested: bool) -> Iterator[Row]:
    """Rows of one method under one protocol; ``values`` is (seeds, images, metrics), ``reference`` (images, metrics)."""
    with np.errstate(invalid="ignore"):
        differences = values - reference  # inf - inf is NaN, and not averaged
    sign = np.where([measure.rises for measure in MEASURES.values()], 1.0, -1.0)
    worse, comparable = sign * values < sign * reference, ~np.isnan(values) & ~np.isnan(reference)
    for bucket, inside in block.buckets.items():
        low, high = interval(block, *by_photograph(block, sums_of(values, inside)))
        compared = by_photograph(block, sums_of(differences, inside))
        difference_low, difference_high = interval(block, *compared)
        seeds = np.stack([_mean(own[None], inside) for own in values])
        columns = {
            "mean": _mean(values, inside),
            "median": _median(values, inside),
            "low": low,
            "high": high,
            "difference": _mean(differences, inside),
            "difference_low": difference_low,
            "difference_high": difference_high,
            "p_value": signed_rank(*compared) if is_tested else np.full(len(MEASURES), np.nan),
            "harm_rate": _share(worse & comparable, comparable, inside),
            "seed_low": seeds.min(0),
            "seed_high": seeds.max(0),
            "n_images": (~np.isnan(values) & inside[:, None]).any(0).sum(0),
            "n_photographs": np.add.reduceat((~np.isnan(values)).any(0) & inside[:, None], block.starts, axis=0, dtype=np.int64)
            .astype(bool)
            .sum(0),
            "n_infinite": (np.isinf(values) & inside[:, None]).sum((0, 1)),
        }
        for index, metric in enumerate(MEASURES):
            if columns["n_images"][index]:
                yield {"bucket": bucket, "metric": metric, **{name: _plain(column[index]) for name, column in columns.items()}}


def _mean(values: np.ndarray, inside: np.ndarray) -> np.ndarray:
    sums, counts = sums_of(values, inside)
    return ratio_of(sums.sum(0), counts.sum(0))


def _median(values: np.ndarray, inside: np.ndarray) -> np.ndarray:
    pooled = values[:, inside].reshape(-1, values.shape[-1])
    return np.array([np.median(column[np.isfinite(column)]) if np.isfinite(column).any() else np.nan for column in pooled.T])


def _share(part: np.ndarray, whole: np.ndarray, inside: np.ndarray) -> np.ndarray:
    return ratio_of(part[:, inside].sum((0, 1)), whole[:, inside].sum((0, 1)))


def _plain(number: np.generic) -> float | int | None:
    value = number.item()
    return None if isinstance(value, float) and np.isnan(value) else value
