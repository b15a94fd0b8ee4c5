"""What harmonizes: the model in the package, a trained one by its file, or a classical method by its name.

A model is asked at its own size for *maps*, which ``portable.mapping`` enlarges and applies, so that one piece of code writes the pixels of
all of them. Photographs are uint8 sRGB (H, W, 3); masks uint8 (H, W), 255 = what is to be changed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.resources import as_file, files
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

from imharmony.errors import InputError
from imharmony.harmonizing.offers import CLASSICAL, STARTER
from imharmony.portable.facts import Kind
from imharmony.storage.files import sha256_of

if TYPE_CHECKING:
    from imharmony.portable.session import OnnxModel

PORTABLE, WEIGHTS = "model.onnx", "model.safetensors"  # the starter's two files
LONGEST_PX = 1024  # of the picture that a classical method sees; its change is enlarged to larger photographs


@dataclass(frozen=True)
class Said:
    """What a model says of a composite."""

    maps: np.ndarray  # float32 (C, h, w)
    kind: Kind
    base: np.ndarray | None = None  # uint8 (H, W, 3), what the maps are applied to; None: the photograph
    trust: float | None = None  # in [0, 1], how much of the mean of its members was kept; None: it has no members that could disagree


class Model(Protocol):
    """Says what to change."""

    @property
    def name(self) -> str:
        """What it is called: ``starter``, a method's name or a file's."""
        ...

    def say(self, photo: np.ndarray, mask: np.ndarray, *, direction: str) -> Said:
        """Maps for a photograph and the region that is to be changed; ``direction`` says what the region is, foreground or background."""
        ...


def load_model(model: str | Path, *, device: str = "cpu", intrinsic: Path | None = None) -> Model:
    """A model by name or file: ``starter``, a classical method, ``.onnx`` or ``.safetensors``.

    ``device`` is torch's name of one; ``intrinsic`` the file of the preprocessing's networks, for models that need it. Raises an
    ``InputError`` that says what came and what there is.
    """
    if not isinstance(model, str | PathLike):
        raise InputError(f"model: {type(model).__name__}; expected {STARTER}, a classical method's name or a file")
    name = str(model)
    if name in CLASSICAL:
        if device != "cpu":
            raise InputError(f"device {device!r}: {name} runs on the cpu; expected cpu; take --device cpu, or a trained model")
        return Classical(name, _classical(name))
    if name == STARTER and intrinsic is not None:
        raise InputError(f"{intrinsic}: networks of a preprocessing, which {name} does not have; expected none; leave out --intrinsic")
    if name == STARTER:
        wanted = PORTABLE if device == "cpu" else WEIGHTS
        with as_file(files("imharmony").joinpath("starter", wanted)) as path:
            return _by_file(path, name, device=device, intrinsic=None)
    path = Path(model)
    if (not path.suffix and not path.is_file()) or path.suffix not in {"", ".onnx", ".safetensors"}:
        known = ", ".join([STARTER, *CLASSICAL])
        raise InputError(f"model {name!r}: no such model; expected {known}, or a file .safetensors or .onnx; check the name")
    return _by_file(path, name, device=device, intrinsic=intrinsic)


def model_key(model: str | Path, intrinsic: Path | None = None) -> str:
    """SHA-256 of the files of a model; of a classical method its name."""
    name = str(model)
    if name in CLASSICAL:
        return name
    paths = [Path(model)]
    if name == STARTER:
        with as_file(files("imharmony").joinpath("starter")) as folder:
            paths = [folder / each for each in (PORTABLE, WEIGHTS) if (folder / each).is_file()]
    return "+".join(sha256_of(path) for path in [*paths, *filter(None, [intrinsic])])


def _by_file(path: Path, name: str, *, device: str, intrinsic: Path | None) -> Model:
    if path.suffix == ".onnx":
        if device != "cpu":
            raise InputError(f"{path}: an ONNX model runs on the cpu here, not on {device!r}; expected a .safetensors, or --device cpu")
        from imharmony.portable.session import OnnxModel

        return Portable(name, OnnxModel.load(path))
    try:
        from imharmony.harmonizing.torch_model import load_trained
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"torch", "safetensors", "scipy"}:
            raise
        came = f"{path}: its weights need torch, which is not installed"
        raise InputError(f"{came}; pip install 'imharmony[torch]', or take an .onnx of it (`harmonize models export`)") from error
    return load_trained(path, name=name, device=device, intrinsic=intrinsic)


@dataclass(frozen=True)
class Portable:
    """An ONNX model."""

    name: str
    session: "OnnxModel"

    def say(self, photo: np.ndarray, mask: np.ndarray, *, direction: str) -> Said:  # noqa: ARG002
        """Its maps."""
        maps, trust = self.session.maps_and_trust(photo, mask)
        return Said(maps, self.session.facts.kind, trust=trust)


@dataclass(frozen=True)
class Classical:
    """A method that was not trained. It sees at most ``LONGEST_PX``; of larger photographs its change is enlarged."""

    name: str
    method: Callable[[np.ndarray, np.ndarray], np.ndarray]

    def say(self, photo: np.ndarray, mask: np.ndarray, *, direction: str) -> Said:  # noqa: ARG002
        """Its change of each pixel, in levels of [-1, 1] as networks have them."""
        height, width = photo.shape[:2]
        scale = min(1.0, LONGEST_PX / max(height, width))
        small, region = photo, mask
        if scale < 1:
            size = max(round(width * scale), 1), max(round(height * scale), 1)
            small, region = (cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (photo, mask))
        made = self.method(small, region.astype(np.float32) / 255)
        change = (made.astype(np.float32) - small) / 127.5
        return Said(np.ascontiguousarray(change.transpose(2, 0, 1)), "change")


def _classical(name: str) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    return getattr(import_module(f"imharmony.baselines.{name}"), name)
