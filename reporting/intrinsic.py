"""The report's part on report 001's preprocessing: what its decompositions are worth, and how far its lights are known."""

import json
from dataclasses import dataclass

import pandas as pd

from imharmony.evaluation.buckets import LEAST_PHOTOGRAPHS
from imharmony.intrinsic.judging import averages
from imharmony.storage.shards import Row
from imharmony.storage.tables import read_table
from pipeline.params.file import Params
from pipeline.params.intrinsic import Intrinsic
from pipeline.steps.paths import Places


@dataclass(frozen=True)
class IntrinsicSection:
    """What the page says of the preprocessing."""

    chosen: Intrinsic
    decompositions: list[Row]  # as ``averages`` gives them; none where another back end than the network is chosen
    edits: Row | None  # as ``edit_training.EditErrors`` has them; None where edits are not learned
    lights: list[Row]  # one for each data set


def intrinsic_section(params: Params, places: Places) -> IntrinsicSection | None:
    """Reads what the stages ``train_shading``, ``train_edits`` and ``preprocess_intrinsic`` left; None where nothing is preprocessed."""
    if not params.preprocessed:
        return None
    chosen = params.intrinsic
    judged = averages(read_table(places.preprocessing("shading") / "decompositions.parquet")) if chosen.has_shading_network else []
    edits = json.loads((places.preprocessing("edits") / "metrics.json").read_text(encoding="utf-8")) or None
    judged = [without_few(row) for row in judged]
    return IntrinsicSection(chosen, judged, edits, [_lights(places, dataset) for dataset in params.datasets])


def without_few(row: Row) -> Row:
    """A row of ``averages`` as it is, or without its intervals where it is of too few scenes."""
    return {name: None if name.endswith(("_low", "_high")) and row["scenes"] < LEAST_PHOTOGRAPHS else value for name, value in row.items()}


def _lights(places: Places, dataset: str) -> Row:
    """How many lights of test composites are trusted, and how well those explain the shading of what they were not fitted to."""
    lights = read_table(places.intrinsic(dataset) / "lights.parquet").to_pandas()
    row: Row = {"dataset": dataset, "composites": len(lights), "unchanged": int(lights["unchanged"].notna().sum())}
    for region in ("foreground", "background"):
        fitted = lights[lights[f"{region}_r2"].notna()]
        trusted = fitted[fitted[f"{region}_is_trusted"].astype(bool)]
        median = trusted[f"{region}_r2"].median()
        row |= {"fitted": len(fitted), f"{region}_trusted": len(trusted), f"{region}_r2": None if pd.isna(median) else float(median)}
    return row
