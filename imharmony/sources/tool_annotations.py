"""COCO's format as annotation tools write it: what can be read becomes COCO's own entries, the rest is left out with a reason.

Tools leave out licences, ``iscrowd``, ``area`` and ``bbox``, write whole numbers as 640.0 or "640" and boxes without an outline, and
let Python write NaN, which is no json. Areas and boxes that are absent, or 0, are measured on the drawn mask.
"""

import math
import re
from collections import Counter
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any, TypeVar

import cv2
import msgspec

from imharmony.errors import InputError
from imharmony.pictures.masks import LONGEST_SIDE_PX, MOST_PIXELS, DegenerateSegmentationError, decode_segmentation, has_sane_size
from imharmony.sources.coco_entries import NO_LICENCE, Annotation, Category, Instances, Licence, Photograph
from imharmony.sources.left_out import LeftOut, counts_of, examples_of
from imharmony.sources.texts import utf8_of

MOST_ID = (1 << 63) - 1
MOST_NUMBER = (1 << 31) - 1
LONGEST_PART = 240  # bytes of one part of a path; a download adds a few to it
LONGEST_NAME = 1024
# A string, which may hold anything, or what Python writes for a number that is none.
_STRING_OR_NO_NUMBER = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|-?Infinity|NaN', re.DOTALL)
_WHOLE = re.compile(r"\s*(\d{1,19})(?:\.0*)?\s*", re.ASCII)
NEEDED = {  # reason -> what the file lacks
    "no_segmentation": "outlines",
    "degenerate": "outlines that enclose something",
    "category": "the list of its categories, by id and name",
    "category_id": "a category_id for each annotation",
    "file_name": "names of files below one folder",
    "size": "width and height of each photograph",
    "id": "whole numbers as ids",
    "image_id": "an image_id for each annotation",
}
_NOTHING = {b"", b"null", b"[]", b"{}", b'""', b"[[]]", b"[null]"}

T = TypeVar("T")


