"""What the page's server does with pictures: reads them, makes small ones of them to be looked at, harmonizes them, makes the file."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from io import BytesIO
from pathlib import Path, PureWindowsPath
from typing import Annotated, Any, Literal, NamedTuple

import cv2
import msgspec
import numpy as np
from msgspec import Meta
from PIL import Image

from imharmony.errors import InputError
from imharmony.harmonizing.api import Harmonizer, Proposal
from imharmony.harmonizing.cutout import Placement, composed
from imharmony.harmonizing.offers import CLASSICAL, STARTER, Direction
from imharmony.harmonizing.photo_file import Given, encoded, proposed
from imharmony.pictures.images import encode_jpeg, encode_png
from imharmony.pictures.mask_files import read_mask
from imharmony.pictures.photo_files import Photograph, is_opaque, read_photograph, srgb_of
from imharmony.pictures.saving import default_output, expect_ending, expect_room
from imharmony.web.painting import MOST_STROKES, Stroke, painted

SHOWN_PX = 1600  # longer side of what the page shows
LONGEST_NAME = 100
DRAWN = Path("the painted mask")

Role = Literal["photo", "mask", "cutout"]
Side = Annotated[int, Meta(ge=-200_000, le=200_000)]


class Picture(NamedTuple):
    """What was uploaded, decoded, and how it is shown."""

    name: str
    content: Photograph | np.ndarray  # an array (H, W): a mask
    shown: bytes
    data: bytes | None = None  # the file of a mask


@dataclass(frozen=True)
class Result:
    """What a model proposes for a photograph, and how it is shown."""

    photograph: Photograph
    matte: np.ndarray
    proposal: Proposal
    small: Proposal  # the same for the picture as it is shown: its pixels and words come at once, however large the photograph
    out: Path  # a name: nothing is written there
    before: bytes
    after: bytes

    @property
    def middle(self) -> float:
        """Where the pasted object's middle is, from 0 at the left to 1: before and after meet there first."""
        left, _, width, _ = cv2.boundingRect((self.matte > 0).astype(np.uint8))
        return (left + width / 2) / self.matte.shape[1]

    def file(self, strength: float) -> bytes:
        """The photograph's file with that much of the change."""
        return encoded(self.photograph, self.proposal, strength, self.out)

    def told(self, strength: float = 1.0) -> dict[str, Any]:
        """The change in words and numbers."""
        explanation = self.small.explanation(strength)
        return asdict(explanation) | {"words": explanation.words}


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be harmonized: a photograph with a mask, painted strokes (on top of a mask, if there is one) or a cut-out."""

    photo: str
    model: str
    mask: str | None = None
    strokes: Annotated[list[Stroke], Meta(max_length=MOST_STROKES)] = []
    cutout: str | None = None
    at: tuple[Side, Side] | None = None
    scale: Annotated[float, Meta(gt=0)] = 1.0
    invert: bool = False
    direction: Direction = "foreground"


class Models:
    """The models that the page offers, each loaded once: the server's own first."""

    def __init__(self, model: str, *, device: str) -> None:
        """Loads the server's own; raises ``InputError`` where it is none."""
        self._device = device
        own = model if model in (STARTER, *CLASSICAL) else Path(model).name
        self._sources = {own: model} | {name: name for name in (STARTER, *CLASSICAL) if name != own}
        self._loaded = {own: Harmonizer.load(model, device=device)}

    @property
    def names(self) -> list[str]:
        """What may be asked for."""
        return list(self._sources)

    def get(self, name: str) -> Harmonizer:
        """A model by its name; raises ``InputError``."""
        if name not in self._sources:
            raise InputError(f"model {name[:LONGEST_NAME]!r}: not offered here; expected one of {', '.join(self._sources)}")
        if name not in self._loaded:
            try:
                self._loaded[name] = Harmonizer.load(self._sources[name], device=self._device)
            except ModuleNotFoundError as error:
                raise InputError(f"model {name!r}: needs {error.name}, which is not installed; choose another") from error
        return self._loaded[name]


