"""Scores image by image, for the page's plots: rounded to what a plot shows, with the quantiles that say the same in words."""

import numpy as np

from imharmony.evaluation.blocks import Block, ratio_of
from imharmony.evaluation.conventions import COUNTED, HEADLINE
from imharmony.evaluation.score_sets import Scores, headline_block
from reporting.embedding import rounded

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MOST_IMAGES = 2000  # of a data set; above that the plot subsamples and says so


def distributions_of(scores: Scores) -> dict[str, dict]:
    """For each data set the images' names and, by measure, each method's values and quantiles under the headline protocol.

    A method of several seeds has the mean of their finite values on each image. Quantiles are over all images, plotted or not.
    """
    return {name: _distributions(headline_block(own)) for name, own in scores.sets.items()}


def _distributions(block: Block) -> dict:
    methods, samples = block.methods, block.samples
    shown = np.unique(np.linspace(0, len(samples) - 1, min(len(samples), MOST_IMAGES)).round().astype(int))
    measures = {}
    for name, measure in COUNTED.items():
        place = next((index for index, column in enumerate(block.columns) if column.metric == HEADLINE.column(name)), None)
        if place is None:
            continue
        values = np.stack([_mean_of_seeds(block.values[block.members(method), :, place]) for method in methods])
        if np.isnan(values).all():
            continue
        measures[name] = {
            "values": rounded(values[:, shown], measure.digits),
            "quantiles": rounded(np.array([_quantiles(row) for row in values]), measure.digits),
            "infinite": np.isnan(values).sum(1).tolist(),
        }
    return {"methods": methods, "samples": [samples[index] for index in shown], "n_images": len(samples), "measures": measures}


def _mean_of_seeds(values: np.ndarray) -> np.ndarray:
    """Of the finite values (seeds, images) of each image; NaN without any."""
    finite = np.isfinite(values)
    return ratio_of(np.where(finite, values, 0.0).sum(0), finite.sum(0))


def _quantiles(values: np.ndarray) -> np.ndarray:
    known = values[~np.isnan(values)]
    return np.quantile(known, QUANTILES) if len(known) else np.full(len(QUANTILES), np.nan)
