"""What an ONNX file of ours says of itself: texts under our own keys in its metadata."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

import msgspec
from msgspec import Meta, Struct

from imharmony.errors import InputError
from imharmony.storage.descriptions import MOST_MEMBERS, Digest, Size

FORMAT = 1
KEY = "imharmony."
AGAIN = "export it again or fetch the file again"
MOST_POINTS = 1 << 16

# What maps do to a picture: added to it; a matrix and an offset for sRGB in [-1, 1]; the same for CIELAB; a matrix, an offset
# and a weight for sRGB in [0, 1]; arguments of filters.
Kind = Literal["change", "affine", "lab", "clamped", "filters"]
DETECTOR, PORTRAIT = "detector", "portrait"  # the kinds of what changes nothing
CHANNELS: Mapping[Kind, int] = {"change": 3, "affine": 12, "lab": 6, "clamped": 13, "filters": 6}

Members = Annotated[int, Meta(ge=1, le=MOST_MEMBERS)]
Count = Annotated[int, Meta(ge=1, le=MOST_POINTS)]
Limit = Annotated[float, Meta(gt=0, le=1)]
LeastShare = Annotated[float, Meta(gt=0, le=0.5)]

T = TypeVar("T", bound=Struct)


class Facts(Struct, frozen=True):
    """Of a model: how its maps are applied, the size that it sees, how many points (None: it sees pictures), and which weights it has."""

    format: Literal[1]
    kind: Kind
    size_px: Size
    counts: tuple[Count, Count, Count, Count] | None
    sha256: Digest  # of the weights file that it was made of
    generator: Annotated[str, Meta(min_length=1, max_length=100)]
    input: Literal["composites"]
    inference_mode: Literal["eval", "train"]
    members: Members  # networks whose mean it is; of several it says how far they trust each other


class DetectorFacts(Struct, frozen=True):
    """Of a detector: the size that it sees, which weights it has, and what of its probabilities counts."""

    format: Literal[1]
    kind: Literal["detector"]
    size_px: Size
    sha256: Digest  # of the weights file that it was made of
    limit: Limit  # the probability from which a pixel counts: few untouched photographs have a finding by it
    least_share: LeastShare  # of the picture, that a finding must have


class PortraitFacts(Struct, frozen=True):
    """Of a network that cuts people out: the size that it sees, and which weights it has."""

    format: Literal[1]
    kind: Literal["portrait"]
    size_px: Size
    sha256: Digest  # of the weights file that it was made of
    is_fine: bool = False  # whether what it says is alpha, and no rough guess


class _Use(NamedTuple):
    facts: type[Struct]
    what: str
    option: str  # that takes such a file


USES = {  # by the kinds that a file may say
    tuple(CHANNELS): _Use(Facts, "model that harmonizes", "--model"),
    (DETECTOR,): _Use(DetectorFacts, "detector", "--detector"),
    (PORTRAIT,): _Use(PortraitFacts, "network that cuts people out", "`harmonize portrait --network`"),
}


def written(facts: Facts | DetectorFacts | PortraitFacts) -> dict[str, str]:
    """As the file has it: a JSON text for each fact."""
    return {f"{KEY}{name}": json.dumps(value) for name, value in sorted(msgspec.to_builtins(facts).items())}


def read(path: Path, texts: Mapping[str, str]) -> Facts:
    """The facts among a file's texts; an ``InputError`` names the first that is missing or wrong."""
    facts = _told(path, texts, Facts, what="model")
    if (facts.kind == "lab") != (facts.counts is not None):
        came = f"kind {facts.kind!r} {'without' if facts.counts is None else 'with'} counts of points"
        raise InputError(f"{path}: not a model of this version ({came}); {AGAIN}")
    return facts


def read_detector(path: Path, texts: Mapping[str, str]) -> DetectorFacts:
    """The same of a detector's file."""
    return _told(path, texts, DetectorFacts, what="detector")


def read_portrait(path: Path, texts: Mapping[str, str]) -> PortraitFacts:
    """The same of the file of a network that cuts people out."""
    return _told(path, texts, PortraitFacts, what="network that cuts people out")


def _told(path: Path, texts: Mapping[str, str], kind: type[T], *, what: str) -> T:
    own = {name.removeprefix(KEY): text for name, text in texts.items() if name.startswith(KEY)}
    if not own:
        raise InputError(f"{path}: an ONNX file, but not one of ours; expected {KEY}format in its metadata; {AGAIN}")
    came = next((use for kinds, use in USES.items() if own.get("kind", "") in map(json.dumps, kinds)), None)
    if came is not None and came.facts is not kind:
        raise InputError(f"{path}: a {came.what}; expected a {what}; take another file: this one is for {came.option}")
    try:
        values: dict[str, Any] = {name: json.loads(text) for name, text in own.items()}
        return msgspec.convert(values, kind)
    except (msgspec.ValidationError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: not a {what} of this version ({error}); {AGAIN}") from error
