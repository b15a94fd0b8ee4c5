"""What raters think of each method: mean opinion scores, or strengths from choices, with intervals (``resampling``).

All methods share the resamples, so that differences are paired.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa

from imharmony.errors import InputError
from imharmony.evaluation.blocks import ratio_of
from imharmony.running.seeds import numpy_rng
from imharmony.storage.shards import Row
from opinion_study.agreement import interval_difference, kendall_u, krippendorff_alpha, ordinal_difference
from opinion_study.definition import COMPOSITE, Study
from opinion_study.preferences import TIE, strengths
from opinion_study.resampling import interval, resampled
from opinion_study.tables import OPINIONS

BOOTSTRAP = 2000


def summarise_opinions(study: Study, ballots: pa.Table, *, bootstrap: int = BOOTSTRAP) -> pa.Table:
    """The rows of ``OPINIONS``: each method of the study, in its order, from the ballots that count."""
    frame = ballots.to_pandas()
    counted = frame[frame["is_counted"]]
    if counted.empty:
        raise InputError(f"study {study.name}: none of {len(frame)} votes counts; expected a rater who heeds the attention checks")
    rows = {"rating": _rating_rows, "pairs": _pair_rows}[study.mode](study, counted, bootstrap)
    heard, kept = frame["rater"].nunique(), counted["rater"].nunique()
    lengths = frame.groupby("rater").size()
    unfinished = sum(int(lengths[rater]) < len(study.order_of(int(rater))) for rater in counted["rater"].unique())
    shared = {"study": study.name, "mode": study.mode, "dataset": study.dataset, "n_left_out": heard - kept, "n_unfinished": unfinished}
    return pa.Table.from_pylist([{**shared, **row} for row in rows], schema=OPINIONS)


def _rating_rows(study: Study, votes: pd.DataFrame, bootstrap: int) -> Iterator[Row]:
    places = _places(study, votes)
    methods = _positions(votes["method"], study.methods)
    shape = (places[0].max() + 1, len(study.images), len(study.methods))
    sums, counts = np.zeros(shape), np.zeros(shape)
    np.add.at(sums, (*places, methods), votes["score"].to_numpy())
    np.add.at(counts, (*places, methods), 1)
    means = ratio_of(sums.sum((0, 1)), counts.sum((0, 1)))
    cells = np.stack([sums, counts], -1)
    resamples = resampled(cells, lambda sums: ratio_of(sums[..., 0], sums[..., 1]), resamples=bootstrap, rng=_rng(study))
    answers = np.zeros((len(study.images) * len(study.methods), study.choices))
    np.add.at(answers, (places[1] * len(study.methods) + methods, votes["score"].to_numpy() - 1), 1)
    agreement = {
        "alpha_ordinal": _plain(krippendorff_alpha(answers, ordinal_difference)),
        "alpha_interval": _plain(krippendorff_alpha(answers, interval_difference)),
    }
    for row in _rows(study, means, resamples, "mos"):
        own = votes[votes["method"] == row["method"]]
        yield {**row, **agreement, "deviation": _plain(own["score"].std()), **_sizes(own)}


def _pair_rows(study: Study, votes: pd.DataFrame, bootstrap: int) -> Iterator[Row]:
    places = _places(study, votes)
    left, right = (_positions(votes[column], study.methods) for column in ("method", "against"))
    is_left = (votes["score"] == 1).to_numpy()
    winner, loser = np.where(is_left, left, right), np.where(is_left, right, left)
    count = len(study.methods)
    wins = np.zeros((places[0].max() + 1, len(study.images), count, count))
    np.add.at(wins, (*places, winner, loser), 1)
    total, by_image = wins.sum((0, 1)), wins.sum(0)
    resamples = resampled(wins, lambda sums: strengths(sums, tie=TIE), resamples=bootstrap, rng=_rng(study))
    above = np.triu_indices(count, 1)
    agreement = {"kendall_u": _plain(kendall_u(by_image[:, *above], by_image.transpose(0, 2, 1)[:, *above]))}
    rates = ratio_of(total.sum(1), total.sum(1) + total.sum(0))
    for position, row in enumerate(_rows(study, strengths(total, tie=TIE), resamples, "strength")):
        own = votes[(votes["method"] == row["method"]) | (votes["against"] == row["method"])]
        yield {**row, **agreement, "win_rate": _plain(rates[position]), **_sizes(own)}


def _rows(study: Study, values: np.ndarray, resamples: np.ndarray | None, column: str) -> Iterator[Row]:
    """The columns of each method that come from its value and the value's resamples (resamples, methods)."""
    reference = study.methods.index(COMPOSITE)
    spread = np.empty((0, len(values))) if resamples is None else resamples
    for position, method in enumerate(study.methods):
        low, high = interval(spread[:, position])
        difference_low, difference_high = interval(spread[:, position] - spread[:, reference])
        yield {
            "method": method,
            column: _plain(values[position]),
            "low": low,
            "high": high,
            "difference": _plain(values[position] - values[reference]),
            "difference_low": difference_low,
            "difference_high": difference_high,
        }


def _rng(study: Study) -> np.random.Generator:
    return numpy_rng(study.seed, "study", "bootstrap")


def _places(study: Study, votes: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Positions of each vote's rater, among those who count, and image."""
    raters = np.unique(votes["rater"], return_inverse=True)[1]
    return raters, _positions(votes["sample_id"], [image.sample_id for image in study.images])


def _positions(column: pd.Series, names: list[str]) -> np.ndarray:
    return column.map({name: position for position, name in enumerate(names)}).to_numpy(dtype=np.int64)


def _sizes(votes: pd.DataFrame) -> Row:
    return {"n_votes": len(votes), "n_raters": votes["rater"].nunique(), "n_images": votes["sample_id"].nunique()}


def _plain(number: float) -> float | None:
    return None if np.isnan(number) else float(number)
