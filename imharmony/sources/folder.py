"""Anybody's own photographs: a folder with ``photographs/`` and ``masks/``.

A photograph ``beach.jpg`` (JPEG, PNG, WebP, TIFF ...) has the masks ``beach.png`` or ``beach_<anything>.png``, one for each
foreground, white (or opaque) where it is; half-way up is inside. A name is worth an id of 63 bits, so that adding photographs
changes no other one's.
"""

import logging
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from imharmony.composing.instances import INSTANCES
from imharmony.errors import InputError
from imharmony.pictures.images import plain_photograph, size_of_whole
from imharmony.pictures.mask_files import read_mask
from imharmony.pictures.masks import INSIDE, instance_of
from imharmony.running.progress import track
from imharmony.running.seeds import stable_hash
from imharmony.sources.photographs import File, pack
from imharmony.sources.tables import PHOTOGRAPHS
from imharmony.storage.files import atomic_folder
from imharmony.storage.shards import Row
from imharmony.storage.tables import write_rows

PHOTOGRAPHS_FOLDER, MASKS_FOLDER = "photographs", "masks"

log = logging.getLogger(__name__)


def list_folder(*, out: Path, work: Path, workers: int, folder: str, category: str, licence: str) -> None:  # noqa: ARG001
    """Lists a folder's photographs and masks; every file is decoded. All foregrounds are of one category, all files under one licence."""
    root = Path(folder)
    photographs, masks = _by_stem(root / PHOTOGRAPHS_FOLDER), _files(root / MASKS_FOLDER)
    rows = {
        stem: _photograph(path, licence=licence)
        for stem, path in track(photographs.items(), total=len(photographs), what="list", unit="photographs")
    }
    instances = [_instance(path, rows, category=category) for path in track(masks, total=len(masks), what="masks", unit="masks")]
    _expect_unique([row["image_id"] for row in rows.values()], [row["annotation_id"] for row in instances])
    bare = len(rows) - len({row["image_id"] for row in instances})
    if bare:
        log.warning("%s: %d of %d photographs have no mask and are not used", root, bare, len(rows))
    write_rows(out / "photographs.parquet", list(rows.values()), PHOTOGRAPHS)
    write_rows(out / "instances.parquet", instances, INSTANCES)


def fetch_folder(
    photographs: pa.Table,
    *,
    listing: pa.Table,  # noqa: ARG001
    source: Path,  # noqa: ARG001
    out: Path,
    work: Path,  # noqa: ARG001
    workers: int,  # noqa: ARG001
    folder: str,
) -> None:
    """Packs the photographs into shards: their own bytes, or an upright 8-bit PNG of what not every decoder shows alike."""
    rows = photographs.sort_by("image_id").to_pylist()
    with atomic_folder(out) as temporary:
        pack(_contents(rows, Path(folder) / PHOTOGRAPHS_FOLDER), len(rows), temporary)


def _contents(rows: list[Row], folder: Path) -> Iterator[tuple[Row, File]]:
    for row in rows:
        data = _plain(folder / row["file_name"])
        width, height = size_of_whole(data, name=row["file_name"])
        if (width, height) != (row["width"], row["height"]):
            came = f"{width}x{height} pixels; it had {row['width']}x{row['height']} when it was listed"
            raise InputError(f"{folder / row['file_name']}: {came}; list the folder again")
        yield row, File(data)


def _files(folder: Path) -> list[Path]:
    """The visible files of a folder by name; a link that leads elsewhere is a file like any other."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; expected {PHOTOGRAPHS_FOLDER}/ and {MASKS_FOLDER}/ side by side")
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    if not files:
        raise InputError(f"{folder}: no files; expected photographs in {PHOTOGRAPHS_FOLDER}/ and their masks in {MASKS_FOLDER}/")
    return files


def _by_stem(folder: Path) -> dict[str, Path]:
    stems: dict[str, Path] = {}
    for path in _files(folder):
        if path.stem in stems:
            raise InputError(f"{path}: {stems[path.stem].name} has the same name but for its ending; rename one of them")
        stems[path.stem] = path
    return stems


def _plain(path: Path) -> bytes:
    return plain_photograph(path.read_bytes(), name=str(path))


def _photograph(path: Path, *, licence: str) -> Row:
    width, height = size_of_whole(_plain(path), name=str(path))
    return {
        "image_id": stable_hash(path.stem) >> 1,
        "file_name": path.name,
        "url": "",
        "width": width,
        "height": height,
        "official_split": "",
        "licence_id": 0,
        "licence": licence,
    }


def _instance(path: Path, photographs: dict[str, Row], *, category: str) -> Row:
    owner = _owner(path.stem, photographs)
    if owner is None:
        raise InputError(
            f"{path}: no photograph is called {path.stem!r} or a part of it before an underscore; rename the mask or remove it"
        )
    photograph = photographs[owner]
    mask = read_mask(path) >= INSIDE
    height, width = mask.shape
    if (width, height) != (photograph["width"], photograph["height"]):
        expected = f"{photograph['width']}x{photograph['height']} as {photograph['file_name']} has"
        raise InputError(f"{path}: {width}x{height} pixels; expected {expected}; make the mask anew")
    names = {"annotation_id": stable_hash("mask", path.stem) >> 1, "image_id": photograph["image_id"]}
    return names | instance_of(mask, category_id=1, category=category)


def _owner(stem: str, photographs: dict[str, Row]) -> str | None:
    """The longest name of a photograph that a mask's name is, or begins with before an underscore."""
    while stem not in photographs:
        stem, found, _ = stem.rpartition("_")
        if not found:
            return None
    return stem


def _expect_unique(image_ids: list[int], annotation_ids: list[int]) -> None:
    for ids in (image_ids, annotation_ids):
        if len(set(ids)) < len(ids):
            raise InputError("two names have the same 63-bit hash; rename one of the photographs or masks")
