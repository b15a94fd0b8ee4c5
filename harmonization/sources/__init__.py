"""Where photographs and their masks come from, by the ``kind`` that ``params.yaml`` names."""

from collections.abc import Callable
from typing import NamedTuple

from harmonization.sources.coco import fetch_coco, list_coco
from harmonization.sources.embedded import fetch_studio, list_studio
from harmonization.sources.folder import fetch_folder, list_folder


class Source(NamedTuple):
    """What a source can do. Both take the keys of its section of ``params.yaml`` as keyword arguments."""

    list: Callable[..., None]  # (out, work, workers) -> photographs.parquet, instances.parquet
    fetch: Callable[..., None]  # (photographs, listing, source, out, work, workers) -> shards, photographs.parquet


SOURCES = {
    "coco": Source(list_coco, fetch_coco),
    "folder": Source(list_folder, fetch_folder),
    "studio": Source(list_studio, fetch_studio),
}
