"""The packed pictures of a data set, made once per size and shared by training and evaluation."""

from harmonization.data import PackedSplit, pack_split
from pipeline.layout import Layout
from pipeline.params import Params
from pipeline.work import work_folder


def packed(params: Params, layout: Layout, dataset: str, split: str, size_px: int) -> PackedSplit:
    """One split of a data set at ``size_px``, from the cache under ``.work/`` or packed now."""
    if dataset not in params.datasets:
        raise ValueError(f"data set {dataset!r}; expected one of {params.datasets}")
    composites = layout.composites(dataset)
    cache = work_folder("pack", composites / "manifest.parquet", size_px)
    return pack_split(composites, cache, split=split, size_px=size_px)