def read_upload(data: bytes, *, name: str, role: Role, most_pixels: int) -> Picture:
    """An uploaded file in its role; raises ``InputError`` like the command's readers."""
    name = _plain_name(name)
    if role == "mask":
        mask = read_mask(data, name=name, most_pixels=most_pixels)
        return Picture(name, mask, encode_png(_small(mask)), data)
    photograph = read_photograph(data, name=name, most_pixels=most_pixels)
    if role == "cutout" and is_opaque(photograph):
        raise InputError(f"{name}: opaque everywhere; expected a cut-out that is transparent around the object; save it as PNG")
    rgb = _small(srgb_of(photograph, name=name))
    if is_opaque(photograph) or photograph.alpha is None:
        return Picture(name, photograph, encode_jpeg(rgb))
    return Picture(name, photograph, _transparent(rgb, _small(photograph.alpha)))


def harmonized(asked: Asked, *, photo: Picture, other: Picture | None, harmonizer: Harmonizer) -> Result:
    """Harmonizes what was asked for; ``other`` is the mask or the cut-out. Raises ``InputError``."""
    given = _given(asked, photo, other)
    proposal = proposed(harmonizer, given, direction=asked.direction)
    alpha = given.photograph.alpha
    small = _small_proposal(proposal)
    before, after = (encode_jpeg(_flat(picture, alpha)) for picture in (small.photo, small.picture()))
    stem = other.name if asked.cutout is not None and other is not None else photo.name
    return Result(given.photograph, given.matte, proposal, small, _out(photo.name, Path(stem).stem, given.photograph), before, after)


def bytes_of(arrays: Iterable[Any]) -> int:
    """What arrays, and bytes, take in memory, each counted once."""
    return sum({id(each): _size(each) for each in arrays}.values())


def _given(asked: Asked, photo: Picture, other: Picture | None) -> Given:
    photograph = _photograph(photo)
    height, width = photograph.colours.shape[:2]
    if asked.cutout is not None and other is not None:
        placement = Placement(asked.at, asked.scale)
        photograph, matte = composed(_photograph(other), photograph, placement, name=other.name)
        return Given(photograph, matte, Path(photo.name), Path(other.name))
    if other is None:
        matte = painted(asked.strokes, width=width, height=height)
    elif isinstance(other.content, np.ndarray):
        is_painted_on = asked.strokes and other.content.shape == (height, width)
        matte = painted(asked.strokes, width=width, height=height, base=other.content) if is_painted_on else other.content
    else:
        raise InputError(f"{other.name}: given as a photograph; expected a mask; choose it again")
    mask = DRAWN if other is None else Path(other.name)
    return Given(photograph, 255 - matte if asked.invert else matte, Path(photo.name), mask, None if other is None else other.data)


def _photograph(picture: Picture) -> Photograph:
    if isinstance(picture.content, Photograph):
        return picture.content
    raise InputError(f"{picture.name}: given as a mask; expected a photograph; choose it again")


def _out(name: str, stem: str, photograph: Photograph) -> Path:
    """What the file is called: like the photograph, or .png where its kind cannot be written."""
    out = default_output(Path(name), stem=stem)
    try:
        expect_ending(out)
        expect_room(photograph, out, name=name)
    except InputError:
        return out.with_suffix(".png")
    return out


def _plain_name(name: str) -> str:
    """A file's name without folders, for messages and for the file that is made."""
    plain = "".join(letter for letter in PureWindowsPath(name).name if letter.isprintable())
    return plain[-LONGEST_NAME:].strip() or "picture"


def _transparent(rgb: np.ndarray, alpha: np.ndarray) -> bytes:
    """A PNG of a picture (H, W, 3) with its alpha (H, W)."""
    buffer = BytesIO()
    Image.fromarray(np.dstack([rgb, alpha])).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _small(picture: np.ndarray) -> np.ndarray:
    height, width = picture.shape[:2]
    scale = SHOWN_PX / max(height, width)
    if scale >= 1:
        return picture
    return cv2.resize(picture, (max(round(width * scale), 1), max(round(height * scale), 1)), interpolation=cv2.INTER_AREA)


def _small_proposal(proposal: Proposal) -> Proposal:
    """What the model says is of no size: it is applied to the small picture alike."""
    said = proposal.said
    return Proposal(_small(proposal.photo), _small(proposal.region), replace(said, base=None if said.base is None else _small(said.base)))


def _flat(small: np.ndarray, alpha: np.ndarray | None) -> np.ndarray:
    """A small picture, over white where it is transparent."""
    if alpha is None:
        return small
    opacity = _small(alpha)[..., None].astype(np.float32) / 255
    return np.rint(255 + (small - np.float32(255)) * opacity).astype(np.uint8)


def _size(thing: Any) -> int:
    return thing.nbytes if isinstance(thing, np.ndarray) else len(thing) if isinstance(thing, bytes) else 0