class _RefusalError(Exception):
    """Why an entry is left out."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason)
        self.reason, self.detail = reason, detail


class _Json(msgspec.Struct):
    images: list[msgspec.Raw]
    annotations: list[msgspec.Raw]
    categories: list[msgspec.Raw]
    licenses: msgspec.Raw = msgspec.Raw(b"null")


class _Photograph(msgspec.Struct):
    id: Any = None
    file_name: Any = None
    width: Any = None
    height: Any = None
    license: Any = None
    coco_url: Any = None
    flickr_url: Any = None


class _Annotation(msgspec.Struct):
    id: Any = None
    image_id: Any = None
    category_id: Any = None
    iscrowd: Any = None
    area: Any = None
    bbox: Any = None
    segmentation: msgspec.Raw = msgspec.Raw(b"null")


class _Named(msgspec.Struct):
    """A category or a licence."""

    id: Any = None
    name: Any = None


def read_tool_annotations(data: bytes | bytearray, *, name: str) -> tuple[Instances, list[LeftOut]]:
    """What can be read of a json, and what was left out. A file that is no such json, or of which nothing is left, is an ``InputError``."""
    loose = _decoded(_with_nulls(utf8_of(data, name=name)), name=name)
    left_out: list[LeftOut] = []
    licences = _entries(_listed(loose.licenses), "licence", _Named, _licence, left_out)
    categories = _entries(loose.categories, "category", _Named, _category, left_out)
    names: set[str] = set()
    photographs = _entries(loose.images, "photograph", _Photograph, lambda entry: _photograph(entry, names), left_out)
    reader = _AnnotationReader(photographs, categories)
    annotations = _entries(loose.annotations, "annotation", _Annotation, reader.read, left_out)
    for what, entries, kept in (("photographs", loose.images, photographs), ("annotations", loose.annotations, annotations)):
        if entries and not kept:
            came = f"none of its {len(entries)} {what} can be used ({counts_of(left_out)}); {examples_of(left_out)}"
            raise InputError(f"{name}: {came}; expected COCO's instances json; export it again{_advice(left_out)}")
    return Instances([*photographs.values()], [*annotations.values()], [*categories.values()], [*licences.values()]), left_out


def _advice(left_out: list[LeftOut]) -> str:
    """What a new export needs, by the reason that keeps the most out; what is out for the sake of others does not count."""
    counts = Counter(each.reason for each in left_out if each.reason in NEEDED)
    return f" with {NEEDED[counts.most_common(1)[0][0]]}" if counts else ""


def _with_nulls(data: bytes | bytearray) -> bytes | bytearray:
    if b"NaN" not in data and b"Infinity" not in data:
        return data
    return _STRING_OR_NO_NUMBER.sub(lambda found: found[0] if found[0].startswith(b'"') else b"null", data)


def _decoded(data: bytes | bytearray, *, name: str) -> _Json:
    expected = "expected an object with the lists images, annotations and categories"
    try:
        return msgspec.json.decode(data, type=_Json)
    except msgspec.ValidationError as error:
        raise InputError(f"{name}: not COCO's instances json ({error}); {expected}; export it again as COCO instances") from error
    except msgspec.DecodeError as error:
        came = "empty" if not data.strip() else "a web page" if data.lstrip()[:1] == b"<" else f"damaged, {error}"
        raise InputError(f"{name}: not COCO's instances json ({came}); {expected}; fetch it again") from error
    except RecursionError as error:
        raise InputError(f"{name}: not COCO's instances json (nested too deeply); {expected}; export it again") from error


def _listed(text: msgspec.Raw) -> list[msgspec.Raw]:
    try:
        return msgspec.json.decode(text, type=list[msgspec.Raw])
    except msgspec.MsgspecError:
        return []


def _entries(entries: list[msgspec.Raw], what: str, kind: type, read: Callable[[Any], T], left_out: list[LeftOut]) -> dict[int, T]:
    """The entries that can be read, by their ids; of two with one id the first."""
    decoder = msgspec.json.Decoder(kind)
    kept: dict[int, T] = {}
    for position, text in enumerate(entries):
        number: object = f"number {position + 1}"
        try:
            loose = decoder.decode(text)
            number = _whole(loose.id, "id", most=MOST_ID)
            if number in kept:
                raise _RefusalError("repeated_id", f"id {number} stands earlier in the list")
            entry = read(loose)
            kept[entry.id] = entry  # type: ignore[attr-defined]  # every entry has one
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            left_out.append(LeftOut(f"{what} {number}", "unreadable", str(error)))
        except _RefusalError as refusal:
            left_out.append(LeftOut(f"{what} {number}", refusal.reason, refusal.detail))
    return kept


def _licence(entry: _Named) -> Licence:
    return Licence(_whole(entry.id, "id", most=MOST_NUMBER), entry.name if isinstance(entry.name, str) else "")


def _category(entry: _Named) -> Category:
    number = _whole(entry.id, "id", most=MOST_NUMBER)
    if not isinstance(entry.name, str) or not entry.name:
        raise _RefusalError("category", f"name {_short(entry.name)}; expected a text")
    return Category(number, entry.name)


def _photograph(entry: _Photograph, names: set[str]) -> Photograph:
    file_name = _file_name(entry.file_name)
    sides = [_whole(side, "size", most=1 << 62) for side in (entry.width, entry.height)]
    if not has_sane_size(*sides):
        raise _RefusalError(
            "size", f"{sides[0]}x{sides[1]} pixels; expected sides of 1 to {LONGEST_SIDE_PX} and at most {MOST_PIXELS} pixels"
        )
    if file_name in names:
        raise _RefusalError("repeated_name", f"{file_name} stands earlier in the list")
    names.add(file_name)
    try:
        licence = _whole(entry.license, "license", most=MOST_NUMBER)
    except _RefusalError:
        licence = NO_LICENCE
    urls = (each if isinstance(each, str) else "" for each in (entry.coco_url, entry.flickr_url))
    return Photograph(_whole(entry.id, "id", most=MOST_ID), file_name, sides[0], sides[1], licence, *urls)


class _AnnotationReader:
    def __init__(self, photographs: dict[int, Photograph], categories: dict[int, Category]) -> None:
        self._photographs, self._categories = photographs, categories

    def read(self, entry: _Annotation) -> Annotation:
        image_id, category_id = _whole(entry.image_id, "image_id", most=MOST_ID), _whole(entry.category_id, "category_id", most=MOST_NUMBER)
        photograph = self._photographs.get(image_id)
        if photograph is None:
            raise _RefusalError("photograph", f"of photograph {image_id}, which is not listed or was left out")
        if category_id not in self._categories:
            raise _RefusalError("category", f"of category {category_id}, which is not listed or was left out")
        iscrowd = _flag(entry.iscrowd)
        segmentation = _segmentation(bytes(entry.segmentation))
        area, box = _number(entry.area), _box(entry.bbox)
        if area is None or area <= 0 or box is None:
            measured_area, measured_box = _measured(segmentation, photograph)
            area = measured_area if area is None or area <= 0 else area
            box = box or measured_box
        number = _whole(entry.id, "id", most=MOST_ID)
        return Annotation(number, image_id, category_id, iscrowd, area, box, msgspec.Raw(segmentation))


def _segmentation(text: bytes) -> bytes:
    if b"".join(text[:100].split()) in _NOTHING:
        raise _RefusalError("no_segmentation", "no outline and no run lengths; a box alone is no mask")
    return text


def _measured(segmentation: bytes, photograph: Photograph) -> tuple[float, tuple[float, float, float, float]]:
    """Area and box of the drawn mask."""
    try:
        mask = decode_segmentation(segmentation, width=photograph.width, height=photograph.height)
    except DegenerateSegmentationError as error:
        raise _RefusalError("degenerate", str(error)) from error
    x, y, width, height = cv2.boundingRect(mask)
    return float(cv2.countNonZero(mask)), (float(x), float(y), float(width), float(height))


def _file_name(value: object) -> str:
    """A path below a split's folder; backslashes are those of Windows. Nothing that leads out of the folder."""
    if not isinstance(value, str) or not value.strip():
        raise _RefusalError("file_name", f"file_name {_short(value)}; expected the photograph's name")
    name = value.replace("\\", "/")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    problem = None
    if name.startswith("/") or re.match(r"[A-Za-z]:", name) or "://" in name or ".." in parts or not parts:
        problem = "leads out of the folder"
    elif not name.isprintable() and any(ord(letter) < 32 or ord(letter) == 127 for letter in name):
        problem = "has control characters"
    elif any(0xD800 <= ord(letter) < 0xE000 for letter in name):
        problem = "is no text"
    elif max(len(part.encode()) for part in parts) > LONGEST_PART or len(name.encode()) > LONGEST_NAME:
        problem = "is too long"
    elif name.endswith(".part"):
        problem = "has the ending of a download"
    if problem:
        raise _RefusalError("file_name", f"file_name {_short(value)} {problem}; expected a path below the photographs' folder")
    return str(PurePosixPath(*parts))


