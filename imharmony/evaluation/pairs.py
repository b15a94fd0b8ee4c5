"""Every method against every other, image by image, as each named convention counts: how far apart they are, and how surely.

A seed of one method is compared with every seed of the other on the same image; a method's difference to another is exactly the
negative of the other's to it.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from imharmony.errors import InputError
from imharmony.evaluation.blocks import REFERENCE, Block, Column, by_photograph, ratio_of, signed_rank, sums_of
from imharmony.evaluation.conventions import CONVENTIONS, COUNTED, named_convention
from imharmony.evaluation.intervals import exactly_summed, interval, of_seeds, possible
from imharmony.evaluation.measures import MEASURES
from imharmony.evaluation.score_rows import Protocol
from imharmony.evaluation.score_sets import ScoreSet, gathered_from

# All of a data set's images; buckets of the foreground ratio are the summary's.
PAIRS = pa.schema(
    [
        ("dataset", pa.string()),
        ("convention", pa.string()),
        ("method", pa.string()),
        ("reference", pa.string()),
        ("metric", pa.string()),  # of conventions.COUNTED; `psnr` has the convention's peak
        ("difference", pa.float64()),  # mean of method minus reference over the images where both are finite
        ("low", pa.float64()),  # 95 % interval (intervals); null with fewer than ten photographs
        ("high", pa.float64()),
        ("p_value", pa.float64()),  # Wilcoxon's signed-rank test of the photographs' mean differences
        ("win_rate", pa.float64()),  # share of images on which the method is strictly better; ties are neither's, one colour loses
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
        ("low", pa.float64()),  # null with fewer than ten photographs
        ("high", pa.float64()),
        ("n_images", pa.int64()),
        ("n_photographs", pa.int64()),
        ("n_seeds", pa.int64()),
    ]
)
PAIR_ORDER = ["dataset", "convention", "method", "reference", "metric"]
STANDING_ORDER = ["dataset", "convention", "method", "metric"]
NUMBERS_AT_ONCE = 2**21  # of all methods that one is compared with at once
Columns = dict[str, np.ndarray]


class Counted(NamedTuple):
    """A measure as a convention counts it, and the block's column that it is."""

    convention: str
    measure: str
    column: int


def pairwise(scores: pa.Table, *, bootstrap: int, seed: int = 0, conventions: Sequence[str] = tuple(CONVENTIONS)) -> pa.Table:
    """A row of ``PAIRS`` for each ordered pair of methods, from rows of ``measures.SCORES``; a metric without values has none."""
    tables = [PAIRS.empty_table()]
    for own in gathered_from(scores).sets.values():
        order = in_order(own.methods)
        for place, method in enumerate(order):
            tables.append(pairs_in(own, method, order[place + 1 :], bootstrap=bootstrap, seed=seed, conventions=conventions))
    return joined_pairs(tables)


def standings(scores: pa.Table, *, bootstrap: int, seed: int = 0, conventions: Sequence[str] = tuple(CONVENTIONS)) -> pa.Table:
    """A row of ``STANDINGS`` for each method and metric under each named convention."""
    sets = gathered_from(scores).sets.values()
    tables = [standing_in(own, method, bootstrap=bootstrap, seed=seed, conventions=conventions) for own in sets for method in own.methods]
    return joined_standings(tables)


def in_order(methods: Sequence[str]) -> list[str]:
    """The methods, of which each is computed against the later ones, so that what is computed is a method minus identity."""
    return sorted(methods, key=lambda method: (method == REFERENCE, method))


def joined_pairs(tables: Sequence[pa.Table]) -> pa.Table:
    """Pairs in parts, as one call for all of them gives them."""
    return _sorted([PAIRS.empty_table(), *tables], PAIR_ORDER)


def joined_standings(tables: Sequence[pa.Table]) -> pa.Table:
    """Standings in parts, as one call for all of them gives them."""
    return _sorted([STANDINGS.empty_table(), *tables], STANDING_ORDER)


def standing_in(
    scores: ScoreSet, method: str, *, bootstrap: int, seed: int = 0, conventions: Sequence[str] = tuple(CONVENTIONS)
) -> pa.Table:
    """One method's rows of ``STANDINGS`` on one data set; they depend on its own scores alone."""
    tables = []
    for group in scores.groups(_protocols(scores, conventions), [method]):
        block = scores.block(group, [method], bootstrap=bootstrap, seed=seed)
        tables.append(standing_of(block, method, conventions=_under(group, conventions)))
    return joined_standings(tables)


