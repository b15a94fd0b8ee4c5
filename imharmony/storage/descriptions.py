"""What a file of weights may say of itself: the bounds, in one place, and a strict reader. Only a size may be given as text."""

import re
import reprlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from imharmony.errors import InputError

MULTIPLE_PX = 16  # every network halves its pictures at least so often that this divides their sides
SMALLEST_PX = 32
LARGEST_PX = 4096
WIDEST = 4096  # channels of a first layer
DEEPEST = 8  # levels
MOST_CATEGORIES = 100_000
LARGEST_SEED = 2**63 - 1
MOST_MEMBERS = 16  # networks of one ensemble

Size = Annotated[int, Meta(ge=SMALLEST_PX, le=LARGEST_PX, multiple_of=MULTIPLE_PX)]
SizeText = Annotated[str, Meta(pattern=r"\A[1-9][0-9]{1,3}\Z")]  # files have it as a text, beside others of their facts
Width = Annotated[int, Meta(ge=1, le=WIDEST)]
Digest = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]

Start = Literal["published", "composite"]  # what comes out before training: the paper's first picture, or the composite to the bit

T = TypeVar("T", bound=Struct)
SHORT = reprlib.Repr()  # of values of any size


def described(path: Path, metadata: Mapping[str, Any], kind: type[T], *, wrong: str, advice: str) -> T:
    """What the metadata says, as this kind; an ``InputError`` names the first thing that is missing, unknown or out of bounds.

    ``wrong`` begins what is said then, as "not a classifier".
    """
    try:
        return msgspec.convert(metadata, kind)
    except msgspec.ValidationError as error:
        raise InputError(f"{path}: {wrong} of this version ({error}{_came(str(error), metadata)}); {advice}") from error


def _came(message: str, metadata: Mapping[str, Any]) -> str:
    """What stands where a message says that something is wrong."""
    found: Any = metadata
    place = re.search(r"at `\$([^`]*)`$", message)
    for key, position in re.findall(r"\.([A-Za-z_0-9]+)|\[(\d+)\]", place[1] if place else ""):
        try:
            found = found[key] if key else found[int(position)]
        except (KeyError, IndexError, TypeError):
            return ""
    return f"; got {SHORT.repr(found)}" if place and not isinstance(found, Mapping) else ""


def size_in(path: Path, size: int | str, *, advice: str) -> int:
    """A size in pixels that may stand as a text."""
    if isinstance(size, int):
        return size
    number = int(size)
    if number % MULTIPLE_PX or not SMALLEST_PX <= number <= LARGEST_PX:
        expected = f"a multiple of {MULTIPLE_PX} from {SMALLEST_PX} to {LARGEST_PX}"
        raise InputError(f"{path}: its metadata has size_px {size!r}; expected {expected}; {advice}")
    return number
