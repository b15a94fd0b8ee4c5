"""Anybody's own photographs: a folder with ``photographs/`` and ``masks/``.

A photograph ``beach.jpg`` (JPEG, PNG, WebP, TIFF ...) has the masks ``beach.png`` or ``beach_<anything>.png``, one for each
foreground, white (or opaque) where it is; half-way up is inside. A name is worth an id of 63 bits, so that adding photographs
changes no other one's. What systems leave beside photographs (``Thumbs.db``, ``desktop.ini``) is passed over and named, and an empty
mask is left out with its largest value.
"""

import logging
import os
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa

from imharmony.composing.instances import INSTANCES
from imharmony.errors import InputError
from imharmony.pictures.images import plain_photograph, size_of_whole
from imharmony.pictures.mask_files import read_mask
from imharmony.pictures.masks import instance_of
from imharmony.pictures.opening import turned_note
from imharmony.pictures.pairs import INSIDE
from imharmony.running.progress import track
from imharmony.running.seeds import stable_hash
from imharmony.sources.left_out import LeftOut, examples_of, keep_left_out
from imharmony.sources.photographs import File, pack
from imharmony.sources.tables import PHOTOGRAPHS
from imharmony.storage.files import atomic_folder
from imharmony.storage.shards import Row
from imharmony.storage.tables import write_rows

PHOTOGRAPHS_FOLDER, MASKS_FOLDER = "photographs", "masks"
ENDINGS = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif"}
HEADS = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"II*\0", b"MM\0*", b"GIF8", b"BM")  # of pictures that have no such ending
HEAD_BYTES = 12
MOST_NAMES = 5  # that a line of the log names

log = logging.getLogger(__name__)


def list_folder(
    *,
    out: Path,
    work: Path,  # noqa: ARG001
    workers: int,  # noqa: ARG001
    cluster_address: str | None = None,  # noqa: ARG001
    folder: str,
    category: str,
    licence: str,
) -> None:
    """Lists a folder's photographs and masks; every file is decoded. All foregrounds are of one category, all files under one licence."""
    root = Path(folder)
    photographs, masks = _by_stem(root / PHOTOGRAPHS_FOLDER), [*_by_stem(root / MASKS_FOLDER).values()]
    rows = {
        stem: _photograph(path, licence=licence)
        for stem, path in track(photographs.items(), total=len(photographs), what="list", unit="photographs")
    }
    left_out: list[LeftOut] = []
    instances = [
        row
        for path in track(masks, total=len(masks), what="masks", unit="masks")
        if (row := _instance(path, rows, left_out, category=category)) is not None
    ]
    if not instances:
        raise InputError(f"{root / MASKS_FOLDER}: every mask is empty, {examples_of(left_out)}; expected white (255) where a foreground is")
    _expect_unique([row["image_id"] for row in rows.values()], [row["annotation_id"] for row in instances])
    bare = len(rows) - len({row["image_id"] for row in instances})
    if bare:
        log.warning("%s: %d of %d photographs have no mask and are not used", root, bare, len(rows))
    write_rows(out / "photographs.parquet", list(rows.values()), PHOTOGRAPHS)
    write_rows(out / "instances.parquet", instances, INSTANCES)
    keep_left_out(left_out, out, what=str(root / MASKS_FOLDER))


