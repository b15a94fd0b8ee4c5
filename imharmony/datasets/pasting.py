"""People from portraits over photographs of other places: composites that have no real photograph, as report 004 tests on them.

The places may be any photographs; the report takes the 130,519 of the SUN database.
"""

import logging
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from imharmony.composing.backgrounds import estimated_foreground
from imharmony.composing.composites import recomposed
from imharmony.errors import InputError
from imharmony.pictures.images import decode_rgb, encode_png
from imharmony.running.progress import track
from imharmony.running.seeds import numpy_rng, stable_hash
from imharmony.sources.archives import Archive, open_archive
from imharmony.sources.left_out import LeftOut, counts_of, keep_left_out
from imharmony.sources.matting_human import Pair, Rejected, pair_up, read_pair
from imharmony.sources.new_backgrounds import BrokenError, Drawn, Place, Places, cut_out, photographs_in
from imharmony.storage.files import atomic_folder
from imharmony.storage.shards import Row
from imharmony.storage.tables import write_rows

COMPOSITES, MASKS = "composites", "masks"

log = logging.getLogger(__name__)

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
    ``estimate`` the person's own colours are laid over the place; else the portrait's, whose background shows in the hair. A broken
    portrait or photograph is left out for the next by name, counted, and named in ``rejected.parquet``.
    """
    places = photographs_in(backgrounds)
    archive = open_archive(portraits)
    try:
        pairs, unpaired = pair_up(archive.members())
        if not pairs:
            raise InputError(f"{portraits}: no portrait; expected clip_img/ and matting/ as AISegment has them; name another archive")
        if unpaired:
            log.warning("%s: %d files belong to no portrait (%s)", portraits, len(unpaired), counts_of(LeftOut(*each) for each in unpaired))
        with atomic_folder(out) as folder:
            for name in (COMPOSITES, MASKS):
                (folder / name).mkdir()
            left_out: list[LeftOut] = []
            people = Drawn(pairs, partial(_portrait, archive), left_out, what=f"{portraits}: portraits")
            drawn_places = Drawn(places, Places(backgrounds), left_out, what=f"{backgrounds}: photographs")
            made = _made(people, drawn_places, folder, count=count, seed=seed, estimate=estimate)
            write_rows(folder / "manifest.parquet", list(track(made, total=count, what="paste", unit="composites")), PASTED)
            keep_left_out(left_out, folder, what="paste", place=out)
    finally:
        archive.close()


def pasted(foreground: np.ndarray, matte: np.ndarray, place: np.ndarray, rng: np.random.Generator) -> Pasted:
    """A person (H, W, 3) with a matte, uint8 (H, W), over a place of any size: scaled until it just covers, cut out at random."""
    cut = cut_out(place, width=matte.shape[1], height=matte.shape[0], rng=rng)
    return Pasted(recomposed(foreground, matte / 255, cut.picture), cut.crop_x, cut.crop_y)


class _Person(NamedTuple):
    name: str
    photo: np.ndarray
    alpha: np.ndarray


def _portrait(archive: Archive, pair: Pair) -> _Person:
    portrait = read_pair(archive, pair)
    if isinstance(portrait, Rejected):
        raise BrokenError(*portrait)
    try:
        return _Person(portrait.name, decode_rgb(portrait.photograph, name=portrait.name), portrait.alpha)
    except InputError as error:
        raise BrokenError(portrait.name, "unreadable", str(error)) from error


def _made(
    people: Drawn[Pair, _Person], places: Drawn[Path, Place], folder: Path, *, count: int, seed: int, estimate: bool
) -> Iterator[Row]:
    """Writes the files of each composite and gives its row."""
    for number in range(count):
        person = people.draw(stable_hash(seed, number, "portrait"))
        place = places.draw(stable_hash(seed, number, "place"))
        foreground = estimated_foreground(person.photo, person.alpha / 255) if estimate else person.photo
        made = pasted(foreground, person.alpha, place.photo, numpy_rng(seed, number, "crop"))
        name = f"{number:06d}"
        (folder / COMPOSITES / f"{name}.png").write_bytes(encode_png(made.composite))
        (folder / MASKS / f"{name}.png").write_bytes(encode_png(person.alpha))
        yield {"name": name, "portrait": person.name, "background": place.name, "crop_x": made.crop_x, "crop_y": made.crop_y}
