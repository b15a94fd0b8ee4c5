"""Per-image scores to one row per method, data set, protocol, foreground-ratio bucket and metric."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from imharmony.evaluation.blocks import REFERENCE, Block, by_photograph, ratio_of, signed_rank, sums_of
from imharmony.evaluation.conventions import HEADLINE
from imharmony.evaluation.intervals import interval, of_seeds, possible
from imharmony.evaluation.measures import MEASURES
from imharmony.evaluation.score_sets import ScoreSet, gathered_from

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
        ("low", pa.float64()),  # 95 % interval of the mean (intervals); null with fewer than ten photographs
        ("high", pa.float64()),
        ("difference", pa.float64()),  # mean of method minus identity, image by image
        ("difference_low", pa.float64()),
        ("difference_high", pa.float64()),
        ("p_value", pa.float64()),  # Wilcoxon's signed-rank test of the photographs' mean differences; headline protocol only
        ("harm_rate", pa.float64()),  # share of images strictly worse than the composite, or with a foreground made one colour
        ("n_images", pa.int64()),
        ("n_photographs", pa.int64()),
        ("n_seeds", pa.int64()),
        ("seed_low", pa.float64()),  # the smallest and the largest mean among the seeds; equal to the mean for one seed
        ("seed_high", pa.float64()),
        ("n_infinite", pa.int64()),  # values counted here and left out of the averages
    ]
)

SUMMARY_ORDER = pc.SortOptions([("dataset", "ascending"), ("method", "ascending"), ("place", "ascending")])


def summarise(scores: pa.Table, *, bootstrap: int, seed: int = 0) -> pa.Table:
    """The summary of rows of ``measures.SCORES``. The seeds of a method are pooled; every method needs the images of ``identity``."""
    sets = gathered_from(scores).sets.values()
    return joined_summaries([summary_in(own, method, bootstrap=bootstrap, seed=seed) for own in sets for method in own.methods])


def joined_summaries(tables: Sequence[pa.Table]) -> pa.Table:
    """Summaries in parts, as one call for all of them gives them: data sets and methods by name, a method's rows as they come."""
    table = pa.concat_tables([SUMMARY.empty_table(), *tables]).combine_chunks()
    place = pa.array(range(table.num_rows))
    order = pc.call_function("sort_indices", [table.select(["dataset", "method"]).append_column("place", place)], SUMMARY_ORDER)
    return table.take(order)


def summary_in(scores: ScoreSet, method: str, *, bootstrap: int, seed: int = 0) -> pa.Table:
    """One method's rows of ``SUMMARY`` on one data set; they depend on its scores and those of ``identity`` alone."""
    both = [method, REFERENCE]
    blocks = (scores.block(group, both, bootstrap=bootstrap, seed=seed) for group in scores.groups(scores.protocols([method]), both))
    return joined_summaries([summary_of(block, method) for block in blocks])


def summary_of(block: Block, method: str) -> pa.Table:
    """The same of a block that has both."""
    columns, members = block.columns, block.members(method)
    values, is_scored = block.values[members], block.is_scored[members]
    reference = block.values[block.members(REFERENCE)[0]]
    rises = np.array([MEASURES[column.metric].rises for column in columns])
    headline = [(column.background, column.quantisation) == HEADLINE.protocol for column in columns]
    found = _statistics(
        block, values, reference, is_scored, block.is_flat[members], rises, is_tested=np.array(headline) & (method != REFERENCE)
    )
    ranks = [(column.background, column.quantisation) for column in columns]
    order = [(bucket, index) for bucket in range(len(block.buckets)) for index in range(len(columns)) if found["n_images"][bucket, index]]
    order.sort(key=lambda place: (ranks[place[1]], place))
    at = tuple(np.array(order, dtype=np.int64).reshape(-1, 2).T)
    names, buckets = [columns[index] for _, index in order], list(block.buckets)
    texts = {
        "method": [method] * len(order),
        "dataset": [block.dataset] * len(order),
        "background": [column.background for column in names],
        "quantisation": [column.quantisation for column in names],
        "bucket": [buckets[bucket] for bucket, _ in order],
        "metric": [column.metric for column in names],
    }
    numbers = {name: pa.array(found[name][at], from_pandas=True) for name in SUMMARY.names if name in found}
    return pa.table({**texts, **numbers}, schema=SUMMARY)


