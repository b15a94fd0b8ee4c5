"""People from portraits over photographs of other places: composites that have no real photograph, as report 004 tests on them.

The places may be any photographs; the report takes the 130,519 of the SUN database.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pyarrow as pa

from imharmony.composing.backgrounds import estimated_foreground
from imharmony.composing.composites import recomposed
from imharmony.errors import InputError
from imharmony.pictures.images import decode_rgb, encode_png, read_rgb
from imharmony.running.progress import track
from imharmony.running.seeds import numpy_rng, stable_hash
from imharmony.sources.archives import Archive, open_archive
from imharmony.sources.matting_human import Pair, Rejected, pair_up, read_pair
from imharmony.storage.files import atomic_folder
from imharmony.storage.shards import Row
from imharmony.storage.tables import write_rows

ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"}
COMPOSITES, MASKS = "composites", "masks"

# One row per composite, by name.
PASTED = pa.schema(
    [
        ("name", pa.string()),  # of the files composites/<name>.png and masks/<name>.png
        ("portrait", pa.string()),
        ("background", pa.string()),  # below the folder of photographs
        ("crop_x", pa.int32()),  # where the portrait lies in the background, once that is made as small as it can be around it
        ("crop_y", pa.int32()),
    ]
)


class Pasted(NamedTuple):
    """A composite (H, W, 3), and where its background was cut out."""

    composite: np.ndarray
    crop_x: int
    crop_y: int


def paste_portraits(portraits: Path, backgrounds: Path, out: Path, *, count: int, seed: int = 0, estimate: bool = False) -> None:
    """Writes ``count`` composites of an archive of portraits (a zip or folder) and any folder of photographs into a new ``out``.

    Which person is before which place depends on the seed and the number alone, while both collections stay the same. With
    ``estimate`` the person's own colours are laid over the place; else the portrait's, whose background shows in the hair.
    """
    places = photographs_in(backgrounds)
    archive = open_archive(portraits)
    try:
        pairs, _ = pair_up(archive.members())
        if not pairs:
            raise InputError(f"{portraits}: no portrait; expected clip_img/ and matting/ as AISegment has them; name another archive")
        with atomic_folder(out) as folder:
            for name in (COMPOSITES, MASKS):
                (folder / name).mkdir()
            made = _made(archive, pairs, backgrounds, places, folder, count=count, seed=seed, estimate=estimate)
            write_rows(folder / "manifest.parquet", list(track(made, total=count, what="paste", unit="composites")), PASTED)
    finally:
        archive.close()


def photographs_in(folder: Path) -> list[Path]:
    """All photographs below a folder, by their endings, in the order of their names."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; expected photographs")
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS and path.is_file() and path.name[0] != ".")
    if not found:
        raise InputError(f"{folder}: no photographs; expected files that end in {', '.join(sorted(ENDINGS))}")
    return found


def pasted(foreground: np.ndarray, matte: np.ndarray, place: np.ndarray, rng: np.random.Generator) -> Pasted:
    """A person (H, W, 3) with a matte, uint8 (H, W), over a place of any size: scaled until it just covers, cut out at random."""
    height, width = matte.shape
    scale = max(height / place.shape[0], width / place.shape[1])
    size = max(round(place.shape[1] * scale), width), max(round(place.shape[0] * scale), height)
    covering = cv2.resize(place, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    x, y = (int(rng.integers(0, room, endpoint=True)) for room in (size[0] - width, size[1] - height))
    return Pasted(recomposed(foreground, matte / 255, covering[y : y + height, x : x + width]), x, y)


def _made(
    archive: Archive, pairs: list[Pair], root: Path, places: list[Path], folder: Path, *, count: int, seed: int, estimate: bool
) -> Iterator[Row]:
    """Writes the files of each composite and gives its row."""
    for number in range(count):
        pair = pairs[stable_hash(seed, number, "portrait") % len(pairs)]
        place = places[stable_hash(seed, number, "place") % len(places)]
        portrait = read_pair(archive, pair)
        if isinstance(portrait, Rejected):
            came = f"{portrait.name}: {portrait.reason} ({portrait.detail})"
            raise InputError(f"{came}; expected a whole portrait; remove it or take another seed")
        photo = decode_rgb(portrait.photograph, name=portrait.name)
        foreground = estimated_foreground(photo, portrait.alpha / 255) if estimate else photo
        made = pasted(foreground, portrait.alpha, read_rgb(place), numpy_rng(seed, number, "crop"))
        name = f"{number:06d}"
        (folder / COMPOSITES / f"{name}.png").write_bytes(encode_png(made.composite))
        (folder / MASKS / f"{name}.png").write_bytes(encode_png(portrait.alpha))
        place_name = place.relative_to(root).as_posix()
        yield {"name": name, "portrait": portrait.name, "background": place_name, "crop_x": made.crop_x, "crop_y": made.crop_y}
