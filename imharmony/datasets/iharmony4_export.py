"""A data set of ours written in iHarmony4's layout (``imharmony.sources.iharmony4_layout``).

Reading it back gives the same samples: the same ids, splits and lineage, the photographs' own files byte for byte and the masks
bit for bit. Composites are JPEG of the original's quality, so that their pixels are near but not equal, background included;
``lossless`` keeps them bit for bit as PNG, whose names end in .png in the folder and in the lists. Masks and photographs keep
their names, so a loader that takes names from the lists and derives the rest reads either. A mask is white where something is to be
harmonized, as code that trains on the layout takes it: around the foreground if it is the background that was changed. A graded
photograph is the truth of one composite: its name, and its mask's, have the composite's own numbers in them.
"""

import logging
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import numpy as np

from imharmony.composing.composites import read_change, to_harmonize
from imharmony.composing.manifest import OWN_FILE_SHARD, read_manifest
from imharmony.composing.splits import SPLITS
from imharmony.errors import InputError
from imharmony.pictures.images import decode_trusted, encode_jpeg, encode_patch, encode_png, encode_under
from imharmony.pictures.photo_files import own_profile
from imharmony.running.progress import track
from imharmony.sources.iharmony4_layout import FOLDERS, HASHES, LINEAGE, LINEAGE_FILE, MASKS, REALS
from imharmony.sources.iharmony4_lists import COMPOSITES, LISTS, WHOLE_SET, list_path, parse_name, prefix_of
from imharmony.sources.texts import text_lines
from imharmony.storage.files import atomic_folder, write_text
from imharmony.storage.names import problem_of
from imharmony.storage.shards import Row, ShardReader
from imharmony.storage.tables import write_rows

QUALITY = 95  # with 4:2:0, as the quantisation tables of the original's composites have it
JPEG_START = b"\xff\xd8"

log = logging.getLogger(__name__)


def export_iharmony4(composites: Path, out: Path, *, subset: str | None = None, lossless: bool = False) -> Path:
    """Writes ``out/<subset>`` and the subset's lines of ``out/IHD_train.txt`` and ``IHD_test.txt``; returns the subset's folder.

    The subset is called as the data set by default. Validation samples are in the train lists, and in a list of their own.
    """
    table = read_manifest(composites)
    rows = table.sort_by([("shard", "ascending"), ("row", "ascending")]).to_pylist()
    _expect_layable(rows, composites)
    subset = _expected_name(subset or rows[0]["dataset"])
    if (out / subset).exists():
        raise InputError(f"{out / subset}: exists already; expected a new folder; remove it or name another subset")
    with atomic_folder(out / subset) as folder:
        for name in FOLDERS:
            (folder / name).mkdir()
        written = _written(ShardReader(composites, OWN_FILE_SHARD), rows, folder, prefix=prefix_of(subset), lossless=lossless)
        lineage = list(track(written, total=len(rows), what=f"{subset}: export", unit="composites"))
        write_rows(folder / LINEAGE_FILE, lineage, LINEAGE)
        lists = _lists(lineage)
        for split, files in lists.items():
            write_text(list_path(folder, subset, split), _lines(files))
    for split in LISTS:
        _replace_lines(list_path(out, WHOLE_SET, split), subset, lists[split])
    return out / subset


def _expected_name(subset: str) -> str:
    if problem_of(subset) or not re.fullmatch(r"[A-Za-z]\w*", subset, re.ASCII):
        raise InputError(f"subset {subset[:80]!r}: not a name for a folder; expected letters, digits and _ after a first letter")
    return subset