def fetch_folder(
    photographs: pa.Table,
    *,
    listed: Mapping[str, int],  # noqa: ARG001
    source: Path,  # noqa: ARG001
    out: Path,
    work: Path,  # noqa: ARG001
    workers: int,  # noqa: ARG001
    cluster_address: str | None = None,  # noqa: ARG001
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
    """The pictures of a folder by name; a link that leads elsewhere is a file like any other. What is none is named in the log."""
    if not folder.is_dir():
        came = "a file" if folder.exists() else "no such folder"
        raise InputError(f"{folder}: {came}; expected {PHOTOGRAPHS_FOLDER}/ and {MASKS_FOLDER}/ side by side")
    visible = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    files = [path for path in visible if path.is_file() and _may_be_picture(path)]
    passed_over = [path.name + "/" * path.is_dir() for path in visible if path not in set(files)]
    if passed_over:
        names = ", ".join(passed_over[:MOST_NAMES]) + (" ..." if len(passed_over) > MOST_NAMES else "")
        log.warning("%s: passed over %d that are no picture files: %s", folder, len(passed_over), names)
    if strange := [path for path in files if not path.name.isprintable() and any(0xD800 <= ord(letter) < 0xE000 for letter in path.name)]:
        raise InputError(f"{folder}: {os.fsencode(strange[0].name)!r} is no text in UTF-8; expected names that are; rename it")
    if not files:
        raise InputError(f"{folder}: no files; expected photographs in {PHOTOGRAPHS_FOLDER}/ and their masks in {MASKS_FOLDER}/")
    return files


def _may_be_picture(path: Path) -> bool:
    """By its ending; a file with another one is a picture if its first bytes say so."""
    if path.suffix.lower() in ENDINGS:
        return True
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    return head.startswith(HEADS) or (head.startswith(b"RIFF") and head[8:12] == b"WEBP")


def _by_stem(folder: Path) -> dict[str, Path]:
    stems: dict[str, Path] = {}
    for path in _files(folder):
        stem = _stem(path)
        if stem in stems:
            raise InputError(f"{path}: {stems[stem].name} has the same name but for its ending or its accents; rename one of them")
        stems[stem] = path
    return stems


def _stem(path: Path) -> str:
    """A name as it is compared: macOS takes an umlaut apart, other systems do not."""
    return unicodedata.normalize("NFC", path.stem)


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


def _instance(path: Path, photographs: dict[str, Row], left_out: list[LeftOut], *, category: str) -> Row | None:
    """A mask's row, or None for an empty one, which is added to ``left_out``."""
    owner = _owner(_stem(path), photographs)
    if owner is None:
        came = f"no photograph is called {path.stem!r} or a part of it before an underscore"
        raise InputError(f"{path}: {came}{_lookalike(path)}; rename the mask or remove it")
    photograph = photographs[owner]
    mask = read_mask(path)
    height, width = mask.shape
    if (width, height) != (photograph["width"], photograph["height"]):
        expected = f"{photograph['width']}x{photograph['height']} as {photograph['file_name']} has"
        pair = path, path.parent.parent / PHOTOGRAPHS_FOLDER / photograph["file_name"]
        notes = "".join(turned_note(each, name=each.name) for each in pair)
        raise InputError(f"{path}: {width}x{height} pixels; expected {expected}; make the mask anew{notes}")
    if (largest := int(mask.max())) < INSIDE:
        left_out.append(LeftOut(path.name, "empty_mask", f"its largest value is {largest}; a foreground begins at {INSIDE} of 255"))
        return None
    names = {"annotation_id": stable_hash("mask", path.stem) >> 1, "image_id": photograph["image_id"]}
    return names | instance_of(mask >= INSIDE, category_id=1, category=category)


def _owner(stem: str, photographs: dict[str, Row]) -> str | None:
    """The longest name of a photograph that a mask's name is, or begins with before an underscore."""
    while stem not in photographs:
        stem, found, _ = stem.rpartition("_")
        if not found:
            return None
    return stem


def _lookalike(mask: Path) -> str:
    """For a message: the file that may be meant, which is called so but for upper case or is no picture that is read."""
    wanted = _stem(mask).casefold()
    for path in sorted((mask.parent.parent / PHOTOGRAPHS_FOLDER).iterdir()):
        if _stem(path).casefold() == wanted:
            why = "whose upper and lower case differ" if _stem(path) != _stem(mask) else "which is no picture that is read: save it as JPEG"
            return f"; there is {path.name}, {why}"
    return ""


def _expect_unique(image_ids: list[int], annotation_ids: list[int]) -> None:
    for ids in (image_ids, annotation_ids):
        if len(set(ids)) < len(ids):
            raise InputError("two names have the same 63-bit hash; rename one of the photographs or masks")
