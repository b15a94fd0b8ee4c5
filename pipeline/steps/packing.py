"""The packed pictures of a data set, made once per size and shared by training and evaluation."""

from dataclasses import replace

from imharmony.composing.joined_split import joined
from imharmony.composing.packed_split import PackedSplit, pack_split
from imharmony.errors import InputError
from pipeline.params.file import Params
from pipeline.params.mixtures import Mixture, names_in, weights_in
from pipeline.params.training import COMPOSITE, INTRINSIC, InputName
from pipeline.steps.paths import Places
from pipeline.steps.work_folders import work_folder


def packed(params: Params, places: Places, dataset: str, split: str, size_px: int, given: InputName = COMPOSITE) -> PackedSplit:
    """One split of a data set at ``size_px``, from the cache under ``.work/`` or packed now.

    Its composites are what a harmonizer is given: with ``given`` intrinsic they are semi-harmonized.
    """
    if dataset not in params.datasets:
        raise ValueError(f"data set {dataset!r}; expected one of {params.datasets}")
    composites = places.intrinsic(dataset) if given == INTRINSIC else places.composites(dataset)
    cache = work_folder("pack", places.fingerprint("pack"), composites / "manifest.parquet", size_px)
    return pack_split(composites, cache, split=split, size_px=size_px, **params.machine.engine)


def packed_together(params: Params, places: Places, mixture: Mixture, split: str, size_px: int, given: InputName) -> PackedSplit:
    """One split of all data sets of a mixture, as training takes it: each packed by itself, read as one."""
    names = names_in(mixture)
    parts = {name: packed(params, places, name, split, size_px, given) for name in names}
    return joined(parts, sources={name: params.active.datasets[name].source for name in names}, weights=weights_in(mixture))


def packed_test(params: Params, places: Places, dataset: str, split: str = "test") -> PackedSplit:
    """The test or validation split of a data set at the size that is scored, with its semi-harmonized pictures if it is preprocessed."""
    size_px = params.active.evaluation.size_px
    own = packed(params, places, dataset, split, size_px)
    if dataset not in params.preprocessed:
        return own
    semi = packed(params, places, dataset, split, size_px, INTRINSIC)
    if not own.rows["sample_id"].equals(semi.rows["sample_id"]):
        raise InputError(f"{places.intrinsic(dataset)}: other composites than {places.composites(dataset)}; run preprocess_intrinsic again")
    return replace(own, semi_harmonized=semi.composite)
