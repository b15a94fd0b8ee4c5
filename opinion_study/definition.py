"""``study.json``: all that defines an opinion study. Beside it lie the pictures, and later the votes.

Pictures have opaque names, and the page gets nothing of this file but the names of the pictures to show: a rater cannot read from an
address which method made a picture.
"""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from imharmony.errors import InputError
from imharmony.storage.files import sha256_of, write_bytes
from imharmony.storage.small_files import read_small

FORMAT = "harmonization-study"
VERSION = 1
COMPOSITE, REAL = "composite", "real"  # the untouched composite and the photograph: hidden among the methods
CHOICES = {"rating": 5, "pairs": 2}  # answers are 1..n; of a pair 1 is the left picture

LARGEST = 1 << 28  # bytes of study.json
MOST_PX = 1 << 20  # of a side

Identifier = Annotated[int, Meta(ge=-(1 << 63), le=(1 << 63) - 1)]
PictureName = Annotated[str, Meta(pattern=r"^[0-9a-f]{16}\.png$")]


class ShownImage(Struct, frozen=True, forbid_unknown_fields=True):
    """A composite whose versions are judged; the size is its photograph's, in pixels."""

    sample_id: str
    image_id: Identifier
    width: Annotated[int, Meta(ge=1, le=MOST_PX)]
    height: Annotated[int, Meta(ge=1, le=MOST_PX)]


class Picture(Struct, frozen=True, forbid_unknown_fields=True):
    """A file of ``pictures/``: which method made it of which image (a position in ``images``)."""

    image: Annotated[int, Meta(ge=0)]
    method: str
    sha256: str


class Trial(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One picture to rate, or two to choose from, the left one first; or an attention check, which shows none and asks for an answer."""

    pictures: tuple[PictureName, ...] = ()
    asked: Annotated[int, Meta(ge=1)] | None = None


class Study(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of ``study.json``."""

    format: str
    version: int
    name: str
    mode: Literal["rating", "pairs"]
    seed: Identifier
    dataset: str
    split: str
    size_px: Annotated[int, Meta(ge=1, le=MOST_PX)]
    manifest_sha256: str  # of the composites' manifest
    methods: list[str]
    images: Annotated[list[ShownImage], Meta(min_length=1)]
    pictures: dict[PictureName, Picture]
    orders: Annotated[list[Annotated[list[Trial], Meta(min_length=1)]], Meta(min_length=1)]  # one for each planned rater

    @property
    def choices(self) -> int:
        """Answers are 1 to this."""
        return CHOICES[self.mode]

    def order_of(self, rater: int) -> list[Trial]:
        """What a rater sees; those beyond the planned number begin again with the first order."""
        return self.orders[rater % len(self.orders)]


def definition_path(folder: Path) -> Path:
    """The file that defines the study in a folder."""
    return folder / "study.json"


def picture_path(folder: Path, name: str) -> Path:
    """The file of a picture."""
    return folder / "pictures" / name


def write_study(folder: Path, study: Study) -> None:
    """Writes ``study.json``; equal studies give equal bytes."""
    write_bytes(definition_path(folder), msgspec.json.format(msgspec.json.encode(study), indent=1) + b"\n")


def read_study(folder: Path) -> Study:
    """The study in a folder; a missing or spoilt one is an ``InputError``."""
    path = definition_path(folder)
    advice = "make the study anew with `harmonize study create`"
    try:
        head = msgspec.json.decode(read_small(path, at_most=LARGEST))
        if not isinstance(head, dict) or (head.get("format"), head.get("version")) != (FORMAT, VERSION):
            came = (
                f"format {head.get('format')!r}, version {head.get('version')!r}" if isinstance(head, dict) else "no definition of a study"
            )
            raise InputError(f"{path}: {came}; expected {FORMAT!r}, version {VERSION}; {advice}")
        study = msgspec.convert(head, Study)
    except FileNotFoundError as error:
        raise InputError(f"{folder}: no study.json; expected a study; {advice}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path}: not the definition of a study ({' '.join(str(error).split())[:200]}); {advice}") from error
    _expect_consistent(path, study)
    return study


def expect_pictures(folder: Path, study: Study) -> None:
    """Raises an ``InputError`` unless every picture is there as it was made."""
    for name, picture in study.pictures.items():
        path = picture_path(folder, name)
        if not path.is_file():
            raise InputError(f"{path}: no such picture; expected all {len(study.pictures)} that study.json names; make the study anew")
        if sha256_of(path) != picture.sha256:
            raise InputError(f"{path}: its SHA-256 is not the one in study.json; the picture was changed; make the study anew")


def _expect_consistent(path: Path, study: Study) -> None:
    for what, names in (("methods", study.methods), ("images", [image.sample_id for image in study.images])):
        if len(set(names)) < len(names):
            raise InputError(f"{path}: its {what} are {names[:20]}; expected each once; make the study anew")
    if not {COMPOSITE, REAL} <= set(study.methods):
        raise InputError(f"{path}: its methods are {study.methods[:20]}; expected {COMPOSITE} and {REAL} among them; make the study anew")
    shown = {name for order in study.orders for trial in order for name in trial.pictures}
    if unknown := sorted(shown - set(study.pictures)):
        raise InputError(f"{path}: the orders show {unknown[0]}, which is not among the pictures; make the study anew")
    for name, picture in study.pictures.items():
        if picture.method not in study.methods or picture.image >= len(study.images):
            raise InputError(f"{path}: {name} is of method {picture.method!r}, image {picture.image}; expected ones that the study has")
    wanted = 1 if study.mode == "rating" else 2
    for trial in (trial for order in study.orders for trial in order):
        is_check = trial.asked is not None and not trial.pictures and trial.asked <= study.choices
        if not is_check and (trial.asked is not None or len(trial.pictures) != wanted):
            raise InputError(
                f"{path}: a trial of {len(trial.pictures)} pictures that asks for {trial.asked}; expected {wanted}, or a check"
            )
