"""A trained harmonizer in one file: weights and all that rebuilds it. Reading runs no code from the file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from msgspec import Meta, Struct, structs

from imharmony.errors import InputError
from imharmony.networks.harmonizer import Harmonizer, InferenceMode, build_harmonizer
from imharmony.storage.descriptions import LARGEST_SEED, MOST_MEMBERS, Digest, Size, SizeText, Start, Width, described, size_in
from imharmony.storage.weights import AGAIN, expect_fit, load_weights, read_metadata, read_weights, write_weights

Backend = Literal["learned", "luminance", "retinex", "compphoto"]
Edits = Literal["learned", "fitted"]
Input = Literal["composites", "intrinsic"]
OF_A_NETWORK = ("name", "width", "mask_input", "start", "members")  # what of an architecture says which tensors there are, but for its size


class Architecture(Struct, frozen=True, forbid_unknown_fields=True):
    """The arguments of ``build_harmonizer``."""

    name: str
    width: Width
    size_px: Size
    mask_input: bool
    paste: bool
    inference_mode: InferenceMode
    start: Start = "published"  # files of before there was a choice say nothing
    members: Annotated[int, Meta(ge=1, le=MOST_MEMBERS)] = 1


class Preprocessing(Struct, frozen=True, forbid_unknown_fields=True):
    """How the pictures were made that a harmonizer was trained on, and a user's has to be made (``intrinsic.recipe``)."""

    backend: Backend
    edits: Edits
    strength: Annotated[float, Meta(ge=0, le=1)]
    feather_px: Annotated[float, Meta(ge=0, le=100)]
    seed: Annotated[int, Meta(ge=0, le=LARGEST_SEED)]
    networks_sha256: Digest | None  # of their file; None: nothing is learned


class Description(Struct, frozen=True):
    """What a checkpoint says and is used; beside it may stand more, which informs."""

    architecture: Architecture
    size_px: Size | SizeText
    input: Input = "composites"
    preprocessing: Preprocessing | None = None


def save_harmonizer(path: Path, harmonizer: Harmonizer, architecture: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
    """Writes ``model.safetensors`` atomically; equal weights and metadata give equal bytes.

    ``architecture`` holds the arguments of ``build_harmonizer``; ``metadata`` has its ``size_px`` too.
    """
    write_weights(path, harmonizer, {**metadata, "architecture": dict(architecture)})


def load_harmonizer(path: Path) -> tuple[Harmonizer, dict[str, Any]]:
    """The harmonizer on the CPU in its inference mode, and the file's metadata with the key ``architecture``.

    What the file says of itself is checked first, and compared with its tensors, before a network of that size is made.
    """
    metadata = read_metadata(path)
    architecture = structs.asdict(_description_of(path, metadata).architecture)
    tensors = read_weights(path)[1]
    try:
        with torch.device("meta"):
            expect_fit(path, build_harmonizer(**architecture), tensors)
    except InputError as error:
        raise error if str(error).startswith(str(path)) else InputError(f"{path}: {error}; {AGAIN}") from error
    harmonizer = build_harmonizer(**architecture)
    load_weights(path, harmonizer, tensors)
    return harmonizer.infer(), metadata


def load_start(path: Path, harmonizer: Harmonizer, architecture: Mapping[str, Any]) -> dict[str, Any]:
    """Gives a harmonizer the weights of a file to go on from, and returns the file's metadata.

    ``architecture`` are the arguments of ``build_harmonizer`` that made it. The file's network has to be the same; whether the background
    is pasted, in which mode it is used and, where the tensors do not depend on it, its size may differ. Else it is an ``InputError``.
    """
    metadata, tensors = read_weights(path)
    told = structs.asdict(_description_of(path, metadata).architecture)
    if differing := [key for key in OF_A_NETWORK if told[key] != architecture[key]]:
        came = ", ".join(f"{key} {told[key]!r}" for key in differing)
        expected = ", ".join(f"{key} {architecture[key]!r}" for key in differing)
        raise InputError(f"{path}: a network with {came}; expected {expected}, as the generator that begins with it has")
    try:
        load_weights(path, harmonizer, tensors)
    except InputError as error:
        if told["size_px"] == architecture["size_px"]:
            raise
        came = f"{path}: a network {told['name']!r} for {told['size_px']} px, whose layers depend on that"
        raise InputError(f"{came}; expected one for {architecture['size_px']} px; train at {told['size_px']} px instead") from error
    return metadata


def input_of(path: Path) -> Input:
    """Which pictures a checkpoint was trained on: ``composites`` or ``intrinsic``."""
    return _description_of(path, read_metadata(path)).input


def _description_of(path: Path, metadata: Mapping[str, Any]) -> Description:
    found = described(path, metadata, Description, wrong="not a harmonizer", advice=AGAIN)
    declared, built = size_in(path, found.size_px, advice=AGAIN), found.architecture.size_px
    if declared != built:
        raise InputError(f"{path}: its metadata has size_px {declared} and a network for {built} px; expected one size; {AGAIN}")
    if (found.input == "intrinsic") != (found.preprocessing is not None):
        came = f"input {found.input!r} {'without' if found.preprocessing is None else 'with'} `preprocessing`"
        raise InputError(f"{path}: its metadata has {came}; expected it for 'intrinsic' alone; {AGAIN}")
    return found