def _expect_layable(rows: list[Row], composites: Path) -> None:
    """There are rows; each can have files of its own, and shares those of its photograph and of its foreground with all others."""
    if not rows:
        raise InputError(f"{composites}: no composites; expected some; make the data set again")
    shared: dict[object, str] = {}
    samples: set[str] = set()
    for row in rows:
        image_id, annotation_id, sample_id = row["image_id"], row["annotation_id"], row["sample_id"]
        name = f"{composites}, sample {sample_id}"
        if not re.fullmatch(rf"{image_id}_{annotation_id}_\d+", sample_id) or sample_id in samples:
            raise InputError(f"{name}: expected a name of its own, {image_id}_{annotation_id}_<k>; make the data set again")
        if row["split"] not in SPLITS:
            raise InputError(f"{name}: split {row['split']!r}; expected one of {SPLITS}; make the data set again")
        photograph = sample_id if row["direction"] == "photograph" else image_id
        for picture, owner in (("photograph", photograph), ("mask", (image_id, annotation_id))):
            sha256_picture = row["sha256_real" if picture == "photograph" else "sha256_mask"]
            if shared.setdefault(owner, sha256_picture) != sha256_picture:
                raise InputError(f"{name}: another {picture} than an earlier sample of the same id; expected one for all of them")
        samples.add(sample_id)


def _written(reader: ShardReader, rows: list[Row], folder: Path, *, prefix: str, lossless: bool) -> Iterator[Row]:
    """Writes the files of each row and gives its row of ``LINEAGE``; a photograph is decoded once while its composites last."""
    real, profile = np.empty(0), None
    hashes: dict[str, str] = {}
    odd = 0
    names = [f"{prefix}{_stem(row)}" for row in rows]
    for row, stem, before in zip(rows, names, ["", *names], strict=False):
        place = row["shard"], row["row"]
        if before.partition("_")[0] != stem.partition("_")[0]:
            file = reader.value(row["shard"], reader.value(*place, "real_row"), "real")
            real = decode_trusted(file, name=f"photograph {row['image_id']}")
            profile = own_profile(file, name=f"photograph {row['image_id']}")
            hashes["real"] = _write(folder / REALS / f"{stem.partition('_')[0]}.jpg", file)
            odd += not file.startswith(JPEG_START)
        composite, mask = read_change(reader, *place, real=real)
        own = reader.value(*place, "composite") if reader.value(*place, "patch") is None else None
        data = own or _encoded(composite, profile, lossless=lossless)
        name = parse_name(f"{stem}.{'jpg' if data.startswith(JPEG_START) else 'png'}")
        if before.rpartition("_")[0] != stem.rpartition("_")[0]:
            hashes["mask"] = _write(folder / MASKS / name.mask, encode_png(to_harmonize(mask, row["direction"]), level=9))
        hashes["composite"] = _write(folder / COMPOSITES / name.file, data)
        lineage = {field: row[field] for field in LINEAGE.names if field in row}
        yield lineage | {"file": name.file} | {column: hashes[picture] for picture, column in HASHES.items()}
    if odd:
        log.warning("%d of the photographs are PNG; they keep their bytes under names in .jpg, as the layout has them", odd)


def _stem(row: Row) -> str:
    """A composite's name without its prefix and ending; what is before its first ``_`` is its photograph's."""
    if row["direction"] != "photograph":
        return row["sample_id"]
    return f"{row['sample_id'].replace('_', '-')}_{row['annotation_id']}_{row['sample_id'].rpartition('_')[2]}"


def _encoded(composite: np.ndarray, profile: bytes | None, *, lossless: bool) -> bytes:
    """A composite's file, under its photograph's profile if that is not sRGB: the two must look alike where they are alike."""
    if profile is not None:
        return encode_under(profile, composite, ".png" if lossless else ".jpg")
    return encode_patch(composite) if lossless else encode_jpeg(composite, quality=QUALITY)


def _write(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return sha256(data).hexdigest()


def _lists(lineage: list[Row]) -> dict[str, list[str]]:
    """The composites of each list, in their order in the data set; validation is a part of train."""
    splits: dict[str, list[str]] = {split: [] for split in SPLITS}
    for row in lineage:
        splits[row["split"]].append(row["file"])
        if row["split"] == "val":
            splits["train"].append(row["file"])
    return splits


def _lines(files: list[str]) -> str:
    return "".join(f"{file}\n" for file in files)


def _replace_lines(path: Path, subset: str, files: list[str]) -> None:
    """Puts a subset's composites into the list of the whole set, in place of those it had."""
    lines = text_lines(path) if path.exists() else []
    kept = [line for line in lines if not line.startswith(f"{subset}/")]
    write_text(path, _lines([*kept, *(f"{subset}/{COMPOSITES}/{file}" for file in files)]))
