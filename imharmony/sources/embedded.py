"""The studio as a source: it writes a small mirror of COCO, or an archive in AISegment's layout, which is then read like any other."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from imharmony.sources.coco import list_mirror
from imharmony.sources.mirror import FolderMirror, MirrorAddress
from imharmony.sources.photographs import store_photographs
from imharmony.sources.portraits import store_portraits
from imharmony.sources.studio import write_studio
from imharmony.sources.studio_portraits import LICENCE, write_studio_portraits
from imharmony.sources.wanted import Wanted

MIRROR = "mirror"
SPLITS = ["train2017", "val2017"]


def list_studio(
    *, out: Path, work: Path, workers: int, cluster_address: str | None = None, scenes: int, width_px: int, height_px: int, seed: int
) -> None:
    """Draws the scenes into ``out``/mirror and lists them like COCO's photographs."""
    size = {"width_px": width_px, "height_px": height_px}
    write_studio(out / MIRROR, purpose="photographs", scenes=scenes, seed=seed, workers=workers, cluster_address=cluster_address, **size)
    list_mirror(FolderMirror(out / MIRROR), out=out, work=work, splits=SPLITS)


def fetch_studio(
    photographs: pa.Table,
    *,
    listed: Mapping[str, int],
    source: Path,
    out: Path,
    work: Path,
    workers: int,
    cluster_address: str | None = None,
) -> None:
    """Brings scenes from the source's mirror into shards."""
    store_photographs(
        MirrorAddress(str((source / MIRROR).resolve())),
        Wanted(photographs, listed),
        out=out,
        work=work,
        parallel=workers,
        workers=workers,
        cluster_address=cluster_address,
    )


def list_studio_portraits(
    *, out: Path, work: Path, workers: int, cluster_address: str | None = None, portraits: int, width_px: int, height_px: int, seed: int
) -> None:
    """Draws portraits and stores them in ``out``; ``fetch_portraits`` brings those that are wanted."""
    archive = work / "studio-portraits"
    machines = {"workers": workers, "cluster_address": cluster_address}
    write_studio_portraits(archive, portraits=portraits, width_px=width_px, height_px=height_px, seed=seed, **machines)
    store_portraits(archive, out, work=work, licence=LICENCE, least=portraits, **machines)
    shutil.rmtree(archive)
