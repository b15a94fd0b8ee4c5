"""One method scored on the test split of every data set, and in brief on the validation split."""

import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
from torch import nn

from imharmony.composing.packed_split import PackedSplit, data_hash
from imharmony.evaluation.controls import CONTROLS, inner_error, score_controls
from imharmony.evaluation.conventions import headline_means
from imharmony.evaluation.measures import SCORES
from imharmony.evaluation.scoring import Harmonize, score_split
from imharmony.evaluation.validation import score_validation
from imharmony.metrics.perceptual import load_lpips, missing_backbone
from imharmony.storage.files import write_text
from imharmony.storage.shards import Row
from imharmony.storage.tables import read_table, write_table
from pipeline.params.file import Params
from pipeline.params.training import COMPOSITE, InputName
from pipeline.steps.fingerprints import read_fingerprint
from pipeline.steps.packing import packed, packed_test
from pipeline.steps.paths import Places

UNTRAINED = {"trained_on": None, "stands_in_for": None}

log = logging.getLogger(__name__)


def write_scores(
    params: Params,
    places: Places,
    harmonize: Harmonize,
    *,
    method: str,
    seed: int,
    code: Path,
    given: InputName = COMPOSITE,
    learned_from: Mapping[str, str | None] = UNTRAINED,
) -> None:
    """Writes the per-image table of a method and, beside it, a few headline numbers for ``dvc metrics``, the validation's table and
    that of the controls.

    A method may be ``given`` the semi-harmonized pictures; it is scored against and pasted over the composites as all others are. It
    has no controls: their pictures would have to be semi-harmonized anew.
    ``code`` is the fingerprint of the cell that scores it; ``learned_from`` are the columns ``trained_on`` and ``stands_in_for``.
    """
    evaluation = params.active.evaluation
    made_by, perceptual = read_fingerprint(code).code, perceptual_network(evaluation.lpips)
    rows: list[Row] = []
    validation: list[Row] = []
    controls: list[Row] = []
    for dataset in params.datasets:
        names = {"method": method, "seed": seed, "dataset": dataset, "code": made_by, **learned_from}
        names["data_hash"] = data_hash(places.composites(dataset))
        if dataset in params.scored:
            split = _split(params, places, dataset, "test", given)
            own: list[float | None] = []
            keep = _keep_inner_error(split, own) if given == COMPOSITE else None
            rows += score_split(split, harmonize, names=names, perceptual=perceptual, inputs=split.semi_harmonized, on_output=keep)
            controls += score_controls(split, harmonize, names=names, own=own) if given == COMPOSITE else []
        if "val" in read_table(places.composites(dataset) / "manifest.parquet", ["split"])["split"].to_pylist():
            split = _split(params, places, dataset, "val", given)
            validation += score_validation(split, harmonize, names=names, inputs=split.semi_harmonized)
        else:
            log.warning("%s: no validation photographs; no method can be chosen on it", dataset)
    write_table(places.validation(method, seed), pa.Table.from_pylist(validation, schema=SCORES))
    write_table(places.controls(method, seed), pa.Table.from_pylist(controls, schema=CONTROLS))
    write_rows_of(places.scores(method, seed), rows)


def _keep_inner_error(split: PackedSplit, found: list[float | None]) -> Callable[[int, np.ndarray], None]:
    return lambda index, raw: found.append(inner_error(split, index, raw))


def _split(params: Params, places: Places, dataset: str, split: str, given: InputName) -> PackedSplit:
    if given == COMPOSITE:
        return packed(params, places, dataset, split, params.active.evaluation.size_px)
    return packed_test(params, places, dataset, split)


def write_rows_of(path: Path, rows: list[Row]) -> None:
    """Writes a method's rows of ``measures.SCORES`` and, beside them, their headline numbers."""
    table = pa.Table.from_pylist(rows, schema=SCORES)
    write_table(path, table)
    write_text(path.with_suffix(".json"), json.dumps(headline_means(table), indent=2) + "\n")


def perceptual_network(backbone: str | None) -> nn.Module | None:
    """The network of LPIPS; None, with a warning, where its weights are absent."""
    if backbone is None:
        return None
    if problem := missing_backbone(backbone):
        log.warning("%s; the column stays empty", problem)
        return None
    return load_lpips(backbone)
