"""Scores image by image, for the page's plots: rounded to what a plot shows, with the quantiles that say the same in words."""

import numpy as np
import pandas as pd
import pyarrow as pa

from imharmony.evaluation.conventions import COUNTED, under
from reporting.embedding import rounded

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MOST_IMAGES = 2000  # of a data set; above that the plot subsamples and says so


def distributions_of(scores: pa.Table) -> dict[str, dict]:
    """For each data set the images' names and, by measure, each method's values and quantiles under the headline protocol.

    A method of several seeds has the mean of their finite values on each image. Quantiles are over all images, plotted or not.
    """
    frame = under(scores, "headline").to_pandas().replace([np.inf, -np.inf], np.nan)
    images = frame.groupby(["dataset", "method", "image_id", "sample_id"], sort=True)[list(COUNTED)].mean()
    return {str(dataset): _distributions(part.droplevel("dataset")) for dataset, part in images.groupby(level="dataset", sort=False)}


def _distributions(images: pd.DataFrame) -> dict:
    methods = sorted(images.index.unique("method"))
    samples = images.loc[methods[0]].index.get_level_values("sample_id").to_numpy()
    shown = np.unique(np.linspace(0, len(samples) - 1, min(len(samples), MOST_IMAGES)).round().astype(int))
    measures = {}
    for name, measure in COUNTED.items():
        values = images[name].to_numpy().reshape(len(methods), len(samples))
        if np.isnan(values).all():
            continue
        measures[name] = {
            "values": rounded(values[:, shown], measure.digits),
            "quantiles": rounded(np.array([_quantiles(row) for row in values]), measure.digits),
            "infinite": np.isnan(values).sum(1).tolist(),
        }
    return {"methods": methods, "samples": samples[shown].tolist(), "n_images": len(samples), "measures": measures}


def _quantiles(values: np.ndarray) -> np.ndarray:
    known = values[~np.isnan(values)]
    return np.quantile(known, QUANTILES) if len(known) else np.full(len(QUANTILES), np.nan)
