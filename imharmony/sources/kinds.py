"""Where photographs and their masks come from, by the ``kind`` that ``params.yaml`` names."""

from collections.abc import Callable
from typing import NamedTuple

from imharmony.sources.coco import fetch_coco, list_coco
from imharmony.sources.embedded import fetch_studio, list_studio, list_studio_portraits
from imharmony.sources.folder import fetch_folder, list_folder
from imharmony.sources.iharmony4 import compose_iharmony4, fetch_iharmony4, list_iharmony4
from imharmony.sources.kaggle import list_matting_human
from imharmony.sources.portraits import fetch_portraits


class Source(NamedTuple):
    """What a source can do. ``list`` and ``compose`` take the keys of its section of ``params.yaml`` as keyword arguments.

    The engine is ``workers`` and ``cluster_address`` (``running.engine``). A published source has composites of its own, which
    ``compose`` takes over instead of the synthesis.
    """

    list: Callable[..., None]  # (out, work, engine) -> photographs.parquet, instances.parquet
    fetch: Callable[..., None]  # (photographs, listed, source, out, work, engine) -> shards, photographs.parquet
    fetch_keys: tuple[str, ...] = ()  # those of the section's keys that ``fetch`` takes
    compose: Callable[..., None] | None = None  # (selected, out, dataset, engine) -> shards, manifest.parquet, dropped.parquet


SOURCES = {
    "coco": Source(list_coco, fetch_coco, fetch_keys=("mirror", "parallel", "attempts", "timeout_seconds")),
    "folder": Source(list_folder, fetch_folder, fetch_keys=("folder",)),
    "iharmony4": Source(list_iharmony4, fetch_iharmony4, compose=compose_iharmony4),
    "matting_human": Source(list_matting_human, fetch_portraits),
    "studio": Source(list_studio, fetch_studio),
    "studio_portraits": Source(list_studio_portraits, fetch_portraits),
}
