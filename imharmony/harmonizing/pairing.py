"""Which mask belongs to which photograph of a folder, by their names. Nothing is opened here.

Masks of ``photo.jpg``: ``photo_mask.png`` or ``photo.mask.png`` beside it, ``photo_mask_1.png`` and so on where there are several; in a
folder ``masks`` beside it, or in one that is given, also ``photo.png`` and ``photo_1.png``. In iHarmony4's layout,
``composite_images/x_1_2.jpg`` has ``masks/x_1.png``.
"""

import logging
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from imharmony.harmonizing.ledger import NAME

ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".heic", ".heif", ".avif"}  # what is taken for a picture
LITTER = {"thumbs.db", "desktop.ini", "ehthumbs.db", "icon\r", "__macosx"}  # beside all whose names begin with a dot
MASKS, COMPOSITES = "masks", "composite_images"
BESIDE_MASKS = {COMPOSITES, "photographs", "photos", "images", "composites"}  # folders whose masks lie in a folder beside them
MASK_NAME = re.compile(r"(?P<stem>.+)[._-]masks?(?:[._-]?(?P<number>\d+))?", re.IGNORECASE | re.DOTALL)
NUMBERED = re.compile(r"(?P<stem>.+)_(?P<number>\d+)", re.DOTALL)
OWN = "_harmonized"  # ends the names of results that lie beside their photographs
NO_MASK = "no mask; expected {stem}_mask.png beside it, or masks/{stem}.png, or --masks FOLDER, or --background for a cut-out"
NO_PHOTO = "a mask without a photograph; expected one of its name; rename one of them"

log = logging.getLogger(__name__)


class Pair(NamedTuple):
    """What becomes one result, or a row that says why not."""

    photo: Path | None
    masks: tuple[Path, ...]  # joined where there are several; none of a cut-out
    tail: str = ""  # of the result's name, where a photograph has several
    why: str = ""  # there is nothing to harmonize


class Sought(NamedTuple):
    """Where to look, and for what."""

    folder: Path
    out: Path  # never taken for input
    masks: Path | None = None  # a folder that has the masks
    is_cut_outs: bool = False  # pictures without masks
    is_together: bool = False  # several masks of a photograph make one result
    left_out: tuple[Path, ...] = ()  # files that are no input: a background, a model
    results: frozenset[Path] = frozenset()  # of earlier runs, resolved: no input either


def pairs_of(sought: Sought) -> list[Pair]:
    """All photographs in the order of their names, then masks that have none."""
    pairs: list[Pair] = []
    masks: dict[Path, None] = {}  # in order
    for folder, pictures in _folders(sought):
        if sought.is_cut_outs:
            pairs += [Pair(path, ()) for path in pictures]
            continue
        place = _mask_folder(folder, sought)
        within = _pictures_in(place)
        beside = [] if sought.masks is not None else _masks_among(pictures, within)
        masks |= dict.fromkeys([*beside, *_pictures_below(place)])
        photos = [path for path in pictures if path not in set(beside)]
        pairs += _of_photos(photos, [*beside, *within], is_together=sought.is_together, is_iharmony4=folder.name == COMPOSITES)
    if sought.masks is not None:
        masks |= dict.fromkeys(_pictures_below(sought.masks))
    used = {mask for pair in pairs for mask in pair.masks}
    return pairs + [Pair(None, (mask,), why=NO_PHOTO) for mask in masks if mask not in used]


def _folders(sought: Sought) -> Iterator[tuple[Path, list[Path]]]:
    """The folders that photographs are looked for in, with their pictures."""
    out, left_out = sought.out.resolve(), {path.resolve() for path in sought.left_out}
    others: list[str] = []
    for place, folders, names in os.walk(sought.folder):
        folder = Path(place)
        folders[:] = [name for name in sorted(folders) if not _is_litter(name) and not _is_no_input(folder / name, out, sought)]
        if COMPOSITES in folders:
            passed = [name for name in folders if name != COMPOSITES]
            if passed:
                log.warning("%s: iHarmony4's layout; %s passed over", folder, ", ".join(passed))
            folders[:] = [COMPOSITES]
        files = [folder / name for name in sorted(names) if not _is_litter(name) and (folder / name).resolve() not in left_out]
        is_out = folder.resolve() == out
        pictures = [path for path in files if path.suffix.lower() in ENDINGS]
        others += [path.name for path in files if path.suffix.lower() not in ENDINGS and not (is_out and path.suffix == ".csv")]
        yield folder, [path for path in pictures if path.resolve() not in sought.results]
    if others:
        log.warning("%s: %d files passed over that are no pictures: %s", sought.folder, len(others), ", ".join(sorted(others)[:5]))


