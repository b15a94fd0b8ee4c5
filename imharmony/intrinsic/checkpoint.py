"""The trained networks of the preprocessing in one file. Reading runs no code from the file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import torch
from msgspec import Meta, Struct
from torch import nn

from imharmony.errors import InputError
from imharmony.intrinsic.edit_network import EditNetwork
from imharmony.intrinsic.network import ShadingNetwork
from imharmony.storage.descriptions import DEEPEST, Size, Width, described
from imharmony.storage.weights import AGAIN, expect_fit, load_weights, read_metadata, read_weights, write_weights

SHADING, EDITS = "shading", "edits"


class Shading(Struct, frozen=True, forbid_unknown_fields=True):
    """The network that sees shading: channels of each level, and the side of the pictures that it was trained on."""

    channels: Annotated[tuple[Width, ...], Meta(min_length=2, max_length=DEEPEST)]
    size_px: Size


class Edits(Struct, frozen=True, forbid_unknown_fields=True):
    """The network that chooses edits."""

    width: Width
    size_px: Size


class Networks(Struct, frozen=True, forbid_unknown_fields=True):
    """Which networks a file holds."""

    shading: Shading | None = None
    edits: Edits | None = None


class Description(Struct, frozen=True):
    """What a file of networks says and is used; beside it may stand more, which informs."""

    networks: Networks


@dataclass(frozen=True)
class IntrinsicNetworks:
    """What takes pictures apart and what edits the parts, with the sides of the pictures that each was trained on; None: another way."""

    shading: ShadingNetwork | None = None
    shading_px: int = 0
    edits: EditNetwork | None = None
    edits_px: int = 0


def save_networks(path: Path, networks: IntrinsicNetworks, metadata: Mapping[str, Any]) -> None:
    """Writes ``model.safetensors`` atomically."""
    built: dict[str, Any] = {}
    if networks.shading is not None:
        built[SHADING] = {"channels": list(networks.shading.channels), "size_px": networks.shading_px}
    if networks.edits is not None:
        built[EDITS] = {"width": networks.edits.width, "size_px": networks.edits_px}
    write_weights(path, _together(networks), {**metadata, "networks": built})


def load_networks(path: Path) -> tuple[IntrinsicNetworks, dict[str, Any]]:
    """The networks on the CPU in their evaluation mode, and the file's metadata."""
    found = described(path, read_metadata(path), Description, wrong="no networks of the preprocessing", advice=AGAIN).networks
    metadata, tensors = read_weights(path)
    try:
        with torch.device("meta"):
            expect_fit(path, _together(_built(found)), tensors)
    except InputError as error:
        raise error if str(error).startswith(str(path)) else InputError(f"{path}: {error}; {AGAIN}") from error
    networks = _built(found)
    load_weights(path, _together(networks), tensors)
    return networks, metadata


def _built(found: Networks) -> IntrinsicNetworks:
    shading, edits = found.shading, found.edits
    return IntrinsicNetworks(
        shading=None if shading is None else ShadingNetwork(channels=shading.channels).eval(),
        shading_px=0 if shading is None else shading.size_px,
        edits=None if edits is None else EditNetwork(width=edits.width).eval(),
        edits_px=0 if edits is None else edits.size_px,
    )


def _together(networks: IntrinsicNetworks) -> nn.ModuleDict:
    found = {SHADING: networks.shading, EDITS: networks.edits}
    return nn.ModuleDict({name: network for name, network in found.items() if network is not None})
