"""The trained networks of the preprocessing in one file. Reading runs no code from the file."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from imharmony.errors import InputError
from imharmony.intrinsic.edit_network import EditNetwork
from imharmony.intrinsic.network import ShadingNetwork
from imharmony.storage.weights import AGAIN, load_weights, read_weights, write_weights

SHADING, EDITS = "shading", "edits"


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
    metadata, tensors = read_weights(path)
    try:
        built = metadata["networks"]
        shading, edits = built.get(SHADING), built.get(EDITS)
        networks = IntrinsicNetworks(
            shading=None if shading is None else ShadingNetwork(channels=tuple(shading["channels"])).eval(),
            shading_px=0 if shading is None else int(shading["size_px"]),
            edits=None if edits is None else EditNetwork(width=edits["width"]).eval(),
            edits_px=0 if edits is None else int(edits["size_px"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: no networks of the preprocessing of this version ({error}); {AGAIN}") from error
    load_weights(path, _together(networks), tensors)
    return networks, metadata


def _together(networks: IntrinsicNetworks) -> nn.ModuleDict:
    found = {SHADING: networks.shading, EDITS: networks.edits}
    return nn.ModuleDict({name: network for name, network in found.items() if network is not None})
