"""How often the report's intervals cover the truth: ``python -m benchmarks.interval_coverage [--trials 4000]``.

Simulated scores whose mean is known, skewed as those of photographs are, with one to five composites of each. Writes
``benchmarks/results/interval_coverage.csv``.
"""

import argparse
from pathlib import Path

import numpy as np
import pyarrow as pa

from imharmony.evaluation.blocks import Block, ratio_of
from imharmony.evaluation.buckets import LEAST_PHOTOGRAPHS
from imharmony.evaluation.intervals import TAIL, interval, quantiles
from imharmony.running.seeds import numpy_rng
from imharmony.storage.tables import write_csv

RESULT = Path("benchmarks/results/interval_coverage.csv")
RESAMPLES = 2000  # as the profiles have them
PHOTOGRAPHS = (2, 4, 10, 20, 50, 300)
SEEDS = (2, 3, 5)
OF_SEEDS = 50  # photographs where seeds are tried
MOST_COMPOSITES = 5
SPREAD = 1.0  # of the logarithm of a photograph's fMSE; the sample's is about that
KINDS = ("fMSE", "change of fMSE")
Sums = tuple[np.ndarray, np.ndarray]


def main(trials: int) -> None:
    """Prints and writes the table."""
    rows = [_of_photographs(kind, count, trials) for kind in KINDS for count in PHOTOGRAPHS]
    rows += [_of_seeds(seeds, share, trials) for share in (0.0, 1.0, 4.0) for seeds in SEEDS]
    for row in rows:
        print(*row.values(), sep="\t")
    write_csv(RESULT, pa.Table.from_pylist(rows))


def _of_photographs(kind: str, count: int, trials: int) -> dict[str, str]:
    rng = numpy_rng(0, f"{kind}, {count}", "interval coverage")
    images = rng.integers(1, MOST_COMPOSITES + 1, (count, trials)).astype(np.float64)
    values, truth = _scores(kind, rng, (count, trials))
    block = _block(rng, count)
    sums = values * images
    plain = quantiles(ratio_of(block.resamples @ sums, block.resamples @ images).T, [TAIL, 1 - TAIL])
    found = interval(block, sums, images) if count >= LEAST_PHOTOGRAPHS else None
    return _row(kind, count, 1, "", plain, found, truth)


def _of_seeds(seeds: int, share: float, trials: int) -> dict[str, str]:
    """``share`` is the variance of the mean that is the seeds', over the photographs'."""
    rng = numpy_rng(0, f"{seeds}, {share}", "interval coverage")
    values, truth = _scores("change of fMSE", rng, (OF_SEEDS, trials))
    own = np.sqrt(share * seeds / OF_SEEDS) * np.std(_scores("change of fMSE", rng, (200_000,))[0])
    shifts = rng.normal(0, 1, (seeds, 1, trials)) * own
    values = values + shifts + rng.normal(0, 0.1, (seeds, OF_SEEDS, trials))
    block, counts = _block(rng, OF_SEEDS), np.ones((OF_SEEDS, trials))
    plain = quantiles((block.resamples @ values.mean(0)).T / OF_SEEDS, [TAIL, 1 - TAIL])
    drawn = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=RESAMPLES) / seeds
    resampled = np.sum([drawn[:, [seed]] * (block.resamples @ one) for seed, one in enumerate(values)], axis=0) / OF_SEEDS
    both = quantiles(resampled.T, [TAIL, 1 - TAIL])
    found = interval(block, values.sum(0), counts * seeds, [(values.sum(1), np.full((seeds, trials), float(OF_SEEDS)))])
    return _row(f"change of fMSE; seeds' variance {share:g} of the photographs'", OF_SEEDS, seeds, _share(both, truth), plain, found, truth)


def _scores(kind: str, rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[np.ndarray, float]:
    """What a photograph's composites have in common, and its true mean."""
    level = np.exp(rng.normal(0, SPREAD, shape))
    if kind == "fMSE":
        return level, float(np.exp(SPREAD**2 / 2))
    return level * rng.normal(-0.1, 0.5, shape), float(-0.1 * np.exp(SPREAD**2 / 2))


def _block(rng: np.random.Generator, count: int) -> Block:
    resamples = rng.multinomial(count, np.full(count, 1 / count), size=RESAMPLES).astype(np.float64)
    return Block("", [], [], np.empty(0), np.empty(0), np.empty(0), [], np.arange(count), {}, resamples)


def _row(kind: str, count: int, seeds: int, both: str, plain: np.ndarray, found: Sums | None, truth: float) -> dict[str, str]:
    return {
        "scores": kind,
        "photographs": str(count),
        "seeds": str(seeds),
        "plain percentiles over photographs": _share(plain, truth),
        "plain percentiles, seeds resampled too": both,
        "the report's interval": "none is shown" if found is None else _share(np.stack(found), truth),
    }


def _share(bounds: np.ndarray, truth: float) -> str:
    return f"{100 * np.mean((bounds[0] <= truth) & (truth <= bounds[1])):.0f} %"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=4000)
    main(parser.parse_args().trials)
