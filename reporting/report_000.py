"""Test pictures as report 000's code counts them, which no table of scores can tell."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from imharmony.evaluation.report_000 import as_report_000_counts
from imharmony.evaluation.scoring import metric_tensor, pictures_of
from reporting.methods import Method

if TYPE_CHECKING:
    from imharmony.composing.packed_split import PackedSplit


def as_its_code_counts(
    split: "PackedSplit", methods: Mapping[str, Method], sample_ids: list[str]
) -> dict[tuple[str, str], dict[str, float]]:
    """``mse`` and ``psnr`` of each method's own picture, by method and picture."""
    places = {name: place for place, name in enumerate(split.rows["sample_id"].to_pylist())}
    scores = {}
    for sample_id in sample_ids:
        composite, _, _ = pictures_of(split, places[sample_id])
        for name, method in methods.items():
            output = method.output(split, places[sample_id])
            error, decibels = as_report_000_counts(metric_tensor(composite), metric_tensor(output))
            scores[name, sample_id] = {"mse": error.item(), "psnr": decibels.item()}
    return scores
