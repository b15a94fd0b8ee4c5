"""Test pictures as report 000's code counts them, which no table of scores can tell."""

import json
from collections.abc import Mapping

from imharmony.evaluation.report_000 import as_report_000_counts
from imharmony.evaluation.scoring import metric_tensor, pictures_of
from imharmony.storage.files import write_text
from reporting.methods import Method
from reporting.pictures import Pictures

KEPT = "report_000.json"  # beside the method's pictures


def as_its_code_counts(
    pictures: Pictures, methods: Mapping[str, Method], sample_ids: Mapping[str, list[str]]
) -> dict[tuple[str, str], dict[str, float]]:
    """``mse`` and ``psnr`` of each method's own picture, by method and picture; ``sample_ids`` are by data set."""
    scores = {}
    for dataset, names in sample_ids.items():
        for name, method in methods.items():
            path = pictures.folder(name, dataset) / KEPT
            known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
            if any(sample_id not in known for sample_id in names):
                known = {sample_id: _counted(pictures, method, dataset, sample_id) for sample_id in names}
                write_text(path, json.dumps(known))
            scores |= {(name, sample_id): known[sample_id] for sample_id in names}
    return scores


def _counted(pictures: Pictures, method: Method, dataset: str, sample_id: str) -> dict[str, float]:
    split, place = pictures.split(dataset), pictures.place(dataset, sample_id)
    composite, _, _ = pictures_of(split, place)
    error, decibels = as_report_000_counts(metric_tensor(composite), metric_tensor(method.output(split, place)))
    return {"mse": error.item(), "psnr": decibels.item()}
