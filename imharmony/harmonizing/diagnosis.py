"""A photograph and its mask as they lie on the disk, and what is found of them: the ground on which all checks stand.

A check is a function of a ``Case`` that gives a ``Finding`` or None. The tables of checks are in ``photo_checks`` and ``mask_checks``.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar

import numpy as np

from imharmony.errors import InputError, line_of
from imharmony.pictures.mask_files import read_mask
from imharmony.pictures.opening import is_deep, opened, orientation_of
from imharmony.pictures.photo_files import Photograph, read_photograph

Severity = Literal["wrong", "doubt", "note"]  # refused by harmonize; done, but hardly as meant; good to know
Pixels = TypeVar("Pixels")
LARGEST_PX = 1_000_000_000  # of a file whose first bytes are looked at; nothing is decoded for that


class Finding(NamedTuple):
    """One thing that was found: what came, why it matters, what to do."""

    severity: Severity
    what: str
    why: str
    do: str

    @property
    def line(self) -> str:
        """All of it in one line."""
        return f"{self.severity}: {self.what}. {_sentence(self.why)}. {_sentence(self.do)}."


class Look(NamedTuple):
    """What a file says of itself, before its pixels are decoded."""

    path: Path
    name: str  # for messages
    refusal: str | None = None  # why it cannot be opened; all below is unknown then
    kind: str = ""  # JPEG, PNG, ...
    mode: str = ""  # Pillow's
    size: tuple[int, int] = (0, 0)  # width, height as stored
    orientation: int = 1  # EXIF's
    is_deep: bool = False
    profile: bytes | None = None

    @property
    def shown(self) -> tuple[int, int]:
        """Width and height as viewers show it."""
        return (self.size[1], self.size[0]) if self.orientation in range(5, 9) else self.size

    @property
    def pixels(self) -> int:
        """How many there are."""
        return self.size[0] * self.size[1]


@dataclass(frozen=True)
class Case:
    """What ``harmonize`` would be given."""

    photo: Look
    mask: Look | None  # None: the photograph's transparency is the mask
    background: Look | None
    photograph: Photograph | None  # None: it does not decode, or is too large
    matte: np.ndarray | None  # uint8 (H, W), 255 = the pasted object, upright; None: there is none, or it cannot be told
    refusal: str | None  # why the photograph's pixels are not known, though its file can be opened
    mask_refusal: str | None  # the same of the mask's
    most_pixels: int

    @property
    def looks(self) -> list[Look]:
        """The files that there are."""
        return [each for each in (self.photo, self.mask, self.background) if each is not None]

    @property
    def mask_name(self) -> str:
        """What the mask is called in messages."""
        return self.mask.name if self.mask is not None else f"{self.photo.name} (its transparency)"

    @property
    def is_readable(self) -> bool:
        """Whether every file can be opened and the photograph decoded."""
        return self.photograph is not None and all(each.refusal is None for each in self.looks)


Check = Callable[[Case], Finding | None]


def case_of(photo: Path, mask: Path | None, background: Path | None, *, most_pixels: int) -> Case:
    """Reads what there is; what cannot be read is said in the case."""
    paths = [path for path in (photo, mask, background) if path is not None]
    names = {path: path.name if len({each.name for each in paths}) == len(paths) else str(path) for path in paths}
    looks = [None if path is None else look_at(path, name=names[path]) for path in (photo, mask, background)]
    photo_look, mask_look, background_look = looks
    assert photo_look is not None
    with _silence():
        photograph, refusal = _read(photo_look, lambda look: read_photograph(look.path, most_pixels=most_pixels))
        matte, mask_refusal = _read(mask_look, lambda look: read_mask(look.path, name=look.name, most_pixels=most_pixels))
    if mask is None and photograph is not None:
        matte = photograph.alpha
    return Case(photo_look, mask_look, background_look, photograph, matte, refusal, mask_refusal, most_pixels)


def _read(look: Look | None, reader: Callable[[Look], Pixels]) -> tuple[Pixels | None, str | None]:
    """What a file has, or why it cannot be read; neither of a file that is not there or cannot be opened."""
    if look is None or look.refusal is not None:
        return None, None
    try:
        return reader(look), None
    except (InputError, OSError, MemoryError) as error:
        return None, line_of(error)


def look_at(path: Path, *, name: str) -> Look:
    """What a file says of itself; ``name`` is for messages."""
    try:
        with opened(path, name=name, most_pixels=LARGEST_PX) as image:
            profile = image.info.get("icc_profile") or None
            has_16_bits = is_deep(image)  # asked first: the orientation of a PNG is known once it is decoded, and its depth only before
            return Look(path, name, None, image.format or "", image.mode, image.size, orientation_of(image), has_16_bits, profile)
    except (InputError, OSError) as error:
        return Look(path, name, refusal=line_of(error))


def examined(case: Case, checks: tuple[Check, ...]) -> list[Finding]:
    """What the checks find, in their order."""
    return [finding for check in checks if (finding := check(case)) is not None]


@contextmanager
def _silence() -> Iterator[None]:
    """What reading would warn of is found by checks."""
    log = logging.getLogger("imharmony")
    before, log.disabled = log.disabled, True
    children = [each for name, each in logging.root.manager.loggerDict.items() if name.startswith("imharmony.")]
    loggers = [each for each in children if isinstance(each, logging.Logger) and not each.disabled]
    for each in loggers:
        each.disabled = True
    try:
        yield
    finally:
        log.disabled = before
        for each in loggers:
            each.disabled = False


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
