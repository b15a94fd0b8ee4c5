"""AISegment's Matting Human data set: 34,427 portraits with alpha mattes, as published on Kaggle or in the same layout.

``clip_img/<batch>/clip_<part>/<stem>.jpg`` is a photograph and ``matting/<batch>/matting_<part>/<stem>.png`` its matte, an RGBA
PNG whose fourth channel is the alpha. Kaggle's archive holds both trees twice, the second time under ``matting_human_half/``,
and files that macOS left. The annotators call the mattes a soft segmentation: they are not exact in hair.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from imharmony.errors import InputError
from imharmony.pictures.images import encode_png, oddities
from imharmony.pictures.opening import TooManyPixelsError, opened
from imharmony.pictures.photo_files import is_opaque, photograph_of, srgb_of
from imharmony.running.seeds import stable_hash
from imharmony.sources.archives import Archive, DamagedError, Member, open_archive

PUBLISHED = 34_427  # portraits
LICENCE = "MIT licence file in the annotators' repository; rights in the photographs unclear: research use, do not redistribute"
MOST_PIXELS = 1 << 25  # of one picture
PNG_LEVEL = 4

# reason -> what it means. Nothing is left out without one of them.
REASONS = {
    "macos_metadata": "a resource fork or folder settings of macOS",
    "unexpected": "not where the layout has photographs and mattes",
    "duplicate": "a second file of one portrait, as large as the first",
    "duplicate_differs": "a second file of one portrait, of another size",
    "repeated_name": "a second member of one name in the zip",
    "outside": "a path that leads out of the archive",
    "symbolic_link": "a link, which is not followed",
    "not_a_file": "a pipe, socket or device",
    "encrypted": "a member with a password",
    "bad_name": "a name that is not UTF-8",
    "too_large": "more bytes or pixels than any portrait has",
    "no_matte": "a photograph without matte",
    "no_photograph": "a matte without photograph",
    "unreadable": "does not decode whole",
    "transparent": "a photograph that is transparent in parts",
    "no_alpha": "a matte without alpha channel",
    "flat_alpha": "a matte of one value, such as 0 or 255 everywhere",
    "size_mismatch": "a matte of another size than its photograph",
    "same_photograph": "the bytes of another portrait's photograph",
}

_PHOTOGRAPH = re.compile(r"(?:.*/)?clip_img/(?P<batch>[^/]+)/clip_(?P<part>[^/]+)/(?P<stem>[^/]+)\.(?i:jpe?g)")
_MATTE = re.compile(r"(?:.*/)?matting/(?P<batch>[^/]+)/matting_(?P<part>[^/]+)/(?P<stem>[^/]+)\.(?i:png)")
_MACOS = re.compile(r"(?:.*/)?(?:\._[^/]*|\.DS_Store|__MACOSX)(?:/.*)?")
_PLAIN_FORMATS = {"JPEG", "MPO"}
_NAMELESS = "portrait"  # in messages whose row names the file


class Pair(NamedTuple):
    """A portrait's two files."""

    name: str  # <batch>/<part>/<stem>
    group: str  # its batch
    photograph: str  # names of members
    matte: str
    size_bytes: int  # of both


class Rejected(NamedTuple):
    """A file that is left out."""

    name: str
    reason: str  # of ``REASONS``
    detail: str = ""


class Portrait(NamedTuple):
    """One portrait, decoded once and found whole."""

    portrait_id: int
    name: str
    group: str
    photograph: bytes  # upright 8-bit: the published JPEG, or a PNG where that had to be converted
    matte: bytes  # the published PNG
    alpha: np.ndarray  # uint8 (H, W), the matte's
    converted: str | None  # what the photograph was converted from


def portrait_id(name: str) -> int:
    """A portrait's number below 2**63, from its name alone."""
    return stable_hash("matting_human", name) >> 1


def read_portraits(path: Path) -> Iterator[Portrait | Rejected]:
    """Every file of an archive, as a portrait or with the reason why it is none: first what has no pair, then pairs by name."""
    archive = open_archive(path)
    try:
        pairs, rejected = pair_up(archive.members())
        yield from rejected
        for pair in pairs:
            yield read_pair(archive, pair)
    finally:
        archive.close()


