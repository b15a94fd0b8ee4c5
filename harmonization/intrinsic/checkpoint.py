"""A trained shading network in one file. Reading runs no code from the file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harmonization.errors import InputError
from harmonization.intrinsic.network import ShadingNetwork
from harmonization.weights import AGAIN, load_weights, read_weights, write_weights


def save_shading_network(
    path: Path, network: ShadingNetwork, *, channels: tuple[int, ...], size_px: int, metadata: Mapping[str, Any]
) -> None:
    """Writes ``model.safetensors`` atomically; ``size_px`` is the side of the pictures that the network was trained on."""
    write_weights(path, network, {**metadata, "shading": {"channels": list(channels), "size_px": size_px}})


def load_shading_network(path: Path) -> tuple[ShadingNetwork, dict[str, Any]]:
    """The network on the CPU in its evaluation mode, and the file's metadata with the key ``shading``."""
    metadata, tensors = read_weights(path)
    try:
        built = metadata["shading"]
        network = ShadingNetwork(channels=tuple(built["channels"]))
        built["size_px"] = int(built["size_px"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: not a shading network of this version ({error}); {AGAIN}") from error
    load_weights(path, network, tensors)
    return network.eval(), metadata