def pairs_in(
    scores: ScoreSet,
    method: str,
    references: Sequence[str],
    *,
    bootstrap: int,
    seed: int = 0,
    conventions: Sequence[str] = tuple(CONVENTIONS),
) -> pa.Table:
    """The rows of ``PAIRS`` of one method against several others and of these against it; they depend on these methods' scores alone."""
    tables, protocols = [PAIRS.empty_table()], _protocols(scores, conventions)
    at_once = max(1, NUMBERS_AT_ONCE // (len(scores.samples) * len(protocols) * len(COUNTED)))
    for start in range(0, len(references), at_once):
        some = references[start : start + at_once]
        for group in scores.groups(protocols, [method, *some]):
            block = scores.block(group, [method, *some], bootstrap=bootstrap, seed=seed)
            tables.append(pairs_of(block, method, some, conventions=_under(group, conventions)))
    return pa.concat_tables(tables)


def _protocols(scores: ScoreSet, conventions: Sequence[str]) -> list[Protocol]:
    """Those of the conventions, sorted; one under which the data set has no scores is an ``InputError``."""
    known = set(scores.protocols())
    for name in conventions:
        protocol = named_convention(name).protocol
        if protocol not in known:
            raise InputError(f"no scores with background {protocol[0]}, quantisation {protocol[1]}, as {name} has it; score again")
    return sorted({named_convention(name).protocol for name in conventions})


def _under(protocols: Sequence[Protocol], conventions: Sequence[str]) -> list[str]:
    return [name for name in conventions if named_convention(name).protocol in protocols]


def standing_of(block: Block, method: str, *, conventions: Sequence[str]) -> pa.Table:
    """The same of a block that has the conventions' protocols and the method."""
    counted = _counted(block, conventions)
    distinct, place = np.unique([one.column for one in counted], return_inverse=True)
    members = block.members(method)
    values = block.values[members][:, :, distinct]
    sums, counts = by_photograph(block, sums_of(values, block.buckets["all"]))
    inside = block.buckets["all"]
    ends = interval(block, sums, counts, [of_seeds(values, inside)] if len(values) > 1 else [])
    low, high = possible(ends, [block.columns[index].metric for index in distinct])
    columns = {"mean": ratio_of(sums.sum(0), counts.sum(0)), "low": low, "high": high}
    is_known = (~np.isnan(values)).any(0)
    columns |= {
        "n_images": is_known.sum(0),
        "n_photographs": _photographs(block, is_known),
        "n_seeds": block.is_scored[members][:, distinct].sum(0),
    }
    found = {name: column[place] for name, column in columns.items()}
    return _table({"dataset": block.dataset, "method": method}, counted, found, STANDINGS)


def pairs_of(block: Block, method: str, references: Sequence[str], *, conventions: Sequence[str]) -> pa.Table:
    """The same of a block that has the conventions' protocols and the methods."""
    counted = _counted(block, conventions)
    distinct, place = np.unique([one.column for one in counted], return_inverse=True)
    metrics = [block.columns[index].metric for index in distinct]
    rises = np.array([MEASURES[metric].rises for metric in metrics])
    values = [block.values[block.members(name)][:, :, distinct] for name in (method, *references)]
    forth, back = _against(block, values[0], values[1:], [block.is_flat[block.members(name)] for name in (method, *references)], rises)
    tables = []
    for index, reference in enumerate(references):
        for one, other, columns in ((method, reference, forth), (reference, method, back)):
            found = {name: column[index][place] for name, column in columns.items()}
            tables.append(_table({"dataset": block.dataset, "method": one, "reference": other}, counted, found, PAIRS))
    return pa.concat_tables(tables)


def _counted(block: Block, conventions: Sequence[str]) -> list[Counted]:
    """Which of the block's columns each convention's measures are; a measure without values is left out."""
    places = {column: index for index, column in enumerate(block.columns)}
    counted = []
    for name in conventions:
        chosen = named_convention(name)
        protocol = chosen.protocol
        wanted = {measure: chosen.column(measure) for measure in COUNTED}
        found = {measure: places.get(Column(*protocol, metric)) for measure, metric in wanted.items() if metric}
        counted += [Counted(name, measure, place) for measure, place in found.items() if place is not None]
    return counted


def _against(block: Block, own: np.ndarray, others: list[np.ndarray], flat: list[np.ndarray], rises: np.ndarray) -> tuple[Columns, Columns]:
    """The columns (references, columns) of a method against each of several references, and of these against it.

    Scores are (seeds, images, columns); ``flat`` says of each method, its own first, which foregrounds are of one colour (seeds, images).
    """
    inside = block.buckets["all"]
    (total, number), *rest = (sums_of(value, inside) for value in (own, *others))
    # The sum over all pairs of seeds of (a - b), without forming the pairs.
    differences = np.stack([count * total - number * sums for sums, count in rest], axis=1)
    pairs_of_seeds = np.stack([number * count for _, count in rest], axis=1)
    sums, counts = (part.reshape(len(part), -1) for part in by_photograph(block, (differences, pairs_of_seeds)))
    by_seed = [_seeds_against(own, rest), _seeds_of_others(others, total, number)]
    low, high = interval(block, sums, counts, [part for part in by_seed if part is not None])
    found = {"difference": ratio_of(sums.sum(0), counts.sum(0)), "low": low, "high": high, "p_value": signed_rank(sums, counts)}
    forth = {name: column.reshape(len(others), -1) for name, column in found.items()}
    back = {"difference": 0.0 - forth["difference"], "low": 0.0 - forth["high"], "high": 0.0 - forth["low"], "p_value": forth["p_value"]}
    counted = [_wins(block, (own, other), (flat[0], theirs), rises) for other, theirs in zip(others, flat[1:], strict=True)]
    for name in ("n_images", "n_photographs"):
        forth[name] = back[name] = np.stack([one[name] for one in counted])
    return {**forth, "win_rate": np.stack([one["wins"] for one in counted])}, {
        **back,
        "win_rate": np.stack([one["losses"] for one in counted]),
    }


Sums = tuple[np.ndarray, np.ndarray]


def _seeds_against(own: np.ndarray, rest: Sequence[Sums]) -> Sums | None:
    """Sum and number of the differences of each seed of a method to each reference, (seeds, references * columns); None for one seed."""
    if len(own) == 1:
        return None
    found = [_difference(one, rest) for one in own]
    return np.stack([sums for sums, _ in found]), np.stack([counts for _, counts in found])


def _seeds_of_others(others: Sequence[np.ndarray], total: np.ndarray, number: np.ndarray) -> Sums | None:
    """The same of a method to each seed of each reference; a reference has no row for a seed that it lacks."""
    most = max(len(other) for other in others)
    if most == 1:
        return None
    sums, counts = (np.zeros((most, len(others), total.shape[1])) for _ in range(2))
    for place, other in enumerate(others):
        for seed, one in enumerate(other):
            difference, count = _difference(one, [(total, number)])
            sums[seed, place], counts[seed, place] = -difference, count
    return sums.reshape(most, -1), counts.reshape(most, -1)


def _difference(one: np.ndarray, references: Sequence[Sums]) -> Sums:
    """Sum and number of all differences of one seed, (images, columns), to references' sums and numbers of seeds image by image."""
    finite = np.isfinite(one)
    values = np.where(finite, one, 0.0)
    sums = [exactly_summed(count * values - finite * total).sum(0) for total, count in references]
    return np.concatenate(sums), np.concatenate([(finite * count).sum(0) for _, count in references])


def _photographs(block: Block, is_known: np.ndarray | np.bool) -> np.ndarray:
    return np.add.reduceat(is_known, block.starts, axis=0, dtype=np.int64).astype(bool).sum(0)


def _wins(block: Block, scores: tuple[np.ndarray, np.ndarray], flat: tuple[np.ndarray, np.ndarray], rises: np.ndarray) -> Columns:
    """Shares of images, over all pairs of seeds, that either of the two has strictly better, and the numbers of images and photographs.

    Where one of the two has made its foreground one colour it is the worse, as for the summary's ``harm_rate``.
    """
    values, reference = scores
    wins, losses, comparable = (np.zeros(len(rises)) for _ in range(3))
    for one, is_flat in zip(values, flat[0], strict=True):
        for other, is_other_flat in zip(reference, flat[1], strict=True):
            known = ~np.isnan(one) & ~np.isnan(other)
            above, below = one > other, one < other
            better, worse = np.where(rises, above, below), np.where(rises, below, above)
            if (differs := is_flat != is_other_flat).any():
                better[differs], worse[differs] = (known[differs] & side[differs, None] for side in (is_other_flat, is_flat))
            wins += better.sum(0)
            losses += worse.sum(0)
            comparable += known.sum(0)
    scored = (~np.isnan(values)).any(0) & (~np.isnan(reference)).any(0)
    shares = {"wins": ratio_of(wins, comparable), "losses": ratio_of(losses, comparable)}
    return {**shares, "n_images": scored.sum(0), "n_photographs": _photographs(block, scored)}


def _table(names: dict[str, str], counted: list[Counted], columns: Columns, schema: pa.Schema) -> pa.Table:
    kept = np.flatnonzero(columns["n_images"] > 0)
    texts = {name: pa.repeat(text, len(kept)) for name, text in names.items()}
    texts |= {"convention": [counted[place].convention for place in kept], "metric": [counted[place].measure for place in kept]}
    numbers = {name: pa.array(column[kept], from_pandas=True) for name, column in columns.items()}
    return pa.table({**texts, **numbers}, schema=schema)


def _sorted(tables: Sequence[pa.Table], columns: Sequence[str]) -> pa.Table:
    """The tables as one, in the order of these columns' texts."""
    table = pa.concat_tables(tables).combine_chunks()
    ranks = []
    for name in columns:
        codes = table[name].combine_chunks().dictionary_encode()
        texts = np.array(codes.dictionary.to_pylist(), dtype=object)
        ranks.append(texts.argsort().argsort()[codes.indices.to_numpy(zero_copy_only=False)] if len(texts) else np.empty(0, np.int64))
    return table.take(pa.array(np.lexsort(ranks[::-1])))