def _whole(value: object, what: str, *, most: int = MOST_NUMBER) -> int:
    """A whole number from 0, also as 640.0 or "640"."""
    number = None
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, float) and value.is_integer():
        number = int(value)
    elif isinstance(value, str) and (found := _WHOLE.fullmatch(value)):
        number = int(found[1])
    if number is None or not 0 <= number <= most:
        raise _RefusalError(what, f"{what} {_short(value)}; expected a whole number of at most {most}")
    return number


def _flag(value: object) -> int:
    """``iscrowd``; tools write it as a number, as true or false, or as such a word."""
    word = str(value).strip().lower() if isinstance(value, bool | str) else ""
    if value is None or value == "":
        return 0
    return int(word == "true") if word in {"true", "false"} else _whole(value, "iscrowd")


def _number(value: object) -> float | None:
    """A finite number, also as text, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _box(value: object) -> tuple[float, float, float, float] | None:
    numbers = [_number(each) for each in value] if isinstance(value, list) and len(value) == 4 else []
    x, y, width, height = numbers or [None] * 4
    if x is None or y is None or width is None or height is None or width <= 0 or height <= 0:
        return None
    return x, y, width, height


def _short(value: object) -> str:
    try:
        text = repr(value)
    except ValueError:  # Python writes no whole number of more than 4,300 digits
        text = "of thousands of digits"
    return text if len(text) <= 60 else f"{text[:57]}..."
