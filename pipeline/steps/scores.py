"""One method scored on the test split of every data set, and in brief on the validation split."""

import json
import logging
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import torch
from torch import nn

from imharmony.composing.packed_split import PackedSplit, data_hash
from imharmony.evaluation.controls import CONTROLS
from imharmony.evaluation.conventions import read_headline_means
from imharmony.evaluation.measures import SCORES
from imharmony.evaluation.methods import Harmonize
from imharmony.evaluation.parts import Order, control_parts, score_parts, validate_parts
from imharmony.metrics.perceptual import load_lpips, missing_backbone
from imharmony.running.engine import engine
from imharmony.storage.files import write_text
from imharmony.storage.shards import Row
from imharmony.storage.streams import join_tables
from imharmony.storage.tables import read_table, write_table
from pipeline.params.file import Params
from pipeline.params.training import COMPOSITE, InputName
from pipeline.steps.fingerprints import read_fingerprint
from pipeline.steps.packing import packed, packed_test
from pipeline.steps.paths import Places
from pipeline.steps.work_folders import work_folder

UNTRAINED = {"trained_on": None, "stands_in_for": None}
WORTH_A_PROCESS = 1024  # pictures: another process takes seconds to begin

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
    weights: str | None = None,
    gpus: tuple[str, ...] = (),
) -> None:
    """Writes the per-image table of a method and, beside it, a few headline numbers for ``dvc metrics``, the validation's table and
    that of the controls.

    A method may be ``given`` the semi-harmonized pictures; it is scored against and pasted over the composites as all others are. It
    has no controls: their pictures would have to be semi-harmonized anew. It is called by the workers of an engine, so it is a function
    with a place in a module, or an object that travels and loads its network where it is.
    ``code`` is the fingerprint of the cell that scores it, ``weights`` what names its network; ``learned_from`` are the columns
    ``trained_on`` and ``stands_in_for``; ``gpus`` those that processes here take one of each.
    """
    lpips = known_backbone(params.active.evaluation.lpips)
    test = {name: _split(params, places, name, "test", given) for name in params.datasets if name in params.scored}
    val = {name: _split(params, places, name, "val", given) for name in params.datasets if _has_validation(places, name)}
    folders = [places.composites(name) for name in params.datasets]
    folders += [places.intrinsic(name) for name in params.preprocessed] if given != COMPOSITE else []
    on = "cluster" if params.machine.cluster else "gpu" if gpus else "cpu"
    made_of = {"method": method, "seed": seed, "weights": weights, "lpips": lpips, "on": on}
    work = work_folder("scores", code, made_of, *(folder / "manifest.parquet" for folder in folders))
    count = sum(split.rows.num_rows for split in (*test.values(), *val.values()))
    found: dict[str, list[Path]] = {"scores": [], "validation": [], "controls": []}
    threads = torch.get_num_threads()
    workers = params.machine.processes if gpus else min(params.machine.processes, max((os.cpu_count() or 1) // threads, 1))
    with engine(params.machine.cluster, workers=workers, worth=count // WORTH_A_PROCESS, gpus=gpus) as run:
        for dataset in params.datasets:
            names = {"method": method, "seed": seed, "dataset": dataset, "code": read_fingerprint(code).code, **learned_from}
            names["data_hash"] = data_hash(places.composites(dataset))
            order = Order((work / dataset).resolve(), harmonize, names, lpips, threads, given == COMPOSITE)
            order.work.mkdir(exist_ok=True)
            if dataset in test:
                found["scores"] += score_parts(run, order, test[dataset])
                found["controls"] += control_parts(run, order, test[dataset]) if given == COMPOSITE else ()
            if dataset in val:
                found["validation"] += validate_parts(run, order, val[dataset])
    join_tables(places.validation(method, seed), found["validation"], SCORES)
    join_tables(places.controls(method, seed), found["controls"], CONTROLS)
    join_tables(places.scores(method, seed), found["scores"], SCORES)
    write_headline(places.scores(method, seed))
    shutil.rmtree(work)


def _split(params: Params, places: Places, dataset: str, split: str, given: InputName) -> PackedSplit:
    if given == COMPOSITE:
        return packed(params, places, dataset, split, params.active.evaluation.size_px)
    return packed_test(params, places, dataset, split)


def _has_validation(places: Places, dataset: str) -> bool:
    if "val" in read_table(places.composites(dataset) / "manifest.parquet", ["split"])["split"].unique().to_pylist():
        return True
    log.warning("%s: no validation photographs; no method can be chosen on it", dataset)
    return False


def write_rows_of(path: Path, rows: list[Row]) -> None:
    """Writes a method's rows of ``measures.SCORES`` and, beside them, their headline numbers."""
    write_table(path, pa.Table.from_pylist(rows, schema=SCORES))
    write_headline(path)


def write_headline(path: Path) -> None:
    """Writes the headline numbers of a method's table beside it."""
    write_text(path.with_suffix(".json"), json.dumps(read_headline_means(path), indent=2) + "\n")


def known_backbone(backbone: str | None) -> str | None:
    """The backbone of LPIPS; None, with a warning, where its weights are absent."""
    if backbone is not None and (problem := missing_backbone(backbone)):
        log.warning("%s; the column stays empty", problem)
        return None
    return backbone


def perceptual_network(backbone: str | None) -> nn.Module | None:
    """The network of LPIPS; None, with a warning, where its weights are absent."""
    known = known_backbone(backbone)
    return None if known is None else load_lpips(known)