def _statistics(
    block: Block,
    values: np.ndarray,
    reference: np.ndarray,
    is_scored: np.ndarray,
    is_flat: np.ndarray,
    rises: np.ndarray,
    *,
    is_tested: np.ndarray,
) -> dict[str, np.ndarray]:
    """The columns of ``SUMMARY``, each (buckets, columns).

    ``values`` is (seeds, images, columns), ``reference`` (images, columns), ``is_flat`` (seeds, images).
    """
    with np.errstate(invalid="ignore"):
        differences = values - reference  # inf - inf is NaN, and not averaged
    sign = np.where(rises, 1.0, -1.0)
    is_known = ~np.isnan(values)
    # One colour can be nearer on average than a bad composite is, and is no picture of anything.
    worse, comparable = (sign * values < sign * reference) | is_flat[..., None], is_known & ~np.isnan(reference)
    buckets = list(block.buckets.values())
    own = [by_photograph(block, sums_of(values, inside)) for inside in buckets]
    compared = [by_photograph(block, sums_of(differences, inside)) for inside in buckets]
    by_seed = [_joined([of_seeds(part, inside) for part in (values, differences) for inside in buckets])] if len(values) > 1 else []
    low, high = (part.reshape(2, len(buckets), -1) for part in interval(block, *_joined([*own, *compared]), by_seed))
    low[0], high[0] = possible((low[0], high[0]), [column.metric for column in block.columns])
    p_value = np.full((len(buckets), len(rises)), np.nan)
    if is_tested.any():
        tested = _joined([(sums[:, is_tested], counts[:, is_tested]) for sums, counts in compared])
        p_value[:, is_tested] = signed_rank(*tested).reshape(len(buckets), -1)
    seeds = np.stack([[_mean(one[None], inside) for inside in buckets] for one in values])
    scored = is_scored[:, None]
    any_known = is_known.any(0)
    photographs = [np.add.reduceat(any_known & inside[:, None], block.starts, axis=0, dtype=np.int64).astype(bool) for inside in buckets]
    return {
        "mean": np.stack([_mean(values, inside) for inside in buckets]),
        "median": np.stack([_median(values, inside) for inside in buckets]),
        "low": low[0],
        "high": high[0],
        "difference": np.stack([_mean(differences, inside) for inside in buckets]),
        "difference_low": low[1],
        "difference_high": high[1],
        "p_value": p_value,
        "harm_rate": np.stack([_share(worse & comparable, comparable, inside) for inside in buckets]),
        "n_images": np.stack([(any_known & inside[:, None]).sum(0) for inside in buckets]),
        "n_photographs": np.stack([part.sum(0) for part in photographs]),
        "n_seeds": np.broadcast_to(is_scored.sum(0), (len(buckets), len(rises))),
        "seed_low": np.where(scored, seeds, np.inf).min(0),
        "seed_high": np.where(scored, seeds, -np.inf).max(0),
        "n_infinite": np.stack([(np.isinf(values) & inside[:, None]).sum((0, 1)) for inside in buckets]),
    }


def _joined(parts: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    sums, counts = (np.concatenate(columns, axis=1) for columns in zip(*parts, strict=True))
    return sums, counts


def _mean(values: np.ndarray, inside: np.ndarray) -> np.ndarray:
    sums, counts = sums_of(values, inside)
    return ratio_of(sums.sum(0), counts.sum(0))


def _median(values: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Of the finite numbers in each column; NaN where there are none."""
    pooled = values[:, inside].reshape(-1, values.shape[-1])
    ordered = np.sort(np.where(np.isfinite(pooled), pooled, np.nan), axis=0)  # NaN comes last
    counts = np.isfinite(pooled).sum(0)
    if len(ordered) == 0:
        return np.full(values.shape[-1], np.nan)
    middle = [np.take_along_axis(ordered, np.maximum(place, 0)[None], axis=0)[0] for place in ((counts - 1) // 2, counts // 2)]
    return np.where(counts > 0, (middle[0] + middle[1]) / 2, np.nan)


def _share(part: np.ndarray, whole: np.ndarray, inside: np.ndarray) -> np.ndarray:
    return ratio_of(part[:, inside].sum((0, 1)), whole[:, inside].sum((0, 1)))