def pair_up(members: Iterable[Member]) -> tuple[list[Pair], list[Rejected]]:
    """The portraits by name, and what is none by name. Of several files of one portrait, that in the fewest folders is kept."""
    photographs: dict[str, Member] = {}
    mattes: dict[str, Member] = {}
    rejected = []
    for member in sorted(members, key=lambda member: (member.name.count("/"), member.name)):
        reason = "macos_metadata" if _MACOS.fullmatch(member.name) else member.problem
        photograph, matte = _PHOTOGRAPH.fullmatch(member.name), _MATTE.fullmatch(member.name)
        place = photograph or matte
        if reason or place is None:
            rejected.append(Rejected(member.name, reason or "unexpected"))
            continue
        kept = (photographs if photograph else mattes).setdefault("/".join(place.groups()), member)
        if kept is not member:
            same = kept.size_bytes == member.size_bytes
            rejected.append(Rejected(member.name, "duplicate" if same else "duplicate_differs", f"of {kept.name}"))
    rejected += [Rejected(photographs[name].name, "no_matte") for name in photographs.keys() - mattes.keys()]
    rejected += [Rejected(mattes[name].name, "no_photograph") for name in mattes.keys() - photographs.keys()]
    pairs = [_pair(name, photographs[name], mattes[name]) for name in photographs.keys() & mattes.keys()]
    return sorted(pairs), sorted(rejected)


def read_pair(archive: Archive, pair: Pair) -> Portrait | Rejected:
    """A pair's portrait, or which of its files is at fault."""
    reading = pair.photograph
    try:
        data = archive.read(pair.photograph)
        photograph, size, converted = _upright(data)
        reading = pair.matte
        matte = archive.read(pair.matte)
        alpha = _alpha(matte, size)
    except _RefusalError as refusal:
        return Rejected(reading, refusal.reason, refusal.detail)
    except DamagedError as error:
        return Rejected(reading, "unreadable", error.reason)
    return Portrait(portrait_id(pair.name), pair.name, pair.group, photograph, matte, alpha, converted)


def _pair(name: str, photograph: Member, matte: Member) -> Pair:
    return Pair(name, name.partition("/")[0], photograph.name, matte.name, photograph.size_bytes + matte.size_bytes)


class _RefusalError(Exception):
    """Why a file is left out."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


@contextmanager
def _decoded(data: bytes, formats: tuple[str, ...]) -> Iterator[Image.Image]:
    try:
        with opened(data, name=_NAMELESS, formats=formats, most_pixels=MOST_PIXELS) as image:
            image.load()
            yield image
    except TooManyPixelsError as error:
        raise _RefusalError("too_large", _reason(error)) from error
    except InputError as error:
        raise _RefusalError("unreadable", _reason(error)) from error


def _reason(error: InputError) -> str:
    """What came, without the name and the advice, which are a row's own."""
    return str(error).removeprefix(f"{_NAMELESS}: ").partition(";")[0]


def _upright(data: bytes) -> tuple[bytes, tuple[int, int], str | None]:
    """A photograph that any decoder shows alike: its bytes, (width, height), and what it was converted from or None."""
    with _decoded(data, ("JPEG", "PNG", "WEBP")) as image:
        odd = [str(image.format)] * (image.format not in _PLAIN_FORMATS) + oddities(image, name=_NAMELESS)
        if not odd:
            return data, image.size, None
        photograph = photograph_of(image, data, name=_NAMELESS)
    if not is_opaque(photograph):
        raise _RefusalError("transparent")
    rgb = srgb_of(photograph, name=_NAMELESS)
    return encode_png(rgb, level=PNG_LEVEL), (rgb.shape[1], rgb.shape[0]), ", ".join(odd)


def _alpha(data: bytes, size: tuple[int, int]) -> np.ndarray:
    """The alpha of a matte, uint8 (H, W)."""
    with _decoded(data, ("PNG",)) as image:
        if not image.has_transparency_data:
            raise _RefusalError("no_alpha", image.mode)
        if image.size != size:
            raise _RefusalError("size_mismatch", f"{image.width}x{image.height}; its photograph has {size[0]}x{size[1]}")
        alpha = np.asarray(image.convert("RGBA").getchannel("A"))
    if alpha.min() == alpha.max():
        raise _RefusalError("flat_alpha", f"{alpha.min()} everywhere")
    return alpha
