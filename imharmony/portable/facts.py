"""What an ONNX file of ours says of itself: texts under our own keys in its metadata."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from imharmony.errors import InputError
from imharmony.storage.descriptions import MOST_MEMBERS, Digest, Size

FORMAT = 1
KEY = "imharmony."
AGAIN = "export it again or fetch the file again"
MOST_POINTS = 1 << 16

# What maps do to a picture: added to it; a matrix and an offset for sRGB in [-1, 1]; the same for CIELAB.
Kind = Literal["change", "affine", "lab"]
CHANNELS: Mapping[Kind, int] = {"change": 3, "affine": 12, "lab": 6}

Members = Annotated[int, Meta(ge=1, le=MOST_MEMBERS)]
Count = Annotated[int, Meta(ge=1, le=MOST_POINTS)]


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


def written(facts: Facts) -> dict[str, str]:
    """As the file has it: a JSON text for each fact."""
    return {f"{KEY}{name}": json.dumps(value) for name, value in sorted(msgspec.to_builtins(facts).items())}


def read(path: Path, texts: Mapping[str, str]) -> Facts:
    """The facts among a file's texts; an ``InputError`` names the first that is missing or wrong."""
    own = {name.removeprefix(KEY): text for name, text in texts.items() if name.startswith(KEY)}
    if not own:
        raise InputError(f"{path}: an ONNX file, but not one of ours; expected {KEY}format in its metadata; {AGAIN}")
    try:
        values: dict[str, Any] = {name: json.loads(text) for name, text in own.items()}
        facts = msgspec.convert(values, Facts)
        if (facts.kind == "lab") != (facts.counts is not None):
            raise msgspec.ValidationError(f"kind {facts.kind!r} {'without' if facts.counts is None else 'with'} counts of points")
    except (msgspec.ValidationError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: not a model of this version ({error}); {AGAIN}") from error
    return facts
