"""What others computed, as one method's scores beside ours."""

import logging
from pathlib import Path

from imharmony.composing.packed_split import PackedSplit, data_hash
from imharmony.errors import InputError
from imharmony.evaluation.imported import imported_rows
from imharmony.evaluation.measures import OF_FOREGROUND
from imharmony.evaluation.outputs import score_pictures, without_foreground
from imharmony.storage.shards import Row
from pipeline.params.file import Params
from pipeline.params.imported import ImportedMethod, ImportedTable
from pipeline.steps.fingerprints import read_fingerprint
from pipeline.steps.packing import packed
from pipeline.steps.paths import Places
from pipeline.steps.scores import perceptual_network, write_rows_of

log = logging.getLogger(__name__)


def write_imported_scores(params: Params, places: Places, name: str) -> None:
    """Writes the per-image table of an entry of ``imported`` and, beside it, a few headline numbers, as ``write_scores`` does."""
    entry, evaluation = params.imported_method(name), params.active.evaluation
    perceptual = perceptual_network(evaluation.lpips) if entry.outputs else None
    rows: list[Row] = []
    for dataset in (dataset for dataset in params.datasets if dataset in entry.datasets):
        split = packed(params, places, dataset, "test", evaluation.size_px)
        _tell_empty_masks(dataset, split)
        names = {"method": name, "seed": 0, "dataset": dataset, "data_hash": data_hash(places.composites(dataset))}
        _expect_composites(entry, names)
        if pictures := entry.pictures(dataset):
            names["code"] = read_fingerprint(places.fingerprint("import_scores", name)).code
            rows += score_pictures(pictures, split, names=names, perceptual=perceptual)
        else:  # no code of ours made these numbers, so they have no code
            rows += _rows_of_table(Path(entry.folder), entry.tables[dataset], split, names | {"code": None}, evaluation.size_px)
    write_rows_of(places.scores(name, 0), rows)


def _expect_composites(entry: ImportedMethod, names: Row) -> None:
    """Names of samples outlive a change of the synthesis; results made from the former composites are of another test set."""
    expected, found = entry.data_hash.get(names["dataset"]), names["data_hash"]
    if expected not in {None, found}:
        key = f"imported.{names['method']}.data_hash.{names['dataset']}"
        raise InputError(f"params.yaml: {key} is {expected!r}, the composites' is {found!r}; make the results anew from these composites")


def _rows_of_table(folder: Path, table: ImportedTable, split: PackedSplit, names: Row, size_px: int) -> list[Row]:
    if table.size_px != size_px:
        came = f"{folder / table.file}: scores at {table.size_px} px (imported.{names['method']}.tables.{names['dataset']}.size_px)"
        raise InputError(f"{came}; expected {size_px}, at which this profile scores: those at another size do not compare")
    chosen = {"columns": table.columns, "convention": table.convention, "letters": table.letters}
    return imported_rows(folder / table.file, split, names=names, **chosen)


def _tell_empty_masks(dataset: str, split: PackedSplit) -> None:
    if empty := without_foreground(split):
        what = f"{len(empty)} of {len(split.mask)} images have an empty mask at this size, first {empty[0]}"
        log.warning("%s: %s: their %s are undefined and not averaged", dataset, what, ", ".join(OF_FOREGROUND))
