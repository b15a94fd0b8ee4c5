"""Where photographs and their masks come from, by the ``kind`` that ``params.yaml`` names."""

from collections.abc import Callable
from typing import NamedTuple

from harmonization.sources.coco import fetch_coco, list_coco
from harmonization.sources.embedded import fetch_studio, list_studio
from harmonization.sources.folder import fetch_folder, list_folder
from harmonization.sources.iharmony4 import compose_iharmony4, fetch_iharmony4, list_iharmony4


class Source(NamedTuple):
    """What a source can do. All take the keys of its section of ``params.yaml`` as keyword arguments.

    A published source has composites of its own, which ``compose`` takes over instead of the synthesis.
    """

    list: Callable[..., None]  # (out, work, workers) -> photographs.parquet, instances.parquet
    fetch: Callable[..., None]  # (photographs, listing, source, out, work, workers) -> shards, photographs.parquet
    compose: Callable[..., None] | None = None  # (selected, out, dataset, workers) -> shards, manifest.parquet, dropped.parquet


SOURCES = {
    "coco": Source(list_coco, fetch_coco),
    "folder": Source(list_folder, fetch_folder),
    "iharmony4": Source(list_iharmony4, fetch_iharmony4, compose_iharmony4),
    "studio": Source(list_studio, fetch_studio),
}
