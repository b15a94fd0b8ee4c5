"""Trained matting networks and joint systems in one file each: weights and all that rebuilds them. Reading runs no code from the file."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import torch
from msgspec import Meta, Struct, structs
from torch import nn

from imharmony.checkpoint import Architecture
from imharmony.errors import InputError
from imharmony.matting.joint import JointSystem
from imharmony.networks.harmonizer import build_harmonizer
from imharmony.networks.index_blocks import Index
from imharmony.networks.matting import build_matting
from imharmony.networks.matting_blocks import MattingNetwork
from imharmony.storage.descriptions import Size, described
from imharmony.storage.weights import AGAIN, expect_fit, load_weights, read_metadata, read_weights, write_weights

Network = TypeVar("Network", bound=nn.Module)


class MattingArchitecture(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The arguments of ``build_matting``; the last three are IndexNet's."""

    name: Literal["dim", "dim_lite", "indexnet", "portrait"]
    width: Annotated[float, Meta(gt=0, le=4)]
    index: Index | None = None
    nonlinear: bool | None = None
    context: bool | None = None

    @property
    def arguments(self) -> dict[str, Any]:
        """Those that are said."""
        return {name: value for name, value in structs.asdict(self).items() if value is not None}


class _Matting(Struct, frozen=True, forbid_unknown_fields=True):
    architecture: MattingArchitecture
    size_px: Size


class _Joint(Struct, frozen=True, forbid_unknown_fields=True):
    matting: MattingArchitecture
    harmonizer: Architecture
    direction: Literal["foreground", "background"]
    size_px: Size


class _SaidOfMatting(Struct, frozen=True):
    matting: _Matting


class _SaidOfJoint(Struct, frozen=True):
    joint: _Joint


def save_matting(
    path: Path, network: MattingNetwork, architecture: MattingArchitecture, *, size_px: int, metadata: Mapping[str, Any]
) -> None:
    """Writes the file atomically; ``size_px`` is the side of the pictures that the network learned from."""
    write_weights(path, network, {**metadata, "matting": {"architecture": architecture.arguments, "size_px": size_px}})


def load_matting(path: Path) -> tuple[MattingNetwork, MattingArchitecture, int, dict[str, Any]]:
    """The network on the CPU in its evaluation mode, what it is built of, the side of its pictures, and the file's metadata."""
    metadata = read_metadata(path)
    said = described(path, metadata, _SaidOfMatting, wrong="not a matting network", advice=AGAIN).matting
    network = _loaded(path, lambda: build_matting(**said.architecture.arguments))
    return network.eval(), said.architecture, said.size_px, metadata


def save_joint(
    path: Path,
    system: JointSystem,
    *,
    matting: MattingArchitecture,
    harmonizer: Mapping[str, Any],
    size_px: int,
    metadata: Mapping[str, Any],
) -> None:
    """Writes the file atomically; ``harmonizer`` holds the arguments of ``build_harmonizer``."""
    built = {"matting": matting.arguments, "harmonizer": dict(harmonizer), "direction": system.direction, "size_px": size_px}
    write_weights(path, system, {**metadata, "joint": built})


def load_joint(path: Path) -> tuple[JointSystem, int, dict[str, Any]]:
    """The system on the CPU in its inference mode, the side of its pictures, and the file's metadata."""
    metadata = read_metadata(path)
    said = described(path, metadata, _SaidOfJoint, wrong="not a matting network and a harmonizer", advice=AGAIN).joint

    def build() -> JointSystem:
        parts = build_matting(**said.matting.arguments), build_harmonizer(**structs.asdict(said.harmonizer))
        return JointSystem(*parts, direction=said.direction)

    return _loaded(path, build).infer(), said.size_px, metadata


def _loaded(path: Path, build: Callable[[], Network]) -> Network:
    """A network with the file's tensors, which are compared with it before one of that size is made."""
    _, tensors = read_weights(path)
    try:
        with torch.device("meta"):
            expect_fit(path, build(), tensors)
    except InputError as error:
        raise error if str(error).startswith(str(path)) else InputError(f"{path}: {error}; {AGAIN}") from error
    network = build()
    load_weights(path, network, tensors)
    return network