def _is_no_input(folder: Path, out: Path, sought: Sought) -> bool:
    """Whether a folder inside has results or masks."""
    if folder.resolve() == out or (sought.masks is not None and folder.resolve() == sought.masks.resolve()):
        return True
    if (folder / NAME).is_file():  # results of another run
        return True
    return folder.name.lower() == MASKS and sought.masks is None and not sought.is_cut_outs


def _mask_folder(folder: Path, sought: Sought) -> Path | None:
    if sought.masks is not None:
        return sought.masks / folder.relative_to(sought.folder)
    places = [folder, *([folder.parent] if folder.name.lower() in BESIDE_MASKS else [])]
    return next((each for place in places for each in sorted(place.iterdir()) if each.name.lower() == MASKS and each.is_dir()), None)


def _pictures_in(folder: Path | None) -> list[Path]:
    return [path for path in _pictures_below(folder) if path.parent == folder]


def _pictures_below(folder: Path | None) -> list[Path]:
    """All pictures of a folder of masks and of what is in it."""
    if folder is None or not folder.is_dir():
        return []
    found = (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in ENDINGS and not path.is_dir())
    return [path for path in found if not any(_is_litter(part) for part in path.relative_to(folder).parts)]


def _masks_among(pictures: list[Path], masks: list[Path]) -> list[Path]:
    """Pictures named as masks; not a photograph that happens to be called so and has a mask of its own."""
    stems, in_masks = {path.stem for path in pictures}, {path.stem for path in masks}
    named = {path: found["stem"] for path in pictures if (found := MASK_NAME.fullmatch(path.stem))}
    owners = set(named.values())
    return [path for path, stem in named.items() if stem in stems or (path.stem not in owners and path.stem not in in_masks)]


def _of_photos(photos: list[Path], masks: list[Path], *, is_together: bool, is_iharmony4: bool) -> Iterator[Pair]:
    by_stem = _grouped(photos, lambda photo: photo.stem)
    by_mask = _grouped(photos, lambda photo: photo.stem.rpartition("_")[0]) if is_iharmony4 else {}
    owned: dict[Path, list[tuple[Path, str]]] = defaultdict(list)
    for mask in masks:
        owners, number = _owners(mask, by_stem, by_mask)
        for photo in owners:
            owned[photo].append((mask, number))
    for photo in photos:
        yield from _of_photo(photo, owned[photo], is_together=is_together)


def _owners(mask: Path, by_stem: dict[str, list[Path]], by_mask: dict[str, list[Path]]) -> tuple[list[Path], str]:
    """The photographs that a mask is of, and the number in its name."""
    if owners := by_mask.get(mask.stem, []) or by_stem.get(mask.stem, []):
        return owners, ""
    for pattern in (MASK_NAME, NUMBERED):
        found = pattern.fullmatch(mask.stem)
        if found is not None and found["stem"] in by_stem:
            return by_stem[found["stem"]], found["number"] or ""
    return [], ""


def _of_photo(photo: Path, owned: list[tuple[Path, str]], *, is_together: bool) -> list[Pair]:
    """The results of one photograph, whose masks come with the numbers in their names."""
    if not owned:
        return [Pair(photo, (), why=NO_MASK.format(stem=photo.stem))]
    if is_together or len(owned) == 1:
        return [Pair(photo, tuple(mask for mask, _ in owned))]
    numbers = [number for _, number in owned]
    if "" in numbers or len(set(numbers)) < len(numbers):
        numbers = [str(number) for number in range(1, len(owned) + 1)]
    return [Pair(photo, (mask,), f"_{number}") for (mask, _), number in zip(owned, numbers, strict=True)]


def _grouped(photos: Iterable[Path], key: Callable[[Path], str]) -> dict[str, list[Path]]:
    grouped: dict[str, list[Path]] = defaultdict(list)
    for photo in photos:
        grouped[key(photo)].append(photo)
    return dict(grouped)


def _is_litter(name: str) -> bool:
    return name.startswith(".") or name.lower() in LITTER
