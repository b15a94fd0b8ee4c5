"""Every method against every other, image by image, as each named convention counts: how far apart they are, and how surely.

A seed of one method is compared with every seed of the other on the same image; a method's difference to another is exactly the
negative of the other's to it.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from imharmony.evaluation.blocks import REFERENCE, Block, blocks_of, by_photograph, interval, ratio_of, signed_rank, sums_of
from imharmony.evaluation.conventions import CONVENTIONS, COUNTED, under

# All of a data set's images; buckets of the foreground ratio are the summary's.
PAIRS = pa.schema(
    [
        ("dataset", pa.string()),
        ("convention", pa.string()),
        ("method", pa.string()),
        ("reference", pa.string()),
        ("metric", pa.string()),  # of conventions.COUNTED; `psnr` has the convention's peak
        ("difference", pa.float64()),  # mean of method minus reference over the images where both are finite
        ("low", pa.float64()),  # 95 % interval over photographs; null with fewer than two
        ("high", pa.float64()),
        ("p_value", pa.float64()),  # Wilcoxon's signed-rank test of the photographs' mean differences
        ("win_rate", pa.float64()),  # share of images on which the method is strictly better; ties are neither's
        ("n_images", pa.int64()),
        ("n_photographs", pa.int64()),
    ]
)
STANDINGS = pa.schema(
    [
        ("dataset", pa.string()),
        ("convention", pa.string()),
        ("method", pa.string()),
        ("metric", pa.string()),
        ("mean", pa.float64()),  # over finite values and pooled seeds, as in the summary
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("n_images", pa.int64()),
        ("n_seeds", pa.int64()),
    ]
)
RISES = np.array([measure.rises for measure in COUNTED.values()])
Columns = dict[str, np.ndarray]


def pairwise(scores: pa.Table, *, bootstrap: int, seed: int = 0, conventions: Sequence[str] = tuple(CONVENTIONS)) -> pa.Table:
    """A row of ``PAIRS`` for each ordered pair of methods, from rows of ``measures.SCORES``; a metric without values has none."""
    tables = [PAIRS.empty_table()]
    for names, block in _blocks(scores, conventions, bootstrap=bootstrap, seed=seed):
        methods = _methods(block)
        order = sorted(methods, key=lambda method: (method == REFERENCE, method))  # so that what is computed is a method minus identity
        for position, method in enumerate(order):
            for reference, forth, back in _against(block, methods, method, order[position + 1 :]):
                tables += [_table({**names, "method": method, "reference": reference}, forth, PAIRS)]
                tables += [_table({**names, "method": reference, "reference": method}, back, PAIRS)]
    return joined_pairs(tables)


def joined_pairs(tables: list[pa.Table]) -> pa.Table:
    """Pairs under one convention or more each, as one call for all of them gives them."""
    return _sorted(tables, ["dataset", "convention", "method", "reference", "metric"])


def standings(scores: pa.Table, *, bootstrap: int, seed: int = 0, conventions: Sequence[str] = tuple(CONVENTIONS)) -> pa.Table:
    """A row of ``STANDINGS`` for each method and metric under each named convention."""
    tables = [STANDINGS.empty_table()]
    for names, block in _blocks(scores, conventions, bootstrap=bootstrap, seed=seed):
        inside = block.buckets["all"]
        for method, members in _methods(block).items():
            values = block.values[members]
            sums, counts = by_photograph(block, sums_of(values, inside))
            low, high = interval(block, sums, counts)
            mean = ratio_of(sums.sum(0), counts.sum(0))
            columns = {"mean": mean, "low": low, "high": high, "n_images": (~np.isnan(values)).any(0).sum(0)}
            columns["n_seeds"] = np.full(len(mean), len(members))
            tables.append(_table({**names, "method": method}, columns, STANDINGS))
    return _sorted(tables, ["dataset", "convention", "method", "metric"])


def _blocks(scores: pa.Table, conventions: Sequence[str], *, bootstrap: int, seed: int) -> Iterator[tuple[dict[str, str], Block]]:
    for convention in conventions:
        frame = under(scores, convention).to_pandas()
        for dataset, block in blocks_of(frame, keys=["method", "seed"], metrics=list(COUNTED), bootstrap=bootstrap, seed=seed):
            yield {"dataset": dataset, "convention": convention}, block


def _methods(block: Block) -> dict[str, list[int]]:
    """The positions of each method's seeds."""
    positions: dict[str, list[int]] = {}
    for index, (method, _) in enumerate(block.cells):
        positions.setdefault(method, []).append(index)
    return positions


def _against(block: Block, methods: dict[str, list[int]], method: str, references: list[str]) -> Iterator[tuple[str, Columns, Columns]]:
    """The columns of a method against each of several references, and of these against it."""
    if not references:
        return
    values = [block.values[methods[name]] for name in (method, *references)]
    inside = block.buckets["all"]
    (own, own_count), *others = (sums_of(value, inside) for value in values)
    # The sum over all pairs of seeds of (a - b), without forming the pairs.
    differences = np.stack([count * own - own_count * total for total, count in others], axis=1)
    pairs_of_seeds = np.stack([own_count * count for _, count in others], axis=1)
    sums, counts = (part.reshape(len(part), -1) for part in by_photograph(block, (differences, pairs_of_seeds)))
    low, high = interval(block, sums, counts)
    shared = {"difference": ratio_of(sums.sum(0), counts.sum(0)), "low": low, "high": high, "p_value": signed_rank(sums, counts)}
    for index, reference in enumerate(references):
        part = slice(index * len(COUNTED), (index + 1) * len(COUNTED))
        found = {name: column[part] for name, column in shared.items()}
        wins, losses, numbers = _wins(block, values[0], values[index + 1])
        back = {
            "difference": 0.0 - found["difference"],
            "low": 0.0 - found["high"],
            "high": 0.0 - found["low"],
            "p_value": found["p_value"],
        }
        yield reference, {**found, "win_rate": wins, **numbers}, {**back, "win_rate": losses, **numbers}


def _wins(block: Block, values: np.ndarray, reference: np.ndarray) -> tuple[np.ndarray, np.ndarray, Columns]:
    """Shares of images, over all pairs of seeds, that either of the two has strictly better, and the numbers of images and photographs."""
    sign = np.where(RISES, 1.0, -1.0)
    wins, losses, comparable = (np.zeros(len(COUNTED)) for _ in range(3))
    for one in values * sign:
        for other in reference * sign:
            wins += (one > other).sum(0)
            losses += (one < other).sum(0)
            comparable += (~np.isnan(one) & ~np.isnan(other)).sum(0)
    scored = (~np.isnan(values)).any(0) & (~np.isnan(reference)).any(0)
    photographs = np.add.reduceat(scored, block.starts, axis=0, dtype=np.int64).astype(bool).sum(0)
    return ratio_of(wins, comparable), ratio_of(losses, comparable), {"n_images": scored.sum(0), "n_photographs": photographs}


def _table(names: dict[str, str], columns: Columns, schema: pa.Schema) -> pa.Table:
    kept = columns["n_images"] > 0
    texts = {name: [text] * int(kept.sum()) for name, text in names.items()}
    metrics = [metric for metric, is_kept in zip(COUNTED, kept, strict=True) if is_kept]
    numbers = {name: pa.array(column[kept], from_pandas=True) for name, column in columns.items()}
    return pa.table({**texts, "metric": metrics, **numbers}, schema=schema)


def _sorted(tables: list[pa.Table], columns: list[str]) -> pa.Table:
    return pa.concat_tables(tables).combine_chunks().sort_by([(column, "ascending") for column in columns])
